"""The arena: where every tensor and every node's scratch lies on the device (docs/SPEC.md section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import assert_never

import numpy as np

from edgehfn.errors import GraphError
from edgehfn.ir import gnn_memory, ops
from edgehfn.ir.graph import Graph
from edgehfn.ir.inputs import raw_shape
from edgehfn.ir.ops import Conv, Linear, QuantisedWeight, Supermask, Weight
from edgehfn.spec.objective import SCRATCH, Objective, small

ALIGN = 4
OFFSET_LIMIT = 2**16  # list entries are uint16 offsets into the planes
SLACK = 16  # a group of 16 pixels may read past the last plane
TILE = 2048  # bytes that a dense convolution lays out at a time, if its taps for four pixels take no more
SUBSET_TABLES = 2048  # firmware/src/linear/linear_plain.h
SHARING = 16  # outputs from which on these tables, that all outputs share, are worth their making


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
class Scratch:
    """A convolution's memory: planes of ``band`` output rows, then ``list_entries`` uint16 offsets; of a dense one, in
    their place the unpacked weights of a channel and a tile (firmware/src/conv_trained/conv_dense.h).

    Lists are of one channel at a time, or with ``keep`` of all of them, which then need not be built again for every
    band; two uint16 lengths for each of the ``channels`` follow.
    """

    offset: int
    band: int
    planes: int
    list_entries: int
    keep: bool = False
    channels: int = 0

    @property
    def size(self) -> int:
        """Bytes of planes, lists and, where lists are kept, their lengths."""
        return self.planes + _aligned(2 * self.list_entries) + 4 * self.channels * self.keep


@dataclass(frozen=True)
class Plan:
    """``size``: bytes of the arena. ``activations``: bytes it would take without scratch.

    ``scratch`` of convolutions, ``tables`` of fully connected layers, ``workspaces`` of nodes of graph networks;
    ``neighbours`` of a graph that comes with the input.
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


def uses_lookup_table(weight: Weight) -> bool:
    """Whether a fully connected layer looks up sums of subsets of its inputs, rather than walk the weights kept."""
    return isinstance(weight, Supermask) and weight.plain and weight.shape[0] >= SHARING


def plan(graph: Graph, objective: Objective = "speed", scratch_limit: int | None = None) -> Plan:
    """Place the tensors and scratch of a verified graph.

    ``scratch_limit`` (default: the objective's) bounds the arena in bytes beyond its tensors, as far as one output row
    at a time allows. Within it, and within what the tensors of the moment leave idle, bands and kept lists are chosen
    for the fewest instructions. Raises GraphError if a node cannot be placed at all.
    """
    limit = SCRATCH[objective] if scratch_limit is None else scratch_limit
    tensors = _chains(graph)
    tables = {
        n.name: _tables(n.weight)
        for n in graph
        if isinstance(n, Linear) and uses_lookup_table(n.weight) and not small(objective)
    }
    workspaces = {n.name: size for n in graph if (size := gnn_memory.scratch(n))}
    sizes = {**tables, **workspaces}
    alone = _place(_largest_first(tensors))
    scratch: dict[str, Scratch] = {}
    for i, node in enumerate(graph):
        if isinstance(node, Conv):
            idle = _idle([b for b in alone.values() if b.first <= i <= b.last], _peak(alone) + limit)
            scratch[node.name] = _scratch(node, graph, idle)
            sizes[node.name] = scratch[node.name].size
    work = [(_Life(("scratch", n.name), sizes[n.name], i, i),) for i, n in enumerate(graph) if n.name in sizes]
    together = _place(_largest_first([*tensors, *work]))
    after = _place([*_largest_first(tensors), *_largest_first(work)])
    best = min(after, together, key=_peak)
    return Plan(
        objective=objective,
        size=_peak(best),
        activations=_peak(alone),
        raw=best[RAW],
        tensors={node.name: best["tensor", node.name] for node in graph},
        scratch={name: replace(made, offset=best["scratch", name].offset) for name, made in scratch.items()},
        tables={name: best["scratch", name] for name in tables},
        workspaces={name: best["scratch", name] for name in workspaces},
        neighbours=best.get(NEIGHBOURS),
    )


_Key = tuple[str, str]
RAW: _Key = ("raw", "input")
NEIGHBOURS: _Key = ("neighbours", "input")


@dataclass(frozen=True)
class _Life:
    key: _Key
    size: int
    first: int
    last: int


_Alias = tuple[_Life, ...]  # computed in place: one offset for all, each with its own size and life


def _idle(living: Sequence[Buffer], end: int) -> int:
    """Bytes of the largest gap between the living buffers and up to ``end``."""
    gaps, at = [], 0
    for buffer in sorted(living, key=lambda b: b.offset):
        gaps.append(buffer.offset - at)
        at = max(at, _aligned(buffer.end))
    return max(*gaps, end - at)


def _tables(weight: Weight) -> int:
    """Bytes: a sum of 32 bits for each output, and the tables of 32 inputs."""
    return 4 * weight.shape[0] + SUBSET_TABLES


def _scratch(node: Conv, graph: Graph, room: int) -> Scratch:
    """The cheapest way that fits the room, or else the smallest."""
    rows = graph.tensors[node.name].shape[1]
    bands = {-(-rows // -(-rows // band)) for band in range(1, rows + 1)}  # evenly filled
    ways = [way for band in sorted(bands) for way in _ways(node, graph, band) if way.planes <= OFFSET_LIMIT]
    if not ways:
        planes = _planes(node, graph, 1)
        raise GraphError(
            f"node {node.name}: one output row needs planes of {planes} bytes, offsets reach {OFFSET_LIMIT}"
        )
    fitting = [way for way in ways if way.size <= room] or [min(ways, key=lambda way: way.size)]
    return min(fitting, key=lambda way: _overhead(node, way, rows))


def _ways(node: Conv, graph: Graph, band: int) -> list[Scratch]:
    planes, channels = _planes(node, graph, band), node.weight.shape[0]
    if not node.weight.uses_index_list:
        return [Scratch(0, band, planes, (_unpacked(node.weight) + _tile(node.weight)) // 2)]
    values = node.weight.values.reshape(channels, -1)
    entries = 2 * np.maximum(np.maximum(values, 0).sum(1), np.maximum(-values, 0).sum(1))  # of plus and minus in turn
    once = Scratch(0, band, planes, int(entries.max()))
    keep = Scratch(0, band, planes, int(entries.sum()), keep=True, channels=channels)
    return [once, keep] if band < graph.tensors[node.name].shape[1] else [once]


def _unpacked(weight: Weight) -> int:
    """Bytes of a channel's weights where they are not stored as bytes."""
    return _aligned(prod(weight.shape[1:])) * is_int4(weight)


def _tile(weight: Weight) -> int:
    """Bytes of a dense convolution's groups: any core's take up to 16 bytes a tap, and 64 at least. Weights that are
    unpacked once a tile want two groups."""
    group = max(64, 16 * prod(weight.shape[1:]))
    return group * max(1 + is_int4(weight), TILE // group)


def _overhead(node: Conv, way: Scratch, rows: int) -> int:
    """Roughly the instructions that bands decide: 150 an output channel, 200 an input channel's planes, 1 for eight
    bytes of planes that are moved, 4 a weight decoded."""
    bands = -(-rows // way.band)
    channels, inputs, kernel, _ = node.weight.shape
    decoded = prod(node.weight.shape) if node.weight.uses_index_list or is_int4(node.weight) else 0
    each = 150 * channels + 200 * inputs * min(node.stride, kernel) + way.planes // 8
    return bands * each + 4 * decoded * (1 if way.keep else bands)


def is_int4(weight: Weight) -> bool:
    """Whether kernels unpack a weight before they multiply."""
    return isinstance(weight, QuantisedWeight) and weight.bits == 4


def _planes(node: Conv, graph: Graph, band: int) -> int:
    """Bytes of the shifted planes of ``band`` output rows: for each input channel, one per tap column and row phase."""
    _, channels, kernel, _ = node.weight.shape
    pitch = _aligned(graph.tensors[node.name].shape[2])
    rows = band + (kernel - 1) // node.stride
    return channels * kernel * min(node.stride, kernel) * rows * pitch + SLACK


def _chains(graph: Graph) -> list[_Alias]:
    last = {name: i for i, node in enumerate(graph) for name in (*ops.inputs(node), node.name)}
    lives: dict[str, list[_Life]] = {}
    raw = _Life(RAW, prod(raw_shape(graph)), 0, 0)
    aliases: list[list[_Life]] = [[raw]]
    if graph.input and graph.input.topology:
        users = [i for i, node in enumerate(graph) if ops.topology(node)]
        aliases.append([_Life(NEIGHBOURS, gnn_memory.neighbours(graph.input.topology), 0, users[-1])])
    for i, node in enumerate(graph):
        life = _Life(("tensor", node.name), graph.tensors[node.name].size, i, last[node.name])
        alias = next((lives[name] for name in _in_place(node, graph) if last[name] == i), None)
        if isinstance(node, ops.Input) and (node.order == "chw" or prod(node.shape[1:]) == 1 or node.shape[0] == 1):
            alias = aliases[0]
        if alias is None:
            alias = []
            aliases.append(alias)
        alias.append(life)
        lives[node.name] = alias
    return [tuple(alias) for alias in aliases]


def _in_place(node: ops.Node, graph: Graph) -> tuple[str, ...]:
    """The inputs a node may overwrite: it has read an element, and all before it, by the time it writes there.

    A 1x1 convolution has copied a band of all its input channels before it writes these rows of its output.
    """
    match node:
        case Conv(x=x, residual=residual):
            outputs, channels, kernel, _ = node.weight.shape
            pixelwise = kernel == node.stride == 1 and node.padding == 0 and outputs <= channels
            spent = (residual,) if residual is not None and (residual != x or pixelwise) else ()
            return (*spent, x) if pixelwise else spent
        case ops.Aggregate(x=x, residual=residual):
            return (x,) if residual is None else (x, residual)
        case ops.Attention(x=x, scores=scores, residual=residual):
            return tuple(name for name in (x, residual) if name is not None and name != scores)
        case ops.NodePool(x=x):
            return (x,)
        case ops.Add(x=x, y=y):
            return (x, y)
        case ops.MaxPool(x=x, padding=0) | ops.AvgPool(x=x):
            return (x,)
        case ops.MaxPool() | Linear() | ops.Input() | ops.Constant() | ops.SparseLinear():
            return ()
        case _:
            assert_never(node)


def _place(aliases: Sequence[_Alias]) -> dict[_Key, Buffer]:
    """First fit: each alias at the lowest offset where none of its members meets a living neighbour."""
    placed: dict[_Key, Buffer] = {}
    for alias in aliases:
        for offset in sorted({0, *(_aligned(b.end) for b in placed.values())}):
            trial = {life.key: Buffer(offset, life.size, life.first, life.last) for life in alias}
            if not any(_meet(a, b) for a in trial.values() for b in placed.values()):
                placed |= trial
                break
    return placed


def _meet(a: Buffer, b: Buffer) -> bool:
    return a.first <= b.last and b.first <= a.last and a.offset < b.end and b.offset < a.end


def _largest_first(aliases: Sequence[_Alias]) -> list[_Alias]:
    return sorted(aliases, key=lambda alias: -max(life.size for life in alias))


def _peak(placed: dict[_Key, Buffer]) -> int:
    return _aligned(max(b.end for b in placed.values()))


def _aligned(size: int) -> int:
    return -(-size // ALIGN) * ALIGN
