"""What moves or drops elements and computes nothing: other shapes, zeros round a map, ends cut off."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, fx

from edgehfn.model.pytorch.outline import Arguments, Outline, Value, Weight, as_map, read_map, reshaped
from edgehfn.model.pytorch.program import operator_of, refuse, shape_of

CONVOLUTIONS = ("conv1d", "conv2d")
RESHAPES = ("flatten", "view", "reshape", "squeeze", "unsqueeze", "unflatten", "_unsafe_view")


def reshape(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """The same elements in another shape."""
    return reshaped(made.value(node, args.get("self", args.get("input"))), shape_of(node)[1:], made.source, node)


def same(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """Nothing, as the module is in eval mode."""
    if args.get("train"):
        refuse(node, "is in training mode; make the module do as told by eval()")
    return made.value(node, args.get("self", args.get("input")))


def swapped(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """Dimensions of the input in another order, that of the raw input."""
    x, source = made.value(node, args["self"]), made.source
    dims = len(x.shape) + 1
    order = list(range(dims))
    if "dims" in args:
        order = [d % dims for d in args["dims"]]
    else:
        a, b = args["dim0"] % dims, args["dim1"] % dims
        order[a], order[b] = b, a
    if x.layer is not source.layer or source.mapped or source.order or order[0] != 0 or x.shape != source.example:
        refuse(node, "swaps dimensions; only those of the input can be")
    source.order = tuple(order)
    return replace(x, shape=shape_of(node)[1:])


def pad(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """Zeros round a map, which the convolutions that read it pad with."""
    x, given = made.value(node, args["self"]), list(args["pad"])
    if args.get("mode", "constant") != "constant" or args["value"] not in (None, 0) or len(given) > 4 or min(given) < 0:
        refuse(node, "pads with other than zeros; only zeros round a map are computed")
    read_map(x, made.source, node)
    left, right, top, bottom = given + [0] * (4 - len(given))
    around = tuple(a + b for a, b in zip((top, bottom, left, right), x.around, strict=True))
    if not all(operator_of(user) in CONVOLUTIONS for user in node.users):
        refuse(node, "zeros round a map are read by convolutions only")
    return replace(x, around=around)


def cut(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """The first or last places of a convolution of stride 1 cut off: it pads by so many less."""
    x, axis = made.value(node, args["self"]), args["dim"] % (len(shape_of(node)))
    size, kept = shape_of(args["self"])[axis], shape_of(node)[axis]
    if size == kept:
        return x
    start = args["start"] or 0
    begun = start + size if start < 0 else start
    layer, side = x.layer, axis - len(x.shape) + 1  # 0: rows, 1: columns
    op = layer.op
    if axis < 2 or args["step"] != 1 or not x.sole or not isinstance(op, Weight) or op.window is None or layer.residual:
        refuse(node, "only the ends of what a convolution has just made can be cut off")
    sides = op.window.sides
    around = [*(sides[0].before, sides[0].after), *(sides[1].before, sides[1].after)]
    side = side if len(x.shape) == 3 else 1
    around[2 * side] -= begun
    around[2 * side + 1] -= size - begun - kept
    if sides[side].stride != 1 or min(around) < 0:
        refuse(node, "cuts more off a convolution than it is padded with")
    window = replace(op.window, padding=(around[0], around[1], around[2], around[3]))
    layer.op, layer.shape = replace(op, window=window), as_map(shape_of(node)[1:])
    return Value(layer, shape_of(node)[1:])


def softmax(made: Outline, node: fx.Node, args: Arguments) -> Value:
    """As the last call it leaves the largest output the largest; the net's outputs are what it reads."""
    if node is not made.program.y or args["dim"] % len(shape_of(node)) != 1:
        refuse(node, "only a last softmax over the classes can be left out, since it keeps the class")
    return made.value(node, args["self"])


def left_out(last: fx.Node, outputs: Tensor) -> Tensor:
    """What a softmax that is left out as the ``last`` call would have made of a net's outputs."""
    match operator_of(last):
        case "softmax":
            return outputs.softmax(1)
        case "log_softmax":
            return outputs.log_softmax(1)
        case _:
            return outputs
