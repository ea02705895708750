"""A graph cut into segments, each of them a group or a node that runs whole, and what each takes: bytes and
instructions. The cheapest cut within a budget is found by dynamic programming over the nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgehfn.ir import price
from edgehfn.ir.arena import Schedule, tensors, working
from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import Group, fed, groups
from edgehfn.ir.lives import Alias
from edgehfn.ir.ops import Conv
from edgehfn.ir.scratch import Scratch, aligned, ways
from edgehfn.spec.objective import Objective

LONGEST = 12  # nodes of a group
STEPS = (1, 2, 4, 8)  # rows a tick of its fastest node


@dataclass(frozen=True)
class Option:
    """A way of a convolution: ``room``, the bytes of it that other nodes of a group may use in their turn, and
    instructions."""

    name: str
    way: Scratch
    room: int
    cost: float


@dataclass(frozen=True)
class Options:
    """The ways of a convolution that builds its lists ``again`` for every band and of one that keeps them, ``kept``:
    those that none beats in room and instructions, by growing room. ``saving``: instructions that a byte of kept lists
    saves at the largest band."""

    again: tuple[Option, ...]
    kept: tuple[Option, ...]
    saving: float


@dataclass(frozen=True)
class Choice:
    """A segment that is run in one way: bytes of the arena meanwhile, and instructions."""

    size: int
    cost: float
    group: Group | None
    picked: tuple[Option, ...] = ()


class Segments:
    """All segments of a graph with their choices within a limit of bytes, of which none takes more of both than another
    of the segment. ``rows``: the image comes row by row, so that the first segment is a group."""

    def __init__(self, graph: Graph, objective: Objective, limit: int, rows: bool = False) -> None:
        self.graph, self.objective, self.limit = graph, objective, limit
        self.fed = (fed(graph),) if rows else ()
        self.work = working(graph, objective)
        self.whole = tensors(graph, objective, self.fed)
        self.options: dict[tuple[int, int, int], Options] = {}
        self.ending: list[list[tuple[int, Choice]]] = [[] for _ in graph.nodes]  # by their last node: first, choice
        for last in range(len(graph.nodes)):
            self.ending[last] += [(last, choice) for choice in _best(self._alone(last))]
            for first in range(max(0, last - LONGEST + 1), last):
                self.ending[last] += [(first, choice) for choice in _best(self._together(first, last))]

    def cheapest(self, budget: int) -> Schedule | None:
        """The schedule of the fewest instructions in which no segment takes more bytes than a budget within the limit;
        None if there is none."""
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
        ways = {option.name: option.way for choice in chosen for option in choice.picked}
        return Schedule(
            tuple(c.group for c in chosen if c.group), {n.name: ways[n.name] for n in self.graph if n.name in ways}
        )

    def sizes(self) -> list[int]:
        """All bytes from which on another schedule is possible, the fewest first with which there is one."""
        least = [0]
        for ending in self.ending:
            least.append(min((max(least[first], c.size) for first, c in ending), default=self.limit + 1))
        larger = (c.size for ending in self.ending for _, c in ending if c.size > least[-1])
        return sorted({least[-1], *larger}) if least[-1] <= self.limit else []

    def _alone(self, index: int) -> Iterator[Choice]:
        node = self.graph.nodes[index]
        size = _living(self.whole, index, index)
        if not isinstance(node, Conv):
            fed = self.fed[0] if self.fed and index == 0 else None
            if (size := size + aligned(self.work.get(node.name, 0))) <= self.limit:
                yield Choice(size, 0, fed)
            return
        rows = self.graph.tensors[node.name].shape[1]
        for way in ways(node, self.graph, rows):
            cost = price.conv(node, self.graph, way, [(0, rows)])
            if size + aligned(way.size) <= self.limit:
                yield Choice(size + aligned(way.size), cost, None, (Option(node.name, way, way.size, cost),))

    def _together(self, first: int, last: int) -> Iterator[Choice]:
        for made in groups(self.graph, first, last, STEPS, bool(self.fed) and first == 0):
            if not made.windows:
                return
            yield from self._ways(made)

    def _ways(self, made: Group) -> Iterator[Choice]:
        """Lists are kept of those nodes first where a byte saves most; then each band is as large as the room allows,
        for every room that makes a difference."""
        grouped = (made,) if made.fed else (*self.fed, made)
        base = _living(tensors(self.graph, self.objective, grouped), made.first, made.last)
        if base > self.limit:
            return
        turns = price.turns(self.graph, made)
        convs = [i for i in range(made.first, made.last + 1) if isinstance(self.graph.nodes[i], Conv)]
        if not convs:
            yield Choice(base, turns, made)
        options = [self._options(i, made) for i in convs]
        order = sorted(range(len(options)), key=lambda i: -options[i].saving)
        for kept in range(len(order) + 1):
            keep = {*order[:kept]}
            found = [o.kept if i in keep else o.again for i, o in enumerate(options)]
            if not found or not all(found):
                return
            size = base + sum(aligned(found[i][0].way.list_bytes) for i in keep)
            if size > self.limit:
                return
            picked = [each[0] for each in found]
            least = max(o.room for o in picked)
            larger = sorted((o.room, i, n) for i, each in enumerate(found) for n, o in enumerate(each))
            for at, (room, i, n) in enumerate(larger):
                if size + aligned(room) > self.limit:
                    break
                picked[i] = found[i][n]
                if room >= least and (at + 1 == len(larger) or larger[at + 1][0] > room):
                    yield Choice(size + aligned(room), turns + sum([o.cost for o in picked]), made, (*picked,))

    def _options(self, index: int, made: Group) -> Options:
        """Of a convolution in a group: they hang on how many rows it makes at each call, and so on its lag modulo its
        step."""
        node = self.graph.nodes[index]
        assert isinstance(node, Conv)
        own = made.rows[node.name]
        key = (index, own.step, own.lag % own.step)
        if key not in self.options:
            rows = self.graph.tensors[node.name].shape[1]
            calls = own.calls(rows, made.ticks)
            every = [
                Option(node.name, way, way.planes if way.keep else way.size, price.conv(node, self.graph, way, calls))
                for way in ways(node, self.graph, min(rows, own.step), last=False)
            ]
            again, kept = ([o for o in every if o.way.keep == keep] for keep in (False, True))
            saving = (again[-1].cost - kept[-1].cost) / max(1, kept[-1].way.list_bytes) if kept and again else 0.0
            self.options[key] = Options(_fewer(again), _fewer(kept), saving)
        return self.options[key]


def _living(aliases: Sequence[Alias], first: int, last: int) -> int:
    """Bytes of all tensors that are alive in a segment."""
    return sum(
        max((aligned(life.size) for life in alias if life.first <= last and first <= life.last), default=0)
        for alias in aliases
    )


def _fewer(options: Iterable[Option]) -> tuple[Option, ...]:
    """Those of growing room that take fewer instructions than any before."""
    found: list[Option] = []
    for option in options:
        if not found or option.cost < found[-1].cost:
            found.append(option)
    return tuple(found)


def _best(choices: Iterable[Choice]) -> list[Choice]:
    """Those that none beats in bytes and instructions."""
    found: list[Choice] = []
    for choice in sorted(choices, key=lambda c: (c.size, c.cost)):
        if not found or choice.cost < found[-1].cost:
            found.append(choice)
    return found
