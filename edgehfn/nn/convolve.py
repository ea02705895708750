"""Convolution in PyTorch, around a fault of oneDNN."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from edgehfn.nn.shapes import Window
from edgehfn.spec.window import square

BLOCK = 16  # channels that oneDNN has in a block with AVX-512; with AVX2 they are 8


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
    """``F.conv2d``.

    For the weight's gradient in a strided 1x1 convolution, oneDNN copies the pixels that it reads to a workspace, and
    writes past its end if they lie channels last and are of fewer channels than a block: wrong gradients, a crash or a
    hang (issue 6035 of oneDNN, in 3.12). Such pixels are picked here instead, by a mean
    of one each.
    """
    narrow = weight.shape[1] < BLOCK and weight.shape[2] == 1
    if narrow and stride > 1 and padding == 0 and x.device.type == "cpu" and weight.requires_grad:
        x, stride = F.avg_pool2d(x, 1, stride), 1
    return F.conv2d(x, weight, bias, stride, padding)


def slide(x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, depthwise: bool = False) -> Tensor:
    """A convolution of any window, of all channels or of each alone."""
    rows, columns = window.sides
    if square(window.sides) is not None and not depthwise:
        return convolve(x, weight, bias, rows.stride, rows.before)
    around = rows.before, columns.before
    if around != (rows.after, columns.after):
        x, around = F.pad(x, (columns.before, columns.after, rows.before, rows.after)), (0, 0)
    strides, apart = (rows.stride, columns.stride), (rows.dilation, columns.dilation)
    return F.conv2d(x, weight, bias, strides, around, apart, x.shape[1] if depthwise else 1)
