"""What a node makes a core do, counted from the graph and its plan: the terms in which instructions are predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import assert_never

import numpy as np

from edgehfn.cost import terms_gnn, terms_masks, terms_windows
from edgehfn.cost.terms_masks import decoded
from edgehfn.ir import ops
from edgehfn.ir.arena import Plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import Group
from edgehfn.ir.ops import Conv, Linear, Weight
from edgehfn.ir.scratch import Scratch, Span, is_far, is_int4
from edgehfn.spec.objective import Objective, small
from edgehfn.spec.window import Side, square

Terms = dict[str, float]  # how often a node does something; a core's coefficient is the instructions that this takes

WORD = 32  # mask bits that are taken at once
WIDE = 48  # pixels that the widest kernel sums at a time, as several groups
FEW = 4  # rows of a band whose planes are made row by row
FOUR = 4  # pixels that a dense kernel sums at a time
TILE_GROUPS = 16  # such groups in a tile at most
LAST = 4  # pixels of a word, that the DSP kernel sums by itself at a band's end
UNROLLED = 16  # list entries that a loop takes in a turn, or pairs of them


def terms(node: ops.Node, graph: Graph, planned: Plan, group: int) -> Terms:
    """The terms of a node on a core whose kernel sums ``group`` pixels at a time."""
    y, calls = graph.tensors[node.name], planned.calls(node, graph)
    by_rows = planned.runs_by_rows(node)
    match node:
        case Conv():
            return _conv(node, graph, planned.scratch[node.name], group, planned.objective, calls)
        case ops.Depthwise() | ops.MeanPool() | ops.Concat():
            return terms_windows.terms(node, graph, small(planned.objective))
        case Linear(weight=weight):
            return {"call": 1, "channels": y.size, **decoded(weight, 1, small(planned.objective)), **_rows(weight)}
        case ops.Input(order=order, dtype=dtype, topology=topology):
            times = y.shape[1] if planned.fed else len(calls)  # an image that is fed comes a row a call
            if node.table is not None or node.maps is not None:  # every sample in the same way
                return {"call": times, "elements": y.size, "channels": y.shape[0] * times}
            return {
                "call": times,
                "elements": y.size,
                "channels": y.shape[0] * times * (order == "hwc" or dtype == "s8" or by_rows),  # else all are one
                "strided elements": y.size * (order == "hwc" or by_rows),
                **(terms_gnn.checked(topology) if topology else {}),
            }
        case ops.SparseLinear():
            return {**terms_gnn.terms(node, y), **decoded(node.weight, 1, small(planned.objective))}
        case ops.Constant() | ops.Aggregate() | ops.Attention() | ops.NodePool():
            return terms_gnn.terms(node, y)
        case ops.MaxPool(x=x):
            found = _pooled(node, graph.tensors[x].shape, y.shape)
            return {"call": len(calls), "channels": y.shape[0] * len(calls), **found}
        case ops.AvgPool(x=x):
            return {"call": 1, "channels": y.size, "elements": graph.tensors[x].size}
        case ops.Add():
            return {"call": y.shape[0] * len(calls) if by_rows else 1, "elements": y.size}
        case _:
            assert_never(node)


def slid(name: str, graph: Graph, group: Group) -> Terms:
    """The terms of moving a window down: it takes other instructions where rows are no whole words."""
    (channels, _, width), rows = graph.tensors[name].shape, group.rows[name]
    moves = group.ticks // rows.period
    words, odd = moves * (channels * group.windows[name] - rows.step) * width // 4, rows.step * width % 4 > 0
    return {"call": group.ticks, "moves": moves, "words": words * (not odd), "odd words": words * odd}


def _conv(node: Conv, graph: Graph, scratch: Scratch, group: int, objective: Objective, calls: Sequence[Span]) -> Terms:
    channels, height, width = graph.tensors[node.name].shape
    pitch = -(-width // 4) * 4
    each = [[min(scratch.band, end - at) for at in range(first, end, scratch.band)] for first, end in calls]
    bands = [rows for call in each for rows in call]
    groups = channels * sum(-(-rows * pitch // group) for rows in bands)
    wide = sum(-(-rows * pitch // WIDE) for rows in bands)
    # Groups with places beyond a row's end are stored byte by byte, and so may be those that the band's end cuts short.
    gap, ends = pitch != width, [rows * pitch % group for rows in bands if pitch == width]
    added, signed = node.residual is not None, graph.tensors[node.name].lo < 0
    found: Terms = {
        "call": len(calls),
        "bands": len(bands),
        "channels": channels * len(bands),
        "groups": groups,
        "added groups": groups * added,
        "signed groups": groups * signed,
        "signed added groups": groups * signed * added,
        "doubled groups": groups * (node.requantise.shift < 8),
        "doublings": groups * max(0, 8 - node.requantise.shift),  # SPEC section 4, N3
        "outputs": channels * height * width,
        "added outputs": channels * height * width * added,
        "broken groups": groups * gap,
        "broken rows": channels * height * gap,
        "broken outputs": channels * height * width * gap,
        "broken added outputs": channels * height * width * gap * added,
        "short groups": channels * sum(end > 0 for end in ends),
        "short outputs": channels * sum(ends),
        "short added outputs": channels * sum(ends) * added,
        **decoded(node.weight, 1 if scratch.keep else len(bands), small(objective)),
    }
    if small(objective) and (gap or signed or node.requantise.shift < 8):
        found["stored groups"] = groups  # others may be requantised where their sums are
    if scratch.shared:
        found |= terms_masks.shared(node.weight, groups // channels, 1 if scratch.keep else len(bands), len(bands))
    if node.weight.uses_index_list:
        found |= _summed(node.weight, graph.tensors[node.x].lo < 0, groups // channels, wide, ends.count(LAST))
    elif is_far(node, graph):
        found["summed taps"] = groups * prod(node.weight.shape[1:])
    else:
        found |= _laid(node.weight, [rows * pitch // FOUR for rows in bands], scratch)
    made = _planes_of_few_rows if objective == "ram" else _planes
    if small(objective) or square(node.sides) is None:
        made = terms_windows.planes
    for first, call in zip((first for first, _ in calls), each, strict=True):
        for name, count in made(node, graph, scratch.band, first, call, pitch):
            found[name] = found.get(name, 0) + count
    return found


def _rows(weight: Weight) -> Terms:
    """What a fully connected layer's rows take: dense weights some at a time, a plain mask word by word, where rows
    begin with a word or apart (firmware/src/linear/linear_plain.h)."""
    outputs, inputs = weight.shape
    if not weight.uses_index_list:
        return {
            "dense": outputs * inputs,
            "dense eights": outputs * (inputs // 8),
            "dense sixteens": outputs * -(-inputs // 16),
        }
    blocks = -(-inputs // WORD)
    return {
        "blocks": blocks,
        "whole words": outputs * blocks * (inputs % WORD == 0),
        "parted words": outputs * blocks * (inputs % WORD > 0),
    }


def _laid(weight: Weight, fours: list[int], scratch: Scratch) -> Terms:
    """What a dense convolution lays out and multiplies, for so many groups of four pixels of each band.

    firmware/src/conv_trained/conv_dense.h has the layouts. Half bytes are unpacked once a tile.
    """
    outputs, taps = weight.shape[0], prod(weight.shape[1:])
    unpacked = is_int4(weight)
    tile = 2 * scratch.list_entries - -(-taps // 4) * 4 * unpacked
    groups, found = sum(fours), Terms()
    found["laid groups"], found["summed groups"] = groups, groups * outputs
    for name, bytes_, each in (("tap", 16, 1), ("quad", 32, 4), ("vector", 64, 16)):
        steps = -(-taps // each)
        most = min(TILE_GROUPS, tile // (bytes_ * steps))
        found[f"laid {name}s"], found[f"summed {name}s"] = groups * steps, groups * steps * outputs
        if name == "tap":  # RISC-V sums two groups at a time, the last one of an odd tile twice
            pairs = sum(-(-most // 2) * (four // most) + -(-(four % most) // 2) for four in fours)
            found["paired taps"] = pairs * steps * outputs
        found[f"{name} tiles"] = sum(-(-four // most) for four in fours)
        found[f"{name} tile channels"] = found[f"{name} tiles"] * outputs
        found[f"{name} unpacked"] = found[f"{name} tiles"] * outputs * taps * unpacked
    return found


def _summed(weight: Weight, signed: bool, groups: int, wide: int, last: int) -> Terms:
    """List entries, times the ``groups`` of pixels of a channel, its ``wide`` ones, or the ``last`` that are a word.

    Kernels add unsigned bytes in pairs before they widen them, of one sign or as far as possible of both, and unroll
    their loops."""
    plus, minus = weight.lists
    lists, whole = np.concatenate([plus, minus]), groups - last
    found: Terms = {"turns": int((-(-lists // UNROLLED)).sum()) * whole, "lists": int((lists > 0).sum()) * whole}
    if signed:
        return {**found, "kept groups of signed": int(lists.sum()) * groups}
    return {
        **found,
        "pairs": int((lists // 2).sum()) * whole,
        "singles": int((lists % 2).sum()) * whole,
        "wide pairs": int((lists // 2).sum()) * wide,
        "wide lists": int((lists > 0).sum()) * wide,
        "wide groups": weight.shape[0] * wide,
        "pairs of a word": int((lists // 2).sum()) * last,
        "unlike entries": int(abs(plus - minus).sum()) * whole,
    }


def _planes(
    node: Conv, graph: Graph, band: int, first: int, bands: list[int], pitch: int
) -> Iterator[tuple[str, float]]:
    """The shifted planes (firmware/src/conv/conv.h): those read from the map and those moved from another plane."""
    inputs, _, width = graph.tensors[node.x].shape
    columns = graph.tensors[node.name].shape[2]
    kernel, stride, padding = _squared(node)
    each, reach = inputs * min(stride, kernel), (kernel - 1) // stride
    rows, again = reach + sum(bands), sum(bands) + reach * len(bands)  # of a plane: read once; moved in every band
    words, rolled = each * rows * pitch // 4, (len(bands) - 1) * each * (band + reach) * pitch // 4 * (reach > 0)
    for b in range(kernel):
        read = b < padding + stride if b >= padding else b + stride >= kernel
        column = b - padding
        if not read:
            last = columns - 1 if b >= padding + stride else 0
            inside = 0 <= column + last * stride < width
            yield "moved planes", each * len(bands)
            yield "moved words", each * again * pitch // 4
            yield "filled rows", each * again
            yield "mended planes", each * len(bands) * inside
            yield "mended rows", each * again * inside
            continue
        yield "copied words", rolled
        yield "read planes", each * len(bands)
        done = min(columns, width) // 4 * 4
        if stride == 1 and column == 0 and width == pitch:
            yield "copied words", words
            continue
        if stride == 1 and column == 0:
            yield "shifted words", each * rows * done // 4
            yield "shifted rows", each * rows
        elif stride == 2 and column in (0, 1) and width % 4 == 0 and 2 * columns <= width and columns >= 4:
            yield "halved words", each * rows * done // 4
            yield "halved rows", each * rows
        else:
            done = 0
        yield "read bytes", each * rows * (pitch - done)
        yield "read rows", each * rows * (done < pitch)


def _squared(node: Conv) -> tuple[int, int, int]:
    """Kernel, stride and padding of a square window."""
    found = square(node.sides)
    assert found is not None
    return found


def _planes_of_few_rows(
    node: Conv, graph: Graph, band: int, first: int, bands: list[int], pitch: int
) -> Iterator[tuple[str, float]]:
    """Row by row where bands have a few of them and the shape is usual (firmware/src/conv/rows.h), or else as any."""
    inputs, _, width = graph.tensors[node.x].shape
    columns, (kernel, stride, padding) = graph.tensors[node.name].shape[2], _squared(node)
    usual = (kernel, padding) == (3, 1) and stride <= 2 and columns == pitch
    if band > FEW or not usual or width != stride * columns:
        yield from _planes(node, graph, band, first, bands, pitch)
        return
    reach = 2 // stride
    rows = inputs * stride * (reach + sum(bands))
    yield "copied words", 3 * (len(bands) - 1) * inputs * stride * (band + reach) * pitch // 4
    yield "rows", rows
    yield ("row words" if stride == 1 else "halved row words"), rows * pitch // 4


def _pooled(node: ops.MaxPool, x: ops.Shape, y: ops.Shape) -> Terms:
    """Windows by their rows and elements, or side by side, four at a time (firmware/src/pool/max_pool_2x2.c)."""
    channels, height, width = y
    side = Side(node.kernel, node.stride, node.padding, node.padding)
    rows, columns = (list(terms_windows.inside(side, *sizes)) for sizes in zip(x[1:], y[1:], strict=True))
    return {
        "fours": channels * height * -(-width // FOUR),
        "rows": channels * len(rows),
        "outputs": channels * height * width,
        "window rows": channels * sum(rows) * len(columns),
        "taps": channels * sum(rows) * sum(columns),
    }
