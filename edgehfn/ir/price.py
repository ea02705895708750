"""What the ways of a node cost, in instructions of a core with DSP extensions: enough to choose by.

One plan serves every core, so no core's own numbers are in it. ``edgehfn.cost`` predicts what a plan takes on each.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import Group
from edgehfn.ir.ops import Conv, Weight
from edgehfn.ir.scratch import Scratch, Span, aligned, group_bytes, is_int4
from edgehfn.ir.shared import TRIO, lengths
from edgehfn.spec.window import square

CALL, BAND, CHANNEL = 1200, 80, 200  # of each, whatever it sums
STORED, ENTRY, TAP = 3.0, 0.6, 0.9  # of each pixel: its output, a list entry, a trained weight
TOGETHER = (8, 12, 48)  # pixels that cores sum at a time: what a band's last ones lack of so many is lost
SHARED = 9.0  # of each pixel of a channel that shares sums: lists entered, and sums put together
WORD, KEPT, UNPACKED = 23, 7, 4  # reading a mask: 32 bits, a weight kept; half a byte
SHARED_WORD, SHARED_KEPT, SHARED_LISTS = 100, 10, 1000  # the same where sums are shared, and of three channels
ROW, MOVED = 31, 1.5  # of planes: a row of an input channel, a word from the band before
MADE = (10, 21)  # a word of each tap column, with stride 1 and above
TILED = 60  # of trained weights: a channel of a tile
TICK, SLID = 60, 1.5  # of a group: a node's turn, a word of a window


def conv(node: Conv, graph: Graph, way: Scratch, calls: Sequence[Span]) -> float:
    """Instructions of a convolution that makes so many rows at each call."""
    (channels, inputs, *_), (down, across) = node.weight.shape, node.sides
    pitch = aligned(graph.tensors[node.name].shape[2])
    spans = [end - first for first, end in calls if end > first]
    bands = [min(way.band, rows - at) for rows in spans for at in range(0, rows, way.band)]
    rolls = square(node.sides) is not None  # or each band's planes are made anew
    rows = inputs * down.phases * (sum(bands) + down.reach * len(spans if rolls else bands))
    moved = (len(bands) - len(spans)) * (way.planes // 4 if down.reach else 0) * rolls
    made = rows * (ROW + MADE[across.stride > 1] * across.kernel / 3 * pitch / 4) + MOVED * moved
    fixed = CALL * len(spans) + (BAND + CHANNEL * channels) * len(bands) + made
    tiles = 0 if node.weight.uses_index_list else _tiles(node.weight, [pitch * rows for rows in bands], way)
    return (
        fixed
        + TILED * tiles * channels
        + _sums(node.weight, [pitch * rows for rows in bands], way.shared)
        + _read(node.weight, _times(node.weight, way, len(bands), tiles), way.shared)
    )


def turns(graph: Graph, group: Group) -> float:
    """Instructions that a group takes beside its convolutions' calls: each node's turns, and the windows that slide."""
    slid = 0
    for name, rows in group.windows.items():
        channels, _, width = graph.tensors[name].shape
        slid += group.ticks // group.rows[name].period * (channels * rows * width // 4)
    return TICK * (group.ticks - group.start) * len(group.rows) + SLID * slid


def _tiles(weight: Weight, bands: Sequence[int], way: Scratch) -> int:
    """Tiles of trained weights, on a core that lays a tap out in the most bytes; none of a layer that is far."""
    groups = 2 * way.list_entries // group_bytes(weight)
    return sum(-(-pixels // (4 * groups)) for pixels in bands) if groups else 0


def _times(weight: Weight, way: Scratch, bands: int, tiles: int) -> int:
    """How often a mask is read, or weights are unpacked."""
    return (1 if way.keep else bands) if weight.uses_index_list else tiles


def _sums(weight: Weight, bands: Sequence[int], shared: bool) -> float:
    if not weight.uses_index_list:
        return sum(bands) * (STORED * weight.shape[0] + TAP * prod(weight.shape))
    summed = sum(-(-pixels // group) * group for pixels in bands for group in TOGETHER) / len(TOGETHER)
    entries, fixed = (int(lengths(weight).sum()), SHARED * weight.shape[0]) if shared else (_entries(weight), 0.0)
    return sum(bands) * STORED * weight.shape[0] + summed * (ENTRY * entries + fixed)


def _read(weight: Weight, times: int, shared: bool) -> float:
    if shared:
        trios, words = -(-weight.shape[0] // TRIO), prod(weight.shape) / 32
        entries = int(lengths(weight).sum())
        return times * (SHARED_WORD * words + SHARED_KEPT * entries + SHARED_LISTS * trios)
    if weight.uses_index_list:
        return times * (WORD * prod(weight.shape) / 32 + KEPT * _entries(weight))
    return times * UNPACKED * prod(weight.shape) * is_int4(weight)


def _entries(weight: Weight) -> int:
    return sum(int(entries.sum()) for entries in weight.lists)
