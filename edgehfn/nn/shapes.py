"""Shapes: what goes into a sliding window or a linear layer, and what comes out (docs/SPEC.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from edgehfn.errors import GraphError, InputError
from edgehfn.spec.limits import MOST_EXTENT, MOST_KERNEL, MOST_STRIDE, MOST_TAPS
from edgehfn.spec.window import Padding, Pair, Side, Sides, pair, sides

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """How a convolution slides. What is the same of rows and columns is one number.

    Raises InputError for one that no device has.
    """

    kernel: Pair
    stride: Pair = 1
    padding: Padding = 0  # on every side, or above and below rows, left and right of columns
    dilation: Pair = 1

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "padding", "dilation"):
            value = getattr(self, name)
            if isinstance(value, list | tuple) and len(set(value)) == 1 and len(value) in (2, 4):
                object.__setattr__(self, name, value[0])
            elif isinstance(value, list):
                object.__setattr__(self, name, tuple(value))
        if (self.dilation, *map(type, (self.kernel, self.stride, self.padding))) == (1, int, int, int):
            check_window(self.kernel, self.stride, self.padding)  # type: ignore[arg-type]
            return
        try:
            rows, columns = self.sides
        except (TypeError, ValueError):
            raise InputError(f"{self}: give numbers, or two of rows and columns; of padding, four") from None
        fits = rows.kernel * columns.kernel <= MOST_TAPS and all(map(_legal, self.sides))
        if not fits:
            raise InputError(
                f"{self}: a kernel has 1..{MOST_TAPS} taps and spans up to {MOST_EXTENT} places, stride is "
                f"1..{MOST_STRIDE}, padding less than what it spans"
            )

    def __str__(self) -> str:
        apart = "" if self.dilation == 1 else f", dilation {self.dilation}"
        return f"kernel {self.kernel}, stride {self.stride}, padding {self.padding}{apart}"

    @property
    def taps(self) -> tuple[int, int]:
        """Of rows and of columns."""
        return pair(self.kernel)

    @property
    def sides(self) -> Sides:
        """Along rows and along columns."""
        return sides(pair(self.kernel), self.stride, self.padding, self.dilation)


def _legal(side: Side) -> bool:
    fits = side.kernel >= 1 and 1 <= side.stride <= MOST_STRIDE and side.dilation >= 1
    return fits and 0 <= min(side.before, side.after) <= max(side.before, side.after) < side.extent <= MOST_EXTENT


def check_window(kernel: int, stride: int, padding: int) -> None:
    """Raises InputError unless kernel 1..7, stride 1..4 and padding 0..kernel-1."""
    if not (1 <= kernel <= MOST_KERNEL and 1 <= stride <= MOST_STRIDE and 0 <= padding < kernel):
        raise InputError(
            f"kernel {kernel}, stride {stride}, padding {padding}: kernel is 1..7, stride 1..4, padding 0..kernel-1"
        )


def window_shape(x: Shape, window: Sides) -> Shape:
    """Return the shape (C, H', W') that a window makes of (C, H, W). Raises GraphError if x is no map or too small."""
    rows, columns = window
    size = f"{rows.extent}x{columns.extent}"
    if len(x) != 3:
        raise GraphError(f"a window of {size} needs a (C, H, W) map, not {x}; put a linear layer here")
    if x[1] + rows.before + rows.after < rows.extent or x[2] + columns.before + columns.after < columns.extent:
        around = ", ".join(map(str, sorted({rows.before, rows.after, columns.before, columns.after})))
        raise GraphError(
            f"a map of {x[1]}x{x[2]} is too small for a {size} window with padding {around}; use a larger input"
        )
    return x[0], rows.made(x[1]), columns.made(x[2])


def conv_shape(x: Shape, weight: Shape, window: Sides, depthwise: bool = False) -> Shape:
    """Return the shape that a convolution O, I, k, k makes of (C, H, W).

    Raises GraphError if the channels differ or the map is too small.
    """
    channels = weight[0] if depthwise else weight[1]
    _, rows, columns = window_shape(x, window)
    if x[0] != channels:
        raise GraphError(f"a convolution of {channels} channels reads a map of {x[0]}; make them equal")
    return weight[0], rows, columns


def kernel_shape(inputs: int, outputs: int, window: Window, depthwise: bool) -> Shape:
    """Return the shape of a convolution's weight. Raises InputError for a depthwise one that changes the channels."""
    if depthwise and inputs != outputs:
        raise InputError(f"a depthwise convolution makes {inputs} channels of as many, not {outputs}")
    return outputs, 1 if depthwise else inputs, *window.taps


def linear_shape(x: Shape, weight: Shape) -> Shape:
    """Return the shape that a linear layer O, I makes of I elements. Raises GraphError if the numbers differ."""
    if prod(x) != weight[1]:
        raise GraphError(f"a linear layer of {weight[1]} inputs reads {prod(x)} elements; make them equal")
    return (weight[0],)
