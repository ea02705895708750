"""The rules of docs/SPEC.md for windows that slide over a map."""

from __future__ import annotations

from math import prod

from edgehfn.ir import ops
from edgehfn.ir.gnn_rules import Require
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.ops import Conv, Depthwise
from edgehfn.ir.scratch import Frame
from edgehfn.spec.limits import HALF, MOST_EXTENT, MOST_STRIDE, MOST_TAPS
from edgehfn.spec.window import Sides


def check_conv(node: Conv | Depthwise, graph: Graph, require: Require) -> None:
    """All but the requantisation."""
    x, shape, each = graph.tensors[node.x], node.weight.shape, isinstance(node, Depthwise)
    wanted = "(C, 1, k, k)" if each else "(O, I, k, k)"
    require(len(shape) == 4 and (not each or shape[1] == 1), f"weight {shape} is not {wanted}")
    check_places(x, node.sides, require)
    taps, spanned = prod(shape[2:]), max(side.extent for side in node.sides)
    require(1 <= taps <= MOST_TAPS, f"a kernel of {taps} taps (1..{MOST_TAPS})")
    require(all(side.stride <= MOST_STRIDE for side in node.sides), f"stride {node.stride} (1..{MOST_STRIDE})")
    require(spanned <= MOST_EXTENT, f"a kernel spans {spanned} places (1..{MOST_EXTENT})")
    takes = shape[0] if each else shape[1]
    require(takes == x.shape[0], f"the weight takes {takes} channels, {node.x} has {x.shape[0]}")
    if isinstance(node, Depthwise):
        require(Frame.of(node, graph).pitch < HALF, f"rows of {x.shape[2]} places are too long; use a smaller map")
    if node.residual is not None:
        found, made = graph.tensors[node.residual].shape, graph.tensors[node.name].shape
        require(found == made, f"residual {node.residual} is {found}, the output {made}")


def check_pool(node: ops.MaxPool, x: Tensor, require: Require) -> None:
    """A square window that is never empty."""
    kernel, stride, padding = node.kernel, node.stride, node.padding
    require(len(x.shape) == 3, f"needs a (C, H, W) input, {x.name} is {x.shape}")
    legal = kernel >= 1 and stride >= 1 and 0 <= padding < kernel
    require(legal, f"kernel {kernel}, stride {stride}, padding {padding}")
    fits = min(x.shape[1:]) + 2 * padding >= kernel
    require(fits, f"a {kernel}x{kernel} window does not fit into {x.name} {x.shape}")
    require(padding <= kernel // 2, "padding over half the kernel leaves empty windows")


def check_places(x: Tensor, window: Sides, require: Require) -> None:
    """Of a window of any kind."""
    require(len(x.shape) == 3, f"needs a (C, H, W) input, {x.name} is {x.shape}")
    for side, size in zip(window, x.shape[1:], strict=True):
        legal = min(side.kernel, side.stride, side.dilation) >= 1 and min(side.before, side.after) >= 0
        legal = legal and max(side.before, side.after) < side.extent
        padding = f"{side.before}" if side.before == side.after else f"{side.before}, {side.after}"
        apart = f", dilation {side.dilation}" if side.dilation != 1 else ""
        require(legal, f"kernel {side.kernel}, stride {side.stride}, padding {padding}{apart}")
        fits = size + side.before + side.after >= side.extent
        sizes = f"{window[0].extent}x{window[1].extent}"
        require(fits, f"a {sizes} window does not fit into {x.name} {x.shape}")
