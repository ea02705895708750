"""Trained layers, quantised in the forward pass to the int8 weights that the device keeps (docs/SPEC.md section 2)."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgehfn.nn.window import Shape, check_window, conv_shape, linear_shape

LIMIT = 127
SMALLEST = torch.finfo(torch.float32).tiny  # the step of a channel of zeros, which has none


def quantise(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Integers -127..127 as floats, in the weight's shape, and each channel's step ``max|w| / 127``, (O, 1, …)."""
    step = (weight.flatten(1).abs().amax(1) / LIMIT).clamp_min(SMALLEST).reshape(-1, *[1] * (weight.dim() - 1))
    return (weight / step).round_().clamp_(-LIMIT, LIMIT), step


class _Rounded(torch.autograd.Function):
    """The weight as the device has it; the gradient passes the rounding unchanged (straight through)."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        integers, step = quantise(weight)
        return integers.mul_(step)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0]


class Dense(nn.Module):
    """A trained float weight of which everything outside sees only whole steps, and a float bias if wanted."""

    def __init__(self, shape: Shape, bias: bool, seed: int) -> None:
        super().__init__()
        self.shape = shape
        self.trained = nn.Parameter(torch.empty(shape))
        nn.init.kaiming_uniform_(self.trained, a=sqrt(5), generator=torch.Generator().manual_seed(seed))
        self.bias = nn.Parameter(torch.zeros(shape[0])) if bias else None

    def weight(self) -> Tensor:
        """The weight in whole steps, differentiable with respect to the trained one."""
        weight: Tensor = _Rounded.apply(self.trained)  # type: ignore[no-untyped-call]
        return weight

    def integer_weight(self) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
        """The integers, -127..127 in the weight's shape, and the real value of one step, shape (O,)."""
        integers, step = quantise(self.trained.detach())
        return integers.to(torch.int8).cpu().numpy(), step.flatten().cpu().numpy()

    def extra_repr(self) -> str:
        return "x".join(map(str, self.shape))


class DenseConv2d(Dense):
    """A square convolution of trained int8 weights. Input (N, in, H, W). A bias is for nets without a norm."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        padding: int = 0,
        *,
        bias: bool = False,
        seed: int = 0,
    ) -> None:
        check_window(kernel, stride, padding)
        super().__init__((out_channels, in_channels, kernel, kernel), bias, seed)
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def output_shape(self, x: Shape) -> Shape:
        """(C, H, W) to (O, H', W'). Raises GraphError if they do not fit."""
        return conv_shape(x, self.shape, self.stride, self.padding)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """``weight`` saves working it out again where iterations share it."""
        return F.conv2d(x, self.weight() if weight is None else weight, self.bias, self.stride, self.padding)


class DenseLinear(Dense):
    """A linear layer of trained int8 weights and a float bias. Input (N, …), flattened to (N, in)."""

    def __init__(self, in_features: int, out_features: int, *, bias: bool = True, seed: int = 0) -> None:
        super().__init__((out_features, in_features), bias, seed)

    def output_shape(self, x: Shape) -> Shape:
        """Any shape of ``in`` elements to (out,). Raises GraphError if they do not fit."""
        return linear_shape(x, self.shape)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """``weight`` saves working it out again where iterations share it."""
        return F.linear(x.flatten(1), self.weight() if weight is None else weight, self.bias)
