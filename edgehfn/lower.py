"""From a trained net and its calibration to the integer graph: each step becomes one node, with one requantisation.

Derivation. A step computes ``y = γ·(z - μ)/σ + β + residual`` on ``z = g·S_x·acc``, where ``acc`` is the integer
accumulator, ``S_x`` the input's scale and ``g`` the weight's real step (a supermask's magnitude, or a dense channel's
scale). In output steps of ``S_y``:

    y / S_y = gain·(acc - centre) + β / S_y + (S_r / S_y)·x_r,    gain = γ·g·S_x / (σ·S_y),    centre = μ / (g·S_x)

which ``quant.requantise`` turns into the integers of docs/SPEC.md section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import torch

from edgehfn import nn, quant
from edgehfn.errors import GraphError
from edgehfn.graph import Graph, ops, verify
from edgehfn.graph.graph import Tensor, infer
from edgehfn.graph.verify import accumulators
from edgehfn.quant import Floats

# A channel whose variance is this small against the norm's epsilon never leaves its mean: it has no inputs left, or
# only such channels as inputs. Its slope, up to 1/sqrt(epsilon), would cost all other channels their precision.
STILL = 1e-4


def lower(net: nn.Net, scales: Mapping[str, float]) -> Graph:
    """The verified integer graph of a net in the state it has now.

    ``scales`` (a calibration's) gives the real value of one integer step of every tensor by name. Raises GraphError for
    a step that has no integer form or breaks a rule of docs/SPEC.md.
    """
    made = net.input
    nodes: list[ops.Node] = [ops.Input("input", made.shape, made.order, made.dtype)]
    known = {"input": infer(nodes[0], {})}
    weights: dict[str, _Weight] = {}
    for step in net.steps:
        for name in (step.x, step.residual, step.name):
            if name is not None and name not in scales:
                raise GraphError(
                    f"step {step.name}: the calibration has no scale for {name}; calibrate this very model"
                )
        if step.weight and step.weight not in weights:
            weights[step.weight] = _weight(step)
        try:
            node = _node(step, weights.get(step.weight), known, scales)
            known[step.name] = infer(node, known)
        except GraphError as error:
            raise GraphError(f"step {step.name}: {error}") from None
        nodes.append(node)
    rationals = {name: quant.rational(scales[name]) for name in known}
    return verify(Graph(tuple(nodes), net.seed, net.classes, rationals))


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


def _node(step: nn.Step, weight: _Weight | None, known: Mapping[str, Tensor], scales: Mapping[str, float]) -> ops.Node:
    op, x = step.op, known[step.x]
    if weight is not None:
        requantise = _requantise(step, weight, known, scales)
        if isinstance(op, nn.SupermaskLinear | nn.DenseLinear):
            return ops.Linear(step.name, step.x, weight.integers, requantise)
        if isinstance(op, nn.SupermaskConv2d | nn.DenseConv2d):
            return ops.Conv(step.name, step.x, weight.integers, requantise, op.stride, op.padding, step.residual)
    if step.norm is None and step.residual is None and not step.relu:
        if isinstance(op, nn.MaxPool):
            if scales[step.name] != scales[step.x]:
                raise GraphError(
                    f"max pooling keeps its input's scale, {scales[step.x]:.4g}, not {scales[step.name]:.4g}"
                )
            return ops.MaxPool(step.name, step.x, op.kernel, op.stride, op.padding)
        if isinstance(op, nn.GlobalAvgPool):
            area = prod(x.shape[1:])
            gain = scales[step.x] / (scales[step.name] * area)
            (multiplier,), shift = quant.scalars([gain], [area * x.hi])
            return ops.AvgPool(step.name, step.x, multiplier, shift)
    raise GraphError(
        f"{type(op).__name__} with norm={step.norm is not None}, residual={step.residual}, relu={step.relu} has no "
        "integer form; supported: supermask and dense conv and linear (norm, residual and ReLU fused), max pool and "
        "global average pool alone"
    )


def _requantise(
    step: nn.Step, weight: _Weight, known: Mapping[str, Tensor], scales: Mapping[str, float]
) -> ops.Requantise:
    x, to = known[step.x], scales[step.name]
    real = weight.step * scales[step.x]  # of one accumulator step
    bound = accumulators(weight.integers, x)
    slope, mean, lift = np.ones_like(real), weight.bias * 0.0, weight.bias
    if step.norm is not None:
        norm = step.norm
        variance = _floats(norm.running_var)
        still = (bound == 0) | (variance < STILL * norm.eps)
        slope = np.where(still, 0.0, 1.0 / np.sqrt(variance + norm.eps))
        mean, lift = _floats(norm.running_mean) - weight.bias, np.zeros_like(real)
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
