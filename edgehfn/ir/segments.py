"""A graph cut into segments, each of them a group or a node that runs whole, and what each takes: bytes and
instructions. The cheapest cut within a budget is found by dynamic programming over the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgehfn.ir import price
from edgehfn.ir.arena import Schedule, tensors, working
from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import Group, group
from edgehfn.ir.ops import Conv
from edgehfn.ir.scratch import Scratch, Span, aligned, ways
from edgehfn.spec.objective import Objective

LONGEST = 12  # nodes of a group
STEPS = (1, 2, 4, 8)  # rows a tick of its fastest node


@dataclass(frozen=True)
class Choice:
    """A segment that is run in one way: bytes of the arena meanwhile, and instructions."""

    size: int
    cost: float
    group: Group | None
    ways: dict[str, Scratch]


class Segments:
    """All segments of a graph with their choices, of which none takes more of both than another of the segment."""

    def __init__(self, graph: Graph, objective: Objective) -> None:
        self.graph, self.objective = graph, objective
        self.work = working(graph, objective)
        self.ending: list[list[tuple[int, Choice]]] = [[] for _ in graph.nodes]  # by their last node: first, choice
        for last in range(len(graph.nodes)):
            self.ending[last] += [(last, choice) for choice in _best([*self._alone(last)])]
            for first in range(max(0, last - LONGEST + 1), last):
                self.ending[last] += [(first, choice) for choice in _best([*self._together(first, last)])]

    def cheapest(self, budget: int) -> Schedule | None:
        """The schedule of the fewest instructions in which no segment takes more bytes; None if there is none."""
        costs: list[float] = [0.0]
        taken: list[tuple[int, Choice] | None] = [None]
        for ending in self.ending:
            fitting = [(costs[first] + c.cost, first, c) for first, c in ending if c.size <= budget]
            best = min(fitting, key=lambda found: found[0], default=None)
            costs.append(best[0] if best else float("inf"))
            taken.append(best[1:] if best else None)
        if costs[-1] == float("inf"):
            return None
        chosen: list[Choice] = []
        at = len(self.ending)
        while (step := taken[at]) is not None:
            at = step[0]
            chosen.insert(0, step[1])
        ways = {name: way for choice in chosen for name, way in choice.ways.items()}
        return Schedule(
            tuple(c.group for c in chosen if c.group), {n.name: ways[n.name] for n in self.graph if n.name in ways}
        )

    def least(self) -> int:
        """The fewest bytes with which there is a schedule."""
        sizes = [0]
        for ending in self.ending:
            sizes.append(min(max(sizes[first], c.size) for first, c in ending))
        return sizes[-1]

    def _alone(self, index: int) -> Iterator[Choice]:
        node = self.graph.nodes[index]
        size = self._tensors(index, index, None)
        if not isinstance(node, Conv):
            yield Choice(size + aligned(self.work.get(node.name, 0)), 0, None, {})
            return
        rows = self.graph.tensors[node.name].shape[1]
        for way in ways(node, self.graph, rows):
            cost = price.conv(node, self.graph, way, [(0, rows)])
            yield Choice(size + aligned(way.size), cost, None, {node.name: way})

    def _together(self, first: int, last: int) -> Iterator[Choice]:
        for step in STEPS:
            made = group(self.graph, first, last, step)
            if made is None or not made.windows:
                return
            yield from self._ways(made)

    def _ways(self, made: Group) -> Iterator[Choice]:
        """Lists are kept of those nodes first where a byte saves most; then each band is as large as the room allows,
        for every room that makes a difference."""
        base = self._tensors(made.first, made.last, made)
        turns = price.turns(self.graph, made)
        options = {
            node.name: [*self._options(node, made)]
            for node in self.graph.nodes[made.first : made.last + 1]
            if isinstance(node, Conv)
        }
        if any(not found for found in options.values()):
            return
        order = sorted(options, key=lambda name: -_saving(options[name]))
        for kept in range(len(order) + 1):
            keep = {*order[:kept]}
            rooms = {name: [o for o in found if o[0].keep == (name in keep)] for name, found in options.items()}
            if not all(rooms.values()):
                return
            lists = sum(aligned(found[0][0].list_bytes) for name, found in rooms.items() if name in keep)
            for room in sorted({_transient(way) for found in rooms.values() for way, _ in found}):
                picked = {
                    name: min((o for o in found if _transient(o[0]) <= room), key=lambda o: o[1], default=None)
                    for name, found in rooms.items()
                }
                if None not in picked.values():
                    chosen = {name: o for name, o in picked.items() if o}
                    cost = turns + sum(o[1] for o in chosen.values())
                    most = max((aligned(_transient(o[0])) for o in chosen.values()), default=0)
                    yield Choice(base + lists + most, cost, made, {name: o[0] for name, o in chosen.items()})

    def _options(self, node: Conv, made: Group) -> Iterator[tuple[Scratch, float]]:
        rows = self.graph.tensors[node.name].shape[1]
        calls: list[Span] = made.rows[node.name].calls(rows, made.ticks)
        for way in ways(node, self.graph, min(rows, made.rows[node.name].step), last=False):
            yield way, price.conv(node, self.graph, way, calls)

    def _tensors(self, first: int, last: int, made: Group | None) -> int:
        """Bytes of all tensors that are alive in the segment."""
        total = 0
        for alias in tensors(self.graph, self.objective, (made,) if made else ()):
            total += max((aligned(life.size) for life in alias if life.first <= last and first <= life.last), default=0)
        return total


def _transient(way: Scratch) -> int:
    """Bytes that other nodes of the group may use in their turn."""
    return way.planes if way.keep else way.size


def _saving(options: list[tuple[Scratch, float]]) -> float:
    """Instructions that a byte of kept lists saves, at the largest band."""
    kept = [o for o in options if o[0].keep]
    again = [o for o in options if not o[0].keep]
    return (again[-1][1] - kept[-1][1]) / max(1, kept[-1][0].list_bytes) if kept and again else 0.0


def _best(choices: list[Choice]) -> list[Choice]:
    """Those that none beats in bytes and instructions."""
    found: list[Choice] = []
    for choice in sorted(choices, key=lambda c: (c.size, c.cost)):
        if not found or choice.cost < found[-1].cost:
            found.append(choice)
    return found
