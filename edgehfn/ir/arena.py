"""The arena: where every tensor and every node's scratch lies on the device (docs/SPEC.md section 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edgehfn.ir import gnn_memory
from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import Group
from edgehfn.ir.lives import NEIGHBOURS, RAW, Alias, Buffer, Life, chains, largest_first, longest_first, peak, place
from edgehfn.ir.ops import Depthwise, Linear, Node, Supermask, Weight
from edgehfn.ir.scratch import Frame, Scratch, Span
from edgehfn.spec.objective import Objective, small

SUBSET_TABLES = 2048  # firmware/src/linear/linear_plain.h
SHARING = 16  # outputs from which on these tables, that all outputs share, are worth their making


@dataclass(frozen=True)
class Schedule:
    """What a plan decides: which nodes run interleaved, and how each convolution works."""

    groups: tuple[Group, ...]
    ways: dict[str, Scratch]


@dataclass(frozen=True)
class Plan:
    """``size``: bytes of the arena. ``activations``: bytes it would take without scratch.

    ``scratch`` of convolutions, ``tables`` of fully connected layers, ``workspaces`` of other nodes;
    ``neighbours`` of a graph that comes with the input. ``groups``: nodes that run interleaved; of those of their
    tensors that are in ``Group.windows`` the buffer holds so many rows. ``raw``: the input; if it is ``fed``, row by
    row, the word that counts the rows.
    """

    objective: Objective
    size: int
    activations: int
    raw: Buffer
    tensors: dict[str, Buffer]
    scratch: dict[str, Scratch]
    tables: dict[str, Buffer]
    workspaces: dict[str, Buffer]
    neighbours: Buffer | None
    groups: tuple[Group, ...] = ()

    @property
    def fed(self) -> bool:
        """Whether the image comes row by row."""
        return bool(self.groups) and self.groups[0].fed

    def __str__(self) -> str:
        """A line for each group and each node that runs whole: rows a tick, rows of windows, bytes that live then."""
        names, groups = [*self.tensors], by_node(self.groups)
        lines = [f"for {self.objective}: {self.size:,} bytes, {self.activations:,} without scratch"]
        for i, name in enumerate(names):
            group = groups.get(i)
            if group is None:
                lines.append(f"{name}: whole, {self._living(i, i):,} bytes")
            elif i == group.first:
                rows = (f"{n} {r.step}{f'/{r.period}' * (r.period > 1)}" for n, r in group.rows.items())
                windows = ", ".join(f"{n} {kept}" for n, kept in group.windows.items())
                lines.append(
                    f"{', '.join(rows)} rows a tick of {group.ticks}; windows of rows: {windows or 'none'}; "
                    f"{self._living(i, group.last):,} bytes"
                )
        return "\n".join(lines)

    def _living(self, first: int, last: int) -> int:
        """Bytes that are in use at some time from one node to another."""
        at = {name: i for i, name in enumerate(self.tensors)}
        work = {**self.tables, **self.workspaces}
        alive = [b for b in (self.raw, self.neighbours, *self.tensors.values()) if b]
        spans = [(b.offset, b.end) for b in alive if b.first <= last and first <= b.last]
        spans += [(b.offset, b.end) for name, b in work.items() if first <= at[name] <= last]
        for name, way in self.scratch.items():
            if first <= at[name] <= last:
                lists = (way.list_offset, way.list_offset + way.list_bytes)
                spans += [(way.offset, way.offset + way.planes), lists]
        used = end = 0
        for low, high in sorted(spans):
            used += max(0, high - max(low, end))
            end = max(end, high)
        return used

    def runs_by_rows(self, node: Node) -> bool:
        """Whether a node is in a group."""
        return self._group(node) is not None

    def calls(self, node: Node, graph: Graph) -> list[Span]:
        """Return the rows that each call of a node of maps makes, of those that make any."""
        group, shape = self._group(node), graph.tensors[node.name].shape
        if group is None:
            return [(0, shape[1] if len(shape) == 3 else 1)]
        return [span for span in group.rows[node.name].calls(shape[1], group.ticks) if span[0] < span[1]]

    def _group(self, node: Node) -> Group | None:
        return next((group for group in self.groups if node.name in group.rows), None)

    def order(self, graph: Graph) -> Iterator[tuple[int, Group | None, int]]:
        """Return the calls of a run: the index of a node, and its group and the tick if it is in one."""
        groups = by_node(self.groups)
        index = 0
        while index < len(graph.nodes):
            group = groups.get(index)
            if group is None:
                yield index, None, 0
                index += 1
                continue
            for tick in range(group.start, group.ticks):
                yield from ((i, group, tick) for i in range(group.first, group.last + 1))
            index = group.last + 1


def by_node(groups: Sequence[Group]) -> dict[int, Group]:
    """Return the group of each node that is in one, by the node's index."""
    return {i: group for group in groups for i in range(group.first, group.last + 1)}


def uses_lookup_table(weight: Weight) -> bool:
    """Whether a fully connected layer looks up sums of subsets of its inputs, rather than walk the weights kept."""
    return isinstance(weight, Supermask) and weight.plain and weight.shape[0] >= SHARING


def tensors(graph: Graph, objective: Objective, groups: Sequence[Group] = ()) -> list[Alias]:
    """Return the tensors as they share places, not placed yet."""
    return chains(graph, by_node(groups), rolling=not small(objective))


def working(graph: Graph, objective: Objective) -> dict[str, int]:
    """Return the bytes of what nodes other than convolutions work with."""
    tables = {
        n.name: _tables(n.weight)
        for n in graph
        if isinstance(n, Linear) and uses_lookup_table(n.weight) and not small(objective)
    }
    frames = {n.name: Frame.of(n, graph).bytes for n in graph if isinstance(n, Depthwise)}
    return tables | frames | {n.name: size for n in graph if (size := gnn_memory.scratch(n))}


def arrange(graph: Graph, objective: Objective, schedule: Schedule) -> Plan:
    """Place the tensors and scratch of a verified graph that runs by a schedule."""
    groups = by_node(schedule.groups)
    made = tensors(graph, objective, schedule.groups)
    others = working(graph, objective)
    work: list[Alias] = []
    for i, node in enumerate(graph):
        way = schedule.ways.get(node.name)
        if way is not None and way.keep and i in groups:
            work.append((Life(("lists", node.name), way.list_bytes, groups[i].first, groups[i].last),))
            work.append((Life(("scratch", node.name), way.planes, i, i),))
        elif way is not None or node.name in others:
            work.append((Life(("scratch", node.name), way.size if way else others[node.name], i, i),))
    orders = [[*largest_first(made), *largest_first(work)], largest_first([*made, *work])]
    if groups:  # many windows lie beside maps that are there before and after
        orders.append(longest_first([*made, *work]))
    best = min(map(place, orders), key=peak)
    lists = {name: best["lists", name].offset for kind, name in best if kind == "lists"}
    return Plan(
        objective=objective,
        size=peak(best),
        activations=peak(place(largest_first(made))),
        raw=best[RAW],
        tensors={node.name: best["tensor", node.name] for node in graph},
        scratch={
            name: replace(way, offset=best["scratch", name].offset, lists=lists.get(name))
            for name, way in schedule.ways.items()
        },
        tables={n.name: best["scratch", n.name] for n in graph if isinstance(n, Linear) and n.name in others},
        workspaces={n.name: best["scratch", n.name] for n in graph if not isinstance(n, Linear) and n.name in others},
        neighbours=best.get(NEIGHBOURS),
        groups=schedule.groups,
    )


def _tables(weight: Weight) -> int:
    """Bytes: a sum of 32 bits for each output, and the tables of 32 inputs."""
    return 4 * weight.shape[0] + SUBSET_TABLES
