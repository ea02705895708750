"""Convolution in PyTorch, around a fault of oneDNN."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

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
