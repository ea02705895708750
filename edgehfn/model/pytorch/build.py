"""Steps and weights of a net from an outline's layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from math import prod
from typing import TypeVar

import torch
from torch import Tensor, nn

from edgehfn.model.pytorch.outline import Layer, Weight
from edgehfn.nn.builder import BITS, Weights
from edgehfn.nn.net import INPUT, ITERATION, InputSpec, Net, Op, Step, Weighted
from edgehfn.nn.quantised import LEARNED, Quantised, QuantisedConv2d, QuantisedLinear
from edgehfn.nn.supermask import Source, SupermaskConv2d, SupermaskLinear, magnitude
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
    norms: dict[tuple[object, nn.BatchNorm2d], nn.BatchNorm2d] = {}
    names: dict[Layer, str] = {}
    taken: dict[str, int] = {INPUT: 1}
    bare = {layer.op.key for layer in layers if isinstance(layer.op, Weight) and layer.norm is None}
    steps = []
    for layer in layers:
        assert layer.op is not None
        op: Op
        norm, weight = layer.norm, ""
        if isinstance(layer.op, Weight):
            key = layer.op.key
            if key not in made:
                kept = layer.op.bias if key in bare else None  # else the norms take it off their means
                fresh = _weighted(layer.op, kept, kind_of(layer.op), seed, len(made), densities)
                made[key] = _unique(layer.name, taken), fresh
            weight, op = made[key]
            before = sum(name.partition(ITERATION)[0] == weight for name in names.values())
            name = f"{weight}{ITERATION}{before}" if before else weight
            bias = layer.op.bias if not isinstance(op, Quantised) or op.bias is None else None
            if norm is not None:
                norm = norms.setdefault((key, norm), _moved(norm, bias))
            elif bias is not None:
                norm = _offset(bias)
        else:
            name, op = _unique(layer.name, taken), layer.op
        names[layer] = name
        x, *others = [names.get(read, INPUT) for read in layer.reads]
        residual = None if layer.residual is None else names.get(layer.residual, INPUT)
        other = others[0] if others else None
        steps.append(Step(name, x, op, weight, norm, layer.relu, residual, None, other, layer.cap))
    return Net(spec, steps, classes, seed)


def _unique(name: str, taken: dict[str, int]) -> str:
    """A name, or the next one that is free: ``name_1``."""
    while name in taken:
        taken[name] += 1
        name = f"{name}_{taken[name] - 1}"
    taken[name] = 1
    return name


def _weighted(
    weight: Weight, bias: Tensor | None, kind: Weights, seed: int, number: int, densities: tuple[float, ...]
) -> Weighted:
    """The layer of a weight; ``bias`` is what a trained one keeps."""
    outputs, inputs = weight.values.shape[:2]
    bits, slid = BITS.get(kind), weight.window
    if slid is None:
        if bits is None:
            return SupermaskLinear(inputs, outputs, **_source(weight, seed, number, densities))
        return _filled(QuantisedLinear(inputs, outputs, bias=bias is not None, bits=bits), weight.values, bias)
    read = outputs if weight.depthwise else inputs
    shape = (read, outputs, slid.kernel, slid.stride, slid.padding, slid.dilation, weight.depthwise)
    if bits is None:
        return SupermaskConv2d(*shape, **_source(weight, seed, number, densities))
    return _filled(QuantisedConv2d(*shape, bias=bias is not None, bits=bits), weight.values, bias)


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


def _source(weight: Weight, seed: int, number: int, densities: tuple[float, ...]) -> Source:
    real = magnitude(prod(weight.values.shape[1:]), densities)
    return {"tensor": number, "seed": seed, "densities": densities, "magnitude": real}


def _moved(norm: nn.BatchNorm2d, bias: Tensor | None) -> nn.BatchNorm2d:
    """A norm behind a layer that leaves out its bias."""
    moved = deepcopy(norm)
    if bias is not None:
        assert moved.running_mean is not None
        moved.running_mean -= bias
    return moved


def _offset(bias: Tensor) -> nn.BatchNorm2d:
    """A norm that adds a bias, which a mask has none of."""
    norm = nn.BatchNorm2d(len(bias))
    norm.bias.data.copy_(bias)
    return norm.eval()
