"""From a trained net and its calibration to the integer graph: each step becomes one node, with one requantisation.

Derivation. A step computes ``y = γ·(z - μ)/σ + β + residual`` on ``z = g·S_x·acc``, where ``acc`` is the integer
accumulator, ``S_x`` the input's scale and ``g`` the weight's real step (a supermask's magnitude, or a dense channel's
scale). In output steps of ``S_y``:

    y / S_y = gain·(acc - centre) + β / S_y + (S_r / S_y)·x_r,    gain = γ·g·S_x / (σ·S_y),    centre = μ / (g·S_x)

which ``quant.requantise`` turns into the integers of docs/SPEC.md section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import assert_never

import numpy as np
import torch

from edgehfn import nn, quant, tables
from edgehfn.errors import GraphError
from edgehfn.graph import Graph, networks, ops, verify
from edgehfn.graph.graph import Tensor, infer
from edgehfn.graph.topology import Features, InputTopology, StoredTopology, Topology
from edgehfn.graph.verify import Bounds, accumulators
from edgehfn.nn.links import is_sparse
from edgehfn.nn.net import INPUT
from edgehfn.quant import Floats

# A channel whose variance is this small against the norm's epsilon never leaves its mean: it has no inputs left, or
# only such channels as inputs. Its slope, up to 1/sqrt(epsilon), would cost all other channels their precision.
STILL = 1e-4


def lower(net: nn.Net, scales: Mapping[str, float]) -> Graph:
    """The verified integer graph of a net in the state it has now.

    ``scales`` (a calibration's) gives the real value of one integer step of every tensor by name. Raises GraphError for
    a step that has no integer form or breaks a rule of docs/SPEC.md.
    """
    source = _source(net)
    nodes: list[ops.Node] = [] if source.node is None else [source.node]
    known = {node.name: infer(node, {}) for node in nodes}
    weights: dict[str, _Weight] = {}
    for step in net.steps:
        for name in (*step.reads, step.name):
            if name not in scales:
                raise GraphError(
                    f"step {step.name}: the calibration has no scale for {name}; calibrate this very model"
                )
        if step.weight and step.weight not in weights:
            weights[step.weight] = _weight(step)
        try:
            node = _node(step, weights.get(step.weight), source, known, scales)
            known[step.name] = infer(node, known)
        except GraphError as error:
            raise GraphError(f"step {step.name}: {error}") from None
        nodes.append(node)
    rationals = {name: quant.rational(scales[name]) for name in known}
    return verify(Graph(tuple(nodes), net.seed, net.classes, rationals))


@dataclass(frozen=True)
class _Source:
    """What the steps of a net start from: the node of its input, if it has one, a topology, and sparse features."""

    node: ops.Node | None
    topology: Topology | None = None
    features: Features | None = None


def _source(net: nn.Net) -> _Source:
    made = net.input
    match made:
        case nn.InputSpec():
            return _Source(ops.Input(INPUT, made.shape, made.order, made.dtype))
        case nn.GraphSpec():
            given = InputTopology("edges", made.most_nodes, made.most_edges, made.most_degree)
            return _Source(ops.Input(INPUT, made.shape, "chw", "s8", given), given)
        case nn.StoredGraph(features=features, structure=structure):
            stored = StoredTopology("edges", structure.nodes, *structure.neighbours)
            if not is_sparse(features):
                values = np.zeros(made.shape, np.int8).reshape(features.count, -1)
                values[:, : features.nodes] = features.dense().T
                return _Source(ops.Constant(INPUT, values.reshape(made.shape), features.nodes), stored)
            starts, members, order = features.by_feature
            values_at = None if features.values is None else features.values[order]
            return _Source(None, stored, Features("features", features.nodes, starts, members, values_at))
        case _:
            assert_never(made)


@dataclass(frozen=True)
class _Weight:
    """An integer weight, the real value of its steps, shape ``(O,)``, and the real bias."""

    integers: ops.Weight
    step: Floats
    bias: Floats


def _weight(step: nn.Step) -> _Weight:
    op, name = step.op, step.weight
    match op:
        case nn.SupermaskConv2d() | nn.SupermaskLinear():
            counts = op.counts().cpu().numpy()
            places = op.pruned, op.locked, op.signs
            integers = ops.Supermask(name, op.tensor, tuple(op.shape), op.coats, counts, op.seed, *places)
            return _Weight(integers, np.full(op.shape[0], op.magnitude), np.zeros(op.shape[0]))
        case nn.DenseConv2d() | nn.DenseLinear():
            values, scale = op.integer_weight()
            bias = np.zeros(values.shape[0]) if op.bias is None else _floats(op.bias)
            return _Weight(ops.Dense(name, values, op.bits), np.asarray(scale, np.float64), bias)
        case _:
            raise GraphError(f"step {step.name}: {type(op).__name__} has no weight that can be lowered")


def _node(
    step: nn.Step, weight: _Weight | None, source: _Source, known: Mapping[str, Tensor], scales: Mapping[str, float]
) -> ops.Node:
    op = step.op
    if weight is not None:
        real = weight.step * scales[step.x]  # of one accumulator step
        if step.x not in known and source.features is not None:
            flat = _flattened(weight.integers)
            bound = networks.sparse_accumulators(flat, source.features)
            requantise = _requantise(step, real, weight.bias, bound, known, scales)
            return ops.SparseLinear(step.name, source.features, flat, requantise)
        bound = accumulators(weight.integers, known[step.x])
        requantise = _requantise(step, real, weight.bias, bound, known, scales)
        if isinstance(op, nn.SupermaskLinear | nn.DenseLinear):
            return ops.Linear(step.name, step.x, weight.integers, requantise)
        if isinstance(op, nn.SupermaskConv2d | nn.DenseConv2d):
            return ops.Conv(step.name, step.x, weight.integers, requantise, op.stride, op.padding, step.residual)
    if source.topology is not None and isinstance(op, nn.Aggregate | nn.Attention):
        return _gathering(step, op, source.topology, known, scales)
    if step.norm is None and step.residual is None and not step.relu:
        return _pooling(step, source.topology, known[step.x], scales)
    raise GraphError(
        f"{type(op).__name__} with norm={step.norm is not None}, residual={step.residual}, relu={step.relu} has no "
        "integer form; supported: supermask and dense conv and linear, aggregation and attention (norm, residual and "
        "ReLU fused), max pool, global average pool and node pool alone"
    )


def _gathering(
    step: nn.Step,
    op: nn.Aggregate | nn.Attention,
    topology: Topology,
    known: Mapping[str, Tensor],
    scales: Mapping[str, float],
) -> ops.Node:
    x = known[step.x]

    def requantise(gain: float, bound: int) -> ops.Requantise:
        channels = (x.shape[0],)
        real = np.full(channels, gain * scales[step.x])
        return _requantise(step, real, np.zeros(channels), np.full(channels, bound, np.int64), known, scales)

    if isinstance(op, nn.Aggregate):
        t = tables.by_degree(op.norm, topology, x)
        own = requantise(t.gain, t.bound)
        return ops.Aggregate(step.name, step.x, topology, t.neighbour, t.own, t.whole, t.shift, own, step.residual)
    own = requantise(tables.ATTENTION_STEP, networks.attended(x))
    scores = str(step.scores)
    return ops.Attention(
        step.name,
        step.x,
        scores,
        topology,
        op.heads,
        round(op.slope * 256),
        tables.softmax(scales[scores]),
        own,
        step.residual,
    )


def _pooling(step: nn.Step, topology: Topology | None, x: Tensor, scales: Mapping[str, float]) -> ops.Node:
    op = step.op
    gain = scales[step.x] / scales[step.name]
    match op:
        case nn.MaxPool():
            if scales[step.name] != scales[step.x]:
                raise GraphError(
                    f"max pooling keeps its input's scale, {scales[step.x]:.4g}, not {scales[step.name]:.4g}"
                )
            return ops.MaxPool(step.name, step.x, op.kernel, op.stride, op.padding)
        case nn.GlobalAvgPool():
            area = prod(x.shape[1:])
            (multiplier,), shift = quant.scalars([gain / area], [area * x.hi])
            return ops.AvgPool(step.name, step.x, multiplier, shift)
        case nn.NodePool() if topology is not None:
            multipliers, shift = tables.pooling(gain, op.kind == "mean", topology.nodes, x)
            return ops.NodePool(step.name, step.x, topology, multipliers, shift)
        case _:
            raise GraphError(f"{type(op).__name__} has no integer form here")


def _flattened(weight: ops.Weight) -> ops.Weight:
    """A 1x1 convolution's weight as that of a linear layer over sparse features, (O, I)."""
    shape = weight.shape[:2]
    if isinstance(weight, ops.Dense):
        return ops.Dense(weight.name, weight.values.reshape(shape))
    return replace(weight, shape=shape)


def _requantise(
    step: nn.Step,
    real: Floats,
    bias: Floats,
    bound: Bounds,
    known: Mapping[str, Tensor],
    scales: Mapping[str, float],
) -> ops.Requantise:
    """``real``: the value of one accumulator step, by channel; ``bound``: how many there can be."""
    to = scales[step.name]
    slope, mean, lift = np.ones_like(real), np.zeros_like(real), bias
    if step.norm is not None:
        norm = step.norm
        variance = _floats(norm.running_var)
        still = (bound == 0) | (variance < STILL * norm.eps)
        slope = np.where(still, 0.0, 1.0 / np.sqrt(variance + norm.eps))
        mean, lift = _floats(norm.running_mean) - bias, np.zeros_like(real)
        if norm.affine:
            slope, lift = slope * _floats(norm.weight), _floats(norm.bias)
    residual = None
    if step.residual is not None:
        other = known[step.residual]
        residual = (scales[step.residual] / to, max(other.hi, -other.lo))
    return quant.requantise(
        gain=slope * real / to,
        offset=lift / to,
        centre=mean / real,
        bound=bound,
        clamp=ops.RELU if step.relu else ops.SIGNED,
        residual=residual,
    )


def _floats(values: torch.Tensor | None) -> Floats:
    assert values is not None
    return np.asarray(values.detach().cpu().numpy(), np.float64)
