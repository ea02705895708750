"""Plans within a number of bytes of RAM: kept exactly, the least found, and no faster one left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, product

import pytest
from support import nets

from edgehfn.errors import GraphError
from edgehfn.ir import Graph, Plan, ops, plan, verify
from edgehfn.ir.arena import Schedule, arrange
from edgehfn.ir.groups import Group, group
from edgehfn.ir.planner import front
from edgehfn.ir.scratch import Scratch, aligned, ways
from edgehfn.ir.segments import STEPS, Segments
from edgehfn.lowering.untrained import untrained
from edgehfn.nn import preset
from edgehfn.spec.objective import OBJECTIVES, Objective

UNLIMITED = 1 << 30
GRAPHS = {"folded": nets.folded_resnet(3), **{str(seed): nets.random_graph(seed, nodes=12) for seed in (2, 5, 11)}}


def chain() -> Graph:
    """An image and two convolutions: as many schedules as one can try."""
    made = nets.folded_resnet(5, width=4, size=8)
    convs = [node for node in made if isinstance(node, ops.Conv) and node.residual is None]
    return verify(Graph((made.nodes[0], convs[0], replace(convs[1], x=convs[0].name)), seed=made.seed))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", GRAPHS)
def test_a_budget_is_kept_and_each_point_is_its_own_plan(name: str, objective: Objective) -> None:
    graph = GRAPHS[name]
    points = front(graph, objective)
    for larger, smaller in pairwise(points[::4]):
        assert smaller.size < larger.size
        between = plan(graph, objective, ram=larger.size - 1)
        assert smaller.size <= between.size < larger.size or between.size <= smaller.size
    for point in points[::4]:
        assert plan(graph, objective, ram=point.size) == point
        assert point.size == max(_ends(point))


def _ends(planned: Plan) -> Iterator[int]:
    """Of all that lies in the arena, aligned."""
    buffers = [planned.raw, *planned.tensors.values(), *planned.tables.values(), *planned.workspaces.values()]
    yield from (aligned(buffer.end) for buffer in buffers)
    for way in planned.scratch.values():
        yield aligned(way.offset + way.planes)
        yield aligned(way.list_offset + way.list_bytes)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_least_is_named(name: str) -> None:
    graph = GRAPHS[name]
    least = plan(graph, "ram").size
    assert plan(graph, ram=least).size == least
    for budget in (least - 1, least // 2, 0, -1):
        with pytest.raises(GraphError, match=rf"no plan fits {budget:,} bytes of RAM; the least is {least:,}:"):
            plan(graph, ram=budget)


def test_the_least_is_that_of_all_schedules() -> None:
    graph = chain()
    assert plan(graph, "ram").size == min(arrange(graph, "ram", schedule).size for schedule in _schedules(graph))


def _schedules(graph: Graph) -> Iterator[Schedule]:
    """Every cut into groups and nodes that run whole, with every way of each convolution."""
    for groups in _cuts(graph, 0):
        inside = {name: rows for made in groups for name, rows in made.rows.items()}
        options: list[list[tuple[str, Scratch]]] = []
        for node in graph:
            if isinstance(node, ops.Conv):
                rows = graph.tensors[node.name].shape[1]
                step = min(rows, inside[node.name].step) if node.name in inside else rows
                options.append([(node.name, way) for way in ways(node, graph, step, last=node.name not in inside)])
        yield from (Schedule(groups, dict(picked)) for picked in product(*options))


def _cuts(graph: Graph, first: int) -> Iterator[tuple[Group, ...]]:
    if first == len(graph.nodes):
        yield ()
        return
    yield from _cuts(graph, first + 1)
    for last in range(first + 1, len(graph.nodes)):
        for step in STEPS:
            if made := group(graph, first, last, step):
                yield from ((made, *rest) for rest in _cuts(graph, last + 1))


@pytest.mark.parametrize("name", GRAPHS)
def test_a_limit_leaves_out_only_what_exceeds_it(name: str) -> None:
    graph = GRAPHS[name]
    every = Segments(graph, "ram", UNLIMITED)
    for budget in every.sizes()[:: max(1, len(every.sizes()) // 5)]:
        few = Segments(graph, "ram", budget)
        assert few.cheapest(budget) == every.cheapest(budget)
        assert few.sizes() == [size for size in every.sizes() if size <= budget]
    assert Segments(graph, "ram", every.sizes()[0] - 1).sizes() == []


def test_objectives_and_limits_mean_what_they_meant() -> None:
    graph = GRAPHS["folded"]
    assert plan(graph).objective == plan(graph, scratch_limit=0).objective == "speed"
    assert plan(graph, ram=UNLIMITED).objective == "ram"
    assert plan(graph, "speed", ram=plan(graph).size) == plan(graph)
    assert plan(graph, "flash", ram=plan(graph, "ram").size + 4096).objective == "flash"
    assert not plan(graph, "ram", scratch_limit=2048).groups
    assert not plan(graph, ram=UNLIMITED).groups
    assert plan(graph, "ram").groups
    assert plan(graph, "ram").size < plan(graph, "ram", scratch_limit=0).size


def test_a_plan_prints_a_line_for_each_group_and_whole_node() -> None:
    graph = untrained(preset("tiny", (1, 28, 28), tuple("0123456789")))
    for planned in (plan(graph), plan(graph, "ram")):
        head, *lines = str(planned).splitlines()
        assert head == (f"for {planned.objective}: {planned.size:,} bytes, {planned.activations:,} without scratch")
        grouped = sum(made.last - made.first + 1 for made in planned.groups)
        assert len(lines) == len(graph.nodes) - grouped + len(planned.groups)
        assert sum("rows a tick" in line for line in lines) == len(planned.groups)
        most = max(int(line.rpartition(" bytes")[0].rpartition(" ")[2].replace(",", "")) for line in lines)
        assert most <= planned.size
    for made in planned.groups:
        line = next(line for line in lines if line.startswith(f"{graph.nodes[made.first].name} "))
        assert all(f"{name} {rows}" in line.partition("windows")[2] for name, rows in made.windows.items())
