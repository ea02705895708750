"""Pools and the joining of maps: layers without a weight."""

from __future__ import annotations

from collections.abc import Callable

from torch import fx

from edgehfn.errors import EdgeHFNError
from edgehfn.model.pytorch.outline import (
    Arguments,
    Layer,
    Outline,
    Plain,
    Value,
    as_map,
    listed,
    made_by,
    pair_of,
    read_map,
)
from edgehfn.model.pytorch.program import operator_of, refuse, shape_of
from edgehfn.model.pytorch.shaping import RESHAPES
from edgehfn.nn.pool import AvgPool, Concat, GlobalAvgPool, MaxPool


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
    """A max pool of a square window."""
    (kernel, strides, padding), _ = _pooled(node, args)
    alike = len(set(kernel)) == len(set(strides)) == len(set(padding)) == 1 and set(listed(args["dilation"])) == {1}
    if not alike:
        refuse(node, f"a max pool's window is square, not {kernel}; use a stride or an average pool")
    return _pool(made, node, args, lambda: MaxPool(kernel[0], strides[0], padding[0]))


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
