"""Where the terms of ``edgehfn.cost.terms`` differ in a runtime of few bytes (``HFN_SMALL``).

Masks are read weight by weight from coded streams, planes are made byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Supermask, Weight
from edgehfn.spec import masks
from edgehfn.spec.window import square


def decoded(weight: Weight, times: int) -> dict[str, float]:
    """What reading a coded mask takes, ``times`` over."""
    counts = np.abs(weight.values).ravel()
    if isinstance(weight, Supermask):
        streams, coded, drawn = weight.bit_streams, weight.coded_streams, bool(weight.pruned or weight.locked)
    else:  # of 1 bit: all is frozen
        streams = [(counts > 0).astype(np.uint8)] if weight.bits > 1 else []
        coded, drawn = tuple(map(masks.code, streams)), weight.bits == 1
    stepped = drawn or bool(coded[0].size and coded[0][0] & masks.RAW == masks.RAW)
    found, words = int(np.count_nonzero(counts)), -(-counts.size // 32)
    numbers, low, unary = map(sum, zip(*map(_coded, streams, coded), strict=True)) if streams else (0, 0, 0)
    return {
        "numbers": numbers * times,
        "low bits": low * times,
        "unary bits": unary * times,
        "found": found * times,
        "stepped": (counts.size - found) * stepped * times,
        "words": words * times,
        "drawn words": words * drawn * times,
        "inner bits": sum(stream.size for stream in streams[1:]) * times,
        "kept": int(counts.sum(dtype=np.int64)) * times,
    }


def _coded(bits: masks.Bits, coded: masks.Bits) -> tuple[int, int, int]:
    """Gaps, their low bits, and about as many others; of a stream that is not coded all bits are low."""
    rice = int(coded[0]) & masks.RAW if coded.size else masks.RAW
    if rice == masks.RAW:
        return 0, bits.size, 0
    gaps = int(bits.sum()) + 1
    return gaps, rice * gaps, 8 * coded.size - rice * gaps


def squared(node: Conv) -> tuple[int, int, int]:
    """Kernel, stride and padding of a square window."""
    found = square(node.sides)
    assert found is not None
    return found


def planes(
    node: Conv, graph: Graph, band: int, first: int, bands: list[int], pitch: int
) -> Iterator[tuple[str, float]]:
    """The planes of all bands, each filled with zeros and then with what lies in the map."""
    inputs, height, width = graph.tensors[node.x].shape
    kernel, stride, padding = squared(node)
    phases, reach = min(stride, kernel), (kernel - 1) // stride
    rows = sum(
        0 <= (start + row) * stride + phase - padding < height
        for start in range(first, first + sum(bands), band)
        for phase in range(phases)
        for row in range(band + reach)
    )
    inside = [sum(0 <= j * stride + b - padding < width for j in range(pitch)) for b in range(kernel)]
    yield "planes", len(bands) * inputs * kernel * phases
    yield "plane words", len(bands) * inputs * kernel * phases * (band + reach) * pitch // 4
    yield "plane columns", len(bands) * inputs * phases * sum(inside)
    yield "plane rows", inputs * kernel * rows
    yield "plane bytes", inputs * rows * sum(inside)
