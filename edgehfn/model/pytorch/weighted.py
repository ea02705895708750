"""Convolutions, linear layers, norms, ReLUs and sums: what a layer with a weight computes."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite
from typing import Any

import torch
from torch import fx, nn

from edgehfn.errors import EdgeHFNError
from edgehfn.model.pytorch.outline import (
    Arguments,
    Layer,
    Outline,
    Value,
    Weight,
    made_by,
    pair_of,
    read_flat,
    read_map,
)
from edgehfn.model.pytorch.program import operator_of, refuse
from edgehfn.nn.pool import MaxPool
from edgehfn.nn.shapes import Shape, Window, conv_shape


def _weighted(made: Outline, node: fx.Node, args: Arguments) -> Weight:
    values, bias = made.constant(node, args["weight"]), made.constant(node, args["bias"])
    assert values is not None
    return Weight(values, bias, path=made.path(node, args["weight"]), origin=(args["weight"], args["bias"]))


def convolution(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """A convolution over a map or a series."""
    x, weight = made.value(node, args["input"]), _weighted(made, node, args)
    shape, line = read_map(x, made.source, node), weight.values.dim() == 3
    kernel = (1, *weight.values.shape[2:]) if line else tuple(weight.values.shape[2:])
    strides, apart = (pair_of(args[name], line) for name in ("stride", "dilation"))
    padding = tuple(a + b for a, b in zip(_sides(args["padding"], kernel, apart, line), x.around, strict=True))
    outputs, inputs = weight.values.shape[:2]
    each = args["groups"] > 1
    if each and not (args["groups"] == shape[0] == outputs and inputs == 1):
        refuse(node, f"{args['groups']} groups of {shape[0]} channels to {outputs}; groups are 1, or one a channel")
    try:
        window = Window(kernel, strides, padding, apart)  # type: ignore[arg-type]
        to = conv_shape(shape, (outputs, inputs, *kernel), window.sides, each)
    except EdgeHFNError as error:
        refuse(node, str(error))
    weight = replace(weight, values=weight.values.reshape(outputs, inputs, *kernel), window=window, depthwise=each)
    if x.layer.shape != shape:  # a vector seen as a map of one place
        weight, to = replace(weight, values=weight.values.sum((2, 3)), window=None), (outputs,)
        if each or kernel != (1, 1):
            refuse(node, f"a kernel of {kernel} over one place; use 1")
    return made_by(node, Layer(_name(weight.path, node), to, [x.layer], weight))


def linear(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """A linear layer over all elements."""
    x, weight = made.value(node, args["input"]), _weighted(made, node, args)
    read_flat(x, made.source, node)
    return made_by(node, Layer(_name(weight.path, node), (weight.values.shape[0],), [x.layer], weight))


def norm(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """A batch norm, behind the layer before it if that can carry it."""
    x = made.value(node, args["input"])
    mean, variance = (made.constant(node, args[name]) for name in ("running_mean", "running_var"))
    slope, offset = (made.constant(node, args[name]) for name in ("weight", "bias"))
    if mean is None or variance is None or args["training"]:
        refuse(node, "normalises by each batch; a device needs running statistics")
    layer = x.layer
    fits = isinstance(layer.op, Weight) and layer.norm is None and layer.residual is None and not layer.relu
    if not (x.sole and fits) or layer.shape[0] != len(mean):
        layer = carrier(x, made, node)
    key = tuple(args[name] for name in ("running_mean", "running_var", "weight", "bias", "eps"))
    if key not in made.norms:
        norm = nn.BatchNorm2d(len(mean), args["eps"], args["momentum"], affine=slope is not None or offset is not None)
        norm.running_mean, norm.running_var = mean.clone(), variance.clone()
        if norm.affine:
            norm.weight.data = torch.ones_like(mean) if slope is None else slope.clone()
            norm.bias.data = torch.zeros_like(mean) if offset is None else offset.clone()
        made.norms[key] = norm.eval()
    layer.norm = made.norms[key]
    return Value(layer, x.shape)


def relu(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """A ReLU, capped or not, behind the layer before it if that can carry it."""
    x, low, high = made.value(node, args.get("self", args.get("input"))), *_limits(node, args)
    if low != 0 or not high > 0:
        refuse(node, f"clamps to {low}..{high}; a ReLU begins at 0")
    layer, sole = x.layer, x.sole
    if layer.relu and not isfinite(high):
        return x
    while sole and isinstance(layer.op, MaxPool):  # the largest of what is not negative
        layer, sole = layer.reads[0], layer.sole_input
    if not sole or layer.relu or not isinstance(layer.op, Weight):
        layer = carrier(x, made, node)
        x = Value(layer, x.shape)
    layer.relu, layer.cap = True, high if isfinite(high) else None
    return Value(x.layer, x.shape)


def _limits(node: fx.Node, args: Arguments) -> tuple[float, float]:
    match operator_of(node):
        case "relu":
            return 0.0, inf
        case "relu6":
            return 0.0, 6.0
        case "hardtanh":
            found = args["min_val"], args["max_val"]
        case _:
            found = args.get("min"), args.get("max")
    if any(isinstance(limit, fx.Node) for limit in found):
        refuse(node, "clamps by a tensor; give numbers")
    low, high = found
    return -inf if low is None else float(low), inf if high is None else float(high)


def add(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """A sum, as the residual of one of its terms if that can carry it."""
    if args.get("alpha", 1) != 1:
        refuse(node, f"adds {args['alpha']} times a tensor; only plain sums are computed")
    first, second = (made.value(node, args[name]) for name in ("self", "other"))
    shapes = [read_map(value, made.source, node) for value in (first, second)]
    if shapes[0] != shapes[1] or first.layer.shape != second.layer.shape:
        refuse(node, f"adds {first.shape} and {second.shape}; make them equal")
    made_so_far = [value.layer for value in made.values.values()]
    late = sorted((first, second), key=lambda value: made_so_far.index(value.layer))
    for value, other in (late[::-1], late):
        layer = value.layer
        fits = isinstance(layer.op, Weight) and layer.op.window is not None and layer.residual is None
        if fits and value.sole and not layer.relu and layer is not other.layer:
            layer.residual = other.layer
            return Value(layer, value.shape)
    layer = carrier(first, made, node)
    layer.residual = second.layer
    return Value(layer, first.shape)


def carrier(x: Value, made: Outline, node: fx.Node) -> Layer:
    """A convolution of each place and channel alone by 1, for what no layer before can carry."""
    shape = read_map(x, made.source, node)
    if x.layer.shape != shape or any(x.around):
        refuse(node, f"over a vector of {shape[:1]} it must follow its linear layer, which nothing else may read")
    ones = Weight(torch.ones(shape[0], 1, 1, 1), None, Window(1), depthwise=True, origin=(node,), fixed=True)
    return Layer(node.name, shape, [x.layer], ones)


def _name(path: str, node: fx.Node) -> str:
    return path.replace(".", "_") or node.name


def _sides(padding: Any, kernel: Shape, apart: Shape, line: bool) -> tuple[int, int, int, int]:
    """Zeros above, below, left and right."""
    if padding == "valid":
        return 0, 0, 0, 0
    if padding == "same":
        (above, below), (left, right) = (
            (d * (k - 1) // 2, d * (k - 1) - d * (k - 1) // 2) for k, d in zip(kernel, apart, strict=True)
        )
        return above, below, left, right
    rows, columns = pair_of(padding, line, 0)
    return rows, rows, columns, columns
