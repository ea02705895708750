"""How long every buffer of the arena lives, which may take the place of another, and where they then lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import assert_never

from edgehfn.ir import gnn_memory, ops
from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import Group, reads
from edgehfn.ir.inputs import raw_bytes
from edgehfn.ir.ops import Conv, Linear
from edgehfn.ir.scratch import aligned
from edgehfn.spec.window import square

Key = tuple[str, str]
RAW: Key = ("raw", "input")
NEIGHBOURS: Key = ("neighbours", "input")
FED = 4  # bytes that count the rows of an image that comes row by row, between any two of them


@dataclass(frozen=True)
class Buffer:
    """A range of the arena in bytes, alive from node index ``first`` to ``last``, both included."""

    offset: int
    size: int
    first: int
    last: int

    @property
    def end(self) -> int:
        """Offset of the first byte behind it."""
        return self.offset + self.size


@dataclass(frozen=True)
class Life:
    """A buffer before it has a place."""

    key: Key
    size: int
    first: int
    last: int


Alias = tuple[Life, ...]  # computed in place: one offset for all, each with its own size and life
Groups = Mapping[int, Group]  # by the index of each of their nodes


def chains(graph: Graph, groups: Groups, rolling: bool) -> list[Alias]:
    """The tensors, those that share a place together. What a group makes lives as long as the group. ``rolling``: the
    runtime's planes keep the rows that bands share, so that a map may be overwritten behind a band."""
    last = {name: i for i, node in enumerate(graph) for name in (*ops.inputs(node), node.name)}
    lives: dict[str, list[Life]] = {}
    raw = Life(RAW, raw_bytes(graph), 0, _end(groups, 0))
    if 0 in groups and groups[0].fed:
        raw = Life(RAW, FED, 0, len(graph.nodes) - 1)
    aliases: list[list[Life]] = [[raw]]
    if graph.input and graph.input.topology:
        users = [i for i, node in enumerate(graph) if ops.topology(node)]
        aliases.append([Life(NEIGHBOURS, gnn_memory.neighbours(graph.input.topology), 0, users[-1])])
    for i, node in enumerate(graph):
        group, tensor = groups.get(i), graph.tensors[node.name]
        size = tensor.size
        if group and node.name in group.windows:
            size = size // tensor.shape[1] * group.windows[node.name]
        life = Life(("tensor", node.name), size, group.first if group else i, _end(groups, last[node.name]))
        if group:
            spent = _overtaken(graph, group, node) if size == tensor.size else iter(())
        else:
            spent = (name for name in _in_place(node, rolling) if last[name] == i)
        alias = next((lives[name] for name in spent if lives[name][-1].key[1] == name), None)  # not taken yet
        if isinstance(node, ops.Input) and not group and _as_it_lies(node):
            alias = aliases[0]
        if alias is None:
            alias = []
            aliases.append(alias)
        alias.append(life)
        lives[node.name] = alias
    return [tuple(alias) for alias in aliases]


def place(aliases: Sequence[Alias]) -> dict[Key, Buffer]:
    """First fit: each alias at the lowest offset where none of its members meets a living neighbour."""
    placed: dict[Key, Buffer] = {}
    for alias in aliases:
        for offset in sorted({0, *(aligned(b.end) for b in placed.values())}):
            trial = {life.key: Buffer(offset, life.size, life.first, life.last) for life in alias}
            if not any(_meet(a, b) for a in trial.values() for b in placed.values()):
                placed |= trial
                break
    return placed


def largest_first(aliases: Sequence[Alias]) -> list[Alias]:
    """In the order in which :func:`place` does best."""
    return sorted(aliases, key=lambda alias: -max(life.size for life in alias))


def longest_first(aliases: Sequence[Alias]) -> list[Alias]:
    """By the number of nodes during which they are alive, then by size."""
    lasting = {alias: max(life.last for life in alias) - min(life.first for life in alias) for alias in aliases}
    return sorted(largest_first(aliases), key=lambda alias: -lasting[alias])


def peak(placed: Mapping[Key, Buffer]) -> int:
    """Bytes of the arena that holds them."""
    return aligned(max(b.end for b in placed.values()))


def _end(groups: Groups, index: int) -> int:
    return groups[index].last if index in groups else index


def _as_it_lies(node: ops.Input) -> bool:
    """Whether each raw sample becomes the element of its own number."""
    return node.order == "chw" or prod(node.shape[1:]) == 1 or node.shape[0] == 1


def _overtaken(graph: Graph, group: Group, node: ops.Node) -> Iterator[str]:
    """Maps from before the group that nothing reads behind it, and of which no row is read in it once the node has
    written the output's row of that number."""
    made, own = graph.tensors[node.name], group.rows[node.name]
    nodes = graph.nodes[group.first : group.last + 1]
    outside = {read.name for other in nodes for read in reads(other) or ()} - {other.name for other in nodes}
    for name, tensor in graph.tensors.items():
        if name not in outside or len(tensor.shape) != 3 or tensor.shape[1:] != made.shape[1:]:
            continue
        if any(name in ops.inputs(other) for other in graph.nodes[group.last + 1 :]) or name == graph.output.name:
            continue
        behind, found = 0, False
        spare = []
        for other in nodes:
            for read in reads(other) or ():
                if read.name == name:
                    rows = group.rows[other.name]
                    ahead = behind + rows.step * read.stride - own.step  # rows written since the reader worked
                    in_step = rows.pace * read.stride == own.pace
                    spare.append(in_step and own.lag - ahead >= rows.lag * read.stride + read.padding)
            if other.name == node.name:
                behind, found = own.step, True
        if found and spare and all(spare):
            yield name


def _in_place(node: ops.Node, rolling: bool) -> tuple[str, ...]:
    """The inputs a node may overwrite: it has read an element, and all before it, by the time it writes there.

    A convolution has copied a band of all its input channels before it writes these rows of its output. What the next
    band reads again is in the planes, if they roll, or nothing is.
    """
    match node:
        case Conv(x=x, residual=residual):
            outputs, channels, *_ = node.weight.shape
            found = square(node.sides)
            same = found is not None and found[1] == 1 and 2 * found[2] == found[0] - 1 and outputs <= channels
            same = same and (rolling or found == (1, 1, 0))
            spent = (residual,) if residual is not None and (residual != x or same) else ()
            return (*spent, x) if same else spent
        case ops.Aggregate(x=x, residual=residual):
            return (x,) if residual is None else (x, residual)
        case ops.Attention(x=x, scores=scores, residual=residual):
            return tuple(name for name in (x, residual) if name is not None and name != scores)
        case ops.NodePool(x=x):
            return (x,)
        case ops.Add(x=x, y=y):
            return (x, y)
        case ops.Depthwise(x=x, residual=residual):
            shrinks = all(side.before + side.after < side.extent for side in node.sides)
            own = (x,) if shrinks and residual != x else ()
            return own if residual in (None, x) else (residual, *own)
        case ops.Concat(x=x, y=y):
            return (x,) if x != y else ()
        case ops.MaxPool(x=x, padding=0) | ops.AvgPool(x=x) | ops.MeanPool(x=x, padding=0 | (0, 0, 0, 0)):
            return (x,)
        case ops.MaxPool() | ops.MeanPool() | Linear() | ops.Input() | ops.Constant() | ops.SparseLinear():
            return ()
        case _:
            assert_never(node)


def _meet(a: Buffer, b: Buffer) -> bool:
    return a.first <= b.last and b.first <= a.last and a.offset < b.end and b.offset < a.end
