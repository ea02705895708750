"""How a window slides over a map, along rows and along columns (docs/SPEC.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass

from edgehfn.spec.limits import MOST_KERNEL

Pair = int | tuple[int, int]  # one number for both, or of rows and of columns
Padding = int | tuple[int, int, int, int]  # places on every side, or before and behind rows, before and behind columns


@dataclass(frozen=True)
class Side:
    """A window along one direction: ``kernel`` taps ``dilation`` places apart, with zeros before and behind the map."""

    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def extent(self) -> int:
        """Places from the first tap to the last, both included."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def phases(self) -> int:
        """Remainders of a place by the stride, as far as a window has them."""
        return min(self.stride, self.extent)

    @property
    def reach(self) -> int:
        """Whole strides from the first tap to the last."""
        return (self.extent - 1) // self.stride

    def made(self, size: int) -> int:
        """Places of the output over so many of the input."""
        return (size + self.before + self.after - self.extent) // self.stride + 1


Sides = tuple[Side, Side]  # along rows, along columns


def sides(kernel: tuple[int, ...], stride: Pair, padding: Padding, dilation: Pair = 1) -> Sides:
    """The two directions of a window of ``kernel`` rows and columns."""
    top, bottom, left, right = padding if isinstance(padding, tuple) else (padding,) * 4
    (down, across), (e_h, e_w) = pair(stride), pair(dilation)
    return (
        Side(kernel[0], down, top, bottom, e_h if kernel[0] > 1 else 1),
        Side(kernel[1], across, left, right, e_w if kernel[1] > 1 else 1),
    )


def pair(value: Pair) -> tuple[int, int]:
    """Of rows and of columns."""
    return value if isinstance(value, tuple) else (value, value)


def square(window: Sides) -> tuple[int, int, int] | None:
    """Kernel, stride and padding of a window that has one number for each, a kernel of at most MOST_KERNEL and no
    dilation; None of any other."""
    rows, columns = window
    if rows != columns or rows.before != rows.after or rows.dilation != 1 or rows.kernel > MOST_KERNEL:
        return None
    return rows.kernel, rows.stride, rows.before
