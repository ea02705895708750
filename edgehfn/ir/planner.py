"""Which plan: the fewest instructions within a limit."""

from __future__ import annotations

from collections.abc import Sequence

from edgehfn.errors import GraphError
from edgehfn.ir.arena import Plan, Schedule, arrange, tensors
from edgehfn.ir.graph import Graph
from edgehfn.ir.lives import Buffer, largest_first, peak, place
from edgehfn.ir.ops import Conv
from edgehfn.ir.scratch import Scratch, aligned, overhead, plane_bytes, ways
from edgehfn.spec.objective import SCRATCH, Objective


def plan(graph: Graph, objective: Objective = "speed", scratch_limit: int | None = None) -> Plan:
    """Place the tensors and scratch of a verified graph.

    ``scratch_limit`` (default: the objective's) bounds the arena in bytes beyond its tensors, as far as one output row
    at a time allows. Within it, and within what the tensors of the moment leave idle, bands and kept lists are chosen
    for the fewest instructions. Raises GraphError if a node cannot be placed at all.
    """
    limit = SCRATCH[objective] if scratch_limit is None else scratch_limit
    alone = place(largest_first(tensors(graph, objective)))
    chosen: dict[str, Scratch] = {}
    for i, node in enumerate(graph):
        if isinstance(node, Conv):
            idle = _idle([b for b in alone.values() if b.first <= i <= b.last], peak(alone) + limit)
            chosen[node.name] = _cheapest(node, graph, idle)
    return arrange(graph, objective, Schedule((), chosen))


def _cheapest(node: Conv, graph: Graph, room: int) -> Scratch:
    """The cheapest way that fits the room, or else the smallest."""
    rows = graph.tensors[node.name].shape[1]
    known = ways(node, graph, rows)
    if not known:
        planes = plane_bytes(node, graph, 1)
        raise GraphError(f"node {node.name}: one output row needs planes of {planes} bytes, offsets reach 65536")
    fitting = [way for way in known if way.size <= room] or [min(known, key=lambda way: way.size)]
    return min(fitting, key=lambda way: overhead(node, way, [(0, rows)]))


def _idle(living: Sequence[Buffer], end: int) -> int:
    """Bytes of the largest gap between the living buffers and up to ``end``."""
    gaps, at = [], 0
    for buffer in sorted(living, key=lambda b: b.offset):
        gaps.append(buffer.offset - at)
        at = max(at, aligned(buffer.end))
    return max(*gaps, end - at)
