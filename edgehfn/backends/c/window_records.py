"""The records of nodes whose windows slide over a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from edgehfn.backends.c.data import Field, Record, Ref
from edgehfn.ir import ops
from edgehfn.ir.arena import Plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Depthwise
from edgehfn.ir.scratch import Frame, is_int4
from edgehfn.ir.shared import rooms
from edgehfn.spec.window import Side, square

SIGNED, KEEP_LISTS = 1, 2


def conv(node: Conv, weight: Ref, requantise: Record, graph: Graph, plan: Plan) -> tuple[str, Record]:
    """The record of a convolution, and its kind: that of a square window, or inside that of any."""
    x, scratch = graph.tensors[node.x], plan.scratch[node.name]
    rows, columns = node.sides
    lists = scratch.list_offset
    fields = (
        *places(plan, x=node.x, y=node.name, residual=node.residual or node.name),
        Field("planes", "I", scratch.offset),
        Field("list", "I", lists),
        Field("list_end", "I", lists + 2 * scratch.list_entries),
        Field("weight", "I", weight),
        *requantise,
        *sizes("inputs height width", x.shape),
        *sizes("rows columns", graph.tensors[node.name].shape[1:]),
        Field("band", "H", scratch.band),
        Field("kernel", "B", rows.kernel),
        Field("stride", "B", rows.stride),
        Field("padding", "B", rows.before),
        Field("flags", "B", SIGNED * (x.lo < 0) | KEEP_LISTS * scratch.keep),
    )
    if scratch.shared:
        room = [Field(f"rooms[{i}]", "H", most) for i, most in enumerate(rooms(node.weight))]
        room += [Field("unused", "H", 0), Field("thread", "I", lists + scratch.length_bytes)]
        return "struct hfn_conv_shared", (*_inner(fields), *room)
    if square(node.sides) is not None:
        return "struct hfn_conv", fields
    return "struct hfn_rect", (
        *_inner(fields),
        Field("dilation[0]", "H", rows.dilation),
        Field("dilation[1]", "H", columns.dilation),
        Field("kernel", "B", columns.kernel),
        Field("stride", "B", columns.stride),
        Field("padding", "B", columns.before),
        Field("is_int4", "B", int(is_int4(node.weight))),
    )


def _inner(fields: Record) -> Record:
    return tuple(Field(f"conv.{field.name}", field.code, field.value) for field in fields)


def depthwise(node: Depthwise, weight: Ref, requantise: Record, graph: Graph, plan: Plan) -> Record:
    """The fields of a depthwise convolution."""
    frame = Frame.of(node, graph)
    return (
        *places(plan, x=node.x, y=node.name, residual=node.residual or node.name),
        Field("scratch", "I", plan.workspaces[node.name].offset),
        Field("weight", "I", weight),
        *requantise,
        *sizes("height width", graph.tensors[node.x].shape[1:]),
        *sizes("rows columns", graph.tensors[node.name].shape[1:]),
        Field("pitch", "H", frame.pitch),
        *_both("dilation", "H", node, lambda side: side.dilation),
        *_both("kernel", "B", node, lambda side: side.kernel),
        *_both("stride", "B", node, lambda side: side.stride),
        *_both("padding", "B", node, lambda side: side.before),
        Field("size", "I", frame.size),
    )


def mean(node: ops.MeanPool, graph: Graph, plan: Plan) -> Record:
    """The fields of an average of windows."""
    x = graph.tensors[node.x]
    return (
        *places(plan, x=node.x, y=node.name),
        *sizes("channels height width", x.shape),
        *sizes("rows columns", graph.tensors[node.name].shape[1:]),
        *_both("kernel", "H", node, lambda side: side.kernel),
        *_both("stride", "H", node, lambda side: side.stride),
        *_both("padding", "H", node, lambda side: side.before),
        Field("multiplier", "H", node.multiplier),
        Field("shift", "H", node.shift),
        Field("lo", "h", x.lo),
    )


def places(plan: Plan, **tensors: str) -> Record:
    """Where tensors lie."""
    return tuple(Field(field, "I", plan.tensors[name].offset) for field, name in tensors.items())


def sizes(names: str, values: ops.Shape) -> Record:
    """Numbers of 16 bits."""
    return tuple(Field(name, "H", value) for name, value in zip(names.split(), values, strict=True))


def _both(name: str, code: Literal["H", "B"], node: Depthwise | ops.MeanPool, of: Callable[[Side], int]) -> Record:
    """A number of rows and one of columns."""
    return tuple(Field(f"{name}[{i}]", code, of(side)) for i, side in enumerate(node.sides))
