"""Supermask layers: seeded signs times learned counts, searched by edge-popup (Ramanujan et al. 2020, section 3).

A weight is ``magnitude · sign · count``. The sign comes from the generator (docs/SPEC.md sections 1 and 2) and is never
learned; the count is the number of nested coats that keep the weight (Okoshi et al. 2022), decided by one learned score
a weight.
"""

from __future__ import annotations

from itertools import pairwise
from math import isfinite, prod, sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgehfn import generator
from edgehfn.errors import InputError
from edgehfn.nn import select
from edgehfn.nn.window import Shape, check_window, conv_shape, linear_shape

MAX_COATS = 7  # SPEC section 2
SCORE_STREAM = 9  # the streams before it are on the device; this one only seeds the search


def check_densities(densities: tuple[float, ...]) -> tuple[float, ...]:
    """The densities as floats: 1 to 7 of them, each in (0, 1], none larger than the one before. Raises InputError."""
    values = tuple(float(d) for d in densities)
    if not 1 <= len(values) <= MAX_COATS:
        raise InputError(f"coats: {len(values)} densities given; give 1 to {MAX_COATS}")
    for density in values:
        if not (isfinite(density) and 0 < density <= 1):
            raise InputError(
                f"density {density:g} is outside (0, 1]; give the fraction of weights to keep, such as 0.5"
            )
    if any(inner > outer for outer, inner in pairwise(values)):
        raise InputError(f"coats {values} must not grow: each coat keeps a part of the one before")
    return values


def check_seed(seed: int) -> int:
    """The seed of a model, or a tensor's number. Raises InputError unless it fits 32 bits."""
    if not 0 <= seed <= generator.MASK32:
        raise InputError(f"seed {seed} is outside 0..{generator.MASK32}")
    return seed


def magnitude(fan_in: int, densities: tuple[float, ...]) -> float:
    """The constant of the signed-constant weights: it keeps the variance of He initialisation.

    A count drawn by nested densities d1 ≥ d2 ≥ … has mean square Σ d_n·(2n - 1), so the magnitude is
    ``sqrt(2 / (fan_in · Σ d_n·(2n - 1)))``; for one coat, Ramanujan's ``sqrt(2 / (fan_in · d))``.
    """
    return sqrt(2 / (fan_in * sum(d * (2 * n - 1) for n, d in enumerate(densities, start=1))))


def kept(size: int, density: float) -> int:
    """How many of ``size`` weights a coat of this density keeps: the nearest number, at least one."""
    return max(1, round(density * size))


class _Popup(torch.autograd.Function):
    """``base · counts``, through which the gradient passes as if every coat kept every weight.

    From ``∂L/∂s = Σ_coats ∂L/∂w · base · sign(s)``: the gradient of the scores is ``g · base · sign(s) · coats``.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, base: Tensor, counts: Tensor, coats: int) -> Tensor:
        ctx.save_for_backward(scores, base)
        ctx.coats = coats
        return base * counts

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        scores, base = ctx.saved_tensors
        return grads[0] * base * scores.sign() * ctx.coats, None, None, None


class Supermask(nn.Module):
    """The weight of a supermask layer, of seed and tensor number as in SPEC section 1.

    With ``counts`` (0..coats, in weight order) it is fixed; otherwise it has scores to be learned. Raises InputError
    for densities or counts out of range.
    """

    base: Tensor
    fixed: Tensor | None

    def __init__(
        self, shape: Shape, *, tensor: int, seed: int, densities: tuple[float, ...], counts: Tensor | None
    ) -> None:
        super().__init__()
        self.shape = shape
        self.tensor = check_seed(tensor)
        self.seed = check_seed(seed)
        self.densities = check_densities(densities)
        self.magnitude = magnitude(prod(shape[1:]), self.densities)
        signs = torch.from_numpy(generator.signs(seed, tensor, prod(shape)).astype(np.float32))
        self.register_buffer("base", (signs * self.magnitude).reshape(shape), persistent=False)
        if counts is None:
            draw = torch.Generator().manual_seed(generator.key(seed, tensor, SCORE_STREAM))
            scores = torch.empty(shape)
            nn.init.kaiming_uniform_(scores, a=sqrt(5), generator=draw)
            self.scores: nn.Parameter | None = nn.Parameter(scores)
            self.register_buffer("fixed", None)
        else:
            if counts.numel() != prod(shape) or int(counts.max()) > self.coats:
                raise InputError(f"counts must be {prod(shape)} numbers of at most {self.coats}")
            self.register_parameter("scores", None)
            self.register_buffer("fixed", counts.detach().to(torch.uint8).flatten())

    @property
    def coats(self) -> int:
        return len(self.densities)

    def counts(self) -> Tensor:
        """How many coats keep each weight: uint8, flattened in weight order (O, I, k, k)."""
        if self.scores is None:
            assert self.fixed is not None
            return self.fixed
        importance = self.scores.detach().abs().flatten()
        return select.counts(importance, [kept(importance.numel(), density) for density in self.densities])

    def weight(self) -> Tensor:
        """``magnitude · sign · count`` in the weight's shape, differentiable with respect to the scores."""
        counts = self.counts().reshape(self.shape)
        if self.scores is None:
            return self.base * counts
        weight: Tensor = _Popup.apply(self.scores, self.base, counts, self.coats)  # type: ignore[no-untyped-call]
        return weight

    def extra_repr(self) -> str:
        return f"{'x'.join(map(str, self.shape))}, tensor={self.tensor}, densities={self.densities}"


class SupermaskConv2d(Supermask):
    """A square convolution without bias whose weight is a supermask. Input (N, in, H, W)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        padding: int = 0,
        *,
        tensor: int,
        seed: int,
        densities: tuple[float, ...],
        counts: Tensor | None = None,
    ) -> None:
        check_window(kernel, stride, padding)
        self.kernel, self.stride, self.padding = kernel, stride, padding
        super().__init__(
            (out_channels, in_channels, kernel, kernel), tensor=tensor, seed=seed, densities=densities, counts=counts
        )

    def output_shape(self, x: Shape) -> Shape:
        """(C, H, W) to (O, H', W'). Raises GraphError if they do not fit."""
        return conv_shape(x, self.shape, self.stride, self.padding)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """``weight`` saves working it out again where iterations share it."""
        return F.conv2d(x, self.weight() if weight is None else weight, stride=self.stride, padding=self.padding)


class SupermaskLinear(Supermask):
    """A linear layer without bias whose weight is a supermask. Input (N, …), flattened to (N, in)."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        tensor: int,
        seed: int,
        densities: tuple[float, ...],
        counts: Tensor | None = None,
    ) -> None:
        super().__init__((out_features, in_features), tensor=tensor, seed=seed, densities=densities, counts=counts)

    def output_shape(self, x: Shape) -> Shape:
        """Any shape of ``in`` elements to (out,). Raises GraphError if they do not fit."""
        return linear_shape(x, self.shape)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """``weight`` saves working it out again where iterations share it."""
        return F.linear(x.flatten(1), self.weight() if weight is None else weight)
