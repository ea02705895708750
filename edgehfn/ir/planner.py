"""Which plan: the fewest instructions within a limit."""

from __future__ import annotations

from collections.abc import Sequence

from edgehfn.errors import GraphError
from edgehfn.ir import price
from edgehfn.ir.arena import Plan, Schedule, arrange, tensors
from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import fed
from edgehfn.ir.lives import Buffer, largest_first, peak, place
from edgehfn.ir.ops import Conv
from edgehfn.ir.scratch import FAR_LIMIT, Scratch, aligned, plane_bytes, ways
from edgehfn.ir.segments import Segments
from edgehfn.ir.shared import can_share
from edgehfn.spec.objective import SCRATCH, Objective, chosen

POINTS = 24  # of a front, at most
WORTH, ALL_WORTH = 0.05, 0.08  # of the instructions of a node, and of all convolutions: so much must shared sums save


def plan(
    graph: Graph,
    objective: Objective | None = None,
    scratch_limit: int | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> Plan:
    """Place the tensors and scratch of a verified graph.

    ``ram`` bounds the arena in bytes: the plan of the fewest instructions, of those within it, whose maps need not be
    whole (:mod:`edgehfn.ir.groups`). Without it the objective ``ram`` takes the least there is. All else keeps every
    map whole, and ``scratch_limit`` (default: SCRATCH) bounds the arena in bytes beyond its tensors, as far as one
    output row at a time allows; within it, and within what the tensors of the moment leave idle, bands and kept lists
    are chosen for the fewest instructions. ``objective``: if None, ``ram`` where a number of bytes is given, else
    ``speed``. ``rows``: the image comes row by row, and is never in the arena.

    Raises GraphError if a node cannot be placed at all, or nothing fits ``ram``, and the message then says how many
    bytes the least is; or if what is to come by rows is no image.
    """
    found = nearest(graph, objective, scratch_limit, ram, rows)
    if ram is not None and found.size > ram:
        raise GraphError(
            f"no plan fits {ram:,} bytes of RAM; the least is {found.size:,}: allow as many, or use a smaller net"
        )
    return found


def nearest(
    graph: Graph,
    objective: Objective | None = None,
    scratch_limit: int | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> Plan:
    """Do the same, but return the plan of the least bytes where nothing fits."""
    if rows and graph.sound is not None:
        raise GraphError("rows of sound are made of samples, not fed; leave out --rows")
    objective = chosen(objective, ram)
    whole = _whole(graph, objective, SCRATCH if scratch_limit is None else scratch_limit, rows)
    if whole.size <= ram if ram is not None else objective != "ram" or scratch_limit is not None:
        return whole
    found = None if ram is None else _within(Segments(graph, objective, ram, rows), ram)
    return found or _smallest(graph, objective, whole, whole.size if ram is None else ram, rows)


def front(graph: Graph, objective: Objective | None = None, rows: bool = False) -> list[Plan]:
    """Return plans that a number of bytes of RAM may bring about, from the fewest instructions to the least RAM: POINTS
    at most. Each is the plan for its own size."""
    objective = objective or "ram"
    found = [_whole(graph, objective, SCRATCH, rows)]
    segments = Segments(graph, objective, found[0].size, rows)
    least = _smallest(graph, objective, found[0], found[0].size, rows)
    falling = (least.size / found[0].size) ** (1 / (POINTS - 1))
    while found[-1].size > least.size:
        made = _within(segments, max(least.size, min(found[-1].size - 4, int(found[-1].size * falling)))) or least
        while (again := _within(segments, made.size) or made).size < made.size:
            made = again
        found.append(again)
    return found


def _within(segments: Segments, ram: int) -> Plan | None:
    """The cheapest schedule whose arena is within ``ram``, if there is one. Tensors of different lives may leave gaps
    between them: then a schedule is sought that takes as much less."""
    budget = ram
    while (schedule := segments.cheapest(budget)) is not None:
        planned = arrange(segments.graph, segments.objective, schedule)
        if planned.size <= ram:
            return planned
        budget -= max(4, planned.size - ram)
    best = _least(segments)
    return best if best and best.size <= ram else None


def _smallest(graph: Graph, objective: Objective, whole: Plan, limit: int, rows: bool) -> Plan:
    """The smallest arena, with ``whole`` for one that is known; it is sought within a limit first, which is faster."""
    while (best := _least(Segments(graph, objective, limit, rows))) is None or best.size > limit:
        limit = best.size if best else min(whole.size, limit + max(limit // 2, 1024))
    return min(best, whole, key=lambda plan: plan.size)


def _least(segments: Segments) -> Plan | None:
    """The smallest arena of segments within their limit. Gaps may make one larger than the sum of what lives at once,
    so schedules of larger sums are tried, as far as one may have the smaller arena."""
    best: Plan | None = None
    last: Schedule | None = None
    for budget in segments.sizes():
        if best is not None and budget >= best.size:
            break
        schedule = segments.cheapest(budget)
        if schedule is not None and schedule != last:
            made, last = arrange(segments.graph, segments.objective, schedule), schedule
            best = made if best is None or made.size < best.size else best
    return best


def _whole(graph: Graph, objective: Objective, limit: int, rows: bool) -> Plan:
    groups = (fed(graph),) if rows else ()
    alone = place(largest_first(tensors(graph, objective, groups)))
    apart: dict[str, Scratch] = {}
    sharing: dict[str, Scratch] = {}
    before = saved = 0.0
    for i, node in enumerate(graph):
        if isinstance(node, Conv):
            idle = _idle([b for b in alone.values() if b.first <= i <= b.last], peak(alone) + limit)
            apart[node.name], cost = _cheapest(node, graph, idle)
            way, less = _cheapest(node, graph, idle, shared=True) if can_share(node, graph) else (None, cost)
            before += cost
            if way is not None and way.size <= idle and cost - less > WORTH * cost:
                sharing[node.name] = way
                saved += cost - less
    if objective == "speed" and saved > ALL_WORTH * before:
        apart |= sharing
    return arrange(graph, objective, Schedule(groups, apart))


def _cheapest(node: Conv, graph: Graph, room: int, shared: bool = False) -> tuple[Scratch, float]:
    """The cheapest way that fits the room, or else the smallest, and what it costs; with ``shared`` of those that share
    sums."""
    rows = graph.tensors[node.name].shape[1]
    known = ways(node, graph, rows, shared=shared)
    if not known:
        planes = plane_bytes(node, graph, 1)
        raise GraphError(
            f"node {node.name}: one output row needs planes of {planes:,} bytes, offsets reach {FAR_LIMIT:,}; "
            "use fewer input channels, a smaller kernel or smaller images"
        )
    fitting = [way for way in known if way.size <= room] or [min(known, key=lambda way: way.size)]
    costs = [price.conv(node, graph, way, [(0, rows)]) for way in fitting]
    best = min(range(len(fitting)), key=costs.__getitem__)
    return fitting[best], costs[best]


def _idle(living: Sequence[Buffer], end: int) -> int:
    """Bytes of the largest gap between the living buffers and up to ``end``."""
    gaps, at = [], 0
    for buffer in sorted(living, key=lambda b: b.offset):
        gaps.append(buffer.offset - at)
        at = max(at, aligned(buffer.end))
    return max(*gaps, end - at)
