"""From a trained net and its calibration to the integer graph: each step becomes one node, with one requantisation.

Derivation. A step computes ``y = γ·(z - μ)/σ + β + residual`` on ``z = g·S_x·acc``, where ``acc`` is the integer
accumulator, ``S_x`` the input's scale and ``g`` the weight's real step (a supermask's magnitude, or a dense channel's
scale). In output steps of ``S_y``:

    y / S_y = gain·(acc - centre) + β / S_y + (S_r / S_y)·x_r,    gain = γ·g·S_x / (σ·S_y),    centre = μ / (g·S_x)

which ``quant.requantise`` turns into the integers of docs/SPEC.md section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import assert_never

import numpy as np
import torch

from edgehfn import nn
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, gnn_rules, ops, verify
from edgehfn.ir.graph import Tensor, infer
from edgehfn.ir.topology import Features, InputTopology, StoredTopology, Topology
from edgehfn.ir.validate import Bounds, accumulators
from edgehfn.lowering import constants, gnn_tables
from edgehfn.lowering import requantise as quant
from edgehfn.lowering.constants import Values
from edgehfn.lowering.requantise import Floats
from edgehfn.nn.adjacency import is_sparse
from edgehfn.nn.net import INPUT, own
from edgehfn.spec.limits import LEVELS

# A channel whose variance is this small against the norm's epsilon never leaves its mean. Its slope, up to
# 1/sqrt(epsilon), would cost all other channels their precision.
STILL = 1e-4


def lower(net: nn.Net, scales: Mapping[str, float]) -> Graph:
    """The verified integer graph of a net in the state it has now.

    ``scales`` (a calibration's) gives the real value of one integer step of every tensor by name. Raises GraphError for
    a step that has no integer form or breaks a rule of docs/SPEC.md.
    """
    source = _source(own(net))
    nodes: list[ops.Node] = []
    known = _Known(quant.checked(scales))
    if source.node is not None:
        known.add(source.node)
        nodes.append(source.node)
    weights: dict[str, _Weight] = {}
    for step in net.steps:
        for name in (*step.reads, step.name):
            if name not in scales:
                raise GraphError(
                    f"step {step.name}: the calibration has no scale for {name}; calibrate this very model"
                )
        if step.weight and step.weight not in weights:
            weights[step.weight] = _weight(step.weight, net.weights[step.weight])
        try:
            node = _node(step, weights, source, known)
            known.add(node)
        except GraphError as error:
            raise GraphError(f"step {step.name}: {error}") from None
        nodes.append(node)
    rationals = {name: quant.rational(scales[name]) for name in known.tensors}
    return verify(Graph(tuple(nodes), net.seed, net.classes, rationals))


@dataclass(frozen=True)
class _Known:
    """The tensors that the nodes so far make, the constant channels of each, and the scales of all.

    ``real`` is what constant channels are in the float net, before rounding: a steep norm behind them sees the
    difference. It is NaN where that is not known.
    """

    scales: Mapping[str, float]
    tensors: dict[str, Tensor] = field(default_factory=dict)
    constant: dict[str, Values] = field(default_factory=dict)
    real: dict[str, Values] = field(default_factory=dict)

    def add(self, node: ops.Node) -> None:
        self.tensors[node.name] = made = infer(node, self.tensors)
        self.constant[node.name] = constant = constants.made(node, self.constant, made)
        self.real.setdefault(node.name, np.where(constant == 0, 0.0, np.nan))  # of inputs, zeros are all there is


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


def _weight(name: str, op: nn.Weighted) -> _Weight:
    match op:
        case nn.SupermaskConv2d() | nn.SupermaskLinear():
            counts = op.counts().cpu().numpy()
            shape, places = tuple(op.shape), (op.pruned, op.locked, op.signs)
            mask = ops.Supermask(name, op.tensor, shape, op.coats, counts, op.seed, *places)
            return _Weight(mask, np.full(shape[0], op.magnitude), np.zeros(shape[0]))
        case nn.QuantisedConv2d() | nn.QuantisedLinear():
            values, scale = op.integer_weight()
            bias = np.zeros(values.shape[0]) if op.bias is None else _floats(op.bias)
            return _Weight(ops.QuantisedWeight(name, values, op.bits), np.asarray(scale, np.float64), bias)
        case _:
            assert_never(op)


def _node(step: nn.Step, weights: Mapping[str, _Weight], source: _Source, known: _Known) -> ops.Node:
    op = step.op
    match op:
        case nn.SupermaskConv2d() | nn.QuantisedConv2d() | nn.SupermaskLinear() | nn.QuantisedLinear():
            return _weighted(step, op, weights[step.weight], source, known)
        case nn.Aggregate() | nn.Attention():
            assert source.topology is not None
            return _gathering(step, op, source.topology, known)
        case nn.MaxPool() | nn.GlobalAvgPool() | nn.NodePool():
            return _pooling(step, op, source.topology, known)
        case _:
            assert_never(op)


def _weighted(step: nn.Step, op: nn.Weighted, weight: _Weight, source: _Source, known: _Known) -> ops.Node:
    integers, real = weight.integers, weight.step * known.scales[step.x]  # of one accumulator step
    if step.x not in known.tensors and source.features is not None:
        flat = _flattened(integers)
        constant = constants.weighted(flat, constants.features(source.features))
        sums = _Sums(real, gnn_rules.sparse_accumulators(flat, source.features), constant, constant)
        return ops.SparseLinear(step.name, source.features, flat, _requantise(step, sums, weight.bias, known))
    bound, values = accumulators(integers, known.tensors[step.x]), (known.constant[step.x], known.real[step.x])
    match op:
        case nn.SupermaskLinear() | nn.QuantisedLinear():
            constant, exact = (constants.weighted(integers, constants.flattened(x, integers)) for x in values)
            sums = _Sums(real, bound, constant, weight.step * exact)
            return ops.Linear(step.name, step.x, integers, _requantise(step, sums, weight.bias, known))
        case nn.SupermaskConv2d() | nn.QuantisedConv2d():
            constant, exact = (constants.weighted(integers, x, op.padding) for x in values)
            sums = _Sums(real, bound, constant, weight.step * exact)
            requantise = _requantise(step, sums, weight.bias, known)
            return ops.Conv(step.name, step.x, integers, requantise, op.stride, op.padding, step.residual)
        case _:
            assert_never(op)


def _gathering(step: nn.Step, op: nn.Aggregate | nn.Attention, topology: Topology, known: _Known) -> ops.Node:
    x, scales = known.tensors[step.x], known.scales

    def requantise(gain: float, bound: int) -> ops.Requantise:
        real = np.full(x.shape[0], gain * scales[step.x])
        constant, exact = (constants.gathered(values[step.x]) for values in (known.constant, known.real))
        sums = _Sums(real, np.full(len(real), bound, np.int64), constant, exact)
        return _requantise(step, sums, np.zeros(len(real)), known)

    if isinstance(op, nn.Aggregate):
        t = gnn_tables.by_degree(op.norm, topology, x)
        own = requantise(t.gain, t.bound)
        return ops.Aggregate(step.name, step.x, topology, t.neighbour, t.own, t.whole, t.shift, own, step.residual)
    own = requantise(gnn_tables.ATTENTION_STEP, gnn_rules.attended(x))
    scores = str(step.scores)
    return ops.Attention(
        step.name,
        step.x,
        scores,
        topology,
        op.heads,
        round(op.slope * 256),
        gnn_tables.softmax(scales[scores]),
        own,
        step.residual,
    )


_Pool = nn.MaxPool | nn.GlobalAvgPool | nn.NodePool


def _pooling(step: nn.Step, op: _Pool, topology: Topology | None, known: _Known) -> ops.Node:
    if step.norm is not None or step.residual is not None or step.relu:
        raise GraphError(
            f"{type(op).__name__} with norm={step.norm is not None}, residual={step.residual}, relu={step.relu} has no "
            "integer form; supported: supermask and dense conv and linear, aggregation and attention (norm, residual "
            "and ReLU fused), max pool, global average pool and node pool alone"
        )
    x, before, after, real = known.tensors[step.x], known.scales[step.x], known.scales[step.name], known.real[step.x]
    match op:
        case nn.MaxPool():
            if before != after:
                raise GraphError(f"max pooling keeps its input's scale, {before:.4g}, not {after:.4g}")
            known.real[step.name] = real
            return ops.MaxPool(step.name, step.x, op.kernel, op.stride, op.padding)
        case nn.GlobalAvgPool():
            area = prod(x.shape[1:])
            (multiplier,), shift = quant.scalars([before / after / area], [area * x.hi])
            known.real[step.name] = real
            return ops.AvgPool(step.name, step.x, multiplier, shift)
        case nn.NodePool():
            assert topology is not None
            multipliers, shift = gnn_tables.pooling(before / after, op.kind == "mean", topology.nodes, x)
            known.real[step.name] = constants.gathered(real)
            return ops.NodePool(step.name, step.x, topology, multipliers, shift)
        case _:
            assert_never(op)


def _flattened(weight: ops.Weight) -> ops.Weight:
    """A 1x1 convolution's weight as that of a linear layer over sparse features, (O, I)."""
    shape = weight.shape[:2]
    match weight:
        case ops.QuantisedWeight():
            return ops.QuantisedWeight(weight.name, weight.values.reshape(shape))
        case ops.Supermask():
            return replace(weight, shape=shape)
        case _:
            assert_never(weight)


@dataclass(frozen=True)
class _Sums:
    """Accumulators, by channel: the real value of one step, how many of them there can be, what it is if it is
    constant, and what that is in the float net, if known."""

    real: Floats
    bound: Bounds
    constant: Values
    exact: Values


def _requantise(step: nn.Step, sums: _Sums, bias: Floats, known: _Known) -> ops.Requantise:
    """Of the node of this step; notes what its constant channels are in the float net."""
    to = known.scales[step.name]
    residual, added, reach = None, np.zeros_like(sums.real), LEVELS * to
    if step.residual is not None:
        other, scale = known.tensors[step.residual], known.scales[step.residual]
        residual, added = (scale / to, max(other.hi, -other.lo)), known.real[step.residual]
        reach += residual[1] * scale
    slope, mean, bias_term = np.ones_like(sums.real), np.zeros_like(sums.real), bias
    if step.norm is not None:
        norm = step.norm
        variance = _floats(norm.running_var)
        slope = 1.0 / np.sqrt(variance + norm.eps)
        mean, bias_term = _floats(norm.running_mean) - bias, np.zeros_like(sums.real)
        if norm.affine:
            slope, bias_term = slope * _floats(norm.weight), _floats(norm.bias)
        # A constant channel's statistics are what they were when it still varied, if that was but some steps ago.
        fixed = ~np.isnan(sums.constant)
        apart = np.nan_to_num(sums.exact - mean)  # the mean is what it is if that is not known
        found = slope * apart + bias_term
        bias_term = np.where(fixed, np.clip(found, -reach, reach), bias_term)  # no more than the clamp can tell apart
        slope = np.where(fixed | (variance < STILL * norm.eps), 0.0, slope)
    else:
        fixed, found = ~np.isnan(sums.exact), sums.exact + bias
    real = np.where(fixed, found + added, np.nan)
    known.real[step.name] = np.maximum(real, 0.0) if step.relu else real
    return quant.requantise(
        gain=slope * sums.real / to,
        offset=bias_term / to,
        centre=mean / sums.real,
        bound=sums.bound,
        clamp=ops.RELU if step.relu else ops.SIGNED,
        residual=residual,
    )


def _floats(values: torch.Tensor | None) -> Floats:
    assert values is not None
    return np.asarray(values.detach().cpu().numpy(), np.float64)
