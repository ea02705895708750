"""Each layer as a model file has it: an entry of the description and tensors, and back (docs/SPEC.md section 7).

What writes a layer stands beside what reads it. The word of a new one goes into a ``Kind`` below; the type checker then
names the cases that are left.
"""

from __future__ import annotations

from typing import Any, Literal, assert_never, get_args

from edgehfn.errors import InputError
from edgehfn.nn import stored_weights as w
from edgehfn.nn.entries import Json, choice, field, integers
from edgehfn.nn.gnn_layers import Aggregate, Attention, NodePool, Pool, Weighting
from edgehfn.nn.net import Gathering, Op, Plain, Weighted
from edgehfn.nn.pool import AvgPool, Concat, GlobalAvgPool, MaxPool
from edgehfn.nn.quantised import QuantisedConv2d, QuantisedLinear
from edgehfn.nn.stored_weights import Named, Stored
from edgehfn.nn.supermask import SupermaskConv2d, SupermaskLinear

WeightKind = Literal["supermask_conv", "supermask_linear", "dense_conv", "dense_linear"]
PoolKind = Literal["max", "avg", "global_avg", "concat"]
GatherKind = Literal["aggregate", "attention", "nodes"]


def describe(op: Op) -> Json:
    """All that is known of a layer beside its tensors."""
    match op:
        case SupermaskConv2d():
            return _entry("supermask_conv", **w.window(op), **w.describe_mask(op))
        case SupermaskLinear():
            return _entry("supermask_linear", shape=list(op.shape), **w.describe_mask(op))
        case QuantisedConv2d():
            return _entry("dense_conv", **w.window(op), **w.describe_trained(op))
        case QuantisedLinear():
            return _entry("dense_linear", shape=list(op.shape), **w.describe_trained(op))
        case MaxPool():
            return _describe_max(op)
        case AvgPool():
            return _describe_avg(op)
        case GlobalAvgPool():
            return _describe_global_avg(op)
        case Concat():
            return _entry("concat")
        case Aggregate():
            return _describe_aggregate(op)
        case Attention():
            return _describe_attention(op)
        case NodePool():
            return _describe_nodes(op)
        case _:
            assert_never(op)


def tensors(name: str, op: Weighted) -> Named:
    """The tensors of a weight."""
    match op:
        case SupermaskConv2d() | SupermaskLinear():
            return w.mask_tensors(name, op)
        case QuantisedConv2d() | QuantisedLinear():
            return w.trained_tensors(name, op)
        case _:
            assert_never(op)


def restore_weighted(name: str, entry: Json, stored: Stored) -> Weighted:
    """The layer of a weight. Its tensors are checked before anything of its size is made."""
    word = field(entry, "op", str)
    if word not in get_args(WeightKind):
        raise InputError(f"{name}: op {word!r} is unknown")
    kind: WeightKind = choice(entry, "op", get_args(WeightKind))
    match kind:
        case "supermask_conv":
            window = w.read_window(name, entry)
            return SupermaskConv2d(*window, **w.restore_mask(name, entry, stored))
        case "supermask_linear":
            outputs, inputs = integers(entry, "shape", 2)
            return SupermaskLinear(inputs, outputs, **w.restore_mask(name, entry, stored))
        case "dense_conv":
            window = w.read_window(name, entry)
            weight, bits, bias = w.read_trained(name, entry, stored)
            conv = QuantisedConv2d(*window, bias=bias, bits=bits)
            return w.restore_trained(name, conv, weight, stored)
        case "dense_linear":
            outputs, inputs = integers(entry, "shape", 2)
            weight, bits, bias = w.read_trained(name, entry, stored)
            return w.restore_trained(name, QuantisedLinear(inputs, outputs, bias=bias, bits=bits), weight, stored)
        case _:
            assert_never(kind)


def restore_pool(entry: Json) -> Plain:
    """A layer without a weight."""
    kind: PoolKind = choice(entry, "op", get_args(PoolKind))
    match kind:
        case "max":
            return _restore_max(entry)
        case "avg":
            return _restore_avg(entry)
        case "global_avg":
            return _restore_global_avg(entry)
        case "concat":
            return Concat()
        case _:
            assert_never(kind)


def restore_gathering(entry: Json) -> Gathering:
    """A layer over the nodes of a graph."""
    kind: GatherKind = choice(entry, "op", get_args(GatherKind))
    match kind:
        case "aggregate":
            return _restore_aggregate(entry)
        case "attention":
            return _restore_attention(entry)
        case "nodes":
            return _restore_nodes(entry)
        case _:
            assert_never(kind)


def _entry(word: WeightKind | PoolKind | GatherKind, /, **members: Any) -> Json:
    return {"op": word, **members}


# Pools.


def _describe_max(op: MaxPool) -> Json:
    return _entry("max", kernel=op.kernel, stride=op.stride, padding=op.padding)


def _restore_max(entry: Json) -> MaxPool:
    return MaxPool(*(field(entry, name, int) for name in ("kernel", "stride", "padding")))


def _describe_avg(op: AvgPool) -> Json:
    padding = list(op.padding) if isinstance(op.padding, tuple) else op.padding
    return _entry("avg", kernel=list(op.kernel), stride=list(op.stride), padding=padding)


def _restore_avg(entry: Json) -> AvgPool:
    (rows, columns), (down, across) = (integers(entry, name, 2) for name in ("kernel", "stride"))
    return AvgPool((rows, columns), (down, across), w.read_padding(entry))


def _describe_global_avg(_: GlobalAvgPool) -> Json:
    return _entry("global_avg")


def _restore_global_avg(_: Json) -> GlobalAvgPool:
    return GlobalAvgPool()


# Layers over nodes.


def _describe_aggregate(op: Aggregate) -> Json:
    return _entry("aggregate", norm=op.norm, **({} if op.learned is None else {"own": op.own}))


def _restore_aggregate(entry: Json) -> Aggregate:
    norm: Weighting = choice(entry, "norm", get_args(Weighting))
    return Aggregate(norm, field(entry, "own", float) if "own" in entry else None)


def _describe_attention(op: Attention) -> Json:
    return _entry("attention", heads=op.heads, slope=op.slope)


def _restore_attention(entry: Json) -> Attention:
    return Attention(field(entry, "heads", int), field(entry, "slope", float))


def _describe_nodes(op: NodePool) -> Json:
    return _entry("nodes", kind=op.kind)


def _restore_nodes(entry: Json) -> NodePool:
    kind: Pool = choice(entry, "kind", get_args(Pool))
    return NodePool(kind)
