"""Windows that are not square, depthwise convolutions, averages of windows and joined maps on the cores: their bytes,
and instructions that no input changes."""

from __future__ import annotations

import pytest
from support import many, nets, schedules, tools, window_nets

from edgehfn.ir import Graph, plan, verify
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target.count import counted

CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55")


def drawn(first: int, count: int) -> list[Graph]:
    """Random nets for the smallest board."""
    graphs = (verify(window_nets.random_graph(seed, macs=20_000, channels=12)) for seed in range(first, first + count))
    return [graph for graph in graphs if plan(graph).size < 12_000]


def check(core: str, objective: Objective, first: int, count: int) -> None:
    graphs = drawn(first, count)
    cases = [many.Given(graph, nets.random_input(graph, first + i, 3)) for i, graph in enumerate(graphs)]
    many.hold(cases, core, objective)


@pytest.mark.parametrize("core", tools.machines(*CORES))
@pytest.mark.parametrize("objective", ["speed", "flash"])
def test_a_few_random_nets(core: str, objective: Objective) -> None:
    check(core, objective, 9100, 8)


@pytest.mark.slow
@pytest.mark.parametrize("core", tools.machines(*CORES))
@pytest.mark.parametrize(("objective", "first", "count"), [("speed", 0, 30), ("ram", 100, 12), ("flash", 200, 20)])
def test_random_nets(core: str, objective: Objective, first: int, count: int) -> None:
    check(core, objective, first, count)


@pytest.mark.slow
@pytest.mark.parametrize("core", tools.machines(*CORES))
@pytest.mark.parametrize(("objective", "first"), [("speed", 0), ("ram", 500), ("flash", 900)])
def test_random_groups(core: str, objective: Objective, first: int) -> None:
    planned = [(graph, schedules.grouped(graph, seed, objective)) for seed, graph in enumerate(drawn(first, 30), first)]
    cases = [many.Given(graph, nets.random_input(graph, first, 3), own) for graph, own in planned if own]
    assert len(cases) > 3
    many.hold(cases, core, objective)


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_input_takes_the_same_instructions(core: str, objective: Objective) -> None:
    for graph in drawn(9200, 3):
        planned = plan(graph, objective)
        assert len({counted(graph, planned, core, raw) for raw in nets.random_input(graph, 3, 4)}) == 1
