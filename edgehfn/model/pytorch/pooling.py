"""Pools and the joining of maps: layers without a weight."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor, fx

from edgehfn.errors import EdgeHFNError
from edgehfn.model.pytorch.outline import (
    Arguments,
    Layer,
    Outline,
    Plain,
    Value,
    Weight,
    as_map,
    listed,
    made_by,
    pair_of,
    read_map,
)
from edgehfn.model.pytorch.program import operator_of, refuse, shape_of
from edgehfn.model.pytorch.shaping import RESHAPES
from edgehfn.nn.pool import AvgPool, Concat, GlobalAvgPool, MaxPool
from edgehfn.nn.shapes import Shape, Window


def cat(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """The channels of maps behind each other, two at a time."""
    values = [made.value(node, read) for read in args["tensors"]]
    shapes = [read_map(value, made.source, node) for value in values]
    if args["dim"] % (len(values[0].shape) + 1) != 1 or any(len(value.layer.shape) != 3 for value in values):
        refuse(node, f"joins dimension {args['dim']} of {values[0].shape}; only the channels of maps are joined")
    layer, channels = values[0].layer, shapes[0][0]
    for number, (value, shape) in enumerate(zip(values[1:], shapes[1:], strict=True)):
        channels += shape[0]
        name = node.name if number == 0 else f"{node.name}_{number}"
        layer = Layer(name, (channels, *shape[1:]), [layer, value.layer], Concat())
    return Value(layer, shape_of(node)[1:])


def max_pool(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """A max pool: of a square window the layer, which one row of a series can be read by; of another by differences."""
    (kernel, strides, padding), _ = _pooled(node, args)
    if set(listed(args["dilation"])) != {1}:
        refuse(node, "a max pool has no dilation here")
    x = made.value(node, args["self"])
    k, s, p = kernel[1], strides[1], padding[1]
    row = read_map(x, made.source, node)[1] == 1 == as_map(shape_of(node)[1:])[1] and 0 <= 1 + 2 * p - k < s
    if row or len(set(kernel)) == len(set(strides)) == len(set(padding)) == 1:
        return _pool(made, node, args, lambda: MaxPool(k, s, p))
    if any(padding) or any(x.around) or x.layer.shape != as_map(x.shape):
        refuse(node, f"a max pool with padding has a square window, not {kernel}; pad the convolution before it")
    try:
        return _largest(x, Window(kernel, strides), node)
    except EdgeHFNError as error:
        refuse(node, str(error))


def _largest(x: Value, window: Window, node: fx.Node) -> Value:
    """The largest of a window's places, one place a time: ``max(a, b) = b + relu(a - b)``, in convolutions of each
    channel alone by 1 and -1."""
    channels, to = x.layer.shape[0], as_map(shape_of(node)[1:])
    best: Layer | None = None
    for place in range(1, prod(window.taps)):
        picked = torch.zeros(channels, 1, *window.taps)
        picked.view(channels, -1)[:, place] = 1
        others = -picked
        if best is None:
            others.view(channels, -1)[:, 0] = 1
        names = f"{node.name}_{2 * place - 1}", f"{node.name}_{2 * place}"
        more = _picking(names[0], x.layer, others, window, to)
        more.residual, more.relu = best, True
        best = _picking(names[1], x.layer, picked, window, to)
        best.residual, best.relu = more, x.layer.relu
    assert best is not None
    return made_by(node, best)


def _picking(name: str, x: Layer, values: Tensor, window: Window, to: Shape) -> Layer:
    weight = Weight(values, None, window, depthwise=True, origin=(name,), fixed=True)
    return Layer(name, to, [x], weight)


def avg_pool(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """An average pool of any window."""
    (kernel, strides, padding), around = _pooled(node, args)
    if args.get("divisor_override") or (any(padding) and not args["count_include_pad"]):
        refuse(node, "divides by another number than the window's places; set count_include_pad")
    return _pool(made, node, args, lambda: AvgPool(kernel, strides, around))


def _pooled(node: fx.Node, args: Arguments) -> tuple[list[tuple[int, int]], tuple[int, int, int, int]]:
    """Kernel, strides, padding; and padding of each side."""
    line = operator_of(node).endswith("1d")
    if args["ceil_mode"]:
        refuse(node, "ceil_mode: windows that end outside the map are not computed; pad the map")
    kernel, stride, padding = args["kernel_size"], args["stride"] or args["kernel_size"], args["padding"]
    (rows, columns) = pair_of(padding, line, 0)
    return [pair_of(kernel, line), pair_of(stride, line), (rows, columns)], (rows, rows, columns, columns)


def adaptive(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """An adaptive average pool whose windows are alike."""
    x = made.value(node, args["self"])
    shape = read_map(x, made.source, node)
    to = as_map(shape_of(node)[1:])
    if len(to) != 3 or any(size % parts for size, parts in zip(shape[1:], to[1:], strict=True)):
        refuse(node, f"makes {to[1:]} places of {shape[1:]}; give a number that divides these")
    window = shape[1] // to[1], shape[2] // to[2]
    if to[1:] == (1, 1) and all(_flattens(user) for user in node.users):
        return _pool(made, node, args, GlobalAvgPool)
    return _pool(made, node, args, lambda: AvgPool(window, window))


def mean(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """The mean over all places of a map."""
    x = made.value(node, args["self"])
    dims = len(x.shape) + 1
    if {d % dims for d in listed(args.get("dim") or [])} != set(range(2, dims)) or dims < 3:
        refuse(node, f"the mean over {args.get('dim')} of {x.shape}; only that over all places is computed")
    if len(shape_of(node)) == 2 or all(_flattens(user) for user in node.users):
        return _pool(made, node, args, GlobalAvgPool)
    window = read_map(x, made.source, node)[1:]
    return _pool(made, node, args, lambda: AvgPool((window[0], window[1])))


def _pool(made: Outline, node: fx.Node, args: Arguments, make: Callable[[], Plain]) -> Value:
    x = made.value(node, args["self"])
    shape = read_map(x, made.source, node)
    if any(x.around) or x.layer.shape != shape:
        refuse(node, f"reads {x.shape} with zeros {x.around} round it; pad in the pool itself")
    try:
        op = make()
        assert not isinstance(op, Concat)
        to = op.output_shape(shape)
    except EdgeHFNError as error:
        refuse(node, str(error))
    layer = Layer(node.name, to, [x.layer], op, sole_input=x.sole)
    return made_by(node, layer)


def _flattens(node: fx.Node) -> bool:
    return operator_of(node) in RESHAPES and len(shape_of(node)) == 2
