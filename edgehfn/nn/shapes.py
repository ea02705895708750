"""Shapes: what goes into a sliding window or a linear layer, and what comes out (docs/SPEC.md section 5)."""

from __future__ import annotations

from math import prod

from edgehfn.errors import GraphError, InputError
from edgehfn.spec.limits import MOST_KERNEL, MOST_STRIDE

Shape = tuple[int, ...]


def check_window(kernel: int, stride: int, padding: int) -> None:
    """Raises InputError unless kernel 1..7, stride 1..4 and padding 0..kernel-1."""
    if not (1 <= kernel <= MOST_KERNEL and 1 <= stride <= MOST_STRIDE and 0 <= padding < kernel):
        raise InputError(
            f"kernel {kernel}, stride {stride}, padding {padding}: kernel is 1..7, stride 1..4, padding 0..kernel-1"
        )


def window_shape(x: Shape, kernel: int, stride: int, padding: int) -> Shape:
    """Return the shape (C, H', W') that a window makes of (C, H, W). Raises GraphError if x is no map or too small."""
    if len(x) != 3:
        raise GraphError(f"a window of {kernel}x{kernel} needs a (C, H, W) map, not {x}; put a linear layer here")
    rows, columns = x[1] + 2 * padding, x[2] + 2 * padding
    if min(rows, columns) < kernel:
        raise GraphError(
            f"a map of {x[1]}x{x[2]} is too small for a {kernel}x{kernel} window with padding {padding}; "
            "use a larger input"
        )
    return x[0], (rows - kernel) // stride + 1, (columns - kernel) // stride + 1


def conv_shape(x: Shape, weight: Shape, stride: int, padding: int) -> Shape:
    """Return the shape that a convolution O, I, k, k makes of (C, H, W).

    Raises GraphError if the channels differ or the map is too small.
    """
    out, channels, kernel, _ = weight
    _, rows, columns = window_shape(x, kernel, stride, padding)
    if x[0] != channels:
        raise GraphError(f"a convolution of {channels} channels reads a map of {x[0]}; make them equal")
    return out, rows, columns


def linear_shape(x: Shape, weight: Shape) -> Shape:
    """Return the shape that a linear layer O, I makes of I elements. Raises GraphError if the numbers differ."""
    if prod(x) != weight[1]:
        raise GraphError(f"a linear layer of {weight[1]} inputs reads {prod(x)} elements; make them equal")
    return (weight[0],)
