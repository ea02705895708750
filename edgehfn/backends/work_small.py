"""Where the terms of :mod:`edgehfn.backends.work` differ in a runtime of few bytes (``HFN_SMALL``).

Masks are read weight by weight from coded streams, planes are made byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgehfn import masks
from edgehfn.graph.graph import Graph
from edgehfn.graph.ops import Conv, Supermask


def decoded(weight: Supermask, times: int) -> dict[str, float]:
    """What reading a coded mask takes, ``times`` over."""
    first = weight.coded_streams[0]
    stepped = bool(weight.pruned or weight.locked or (first.size and first[0] & masks.RAW == masks.RAW))
    found = int(np.count_nonzero(weight.counts))
    numbers, low, unary = map(sum, zip(*map(_coded, weight.bit_streams, weight.coded_streams), strict=True))
    return {
        "numbers": numbers * times,
        "low bits": low * times,
        "unary bits": unary * times,
        "found": found * times,
        "stepped": (weight.counts.size - found) * stepped * times,
        "words": -(-weight.counts.size // 32) * times,
        "drawn words": -(-weight.counts.size // 32) * bool(weight.pruned or weight.locked) * times,
        "inner bits": sum(int(np.count_nonzero(weight.counts >= n)) for n in range(1, weight.coats)) * times,
        "kept": int(weight.counts.sum(dtype=np.int64)) * times,
    }


def _coded(bits: masks.Bits, coded: masks.Bits) -> tuple[int, int, int]:
    """Gaps, their low bits, and about as many others; of a stream that is not coded all bits are low."""
    rice = int(coded[0]) & masks.RAW if coded.size else masks.RAW
    if rice == masks.RAW:
        return 0, bits.size, 0
    gaps = int(bits.sum()) + 1
    return gaps, rice * gaps, 8 * coded.size - rice * gaps


def planes(node: Conv, graph: Graph, bands: list[int], pitch: int) -> Iterator[tuple[str, float]]:
    """The planes of all bands, each filled with zeros and then with what lies in the map."""
    inputs, height, width = graph.tensors[node.x].shape
    kernel, stride, padding = node.weight.shape[2], node.stride, node.padding
    phases, reach = min(stride, kernel), (kernel - 1) // stride
    starts = range(0, sum(bands), bands[0])
    rows = sum(
        0 <= (first + row) * stride + phase - padding < height
        for first in starts
        for phase in range(phases)
        for row in range(bands[0] + reach)
    )
    inside = [sum(0 <= j * stride + b - padding < width for j in range(pitch)) for b in range(kernel)]
    yield "planes", len(bands) * inputs * kernel * phases
    yield "plane words", len(bands) * inputs * kernel * phases * (bands[0] + reach) * pitch // 4
    yield "plane columns", len(bands) * inputs * phases * sum(inside)
    yield "plane rows", inputs * kernel * rows
    yield "plane bytes", inputs * rows * sum(inside)
