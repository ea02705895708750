"""A net's structure as JSON, and back: the input, the steps, and what the weights' tensors do not tell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from math import prod
from typing import Any, TypeVar, assert_never, get_args

from torch import nn

from edgehfn.errors import InputError
from edgehfn.nn.gnn_input import GraphSpec, StoredGraph
from edgehfn.nn.gnn_layers import Aggregate, Attention, NodePool, Pool, Weighting
from edgehfn.nn.net import Gathering, Input, InputSpec, Net, Op, Order, RawType, Step, Weighted
from edgehfn.nn.pool import GlobalAvgPool, MaxPool
from edgehfn.nn.supermask import SupermaskConv2d, SupermaskLinear, magnitude
from edgehfn.nn.trained import DenseConv2d, DenseLinear

T = TypeVar("T")

Json = dict[str, Any]
RestoreWeight = Callable[[str, Json], Weighted]  # from a weight's name and description
RestoreGraph = Callable[[Json], StoredGraph]  # from its description
RestoreNorm = Callable[[str, Json], nn.BatchNorm2d]  # from the name of the step it belongs to and its description


def describe(net: Net) -> Json:
    """The structure of any net of steps. Steps name their weights, so what iterations share is described once."""
    return {
        "input": _describe_input(net.input),
        "steps": [_describe_step(step) for step in net.steps],
        "weights": {name: _describe_op(op) for name, op in net.weights.items()},
    }


def signature(net: Net) -> str:
    """Tells nets apart whose training differs: by structure, iterations that share a norm, search and seed."""
    norms = [step.norm for step in net.steps]
    told = [net.seed, repr(net.search), describe(net), [norms.index(norm) for norm in norms]]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def rebuild(
    arch: Json,
    classes: tuple[str, ...],
    seed: int,
    weight: RestoreWeight,
    norm: RestoreNorm,
    graph: RestoreGraph,
) -> Net:
    """The net that ``describe`` described.

    Raises InputError, GraphError, KeyError or TypeError for a structure that it cannot have written.
    """
    spec = _input(field(arch, "input", dict), graph)
    weights = {name: weight(name, entry) for name, entry in field(arch, "weights", dict).items()}
    steps = [_step(entry, weights, norm) for entry in field(arch, "steps", list)]
    return Net(spec, steps, classes, seed)


def field(entry: Json, name: str, kind: type[T]) -> T:
    """A member of exactly this type. Raises InputError if it is another, KeyError if it is missing."""
    value = entry[name]
    if type(value) is not kind:
        raise InputError(f"{name} must be {kind.__name__}, not {value!r:.40}")
    return value


def choice(entry: Json, name: str, choices: tuple[Any, ...]) -> Any:
    """A member that is one of some words. Raises InputError."""
    value = field(entry, name, str)
    if value not in choices:
        raise InputError(f"{name} {value!r:.40} is none of {', '.join(choices)}")
    return value


def integers(entry: Json, name: str, count: int) -> tuple[int, ...]:
    """A list of this many positive integers. Raises InputError."""
    values = field(entry, name, list)
    if len(values) != count or not all(type(value) is int and value > 0 for value in values):
        raise InputError(f"{name} must be {count} positive whole numbers, not {values!r:.40}")
    return tuple(values)


def _describe_input(input: Input) -> Json:
    match input:
        case InputSpec():
            return {"shape": list(input.shape), "order": input.order, "dtype": input.dtype}
        case GraphSpec():
            limits = {"nodes": input.most_nodes, "edges": input.most_edges, "degree": input.most_degree}
            return {"graph": "input", "features": input.features, **limits}
        case StoredGraph(features=features):
            kind = {"values": features.values is not None, "step": features.step}
            return {"graph": "stored", "features": features.count, "nodes": features.nodes, **kind}
        case _:
            assert_never(input)


def _input(entry: Json, graph: RestoreGraph) -> Input:
    if "graph" not in entry:
        order: Order = choice(entry, "order", get_args(Order))
        dtype: RawType = choice(entry, "dtype", get_args(RawType))
        channels, height, width = integers(entry, "shape", 3)
        return InputSpec((channels, height, width), order, dtype)
    if choice(entry, "graph", ("input", "stored")) == "stored":
        return graph(entry)
    return GraphSpec(*(field(entry, name, int) for name in ("features", "nodes", "edges", "degree")))


def _describe_step(step: Step) -> Json:
    norm = None if step.norm is None else {"affine": step.norm.affine, "eps": float(step.norm.eps)}
    entry = {"name": step.name, "x": step.x, "norm": norm, "relu": step.relu, "residual": step.residual}
    if step.weight:
        return {**entry, "weight": step.weight}
    scores = {"scores": step.scores} if step.scores else {}
    return {**entry, **scores, "gather" if isinstance(step.op, Gathering) else "pool": _describe_op(step.op)}


def _describe_op(op: Op) -> Json:
    match op:
        case SupermaskConv2d():
            window = {"shape": list(op.shape), "stride": op.stride, "padding": op.padding}
            return {"op": "supermask_conv", **window, **_source(op)}
        case SupermaskLinear():
            return {"op": "supermask_linear", "shape": list(op.shape), **_source(op)}
        case DenseConv2d():
            window = {"shape": list(op.shape), "stride": op.stride, "padding": op.padding}
            return {"op": "dense_conv", **window, "bias": op.bias is not None, **_bits(op)}
        case DenseLinear():
            return {"op": "dense_linear", "shape": list(op.shape), "bias": op.bias is not None, **_bits(op)}
        case MaxPool():
            return {"op": "max", "kernel": op.kernel, "stride": op.stride, "padding": op.padding}
        case GlobalAvgPool():
            return {"op": "global_avg"}
        case Aggregate():
            return {"op": "aggregate", "norm": op.norm}
        case Attention():
            return {"op": "attention", "heads": op.heads, "slope": op.slope}
        case NodePool():
            return {"op": "nodes", "kind": op.kind}
        case _:
            assert_never(op)


def _source(op: SupermaskConv2d | SupermaskLinear) -> Json:
    frozen = {"pruned": op.pruned, "locked": op.locked} if op.free is not None else {}
    usual = op.magnitude == magnitude(prod(op.shape[1:]), op.densities)
    imported = {} if usual and op.signs is None else {"magnitude": op.magnitude, "signs": op.signs is not None}
    return {"tensor": op.tensor, "densities": list(op.densities), **frozen, **imported}


def _bits(op: DenseConv2d | DenseLinear) -> Json:
    return {"bits": op.bits} if op.bits < 8 else {}


def _step(entry: Json, weights: dict[str, Weighted], norm: RestoreNorm) -> Step:
    name, x, relu = field(entry, "name", str), field(entry, "x", str), field(entry, "relu", bool)
    residual = None if entry["residual"] is None else field(entry, "residual", str)
    if "pool" in entry:
        op: Op = _pool(field(entry, "pool", dict))
        weight = ""
    elif "gather" in entry:
        op = _gather(field(entry, "gather", dict))
        weight = ""
    else:
        weight = field(entry, "weight", str)
        if weight not in weights:
            raise InputError(f"step {name!r}: its weight {weight!r} is not described")
        op = weights[weight]
    own = None if entry["norm"] is None else norm(name, field(entry, "norm", dict))
    scores = field(entry, "scores", str) if "scores" in entry else None
    return Step(name, x, op, weight, own, relu, residual, scores)


def _pool(entry: Json) -> MaxPool | GlobalAvgPool:
    if choice(entry, "op", ("max", "global_avg")) == "max":
        return MaxPool(*(field(entry, name, int) for name in ("kernel", "stride", "padding")))
    return GlobalAvgPool()


def _gather(entry: Json) -> Gathering:
    match choice(entry, "op", ("aggregate", "attention", "nodes")):
        case "aggregate":
            norm: Weighting = choice(entry, "norm", get_args(Weighting))
            return Aggregate(norm)
        case "attention":
            return Attention(field(entry, "heads", int), field(entry, "slope", float))
        case _:
            kind: Pool = choice(entry, "kind", get_args(Pool))
            return NodePool(kind)
