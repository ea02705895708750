"""Steps and weights of a net from an outline's layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TypeVar

import torch
from torch import Tensor, nn

from edgehfn.model.pytorch.outline import Layer, Weight
from edgehfn.nn.builder import BITS, Weights
from edgehfn.nn.net import INPUT, ITERATION, InputSpec, Net, Op, Step, Weighted
from edgehfn.nn.quantised import LEARNED, QuantisedConv2d, QuantisedLinear
from edgehfn.nn.supermask import SupermaskConv2d, SupermaskLinear, magnitude
from edgehfn.spec.limits import LARGEST

T = TypeVar("T", QuantisedConv2d, QuantisedLinear)

KindOf = Callable[[Weight], Weights]

TRIED = torch.linspace(0.3, 1.0, 71)  # steps of 4 bits, as parts of that which clips nothing


def net_of(
    layers: Sequence[Layer],
    spec: InputSpec,
    kind_of: KindOf,
    classes: tuple[str, ...] = (),
    seed: int = 0,
    densities: tuple[float, ...] = (0.5,),
) -> Net:
    """The net of layers in execution order, with weights of the kind that ``kind_of`` tells of each."""
    made: dict[object, tuple[str, Weighted]] = {}
    names: dict[Layer, str] = {}
    taken: dict[str, int] = {INPUT: 1}
    steps = []
    for layer in layers:
        bias = None
        if isinstance(layer.op, Weight):
            bias = layer.op.bias
            if layer.op.key not in made:
                op = _weighted(layer, kind_of(layer.op), seed, len(made), densities)
                made[layer.op.key] = _unique(layer.name, taken), op
                name = weight = made[layer.op.key][0]
            else:
                weight = made[layer.op.key][0]
                name = f"{weight}{ITERATION}{sum(n.partition(ITERATION)[0] == weight for n in names.values())}"
            op_: Op = made[layer.op.key][1]
        else:
            assert layer.op is not None
            name, weight, op_ = _unique(layer.name, taken), "", layer.op
        norm = layer.norm
        if norm is None and bias is not None and isinstance(op_, SupermaskConv2d | SupermaskLinear):
            norm = _offset(bias)
        names[layer] = name
        read = [names.get(x, INPUT) for x in layer.reads]
        residual = None if layer.residual is None else names.get(layer.residual, INPUT)
        other = read[1] if len(read) > 1 else None
        steps.append(Step(name, read[0], op_, weight, norm, layer.relu, residual, None, other, layer.cap))
    return Net(spec, steps, classes, seed)


def _unique(name: str, taken: dict[str, int]) -> str:
    """A name, or the next one that is free: ``name_1``."""
    while name in taken:
        taken[name] += 1
        name = f"{name}_{taken[name] - 1}"
    taken[name] = 1
    return name


def _weighted(layer: Layer, kind: Weights, seed: int, number: int, densities: tuple[float, ...]) -> Weighted:
    weight = layer.op
    assert isinstance(weight, Weight)
    outputs, inputs = weight.values.shape[:2]
    bits = BITS.get(kind)
    if bits is None:
        return _mask(weight, seed, number, densities)
    bias = weight.bias if layer.norm is None else None  # a norm takes it off its mean
    if weight.window is None:
        linear = QuantisedLinear(inputs, outputs, bias=bias is not None, bits=bits)
        return _filled(linear, weight.values, bias)
    slid = weight.window
    conv = QuantisedConv2d(
        outputs if weight.depthwise else inputs,
        outputs,
        slid.kernel,
        slid.stride,
        slid.padding,
        slid.dilation,
        weight.depthwise,
        bias=bias is not None,
        bits=bits,
    )
    return _filled(conv, weight.values, bias)


def _filled(op: T, values: Tensor, bias: Tensor | None) -> T:
    op.trained.data.copy_(values)
    if op.bias is not None and bias is not None:
        op.bias.data.copy_(bias)
    if op.step is not None:
        op.step.data.copy_(nearest_steps(values))
    return op


def nearest_steps(values: Tensor, largest: int = LARGEST[LEARNED]) -> Tensor:
    """Of each channel the step of 4 bits whose weights are nearest to ``values`` in the sum of squares."""
    flat = values.flatten(1)
    steps = TRIED[:, None] * flat.abs().amax(1).clamp_min(1e-12) / largest
    rounded = (flat / steps[..., None]).round().clamp(-largest, largest) * steps[..., None]
    return steps.gather(0, (rounded - flat).square().sum(-1).argmin(0)[None])[0]


def _mask(weight: Weight, seed: int, number: int, densities: tuple[float, ...]) -> Weighted:
    outputs, inputs = weight.values.shape[:2]
    real = magnitude(prod(weight.values.shape[1:]), densities)
    if weight.window is None:
        return SupermaskLinear(inputs, outputs, tensor=number, seed=seed, densities=densities, magnitude=real)
    slid = weight.window
    return SupermaskConv2d(
        outputs if weight.depthwise else inputs,
        outputs,
        slid.kernel,
        slid.stride,
        slid.padding,
        slid.dilation,
        weight.depthwise,
        tensor=number,
        seed=seed,
        densities=densities,
        magnitude=real,
    )


def _offset(bias: Tensor) -> nn.BatchNorm2d:
    """A norm that adds a bias, which a mask has none of."""
    norm = nn.BatchNorm2d(len(bias))
    norm.bias.data.copy_(bias)
    return norm.eval()
