"""The ways in which a convolution can work: rows at a time, lists kept or built again, and what each takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Depthwise, QuantisedWeight, Weight
from edgehfn.ir.shared import SIGNS, TRIO, can_share, entries, thread_bytes

ALIGN = 4
OFFSET_LIMIT = 2**16  # list entries are uint16 offsets into the planes
FAR_LIMIT = 4 * OFFSET_LIMIT  # of a layer that is far: they count words
LONGEST_LIST = 2**16 - 1  # entries of a list that is kept: its length is uint16
SLACK = 16  # a group of 16 pixels may read past the last plane
TILE = 2048  # bytes that a dense convolution lays out at a time at most, if its taps for four pixels take no more

Span = tuple[int, int]  # rows of an output that one call makes: the first, and the first that it does not


@dataclass(frozen=True)
class Scratch:
    """A convolution's memory: planes of ``band`` output rows, then ``list_entries`` uint16 offsets; of a dense one, in
    their place the unpacked weights of a channel and a tile (firmware/src/conv_trained/conv_dense.h).

    Lists are of one channel at a time, or with ``keep`` of all of them, which then need not be built again for every
    band; two uint16 lengths for each of the ``channels`` follow. ``lists``: where they lie, None if behind the planes.
    ``shared``: lists are of three channels that share sums, with 26 lengths for these, and
    ``thread`` bytes of what a group of pixels takes behind them.
    """

    offset: int
    band: int
    planes: int
    list_entries: int
    keep: bool = False
    channels: int = 0
    lists: int | None = None
    shared: bool = False
    thread: int = 0

    @property
    def list_bytes(self) -> int:
        """Bytes of lists and, where these are kept, of their lengths."""
        return self.length_bytes + self.thread

    @property
    def length_bytes(self) -> int:
        """Bytes of lists and of lengths."""
        lengths = 4 * len(SIGNS) * -(-self.channels // TRIO) if self.shared else 4 * self.channels
        return aligned(2 * self.list_entries) + lengths * self.keep

    @property
    def size(self) -> int:
        """Bytes of planes and of all that follows."""
        return self.planes + self.list_bytes

    @property
    def list_offset(self) -> int:
        """Where the lists lie in the arena."""
        return self.offset + self.planes if self.lists is None else self.lists


def ways(node: Conv, graph: Graph, rows: int, last: bool = True, shared: bool = False) -> list[Scratch]:
    """All ways to make up to ``rows`` rows at a call, by growing bands, each once with lists of a channel and once with
    lists that are kept. ``last``: there is one call, so that a band of all rows needs nothing kept. ``shared``: those
    in which channels share sums, if there are any."""
    if shared and not can_share(node, graph):
        return []
    bands = sorted({-(-rows // -(-rows // band)) for band in range(1, rows + 1)})  # evenly filled
    return [way for band in bands for way in _ways(node, graph, band, last and band == rows, shared)]


def _ways(node: Conv, graph: Graph, band: int, once_only: bool, shared: bool) -> Iterator[Scratch]:
    planes, channels, far = plane_bytes(node, graph, band), node.weight.shape[0], is_far(node, graph)
    if planes > (FAR_LIMIT if far else OFFSET_LIMIT):
        return
    if not node.weight.uses_index_list:
        for tile in (0,) if far else _tiles(node.weight):
            yield Scratch(0, band, planes, (_unpacked(node.weight) + tile) // 2)
        return
    each = 2 * np.maximum(*node.weight.lists)  # of plus and minus in turn
    most, kept, thread = int(each.max()), int(each.sum()), 0
    if shared:  # or of each channel, on a core without their kernels
        trio = entries(node.weight)
        most, kept = max(most, trio), max(kept, trio * -(-channels // TRIO))
        thread = thread_bytes(node.weight)
    yield Scratch(0, band, planes, most, shared=shared, thread=thread)
    if not once_only and most <= 2 * LONGEST_LIST:
        yield Scratch(0, band, planes, kept, keep=True, channels=channels, shared=shared, thread=thread)


def plane_bytes(node: Conv, graph: Graph, band: int) -> int:
    """Bytes of the shifted planes of ``band`` output rows: for each input channel, one per tap column and row phase."""
    rows, columns = node.sides
    pitch = aligned(graph.tensors[node.name].shape[2])
    return node.weight.shape[1] * columns.kernel * rows.phases * (band + rows.reach) * pitch + SLACK


@dataclass(frozen=True)
class Frame:
    """What a depthwise convolution works with: the weights of a channel, a byte each, and the channel inside its zeros,
    with room for the pixels that are summed together (firmware/src/depthwise/depthwise.h)."""

    taps: int
    rows: int
    pitch: int

    @classmethod
    def of(cls, node: Depthwise, graph: Graph) -> Frame:
        """That of a node."""
        rows, columns = node.sides
        _, height, width = graph.tensors[node.name].shape
        pitch = aligned((aligned(width) - 1) * columns.stride + columns.extent)
        return cls(rows.kernel * columns.kernel, (height - 1) * rows.stride + rows.extent, pitch)

    @property
    def size(self) -> int:
        """Bytes of the channel inside its zeros; the last pixels that are read may lie a word behind it."""
        return self.rows * self.pitch + ALIGN

    @property
    def bytes(self) -> int:
        """All of it."""
        return aligned(self.taps) + self.size


def is_far(node: Conv, graph: Graph) -> bool:
    """Whether a row's planes are beyond the reach of bytes: offsets count words (firmware/src/conv/conv_far.h)."""
    return plane_bytes(node, graph, 1) > OFFSET_LIMIT


def is_int4(weight: Weight) -> bool:
    """Whether kernels unpack a weight before they multiply."""
    return isinstance(weight, QuantisedWeight) and weight.bits == 4


def aligned(size: int) -> int:
    """Bytes up to where the next buffer may start."""
    return -(-size // ALIGN) * ALIGN


def _unpacked(weight: Weight) -> int:
    """Bytes of a channel's weights where they are not stored as bytes."""
    return aligned(prod(weight.shape[1:])) * is_int4(weight)


def group_bytes(weight: Weight) -> int:
    """Bytes of four pixels of a dense convolution, laid out: any core's take up to 16 a tap, and 64 at least."""
    return max(64, 16 * prod(weight.shape[1:]))


def _tiles(weight: Weight) -> list[int]:
    """Bytes of a dense convolution's groups, by what RAM allows: as many as are worth it, or half as often halved.
    Weights that are unpacked once a tile want two groups."""
    group = group_bytes(weight)
    most = max(1 + is_int4(weight), TILE // group)
    return [group * (most >> halved) for halved in range(most.bit_length())]
