"""A graph as members of the generated struct.

The records mirror the structs of firmware/include/edgehfn.h, field by field.
"""

from __future__ import annotations

from math import prod
from typing import assert_never

import numpy as np

from edgehfn.backends.c import gnn_records, rows_records, sound, window_records
from edgehfn.backends.c.data import Array, Field, Member, Record, Ref, identifiers
from edgehfn.backends.c.window_records import places, sizes
from edgehfn.ir import ops
from edgehfn.ir.arena import Plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Requantise, Requantised, Supermask, Weighted
from edgehfn.spec import generator, masks
from edgehfn.spec.objective import small


def members(graph: Graph, plan: Plan) -> tuple[Member, ...]:
    """All members in their order in the struct: by alignment, so that none needs padding before it."""
    weights = {id(w): name for w, name in zip(graph.weights, identifiers(w.name for w in graph.weights), strict=True)}
    coded = small(plan.objective)
    signs: dict[int, Member] = {}  # stored ones by tensor number: masks over one tensor have them in common
    for w in graph.weights:
        if isinstance(w, Supermask) and w.signs is not None:
            signs.setdefault(w.tensor, Member(f"signs_{weights[id(w)]}", "masks", "uint32_t", w.signs))
    found = [m for w in graph.weights for m in _weight(w, weights[id(w)], signs, coded)]
    found += [
        *signs.values(),
        *gnn_records.members(graph, plan),
        *rows_records.members(graph, plan),
        *sound.members(graph),
    ]
    for node, record in zip(graph, records(graph), strict=True):
        if isinstance(node, Weighted):
            used = Ref(_weight_member(node.weight, weights[id(node.weight)]))
            kind, fields = _weighted(node, record, used, graph, plan)
        else:
            kind, fields = _other(node, record, graph, plan)
        if isinstance(node, Requantised):
            found += _norms(node.requantise, record)
        if isinstance(node, ops.Input) and node.table is not None:
            found.append(Member(f"table_{record}", "tables", "int8_t", np.array(node.table, np.int8).ravel()))
        if isinstance(node, ops.Input) and node.maps is not None:
            found.append(Member(f"maps_{record}", "tables", "uint32_t", _maps(node.maps)))
        found.append(Member(record, "tables", kind, fields))
    found = sorted((m for m in found if m.size), key=lambda m: -m.alignment)
    if spare := -sum(m.size for m in found) % 4:
        found.append(Member("padding", "tables", "uint8_t", np.zeros(spare, np.uint8)))
    return tuple(found)


def records(graph: Graph) -> list[str]:
    """The member that describes each node."""
    return rows_records.named(graph, "node")


# Weights.


def _weight(weight: ops.Weight, name: str, signs: dict[int, Member], coded: bool) -> list[Member]:
    member = _weight_member(weight, name)
    match weight:
        case ops.QuantisedWeight():
            return _dense(weight, name, member, coded)
        case Supermask():
            return _supermask(weight, name, member, signs, coded)
        case _:
            assert_never(weight)


def _supermask(weight: Supermask, name: str, member: str, signs: dict[int, Member], coded: bool) -> list[Member]:
    mask, more = f"mask_{name}", f"more_{name}"
    stored: Array = np.concatenate(weight.coded_streams) if coded else weight.mask_words
    sizes = [stream.nbytes for stream in (weight.coded_streams if coded else weight.mask_streams)]
    ends = np.cumsum(sizes).tolist()
    starts = [Ref(mask, end - size) if size else 0 for size, end in zip(sizes, ends, strict=True)]
    record = (
        Field("mask", "I", starts[0]),
        Field("more", "I", Ref(more) if weight.coats > 1 else 0),
        Field("signs", "I", 0 if weight.signs is None else Ref(signs[weight.tensor].name)),
        Field("key", "I", generator.word(weight.seed, weight.tensor)),
        Field("coats", "H", weight.coats),
        Field("stored_signs", "H", int(weight.signs is not None)),
        Field("pruned", "H", weight.pruned),
        Field("frozen", "H", weight.pruned + weight.locked),
    )
    return [
        Member(mask, "masks", "uint8_t" if coded else "uint32_t", stored),
        Member(more, "tables", "uint32_t", tuple(Field("", "I", start) for start in starts[1:])),
        Member(member, "tables", "struct hfn_supermask", record),
    ]


def _dense(weight: ops.QuantisedWeight, name: str, member: str, coded: bool) -> list[Member]:
    """Of 2 bits or 1: a mask with signs of its own, of 1 bit one that locks everything."""
    if weight.bits == 8:
        return [Member(member, "dense", "int8_t", weight.values.ravel())]
    if weight.bits == 4:
        return [Member(member, "dense", "uint8_t", weight.nibbles)]
    mask, signs, whole = f"mask_{name}", f"signs_{name}", weight.bits == 1
    record = (
        Field("mask", "I", 0 if whole else Ref(mask)),
        Field("more", "I", 0),
        Field("signs", "I", Ref(signs)),
        Field("key", "I", 0),
        Field("coats", "H", 1),
        Field("stored_signs", "H", 1),
        Field("pruned", "H", 0),
        Field("frozen", "H", 256 if whole else 0),
    )
    kept = masks.code((weight.values.ravel() != 0).astype(np.uint8)) if coded else weight.mask_words
    stored = [] if whole else [Member(mask, "dense", "uint8_t" if coded else "uint32_t", kept)]
    return [
        *stored,
        Member(signs, "dense", "uint32_t", weight.sign_words),
        Member(member, "tables", "struct hfn_supermask", record),
    ]


def _weight_member(weight: ops.Weight, name: str) -> str:
    return f"weight_{name}" if weight.uses_index_list else f"values_{name}"


# Requantisation.


def _norms(q: Requantise, record: str) -> list[Member]:
    short = _bias_bytes(q) == 1
    bias = np.array(q.bias, np.int8) if short else np.array(q.bias, np.int16)
    return [
        Member(f"bias_{record}", "norms", "int8_t" if short else "int16_t", bias),
        Member(f"multiplier_{record}", "norms", "int8_t", np.array(q.multiplier, np.int8)),
    ]


def _bias_bytes(q: Requantise) -> int:
    return 1 if all(-128 <= b <= 127 for b in q.bias) else 2


def _requantise(q: Requantise, record: str) -> Record:
    return (
        Field("requantise.multiplier", "I", Ref(f"multiplier_{record}")),
        Field("requantise.bias", "I", Ref(f"bias_{record}")),
        Field("requantise.channels", "H", len(q.multiplier)),
        Field("requantise.bias_bytes", "B", _bias_bytes(q)),
        Field("requantise.bias_shift", "B", q.bias_shift),
        Field("requantise.shift", "B", q.shift),
        Field("requantise.residual_multiplier", "B", q.residual_multiplier),
        Field("requantise.residual_shift", "B", q.residual_shift),
        Field("requantise.lo", "b", q.clamp[0]),
    )


# Nodes.


def _weighted(node: Weighted, record: str, weight: Ref, graph: Graph, plan: Plan) -> tuple[str, Record]:
    requantise = _requantise(node.requantise, record)
    match node:
        case Conv():
            return window_records.conv(node, weight, requantise, graph, plan)
        case ops.Depthwise():
            return "struct hfn_depthwise", window_records.depthwise(node, weight, requantise, graph, plan)
        case ops.Linear():
            return "struct hfn_linear", (
                *places(plan, x=node.x, y=node.name),
                Field("scratch", "I", plan.tables[node.name].offset if node.name in plan.tables else 0),
                Field("weight", "I", weight),
                Field("inputs", "I", graph.tensors[node.x].size),
                *requantise,
            )
        case ops.SparseLinear():
            return "struct hfn_sparse_linear", gnn_records.sparse(node, weight, requantise, graph, plan)
        case _:
            assert_never(node)


Other = ops.Input | ops.Pool | ops.Add | ops.Concat | ops.Constant | ops.Aggregate | ops.Attention | ops.NodePool


def _other(node: Other, record: str, graph: Graph, plan: Plan) -> tuple[str, Record]:
    match node:
        case ops.Input():
            kind, fields = rows_records.feed(node, plan) if plan.fed else ("struct hfn_input", _input(node, plan))
            if node.table is not None:
                return _mapped(kind, fields, "table", Field("table", "I", Ref(f"table_{record}")))
            if node.maps is not None:
                flip = Field("flip", "I", 128 if node.dtype == "s8" else 0)
                return _mapped(kind, fields, "affine", Field("maps", "I", Ref(f"maps_{record}")), flip)
            return kind, fields
        case ops.MaxPool():
            return "struct hfn_max_pool", (
                *places(plan, x=node.x, y=node.name),
                *sizes("channels height width", graph.tensors[node.x].shape),
                *sizes("rows columns", graph.tensors[node.name].shape[1:]),
                *sizes("kernel stride padding", (node.kernel, node.stride, node.padding)),
            )
        case ops.AvgPool():
            x = graph.tensors[node.x]
            return "struct hfn_avg_pool", (
                *places(plan, x=node.x, y=node.name),
                Field("channels", "I", x.shape[0]),
                Field("pixels", "I", prod(x.shape[1:])),
                Field("multiplier", "H", node.multiplier),
                Field("shift", "B", node.shift),
                Field("lo", "b", x.lo),
            )
        case ops.MeanPool():
            return "struct hfn_mean_pool", window_records.mean(node, graph, plan)
        case ops.Concat():
            return "struct hfn_concat", (
                *places(plan, **{"x[0]": node.x, "x[1]": node.y, "y": node.name}),
                Field("size[0]", "I", graph.tensors[node.x].size),
                Field("size[1]", "I", graph.tensors[node.y].size),
                Field("multiplier[0]", "H", node.x_multiplier),
                Field("multiplier[1]", "H", node.y_multiplier),
                Field("shift", "H", node.shift),
                Field("lo", "h", node.clamp[0]),
            )
        case ops.Add():
            return "struct hfn_add", (
                *places(plan, **{"x[0]": node.x, "x[1]": node.y, "y": node.name}),
                Field("size", "I", graph.tensors[node.name].size),
                Field("multiplier[0]", "H", node.x_multiplier),
                Field("multiplier[1]", "H", node.y_multiplier),
                Field("shift", "H", node.shift),
                Field("lo", "h", node.clamp[0]),
            )
        case ops.Constant():
            return "struct hfn_constant", gnn_records.constant(node, graph, plan)
        case ops.Aggregate() | ops.Attention():
            return gnn_records.by_edges(node, _requantise(node.requantise, record), graph, plan)
        case ops.NodePool():
            return "struct hfn_node_pool", gnn_records.pool(node, graph, plan)
        case _:
            assert_never(node)


def _input(node: ops.Input, plan: Plan) -> Record:
    channels, pixels, size = node.shape[0], prod(node.shape[1:]), node.sample
    step, skip = (channels * size, size) if node.order == "hwc" else (size, pixels * size)
    return (
        Field("raw", "I", plan.raw.offset),
        *places(plan, y=node.name),
        Field("channels", "I", channels),
        Field("pixels", "I", pixels),
        Field("step", "I", step),
        Field("skip", "I", skip),
    )


def _mapped(kind: str, fields: Record, how: str, *more: Field) -> tuple[str, Record]:
    """The record of an input as a part of that of an input by a table or by maps."""
    part = kind.removeprefix("struct hfn_")
    inner = (Field(f"{part}.{field.name}", field.code, field.value) for field in fields)
    return f"{kind}_{how}", (*inner, *more)


def _maps(maps: tuple[ops.Affine, ...]) -> Array:
    """Two words a channel, as ``hfn_map`` of firmware/src/core/input.h reads them."""
    words = [(offset % 2**32, multiplier % 2**16 | shift << 16) for multiplier, offset, shift in maps]
    return np.array(words, np.uint32).ravel()
