"""Cores that trap unaligned access, as Armv6-M always does: what is built for that makes none, and the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from support import gnn_nets, nets

from edgehfn.errors import ToolError
from edgehfn.evaluation import agreement
from edgehfn.ir import Graph, verify
from edgehfn.ir.ops import RELU, Conv, Input, Linear, MaxPool, QuantisedWeight, Requantise, Supermask
from edgehfn.target import board as boards
from edgehfn.target import build as builds
from edgehfn.target import execute
from edgehfn.target.build import build

pytestmark = pytest.mark.qemu

FLAG = "-mno-unaligned-access"
LARGER = ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")


@pytest.fixture
def trapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """firmware/port/qemu/start_arm.c sets CCR.UNALIGN_TRP where the compiler has this flag."""
    monkeypatch.setattr(builds, "COMPILE", (*builds.COMPILE, FLAG))


def scaled(channels: int, shift: int = 12) -> Requantise:
    return Requantise((64,) * channels, (3,) * channels, 4, shift, RELU)


def nets_of_odd_sizes() -> list[Graph]:
    """Rows and channels of sizes that are no multiples of a word, for every kind of kernel."""
    rng = np.random.default_rng(5)

    def mask(number: int, *shape: int) -> Supermask:
        kept = (rng.random(int(np.prod(shape))) < 0.5).astype(np.uint8)
        return Supermask(f"m{number}", number, shape, 1, kept, 1)

    def trained(*shape: int) -> QuantisedWeight:
        return QuantisedWeight(f"w{shape}", rng.integers(-9, 10, shape).astype(np.int8))

    made: list[Graph] = []
    for side in (5, 9, 14):
        nodes = (
            Input("input", (3, side, side)),
            Conv("trained", "input", trained(5, 3, 3, 3), scaled(5), 1, 1),
            Conv("masked", "input", mask(0, 5, 3, 3, 3), scaled(5), 1, 1),
            Conv("strided", "input", trained(5, 3, 2, 2), scaled(5), 2, 0),
            MaxPool("pool", "input", 2, 2, 0),
            Linear("dense", "pool", trained(7, 3 * (side // 2) ** 2), scaled(7)),
            Linear("tables", "input", mask(1, 20, 3 * side**2), scaled(20, 9)),
        )
        made.append(Graph(nodes, 1))
    return [verify(net) for net in made]


@pytest.mark.parametrize("core", LARGER)
def test_the_same_bytes(core: str, trapped: None) -> None:
    for net in nets_of_odd_sizes():
        assert agreement.verify(net, nets.random_input(net, 2, 1), (core,)).first is None, net.nodes[1:]


@pytest.mark.slow
@pytest.mark.parametrize("core", LARGER)
def test_random_nets(core: str, trapped: None) -> None:
    for seed in range(400, 404):
        net = verify(nets.random_graph(seed))
        assert agreement.verify(net, nets.random_input(net, 2, seed), (core,)).first is None, seed
        over = verify(gnn_nets.variable(seed))
        assert agreement.verify(over, gnn_nets.graphs(over, seed, 2), (core,)).first is None, seed


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m55"])
def test_the_trap_is_set(core: str, trapped: None) -> None:
    source = (
        '#include "model.h"\nvoid model_run(uint32_t *arena) { *(volatile uint32_t *)((uintptr_t)arena + 1) += 1; }'
    )
    header = """
#include <stdint.h>
#define MODEL_ARENA(name) uint32_t name[4]
#define MODEL_INPUT(arena) ((uint8_t *)(arena))
#define MODEL_INPUT_SIZE 4
#define MODEL_OUTPUT(arena) ((const int8_t *)(arena))
#define MODEL_OUTPUT_SIZE 4
void model_run(uint32_t *arena);
"""
    board = boards.board(core)
    with pytest.raises(ToolError, match="fault at pc"):
        execute.execute(build({"model.c": source, "model.h": header}, board), board, np.zeros((1, 4), np.uint8), 4)
