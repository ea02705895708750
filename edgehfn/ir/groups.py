"""Row streaming: nodes that run interleaved, some rows of each a tick, and the windows of rows that lie between them.

After tick t a node has made the rows of its output before ``(t + 1) // period · step - lag``, as far as there are such
rows. Steps and periods follow from strides: the fastest nodes work in every tick, and behind a stride of two a node has
half as many rows to make, or works in every other tick. A lag is the least with which every node finds the rows that it
reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from edgehfn.errors import GraphError
from edgehfn.ir import ops
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Node
from edgehfn.ir.scratch import Span
from edgehfn.spec.limits import HALF


@dataclass(frozen=True)
class Rows:
    """What a node makes: ``step`` rows every ``period`` ticks, a power of two."""

    step: int
    lag: int
    period: int = 1

    @property
    def pace(self) -> Fraction:
        """Rows a tick."""
        return Fraction(self.step, self.period)

    @property
    def shift(self) -> int:
        """The period's logarithm."""
        return self.period.bit_length() - 1

    def calls(self, rows: int, ticks: int) -> list[Span]:
        """The rows of each tick, of an output of so many; empty in some ticks."""
        ends = [min(max(tick // self.period * self.step - self.lag, 0), rows) for tick in range(ticks + 1)]
        return list(pairwise(ends))


@dataclass(frozen=True)
class Group:
    """The nodes from index ``first`` to ``last``. ``windows``: rows kept of each tensor that is never whole.

    ``start``: the first tick in which there is anything to do. ``fed``: the image comes row by row, and is never whole
    either. The first node is then the input, which works in every tick, for whatever reads it is as fast or slower.
    """

    first: int
    last: int
    ticks: int
    rows: dict[str, Rows]
    windows: dict[str, int]
    start: int = 0
    fed: bool = False


@dataclass(frozen=True)
class Read:
    """One tensor that a node reads by rows: output row i needs the rows i·stride - padding to i·stride - padding +
    kernel."""

    name: str
    kernel: int = 1
    stride: int = 1
    padding: int = 0


def reads(node: Node) -> tuple[Read, ...] | None:
    """What a node reads by rows; None if it cannot run by rows at all."""
    match node:
        case ops.Input(topology=None, shape=(_, _, _)):
            return ()
        case ops.Conv(x=x, residual=residual):
            rows, _ = node.sides
            own = Read(x, rows.extent, rows.stride, rows.before)
            return (own,) if residual is None else (own, Read(residual))
        case ops.MaxPool(x=x, kernel=kernel, stride=stride, padding=padding):
            return (Read(x, kernel, stride, padding),)
        case ops.Add(x=x, y=y):
            return (Read(x), Read(y))
        case _:
            return None


def group(graph: Graph, first: int, last: int, step: int, fed: bool = False) -> Group | None:
    """The nodes from ``first`` to ``last`` as a group of which the fastest makes ``step`` rows a tick; None if they
    cannot be one. ``fed``: the first is the input, whose image comes row by row."""
    return next(groups(graph, first, last, (step,), fed), None)


def groups(graph: Graph, first: int, last: int, steps: Sequence[int], fed: bool = False) -> Iterator[Group]:
    """These nodes as a group for each step, up to the first for which they cannot be one."""
    nodes = graph.nodes[first : last + 1]
    read = {node.name: found for node in nodes if (found := reads(node)) is not None}
    if len(read) < len(nodes) or any(_height(graph, node) is None for node in nodes):
        return
    pace = _pace(nodes, read)
    if pace is None or any(each.denominator & (each.denominator - 1) for each in pace.values()):
        return
    for step in steps:
        rates = {node.name: step * pace[node.name] for node in nodes}
        if any(rate.numerator * graph.tensors[name].shape[2] >= HALF for name, rate in rates.items()):
            return
        # All may begin some rows late, so that slow nodes work in the ticks in which their last row to read is made.
        tried = [_late(graph, first, last, read, rates, late) for late in range(int(1 / min(pace.values())))]
        rows, windows = min(tried, key=lambda found: _held(graph, *found))
        start = min(r.period * (r.lag // r.step + 1) - 1 for r in rows.values())
        ticks = max(r.period * -(-(graph.tensors[name].shape[1] + r.lag) // r.step) for name, r in rows.items())
        yield Group(first, last, ticks, rows, windows, start, fed)


def _late(
    graph: Graph, first: int, last: int, read: dict[str, tuple[Read, ...]], rates: dict[str, Fraction], late: int
) -> tuple[dict[str, Rows], dict[str, int]]:
    """The rows of nodes and their windows, if those that read nothing of the group have so much lag."""
    rows: dict[str, Rows] = {}
    for name, rate in rates.items():
        lags = [_lag(r, rows[r.name].lag) for r in read[name] if r.name in rows]
        rows[name] = Rows(rate.numerator, max(0, max(lags, default=late)), rate.denominator)
    return rows, dict(_windows(graph, first, last, read, rows))


def _held(graph: Graph, rows: dict[str, Rows], windows: dict[str, int]) -> int:
    """Bytes of what the nodes make."""
    shapes = {name: graph.tensors[name].shape for name in rows}
    return sum(channels * windows.get(name, height) * width for name, (channels, height, width) in shapes.items())


def fed(graph: Graph) -> Group:
    """The input alone, whose image comes row by row. Raises GraphError for a graph that reads none."""
    made = group(graph, 0, 0, 1, fed=True) if graph.input else None
    if made is None:
        raise GraphError("the input is no image of channels, rows and columns: it cannot come row by row, but whole")
    return made


def _height(graph: Graph, node: Node) -> int | None:
    """Rows of an image's map."""
    tensor = graph.tensors[node.name]
    return tensor.shape[1] if len(tensor.shape) == 3 and not tensor.nodes else None


def _pace(nodes: tuple[Node, ...], read: dict[str, tuple[Read, ...]]) -> dict[str, Fraction] | None:
    """Rows a tick of each node, the most 1: those of what it reads by its stride. None if strides contradict each
    other, or nothing connects the nodes."""
    joined = [(r.name, node.name, r.stride) for node in nodes for r in read[node.name] if r.name in read]
    pace = {nodes[-1].name: Fraction(1)}
    known = 0
    while known < len(pace):
        known = len(pace)
        for x, y, stride in reversed(joined):
            if y in pace and pace.setdefault(x, stride * pace[y]) != stride * pace[y]:
                return None
            if x in pace:
                pace.setdefault(y, pace[x] / stride)
    if len(pace) < len(nodes):
        return None
    most = max(pace.values())
    return {name: p / most for name, p in pace.items()}


def _lag(read: Read, lag: int) -> int:
    """The least lag of a node that reads a tensor of such a lag."""
    return -(-(lag + read.kernel - read.padding - read.stride) // read.stride)


def _windows(
    graph: Graph, first: int, last: int, read: dict[str, tuple[Read, ...]], rows: dict[str, Rows]
) -> Iterator[tuple[str, int]]:
    """Of tensors that nothing reads behind the group: the rows from the first that a reader has still to read, at the
    start of a tick in which it works, to the last that is made in it; fewer than all."""
    later = {name for node in graph.nodes[last + 1 :] for name in ops.inputs(node)}
    for node in graph.nodes[first : last + 1]:
        name, own = node.name, rows[node.name]
        if name in later or name == graph.output.name:
            continue
        ends = [
            (rows[reader].step + rows[reader].lag) * r.stride - own.lag + r.padding
            for reader, found in read.items()
            for r in found
            if r.name == name
        ]
        most = max([own.step, *ends])
        if most < graph.tensors[name].shape[1]:
            yield name, most
