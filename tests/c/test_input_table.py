"""Inputs by a table: every machine against the oracle, whole and by rows, and its rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import nets, nodes, schedules
from support.c_batch import Case
from support.host_c import check, noise

from edgehfn.backends import reference
from edgehfn.backends.emulator import emulate
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, ops, plan, verify
from edgehfn.ir.groups import group
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target.count import counted
from edgehfn.target.execute import run_planned


def random_graphs(first: int, count: int) -> list[Graph]:
    return [nets.random_graph(seed, macs=60_000, table=True) for seed in range(first, first + count)]


@pytest.mark.parametrize("seed", range(12))
def test_reference_and_emulator_equal_the_oracle(seed: int) -> None:
    graph = verify(nets.random_graph(seed, table=True))
    raw = nets.random_input(graph, seed, 4)
    wanted = nodes.by_oracle(graph, raw)
    nodes.assert_same(wanted, nodes.observed(emulate, graph, raw))
    nodes.assert_same(wanted, nodes.observed(reference.run, graph, raw))


@pytest.mark.gcc
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_host_equals_the_oracle(objective: Objective, tmp_path: Path) -> None:
    """Whole, in groups, and fed row by row; both orders, in place and apart."""
    made, fed = [], 0
    for seed, graph in enumerate(random_graphs(100, 10)):
        made.append(Case(graph, noise(graph, seed, 2), objective=objective))
        if group(graph, 0, 0, 1):
            for rows in (False, True):
                planned = schedules.random_plan(graph, seed, objective, rows=rows)
                made.append(Case(graph, noise(graph, seed, 2), objective=objective, own=planned))
                fed += planned.fed
    assert fed
    assert {case.graph.input.order for case in made if case.graph.input} == {"chw", "hwc"}
    check(made, tmp_path)


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m55"])
@pytest.mark.parametrize("rows", [False, True])
def test_cores_equal_the_emulator_in_constant_time(core: str, rows: bool) -> None:
    graph = next(graph for graph in small_graphs() if group(graph, 0, 0, 1))
    planned = plan(graph, "ram", rows=rows)
    raw = nets.random_input(graph, 1, 4)
    assert (run_planned(graph, planned, raw, core) == emulate(graph, raw)).all()
    assert len({counted(graph, planned, core, one) for one in raw}) == 1


def small_graphs() -> list[Graph]:
    return [nets.random_graph(seed, macs=20_000, channels=12, nodes=5, table=True) for seed in range(40)]


def test_a_table_keeps_its_rules() -> None:
    row = tuple(range(-127, 129))
    for given, message in (
        (ops.Input("input", (1, 2, 2), table=(row,)), "outside -127..127"),
        (ops.Input("input", (2, 2, 2), table=((0,) * 256,)), "256 for each of 2 channels"),
        (ops.Input("input", (1, 2, 2), table=((0,) * 255,)), "256 for each of 1 channels"),
        (ops.Input("input", (1, 2, 2), "chw", "s8", table=((0,) * 256,)), "bytes u8"),
    ):
        with pytest.raises(GraphError, match=message):
            verify(Graph((given, ops.AvgPool("y", "input", 1, 0)), 1))
