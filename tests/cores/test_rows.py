"""Groups of nodes that run by rows, on emulated cores: their bytes, and instructions that no input changes."""

from __future__ import annotations

import pytest
from support import many, nets, schedules, tools

from edgehfn.ir import Graph, Plan
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target.count import counted

CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imc", "rv32ec")
NETS = 25  # with a map that is never whole, of each core


def streamed(first: int, objective: Objective, count: int) -> list[tuple[Graph, Plan]]:
    """Random nets in groups that fit the smallest board."""
    found: list[tuple[Graph, Plan]] = []
    seed = first
    while len(found) < count:
        graph = nets.random_graph(seed, macs=20_000, size=16, channels=12, nodes=6)
        planned = schedules.grouped(graph, seed, objective)
        found += [(graph, planned)] if planned and planned.size < 4096 else []
        seed += 1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("core", tools.machines(*CORES))
@pytest.mark.parametrize(("objective", "first", "count"), [("speed", 0, 9), ("ram", 500, 8), ("flash", 900, 8)])
def test_random_groups(core: str, objective: Objective, first: int, count: int) -> None:
    found = streamed(first, objective, count)
    many.hold([many.Given(graph, nets.random_input(graph, first, 3), own) for graph, own in found], core, objective)
    graph, planned = found[0]
    schedules.check(graph, planned, nets.random_input(graph, first, 3), core)  # untraced, too


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_input_takes_the_same_instructions(core: str, objective: Objective) -> None:
    graph, planned = streamed(77, objective, 1)[0]
    assert len({counted(graph, planned, core, raw) for raw in nets.random_input(graph, 3, 4)}) == 1
