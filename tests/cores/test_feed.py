"""Images that come row by row, on emulated cores: bytes, memory, instructions; and a net for a camera's line buffer."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from support import nets, schedules, tools

from edgehfn import nn
from edgehfn.backends.emulator.images import emulate
from edgehfn.cost import footprint
from edgehfn.cost.code_size import TOLERANCE as CODE
from edgehfn.cost.instructions import TOLERANCE, predict
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.groups import group
from edgehfn.lowering.untrained import untrained
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import selftest
from edgehfn.target.board import board
from edgehfn.target.count import counted
from edgehfn.target.execute import run_planned
from edgehfn.target.linked import measure

CORES = ("cortex-m0", "cortex-m4", "cortex-m55")
RISCV = ("rv32imc",)
KB = 1024


def fed(first: int, objective: Objective, count: int) -> list[tuple[Graph, Plan]]:
    """Random nets of all orders and types that fit the smallest board."""
    found: dict[object, list[tuple[Graph, Plan]]] = {}
    for seed in range(first, first + 400):
        graph = nets.random_graph(seed, macs=20_000, size=16, channels=12, nodes=6)
        planned = schedules.grouped(graph, seed, objective, rows=True) if group(graph, 0, 0, 1) else None
        if planned and planned.size < 4096 and graph.input and planned.groups[0].last:
            found.setdefault((graph.input.order, graph.input.dtype), []).append((graph, planned))
    assert {*found} == {*product(("chw", "hwc"), ("u8", "s8"))}
    return [one for kind in found.values() for one in kind[:count]]


@pytest.mark.slow
@pytest.mark.parametrize("core", tools.machines(*CORES, *RISCV))
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_random_groups(core: str, objective: Objective) -> None:
    for graph, planned in fed(0, objective, 1 if core in RISCV else 2):
        raw = nets.random_input(graph, 1, 2)
        schedules.check(graph, planned, raw, core)


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_image_takes_the_same_instructions(core: str, objective: Objective) -> None:
    graph, planned = fed(77, objective, 1)[0]
    assert len({counted(graph, planned, core, raw) for raw in nets.random_input(graph, 3, 4)}) == 1


@cache
def camera() -> Graph:
    """Two classes of 96x96x3: the raw image alone is 27 KB."""
    return untrained(nn.tiny((3, 96, 96), 2, width=14), 2)


MILLIONS = {"cortex-m0": 16, "cortex-m4": 9, "cortex-m55": 5}


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
def test_a_camera_net_fits_32_kb_each_of_flash_and_ram(core: str) -> None:
    """The whole image leaves no room for the net in such a RAM."""
    tools.fitted_to()
    graph = camera()
    with pytest.raises(GraphError, match="no plan fits 32,768 bytes of RAM; the least is"):
        plan(graph, ram=32 * KB)
    planned = plan(graph, ram=32 * KB, rows=True)
    predicted, _ = footprint.predict(graph, planned, core)
    sizes = measure(graph, planned, board(core)).sizes
    assert sizes.total_ram == predicted.total_ram == planned.size <= 32 * KB
    assert sizes.weights_flash == predicted.weights_flash
    assert sizes.total_flash <= 32 * KB
    assert abs(predicted.code_flash / sizes.code_flash - 1) < CODE
    spent = counted(graph, planned, core).total
    assert spent < MILLIONS[core] * 10**6
    assert abs(predict(graph, planned, core).total / spent - 1) < TOLERANCE


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
def test_a_camera_net_answers_as_the_emulator_does(core: str) -> None:
    graph = camera()
    raw = nets.random_input(graph, 9, 1)
    for ram in (32 * KB, None):
        planned = plan(graph, "ram", ram=ram, rows=True)
        assert (run_planned(graph, planned, raw, core) == emulate(graph, raw)).all()
    assert selftest(graph, core, ram=32 * KB, rows=True)
