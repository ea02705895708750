"""The terms of :mod:`edgehfn.cost.terms` of windows that are not square, and of what slides others over a map."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from edgehfn.cost.terms_masks import Terms, decoded
from edgehfn.ir import ops
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Depthwise
from edgehfn.ir.scratch import Frame
from edgehfn.spec.window import Side

PLANES = (  # what making planes of windows that are not square takes
    *("rect columns", "rect planes", "cleared words", "skipped rows"),
    *("copied rows", "copied words", "copied bytes", "picked rows", "picked bytes"),
)
SIDE = 4  # pixels of a row that are summed together (firmware/src/depthwise/depthwise.h)


def terms(node: Depthwise | ops.MeanPool | ops.Concat, graph: Graph, is_small: bool) -> Terms:
    """Those of a node other than a convolution of all channels."""
    x, y = graph.tensors[node.x], graph.tensors[node.name]
    match node:
        case Depthwise():
            return _depthwise(node, graph, is_small)
        case ops.MeanPool():
            rows, columns = (
                [*inside(side, size, made)]
                for side, size, made in zip(node.sides, x.shape[1:], y.shape[1:], strict=True)
            )
            return {
                "call": 1,
                "channels": y.shape[0],
                "rows": y.shape[0] * len(rows),
                "outputs": y.size,
                "window rows": y.shape[0] * sum(rows) * len(columns),
                "taps": y.shape[0] * sum(rows) * sum(columns),
            }
        case ops.Concat():
            return {"call": 1, "elements": y.size}


def _depthwise(node: Depthwise, graph: Graph, is_small: bool) -> Terms:
    """A channel is copied inside its zeros, whose rows are no whole words, and summed four pixels of a row at a time,
    or by a kernel of its own where windows are 3x3."""
    (_, height, width), (channels, rows, columns) = graph.tensors[node.x].shape, graph.tensors[node.name].shape
    frame, taps, fours = Frame.of(node, graph), prod(node.weight.shape[2:]), -(-columns // SIDE)
    copied = min(height, frame.rows)
    usual = is_usual(node) and not is_small
    strided, added = node.sides[1].stride > 1, node.residual is not None
    groups = channels * rows * fours
    kind = ("usual strided " if strided else "usual ") if usual else ""
    return {
        "call": 1,
        "cleared words": frame.size // 4,
        "channels": channels,
        "copied rows": channels * copied,
        "copied words": channels * copied * (width // 4),
        "copied bytes": channels * copied * (width % 4),
        "rows": channels * rows,
        f"{kind}pairs": channels * rows * -(-columns // 2),
        f"{kind}groups": groups,
        "taps": groups * taps * (not usual),
        "strided taps": groups * taps * (not usual) * strided,
        "outputs": channels * rows * columns,
        "added outputs": channels * rows * columns * added,
        "signed outputs": channels * rows * columns * (graph.tensors[node.name].lo < 0),
        **decoded(node.weight, 1, is_small),
        "unmasked": prod(node.weight.shape) * node.weight.uses_index_list,
    }


def is_usual(node: Depthwise) -> bool:
    """Whether some cores have a kernel for this window: 3x3, of stride 1 or 2."""
    rows, columns = node.sides
    return (rows.kernel, columns.kernel, rows.dilation, columns.dilation) == (3, 3, 1, 1) and columns.stride <= 2


def planes(
    node: Conv, graph: Graph, band: int, first: int, bands: list[int], pitch: int
) -> Iterator[tuple[str, float]]:
    """The planes of all bands, each filled with zeros and then, row by row, with what lies in the map."""
    inputs, height, width = graph.tensors[node.x].shape
    down, across = node.sides
    inside = [
        sum(0 <= j * across.stride + b * across.dilation - across.before < width for j in range(pitch))
        for b in range(across.kernel)
    ]
    starts = [first + band * i for i in range(len(bands))]
    places = [
        (start + row) * down.stride + phase - down.before
        for start, rows in zip(starts, bands, strict=True)
        for phase in range(down.phases)
        for row in range(rows + down.reach)
    ]
    rows = inputs * sum(0 <= i < height for i in places)
    yield "rect columns", len(bands) * across.kernel * pitch
    yield "rect planes", len(bands) * inputs * across.kernel * down.phases
    yield "cleared words", len(bands) * inputs * across.kernel * down.phases * (band + down.reach) * pitch // 4
    yield "skipped rows", inputs * across.kernel * len(places) - rows * across.kernel
    if across.stride == 1:
        yield "copied rows", rows * across.kernel
        yield "copied words", rows * sum(count // 4 for count in inside)
        yield "copied bytes", rows * sum(count % 4 for count in inside)
    else:
        yield "picked rows", rows * across.kernel
        yield "picked bytes", rows * sum(inside)


def inside(side: Side, size: int, made: int) -> Iterator[int]:
    """How much of each window along one side lies in the map."""
    for start in range(-side.before, made * side.stride - side.before, side.stride):
        yield min(start + side.kernel, size) - max(start, 0)
