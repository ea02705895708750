"""Trained layers, quantised in the forward pass to the few bits that the device keeps (docs/SPEC.md section 2).

Each channel has a real step of its own, and latent float weights are trained through the rounding. By bits:

- 8: ``max|w| / 127``.
- 4: a learned step (LSQ: Esser et al. 2020), whose gradient is scaled so that it moves as the weights do.
- 2: -1, 0, 1: the nearest ternary weight, by the threshold ``0.7·mean|w|`` (TWN: Li, Liu 2016).
- 1: -1, 1: the nearest binary weight, ``mean|w|·sign(w)`` (XNOR-Net: Rastegari et al. 2016).

Of 32 bits the weight is float32 as it is: a reference to measure others by, which no device computes.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgehfn.errors import InputError
from edgehfn.nn.convolve import slide
from edgehfn.nn.initial import Initial, draw
from edgehfn.nn.shapes import Shape, Window, conv_shape, kernel_shape, linear_shape
from edgehfn.spec.limits import LARGEST
from edgehfn.spec.window import Padding, Pair

FLOAT = 32  # bits of weights that are not rounded
LEARNED = 4  # bits of weights whose step is learned
THRESHOLD = 0.7  # of the mean magnitude: what is below becomes 0 of three values
SMALLEST = torch.finfo(torch.float32).tiny  # the step of a channel of zeros, which has none


def quantise(weight: Tensor, bits: int, learned: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return integers within ``LARGEST[bits]`` as floats, in the weight's shape, and each channel's step, (O, 1, …).

    ``learned`` is the step of 4 bits, shape (O,); its sign is ignored.
    """
    magnitude = weight.abs().flatten(1)
    match bits:
        case 8:
            step = magnitude.amax(1) / LARGEST[8]
        case 4:
            assert learned is not None
            step = learned.abs()
        case 2:
            kept = magnitude > THRESHOLD * magnitude.mean(1, keepdim=True)
            step = (magnitude * kept).sum(1) / kept.sum(1).clamp_min(1)
            signs = weight.sign() * kept.reshape(weight.shape)
        case _:
            step = magnitude.mean(1)
            signs = torch.where(weight < 0, -1.0, 1.0)
    step = step.clamp_min(SMALLEST).reshape(-1, *[1] * (weight.dim() - 1))
    return signs if bits <= 2 else (weight / step).round_().clamp_(-LARGEST[bits], LARGEST[bits]), step


class _Rounded(torch.autograd.Function):
    """The weight as the device has it; the gradient passes the rounding unchanged (straight through).

    Where the step is learned, what is clamped gets none, and the step its own (LSQ, equations 2 and 3).
    """

    @staticmethod
    def forward(ctx: Any, weight: Tensor, bits: int, learned: Tensor | None) -> Tensor:
        integers, step = quantise(weight, bits, learned)
        if learned is not None:
            ctx.save_for_backward(weight, integers, step, learned)
        return integers * step

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor | None]:
        if not ctx.saved_tensors:
            return grads[0], None, None
        weight, integers, step, learned = ctx.saved_tensors
        exact, largest = weight / step, LARGEST[LEARNED]
        inside = exact.abs() <= largest
        each = grads[0] * (integers - exact * inside)
        usual = sqrt(largest * weight[0].numel())
        return grads[0] * inside, None, each.flatten(1).sum(1) * learned.sign() / usual


class Quantised(nn.Module):
    """A trained float weight of which everything outside sees only whole steps, and a float bias if wanted.

    Of 32 bits there are no steps.
    """

    inside: Tensor | None

    def __init__(self, shape: Shape, bias: bool, bits: int, seed: int, initial: Initial) -> None:
        super().__init__()
        if bits not in (FLOAT, *LARGEST):
            raise InputError(f"{bits} bits: a trained weight has 8, 4, 2 or 1, or {FLOAT} as a reference")
        self.shape, self.bits = shape, bits
        self.trained = nn.Parameter(draw(torch.empty(shape, dtype=torch.float32), initial, seed))
        self.bias = nn.Parameter(torch.zeros(shape[0], dtype=torch.float32)) if bias else None
        self.register_buffer("inside", None, persistent=False)
        self.step: nn.Parameter | None = None
        if bits == LEARNED:
            self.step = nn.Parameter(2 * self.trained.detach().abs().flatten(1).mean(1) / sqrt(LARGEST[bits]))

    def confine(self, inside: Tensor) -> None:
        """Let weights outside, flat (bool), stay 0. Others begin as in a layer of as many inputs as are left.

        Raises InputError for weights of few bits, whose steps follow from all of a channel.
        """
        if self.bits not in (FLOAT, 8):
            raise InputError(f"{self.bits} bits: weights that read a part of the channels are masked, int8 or float")
        self.inside = inside.reshape(self.shape).to(self.trained)
        with torch.no_grad():
            self.trained.mul_(self.inside * sqrt(inside.numel() / float(inside.sum())))

    @property
    def confined(self) -> bool:
        """Whether there is an outside."""
        return self.inside is not None

    def weight(self) -> Tensor:
        """Return the weight in whole steps, differentiable with respect to the trained one and a learned step."""
        trained = self.trained if self.inside is None else self.trained * self.inside
        if self.bits == FLOAT:
            return trained
        weight: Tensor = _Rounded.apply(trained, self.bits, self.step)  # type: ignore[no-untyped-call]
        return weight

    def integer_weight(self) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
        """Return the integers in the weight's shape, and the real value of one step, shape (O,)."""
        step = None if self.step is None else self.step.detach()
        integers, step = quantise(self.trained.detach(), self.bits, step)
        return integers.to(torch.int8).cpu().numpy(), step.flatten().cpu().numpy()

    def extra_repr(self) -> str:
        """For torch's ``print(net)``."""
        return "x".join(map(str, self.shape)) + (f", {self.bits} bits" if self.bits != 8 else "")


class QuantisedConv2d(Quantised):
    """A convolution of trained weights. Input (N, in, H, W). A bias is for nets without a norm.

    ``depthwise``: of each channel alone, of which there are then as many in as out.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: Pair,
        stride: Pair = 1,
        padding: Padding = 0,
        dilation: Pair = 1,
        depthwise: bool = False,
        *,
        bias: bool = False,
        bits: int = 8,
        seed: int = 0,
        initial: Initial = "torch",
    ) -> None:
        window = Window(kernel, stride, padding, dilation)
        super().__init__(kernel_shape(in_channels, out_channels, window, depthwise), bias, bits, seed, initial)
        self.window, self.depthwise = window, depthwise

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape (O, H', W') made of (C, H, W). Raises GraphError if they do not fit."""
        return conv_shape(x, self.shape, self.window.sides, self.depthwise)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """``weight`` saves working it out again where iterations share it."""
        return slide(x, self.weight() if weight is None else weight, self.bias, self.window, self.depthwise)


class QuantisedLinear(Quantised):
    """A linear layer of trained weights and a float bias. Input (N, …), flattened to (N, in)."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        bits: int = 8,
        seed: int = 0,
        initial: Initial = "torch",
    ) -> None:
        super().__init__((out_features, in_features), bias, bits, seed, initial)

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape (out,) made of any of ``in`` elements. Raises GraphError if they do not fit."""
        return linear_shape(x, self.shape)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """Apply the layer. ``weight`` saves working it out again where iterations share it."""
        return F.linear(x.flatten(1), self.weight() if weight is None else weight, self.bias)
