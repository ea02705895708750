"""Pooling: layers without weights."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from edgehfn.errors import GraphError, InputError
from edgehfn.nn.window import Shape, check_window, window_shape


class MaxPool(nn.Module):
    """The largest element of each square window; places outside the map are not counted.

    Raises InputError for a padding of more than half the kernel.
    """

    def __init__(self, kernel: int, stride: int, padding: int = 0) -> None:
        super().__init__()
        check_window(kernel, stride, padding)
        if 2 * padding > kernel:
            raise InputError(
                f"max pool: padding {padding} is more than half the kernel {kernel}; use at most {kernel // 2}"
            )
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def output_shape(self, x: Shape) -> Shape:
        """(C, H, W) to (C, H', W'). Raises GraphError if the map is too small."""
        return window_shape(x, self.kernel, self.stride, self.padding)

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, self.kernel, self.stride, self.padding)


class GlobalAvgPool(nn.Module):
    """The average of each channel: (N, C, H, W) to (N, C)."""

    def output_shape(self, x: Shape) -> Shape:
        """(C, H, W) to (C,). Raises GraphError for anything but a map."""
        if len(x) != 3:
            raise GraphError(f"a global average needs a (C, H, W) map, not {x}; leave it out")
        return x[:1]

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))
