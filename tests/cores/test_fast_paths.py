"""The assembly: proven to be what runs, and held against the emulator at every node."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Literal

import numpy as np
import pytest
from support import draws, limits, nets
from support.nodes import assert_same, observed

from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, ops, plan
from edgehfn.ir.bounds import sums_fit_16_bits
from edgehfn.ir.ops import RELU, SIGNED
from edgehfn.ir.validate import verify
from edgehfn.spec.objective import Objective
from edgehfn.target import disassembly
from edgehfn.target.board import board
from edgehfn.target.build import build
from edgehfn.target.count import bench
from edgehfn.target.execute import emitted, run
from edgehfn.target.toolchain import call

pytestmark = pytest.mark.qemu

DSP, HELIUM = ("uxtab16", 64), ("vadd.i16", 24)  # an instruction of the list loops, and how often it is there at least
LITTLE = {"hfn_channel_sums": 520, "hfn_store_row": 140}  # bytes at most of the loops where flash is spared
SHIFTS = ("a3,a2,0x8", 64)
MARKS = {
    "cortex-m0": ("adcs", 24),
    "cortex-m0plus": ("adcs", 24),
    "cortex-m3": ("#4278255360", 48),
    "cortex-m4": DSP,
    "cortex-m7": DSP,
    "cortex-m33": DSP,
    "cortex-m55": HELIUM,
    "rv32imc": SHIFTS,
    "rv32imc-zbb": SHIFTS,
}
FUZZED = {
    "cortex-m0",
    "cortex-m3",
    "cortex-m4",
    "cortex-m55",
    "rv32imc",
    "rv32imc-zbb",
}  # the others run the code of one of these


def narrow_convs(graph: Graph) -> int:
    return sum(
        isinstance(n, ops.Conv) and isinstance(n.weight, ops.Supermask) and sums_fit_16_bits(n, graph) for n in graph
    )


@pytest.mark.parametrize("core", MARKS)
def test_the_fast_path_is_what_is_linked(core: str) -> None:
    program = build(emitted(nets.folded_resnet(1)), board(core))
    code = call([board(core).architecture.objdump, "-d", "--disassemble=hfn_channel_narrow", str(program)], timeout=60)
    mark, times = MARKS[core]
    assert code.count(mark) >= times


@pytest.mark.parametrize("core", MARKS)
def test_where_flash_is_spared_little_assembly_is_linked(core: str) -> None:
    program = build(emitted(nets.folded_resnet(1), objective="flash"), board(core), "flash")
    functions = disassembly.functions(program, ".code")
    little = {name: functions[name].size for name in LITTLE if name in functions}
    assert set(little) == (set(LITTLE) if core.startswith("cortex") else set())
    assert all(size <= LITTLE[name] for name, size in little.items()), little


@pytest.mark.parametrize("core", sorted(FUZZED))
def test_what_spares_flash_agrees_with_the_emulator(core: str) -> None:
    for seed in range(2000, 2012):
        graph = nets.random_graph(seed, channels=24)
        raw = nets.random_input(graph, seed, 2)
        assert_same(observed(emulate, graph, raw), observed(partial(run, on=core, objective="flash"), graph, raw))


@pytest.mark.parametrize("core", MARKS)
def test_fast_paths_agree_with_the_emulator(core: str) -> None:
    met = 0
    for seed in range(1000, 1000 + (25 if core in FUZZED else 5)):
        graph = nets.random_graph(seed, channels=24)
        raw = nets.random_input(graph, seed, 3)
        assert_same(observed(emulate, graph, raw), observed(partial(run, on=core), graph, raw))
        met += narrow_convs(graph)
    assert met >= 5


@pytest.mark.parametrize("core", ["rv32imc", "rv32imc-zbb", "rv32ec"])  # no conditional moves, unlike Arm
@pytest.mark.parametrize("objective", ["speed", "flash"])
def test_every_image_takes_the_same_instructions(objective: Objective, core: str) -> None:
    graph = nets.folded_resnet(1)
    assert len({bench(graph, core, raw, objective).total for raw in nets.random_input(graph, 3, 4)}) == 1


@pytest.mark.parametrize("core", sorted(FUZZED))
@pytest.mark.parametrize("size", [20, 27])  # rows without a gap, and rows with one that are longer than a group
def test_folded_resnets_agree(size: int, core: str) -> None:
    graph = nets.folded_resnet(5, width=12, size=size)
    raw = nets.random_input(graph, 5, 4)
    assert np.array_equal(emulate(graph, raw), run(graph, raw, core))


@pytest.mark.parametrize("core", sorted(FUZZED))
@pytest.mark.parametrize(("dtype", "clamp"), [("u8", RELU), ("s8", SIGNED)])
def test_bands_of_few_rows_agree(dtype: Literal["u8", "s8"], clamp: tuple[int, int], core: str) -> None:
    """Planes that are made row by row and moved from band to band."""
    made: list[ops.Node] = [ops.Input("input", (16, 32, 32), dtype=dtype)]
    inputs = 16
    for number, (stride, channels) in enumerate([(1, 16), (2, 24), (1, 24), (2, 8)]):
        weight = draws.supermask(Random(number), 1, number, (channels, inputs, 3, 3), 30)
        q = ops.Requantise((1,) * channels, (0,) * channels, 0, 7, clamp)
        made.append(ops.Conv(f"y{number}", made[-1].name, weight, q, stride, 1))
        inputs = channels
    graph = verify(Graph(tuple(made), 1))
    assert {s.band for s in plan(graph, "ram").scratch.values()} & {1, 2, 3}
    raw = nets.random_input(graph, 6, 2)
    assert_same(observed(emulate, graph, raw), observed(partial(run, on=core, objective="ram"), graph, raw))


@pytest.mark.parametrize("core", sorted(FUZZED))
@pytest.mark.parametrize("shift", [16, 8, 5])
@pytest.mark.parametrize("dtype", ["u8", "s8"])
def test_sums_at_the_limit_of_a_lane(dtype: str, shift: int, core: str) -> None:
    for width in (5, 28):
        graph, raw = limits.channels(dtype, shift, width)
        assert narrow_convs(graph) == len(graph.nodes) - 1
        assert_same(observed(emulate, graph, raw), observed(partial(run, on=core), graph, raw))
