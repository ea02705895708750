"""What the emulator's loops take, made of a graph: for each node that has weights, where they and its windows lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from edgehfn.backends.emulator.kernels import LANES
from edgehfn.backends.emulator.layout import Lanes
from edgehfn.ir import ops
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Depthwise, Linear

Ints = npt.NDArray[np.integer]
Summed = Conv | Depthwise | Linear  # have a weight


@dataclass(frozen=True)
class Sums:
    """A conv or linear node as ``kernels.weighted_sums`` takes it. ``grid``: where in a channel of what the kernel
    makes the outputs of an image alone lie."""

    bases: Ints
    offsets: Ints
    cuts: Ints
    weights: Ints
    multiplier: Ints
    fixed: Ints
    ratio: int
    residual_places: Ints
    places: Ints
    grid: Ints


@dataclass(frozen=True)
class Program:
    """``alone``: the lanes are places of one image, not images."""

    graph: Graph
    lanes: Lanes
    alone: bool
    sums: dict[str, Sums]


def divided(graph: Graph, lanes: Lanes, images: int) -> Iterator[tuple[slice, int, bool]]:
    """Which images run together, how many a group, and whether each is one alone.

    LANES make a group. Fewer that are left run alone, place by place, unless a group takes less work.
    """
    if lanes.over_nodes:
        yield slice(images), 1, False
        return
    summed = [(node, prod(node.weight.shape)) for node in graph if isinstance(node, Summed)]
    group = sum(prod(lanes.layouts[node.name].shape[1:]) * weights for node, weights in summed)
    alone = sum((_span(node, lanes) // LANES + 1) * weights for node, weights in summed)
    rest = images % LANES
    whole = images - rest if rest * alone < group else images
    if whole:
        yield slice(whole), LANES, False
    if whole < images:
        yield slice(whole, images), 1, True


def prepare(graph: Graph, lanes: Lanes, alone: bool) -> Program:
    """Return what groups of a graph need, or images alone, whatever their number."""
    sums = {node.name: _sums(node, lanes, alone) for node in graph if isinstance(node, Summed)}
    return Program(graph, lanes, alone, sums)


def _sums(node: Summed, lanes: Lanes, alone: bool) -> Sums:
    bases, taps = _geometry(node, lanes)
    rows = np.asarray(node.weight.values).reshape(node.weight.shape[0], -1).astype(np.int32)
    index_list = node.weight.uses_index_list
    signs = np.stack([np.maximum(rows, 0), np.maximum(-rows, 0)], 1) if index_list else np.stack([rows, 0 * rows], 1)
    kept = np.flatnonzero(signs != 0)
    if index_list:
        kept = np.repeat(kept, signs.reshape(-1)[kept])
    lists, tap = np.divmod(kept, rows.shape[1])
    q = node.requantise
    offsets = taps.reshape(len(rows), -1)[lists // 2, tap] if isinstance(node, Depthwise) else taps.ravel()[tap]
    grid = (bases - bases.flat[0]).reshape(lanes.layouts[node.name].shape[1:])
    each = 1 if alone else LANES
    if alone:  # the window moves by a place along the rows and their frames, whatever the stride
        blocks = np.arange(0, grid.max() + 1, LANES)
        bases, places, residual_places = bases.flat[0] + blocks, blocks, blocks
    else:
        places, residual_places = (
            lanes.layouts[name].places[0].ravel() for name in (node.name, ops.residual(node) or node.name)
        )
    return Sums(
        (bases.ravel() * each).astype(np.uint64),
        (offsets * each).astype(np.uint32),
        np.searchsorted(lists, np.arange(2 * len(rows) + 1)),
        np.zeros(0, np.int16) if index_list else rows[lists // 2, tap].astype(np.int16),
        np.array(q.multiplier, np.int32),
        (np.array(q.bias, np.int64) * 2**q.bias_shift + (1 << q.shift >> 1)).astype(np.int32),
        q.residual_multiplier << q.residual_shift,
        residual_places * each,
        places * each,
        grid,
    )


def _span(node: Summed, lanes: Lanes) -> int:
    """Places of the input from the first window to the last."""
    if isinstance(node, Linear):
        return 0
    y, pitches = lanes.layouts[node.name], (lanes.layouts[node.x].framed[2], 1)
    steps = zip(y.shape[1:], node.sides, pitches, strict=True)
    return sum((size - 1) * side.stride * pitch for size, side, pitch in steps)


def _geometry(node: Summed, lanes: Lanes) -> tuple[Ints, Ints]:
    """In places of the input: where each output pixel's window begins, and where each tap lies from there."""
    x, y = lanes.layouts[node.x], lanes.layouts[node.name]
    if isinstance(node, Linear):
        return np.zeros(1, np.int64), x.places
    channels, height, pitch = x.framed
    sides = list(zip(node.sides, y.shape[1:], x.frame, strict=True))
    rows, columns = (np.arange(size) * side.stride + frame - side.before for side, size, frame in sides)
    down, across = (np.arange(side.kernel) * side.dilation for side in node.sides)
    planes = np.arange(channels) * height * pitch
    return np.add.outer(rows * pitch, columns), np.add.outer(planes, np.add.outer(down * pitch, across))
