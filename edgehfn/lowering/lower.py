"""From a trained net and its calibration to the integer graph: each step becomes one node, with one requantisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import assert_never

import numpy as np

from edgehfn import nn
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, gnn_rules, ops, verify
from edgehfn.ir.bounds import accumulators
from edgehfn.ir.topology import Topology
from edgehfn.lowering import constants, gnn_tables
from edgehfn.lowering import requantise as quant
from edgehfn.lowering.fold import Known, Sums, floats, folded
from edgehfn.lowering.requantise import Floats
from edgehfn.lowering.source import Source, source_of
from edgehfn.nn.net import INPUT, check_integer, own
from edgehfn.spec.limits import LEVELS

DIFFERENCE = "difference"  # the last tensor of a net for anomalies
MOST_SQUARES = 2**18  # each up to 127^2, in a sum below 2^32 (SPEC section 5.4)


def lower(net: nn.Net, scales: Mapping[str, float]) -> Graph:
    """The verified integer graph of a net in the state it has now.

    ``scales`` (a calibration's) gives the real value of one integer step of every tensor by name. Raises GraphError for
    a step that has no integer form or breaks a rule of docs/SPEC.md.
    """
    check_integer(own(net))
    source = source_of(net)
    nodes: list[ops.Node] = []
    known = Known(quant.checked(scales))
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
    if net.task.kind == "anomaly":
        nodes[-1:] = _compared(nodes[-1], known)
        known.add(nodes[-1])
    rationals = {name: quant.rational(known.scales[INPUT if name == DIFFERENCE else name]) for name in known.tensors}
    sound = net.input.sound if isinstance(net.input, nn.InputSpec) else None
    return verify(Graph(tuple(nodes), net.seed, net.classes, rationals, sound, net.task))


def _compared(node: ops.Node, known: Known) -> tuple[ops.Node, ops.Node]:
    """The last node of an autoencoder, negated, and what adds the input to it, in steps of the input."""
    first = known.tensors[INPUT]
    if not isinstance(node, ops.Linear | ops.Conv) or node.requantise.clamp != ops.SIGNED or ops.residual(node):
        raise GraphError(
            f"node {node.name}: a net for anomalies ends in a linear layer or a convolution without ReLU and residual"
        )
    if known.tensors[node.name].size != first.size:
        raise GraphError(f"node {node.name}: has not as many outputs as the {first.size} inputs that it shall be like")
    if first.size > MOST_SQUARES:
        raise GraphError(
            f"node {node.name}: a score over {first.size} inputs exceeds 32 bits; {MOST_SQUARES} are the most"
        )
    q, step = node.requantise, known.scales[INPUT]
    turned = replace(q, multiplier=tuple(-m for m in q.multiplier), bias=tuple(-b for b in q.bias))
    (ours, theirs), shift = quant.scalars([known.scales[node.name] / step, 1.0], [LEVELS, LEVELS])
    whole = replace(node, requantise=turned)
    return whole, ops.Add(DIFFERENCE, node.name, INPUT, ours, theirs, shift, ops.SIGNED)


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
            bias = np.zeros(values.shape[0]) if op.bias is None else floats(op.bias)
            return _Weight(ops.QuantisedWeight(name, values, op.bits), np.asarray(scale, np.float64), bias)
        case _:
            assert_never(op)


def _node(step: nn.Step, weights: Mapping[str, _Weight], source: Source, known: Known) -> ops.Node:
    op = step.op
    match op:
        case nn.SupermaskConv2d() | nn.QuantisedConv2d() | nn.SupermaskLinear() | nn.QuantisedLinear():
            return _weighted(step, op, weights[step.weight], source, known)
        case nn.Aggregate() | nn.Attention():
            assert source.topology is not None
            return _gathering(step, op, source.topology, known)
        case nn.MaxPool() | nn.AvgPool() | nn.GlobalAvgPool() | nn.Concat() | nn.NodePool():
            return _pooling(step, op, source.topology, known)
        case _:
            assert_never(op)


def _weighted(step: nn.Step, op: nn.Weighted, weight: _Weight, source: Source, known: Known) -> ops.Node:
    integers, real = weight.integers, weight.step * known.scales[step.x]  # of one accumulator step
    if step.x not in known.tensors and source.features is not None:
        flat = _flattened(integers)
        constant = constants.weighted(flat, constants.features(source.features))
        sums = Sums(real, gnn_rules.sparse_accumulators(flat, source.features), constant, constant)
        return ops.SparseLinear(step.name, source.features, flat, folded(step, sums, weight.bias, known))
    bound, values = accumulators(integers, known.tensors[step.x]), (known.constant[step.x], known.real[step.x])
    match op:
        case nn.SupermaskLinear() | nn.QuantisedLinear():
            constant, exact = (constants.weighted(integers, constants.flattened(x, integers)) for x in values)
            sums = Sums(real, bound, constant, weight.step * exact)
            return ops.Linear(step.name, step.x, integers, folded(step, sums, weight.bias, known))
        case nn.SupermaskConv2d() | nn.QuantisedConv2d():
            slid, summed = op.window, constants.channelwise if op.depthwise else constants.weighted
            constant, exact = (summed(integers, x, constants.padded(slid.sides)) for x in values)
            sums = Sums(real, bound, constant, weight.step * exact)
            requantise = folded(step, sums, weight.bias, known)
            kind = ops.Depthwise if op.depthwise else ops.Conv
            places = slid.stride, slid.padding, step.residual, slid.dilation
            return kind(step.name, step.x, integers, requantise, *places)
        case _:
            assert_never(op)


def _gathering(step: nn.Step, op: nn.Aggregate | nn.Attention, topology: Topology, known: Known) -> ops.Node:
    x, scales = known.tensors[step.x], known.scales

    def requantise(gain: float, bound: int) -> ops.Requantise:
        real = np.full(x.shape[0], gain * scales[step.x])
        constant, exact = (constants.gathered(values[step.x]) for values in (known.constant, known.real))
        sums = Sums(real, np.full(len(real), bound, np.int64), constant, exact)
        return folded(step, sums, np.zeros(len(real)), known)

    if isinstance(op, nn.Aggregate):
        t = gnn_tables.by_degree(op.norm, topology, x, None if op.learned is None else op.own)
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


_Pool = nn.MaxPool | nn.AvgPool | nn.GlobalAvgPool | nn.Concat | nn.NodePool


def _pooling(step: nn.Step, op: _Pool, topology: Topology | None, known: Known) -> ops.Node:
    if step.norm is not None or step.residual is not None or step.relu:
        raise GraphError(
            f"{type(op).__name__} with norm={step.norm is not None}, residual={step.residual}, relu={step.relu} has no "
            "integer form; supported: supermask and dense conv and linear, aggregation and attention (norm, residual "
            "and ReLU fused), max, average and node pools and joined maps alone"
        )
    x, before, after, real = known.tensors[step.x], known.scales[step.x], known.scales[step.name], known.real[step.x]
    match op:
        case nn.MaxPool():
            if before != after:
                raise GraphError(f"max pooling keeps its input's scale, {before:.4g}, not {after:.4g}")
            known.real[step.name] = real
            return ops.MaxPool(step.name, step.x, op.kernel, op.stride, op.padding)
        case nn.AvgPool():
            area = prod(op.kernel)
            (multiplier,), shift = quant.scalars([before / after / area], [area * x.hi])
            known.real[step.name] = constants.gathered(real)
            return ops.MeanPool(step.name, step.x, op.kernel, op.stride, op.padding, multiplier, shift)
        case nn.Concat():
            return _joined(step, known)
        case nn.GlobalAvgPool():
            area = prod(x.shape[1:])
            (multiplier,), shift = quant.scalars([before / after / area], [area * x.hi])
            known.real[step.name] = real
            return ops.AvgPool(step.name, step.x, multiplier, shift)
        case nn.NodePool():
            assert topology is not None
            first = op.kind == "first"
            most = 1 if first else topology.nodes
            multipliers, shift = gnn_tables.pooling(before / after, op.kind == "mean", most, x)
            known.real[step.name] = constants.gathered(real)
            return ops.NodePool(step.name, step.x, topology, multipliers, shift, first)
        case _:
            assert_never(op)


def _joined(step: nn.Step, known: Known) -> ops.Concat:
    x, y = known.tensors[step.x], known.tensors[str(step.other)]
    before, after = (known.scales[x.name], known.scales[y.name]), known.scales[step.name]
    (first, second), shift = quant.scalars([scale / after for scale in before], [max(x.hi, y.hi)] * 2)
    known.real[step.name] = np.concatenate([constants.gathered(known.real[name]) for name in (x.name, y.name)])
    return ops.Concat(step.name, x.name, y.name, first, second, shift, ops.SIGNED if min(x.lo, y.lo) < 0 else ops.RELU)


def _flattened(weight: ops.Weight) -> ops.Weight:
    """A 1x1 convolution's weight as that of a linear layer over sparse features, (O, I)."""
    shape = weight.shape[:2]
    match weight:
        case ops.QuantisedWeight():
            return replace(weight, values=weight.values.reshape(shape))
        case ops.Supermask():
            return replace(weight, shape=shape)
        case _:
            assert_never(weight)
