"""The records of groups: where each node's rows lie, tick by tick (firmware/include/edgehfn_rows.h)."""

from __future__ import annotations

from edgehfn.backends.c.data import Field, Member, Record, identifiers
from edgehfn.ir import ops
from edgehfn.ir.arena import Plan, by_node
from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import Group, reads

WRAP = 2**32  # arena offsets are modulo it


def members(graph: Graph, plan: Plan) -> list[Member]:
    """Of each node in a group its ticks, and its window if it is in one."""
    found = []
    groups = by_node(plan.groups)
    for i, (node, ticks, window) in enumerate(zip(graph, named(graph, "ticks"), named(graph, "window"), strict=True)):
        if i in groups:
            found.append(Member(ticks, "tables", "struct hfn_ticks", _ticks(node, graph, plan, groups[i])))
            if node.name in groups[i].windows:
                found.append(Member(window, "tables", "struct hfn_window", _window(node, graph, plan, groups[i])))
    return found


def feed(node: ops.Input, plan: Plan) -> tuple[str, Record]:
    """The record of an input that comes row by row."""
    size = node.sample
    step, skip = (node.shape[0] * size, size) if node.order == "hwc" else (size, node.shape[2] * size)
    return "struct hfn_feed", (
        Field("state", "I", plan.raw.offset),
        Field("skip", "I", skip),
        Field("step", "H", step),
        Field("ticks", "H", plan.groups[0].ticks),
    )


def named(graph: Graph, kind: str) -> list[str]:
    """Each node's member of a kind, whether or not it has one."""
    return [f"{kind}_{name}" for name in identifiers(node.name for node in graph)]


def _ticks(node: ops.Node, graph: Graph, plan: Plan, group: Group) -> Record:
    rows, (channels, height, width) = group.rows[node.name], graph.tensors[node.name].shape
    y = _operand("y", node.name, graph, plan, group)
    first, second = [*(r.name for r in reads(node) or ()), node.name, node.name][:2]
    x = _operand("x", first, graph, plan, group)
    residual = _operand("residual", second, graph, plan, group)
    if isinstance(node, ops.Input) and not group.fed:
        x = _fields("x", plan.raw.offset, node.sample * (1 if node.order == "hwc" else height * width))
    return (
        *x,
        *y,
        *residual,
        Field("step", "H", rows.step),
        Field("lag", "H", rows.lag),
        Field("rows", "H", height),
        Field("columns", "H", width),
        Field("channels", "H", channels),
        Field("shift", "H", rows.shift),
    )


def _operand(what: str, name: str, graph: Graph, plan: Plan, group: Group) -> Record:
    _, height, width = graph.tensors[name].shape
    offset = plan.tensors[name].offset
    if name not in group.windows:
        return _fields(what, offset, height * width)
    kept, rows = group.windows[name], group.rows[name]
    before = rows.lag + kept  # rows by which the window starts before row 0, before it slides
    return _fields(what, (offset + before * width) % WRAP, kept * width, rows.step * width, rows.shift)


def _fields(what: str, at: int, between: int, slide: int = 0, shift: int = 0) -> Record:
    return (
        Field(f"{what}.at", "I", at),
        Field(f"{what}.map", "I", between),
        Field(f"{what}.slide", "H", slide),
        Field(f"{what}.shift", "H", shift),
    )


def _window(node: ops.Node, graph: Graph, plan: Plan, group: Group) -> Record:
    buffer, width, rows = plan.tensors[node.name], graph.tensors[node.name].shape[2], group.rows[node.name]
    return (
        Field("at", "I", buffer.offset),
        Field("size", "I", buffer.size),
        Field("slide", "H", rows.step * width),
        Field("shift", "H", rows.shift),
    )
