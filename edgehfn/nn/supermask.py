"""Supermask layers: seeded signs times learned counts, searched by edge-popup (Ramanujan et al. 2020, section 3).

A weight is ``magnitude · sign · count``. The sign comes from the generator (docs/SPEC.md sections 1 and 2) and is never
learned; the count is the number of nested coats that keep the weight (Okoshi et al. 2022), decided by one learned score
a weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite, prod, sqrt
from typing import NotRequired, TypedDict, Unpack

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgehfn.errors import InputError
from edgehfn.nn import topk
from edgehfn.nn.convolve import slide
from edgehfn.nn.initial import Initial, draw
from edgehfn.nn.popup import Popup
from edgehfn.nn.shapes import Shape, Window, conv_shape, kernel_shape, linear_shape
from edgehfn.nn.topk import NEVER
from edgehfn.spec import generator, masks
from edgehfn.spec.limits import FROZEN_UNIT, MOST_COATS
from edgehfn.spec.window import Padding, Pair

SCORE_STREAM = 9  # the streams before it are on the device; this one only seeds the search


def check_densities(densities: tuple[float, ...]) -> tuple[float, ...]:
    """Return the densities as floats.

    Raises InputError unless they are 1 to 7, each in (0, 1], none larger than the one before.
    """
    values = tuple(float(d) for d in densities)
    if not 1 <= len(values) <= MOST_COATS:
        raise InputError(f"coats: {len(values)} densities given; give 1 to {MOST_COATS}")
    for density in values:
        if not (isfinite(density) and 0 < density <= 1):
            raise InputError(
                f"density {density:g} is outside (0, 1]; give the fraction of weights to keep, such as 0.5"
            )
    if any(inner > outer for outer, inner in pairwise(values)):
        raise InputError(f"coats {values} must not grow: each coat keeps a part of the one before")
    return values


def spaced(coats: int, density: float) -> tuple[float, ...]:
    """Return densities of nested coats of linear sparsities s, s + (1 - s)/N, s + 2(1 - s)/N, … (Okoshi et al. 2022).

    Raises InputError unless there are 1 to 7 coats.
    """
    return check_densities(tuple(density * (coats - coat) / coats for coat in range(coats)))


def nested(coats: int | Sequence[float], density: float | None, usual: float) -> tuple[float, ...]:
    """Return densities of coats: those given, or of so many below ``density``, or below the ``usual`` one.

    Raises InputError for both densities and a density, and as ``spaced`` does.
    """
    if isinstance(coats, int):
        return spaced(coats, usual if density is None else density)
    if density is not None:
        raise InputError("density and coats: give one, or a number of coats; their densities tell the first one's")
    return tuple(coats)


def check_seed(seed: int) -> int:
    """Return a model's seed, or a tensor's number, as it is. Raises InputError unless it fits 32 bits."""
    if not 0 <= seed <= generator.MASK32:
        raise InputError(f"seed {seed} is outside 0..{generator.MASK32}")
    return seed


def check_magnitude(value: float) -> float:
    """Return the real value of one count as it is. Raises InputError unless it is positive and finite."""
    if not (isfinite(value) and value > 0):
        raise InputError(f"magnitude {value} of a weight must be positive and finite")
    return float(value)


def check_thresholds(pruned: int, locked: int) -> tuple[int, int]:
    """Those of frozen positions, SPEC section 2.1. Raises InputError unless 0 ≤ pruned ≤ pruned + locked ≤ 256."""
    if not (type(pruned) is type(locked) is int and 0 <= pruned <= pruned + locked <= FROZEN_UNIT):
        raise InputError(f"frozen thresholds {pruned!r:.40}, {locked!r:.40} must be 0 or more, together 256 or less")
    return pruned, locked


def magnitude(fan_in: int, densities: tuple[float, ...]) -> float:
    """Return the constant of the signed-constant weights: it keeps the variance of He initialisation.

    A count sampled by nested densities d1 ≥ d2 ≥ … has mean square Σ d_n·(2n - 1), so the magnitude is
    ``sqrt(2 / (fan_in · Σ d_n·(2n - 1)))``; for one coat, Ramanujan's ``sqrt(2 / (fan_in · d))``.
    """
    return sqrt(2 / (fan_in * sum(d * (2 * n - 1) for n, d in enumerate(densities, start=1))))


def kept(size: int, density: float) -> int:
    """Return how many of ``size`` weights a coat of this density keeps: the nearest number, at least one."""
    return max(1, round(density * size))


class Source(TypedDict):
    """What a supermask's weight is made of, beside its shape."""

    tensor: int  # number of SPEC section 1
    seed: int
    densities: tuple[float, ...]  # one a coat, each at most the one before
    mask: NotRequired[int]  # number among the masks over this tensor; it only seeds the search
    initial: NotRequired[Initial]  # of the scores
    counts: NotRequired[Tensor | None]  # 0..coats, in weight order: a fixed mask; without it there are scores to learn
    signs: NotRequired[generator.Words | None]  # stored in place of the generated ones: SPEC section 2
    magnitude: NotRequired[float | None]  # of every weight, in place of the rule's
    pruned: NotRequired[int]  # thresholds of frozen positions, in 1/256: SPEC section 2.1
    locked: NotRequired[int]


class Supermask(nn.Module):
    """The weight of a supermask layer, of seed and tensor number as in SPEC section 1.

    ``keep`` is how many weights each coat keeps while there are scores; a ``Search`` changes it. Raises InputError
    for densities, counts or thresholds out of range.
    """

    base: Tensor
    fixed: Tensor | None
    free: Tensor | None
    held: Tensor | None

    def __init__(self, shape: Shape, **source: Unpack[Source]) -> None:
        super().__init__()
        self.shape = shape
        self.tensor = check_seed(source["tensor"])
        self.seed = check_seed(source["seed"])
        self.densities = check_densities(source["densities"])
        given = source.get("magnitude")
        self.magnitude = magnitude(prod(shape[1:]), self.densities) if given is None else check_magnitude(given)
        self.signs = source.get("signs")
        if self.signs is None:
            signs = generator.signs(self.seed, self.tensor, prod(shape))
        else:
            signs = generator.signs_of(self.signs, prod(shape))
        base = torch.from_numpy(signs.astype(np.float32)) * self.magnitude
        self.register_buffer("base", base.reshape(shape), persistent=False)
        counts = source.get("counts")
        if counts is None:
            key = generator.key(self.seed, self.tensor, SCORE_STREAM)
            seed = generator.word(key, mask) if (mask := source.get("mask", 0)) else key
            scores = draw(torch.empty(shape, dtype=torch.float32), source.get("initial", "torch"), seed)
            self.scores: nn.Parameter | None = nn.Parameter(scores)
            self.register_buffer("fixed", None)
        else:
            if counts.numel() != prod(shape) or int(counts.max()) > self.coats:
                raise InputError(f"counts must be {prod(shape)} numbers of at most {self.coats}")
            self.register_parameter("scores", None)
            self.register_buffer("fixed", counts.detach().to(torch.uint8).flatten())
        self.freeze(source.get("pruned", 0), source.get("locked", 0))

    def freeze(self, pruned: int, locked: int, *, spread: bool = False) -> None:
        """Let seeded positions be always 0 or always in coat 1, so that only the others are searched and stored.

        Thresholds in 1/256 (SPEC section 2.1). ``spread``: they differ from layer to layer, so that what this one
        cannot keep of its densities the others do where all compete. Raises InputError unless 0 ≤ pruned ≤ pruned +
        locked ≤ 256.
        """
        self.pruned, self.locked = check_thresholds(pruned, locked)
        self.spread = spread
        self.size = self.most = prod(self.shape)  # the weights that densities speak of, the most that coat 1 can keep
        self.holds = 0  # the fewest
        self.register_buffer("free", None)
        self.register_buffer("held", None)
        if pruned + locked:
            gone, held = masks.frozen(self.seed, self.tensor, prod(self.shape), pruned, locked)
            self.holds, self.most = int(held.sum()), int((~gone).sum())
            self.register_buffer("free", torch.from_numpy(~(gone | held)).to(self.base.device), persistent=False)
            self.register_buffer("held", torch.from_numpy(held).to(self.base.device), persistent=False)
        self.keep = self.quota(self.densities)

    def confine(self, inside: Tensor) -> None:
        """Let no coat keep a weight outside, flat (bool). The mask has a bit for it nevertheless; none is frozen."""
        self.freeze(0, 0)
        self.size = self.most = int(inside.sum())
        self.free, self.held = inside.to(self.base.device), torch.zeros_like(inside).to(self.base.device)
        self.keep = self.quota(self.densities)

    @property
    def confined(self) -> bool:
        """Whether there is an outside."""
        return self.size < prod(self.shape)

    @property
    def frozen(self) -> Tensor | None:
        """Where positions are free, if any is frozen."""
        return self.free if self.pruned + self.locked else None

    @property
    def coats(self) -> int:
        """The number of coats, 1 to 7."""
        return len(self.densities)

    def asked(self, densities: tuple[float, ...]) -> tuple[int, ...]:
        """Return how many weights coats of such densities would keep if no position were frozen."""
        return tuple(kept(self.size, density) for density in densities)

    def quota(self, densities: tuple[float, ...]) -> tuple[int, ...]:
        """Return how many weights coats of such densities keep, as far as frozen positions let them."""
        first, *inner = self.asked(densities)
        outer = min(max(first, self.holds), self.most)
        return (outer, *(min(count, outer) for count in inner))

    def importance(self) -> Tensor:
        """Return what weights compete by: the magnitudes of the scores, flat. A fixed mask has none."""
        assert self.scores is not None
        return self.scores.detach().abs().flatten()

    def first(self, importance: Tensor, keep: int) -> Tensor:
        """Return where a coat 1 of ``keep`` weights is (bool, flat).

        It has all locked positions and the most important free ones.
        """
        if self.free is None or self.held is None:
            return topk.counts(importance, [keep]).bool()
        return self.held | topk.counts(importance.where(self.free, NEVER), [keep - self.holds]).bool()

    def counts(self) -> Tensor:
        """Return how many coats keep each weight: uint8, flattened in weight order (O, I, k, k)."""
        if self.scores is None:
            assert self.fixed is not None
            return self.fixed
        importance = self.importance()
        if self.free is None:
            return topk.counts(importance, self.keep)
        first = self.first(importance, self.keep[0])
        return topk.counts(importance.where(first, NEVER), self.keep[1:]).add_(first)

    def weight(self) -> Tensor:
        """Return ``magnitude · sign · count`` in the weight's shape, differentiable with respect to the scores."""
        counts = self.counts().reshape(self.shape)
        if self.scores is None:
            return self.base * counts
        weight: Tensor = Popup.apply(self.scores, self.base, counts, self.coats)  # type: ignore[no-untyped-call]
        return weight

    def extra_repr(self) -> str:
        """For torch's ``print(net)``."""
        frozen = f", pruned={self.pruned}, locked={self.locked}" if self.frozen is not None else ""
        return f"{'x'.join(map(str, self.shape))}, tensor={self.tensor}, densities={self.densities}{frozen}"


class SupermaskConv2d(Supermask):
    """A convolution without bias whose weight is a supermask. Input (N, in, H, W).

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
        **source: Unpack[Source],
    ) -> None:
        window = Window(kernel, stride, padding, dilation)
        super().__init__(kernel_shape(in_channels, out_channels, window, depthwise), **source)
        self.window, self.depthwise = window, depthwise

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape (O, H', W') made of (C, H, W). Raises GraphError if they do not fit."""
        return conv_shape(x, self.shape, self.window.sides, self.depthwise)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """``weight`` saves working it out again where iterations share it."""
        return slide(x, self.weight() if weight is None else weight, None, self.window, self.depthwise)


class SupermaskLinear(Supermask):
    """A linear layer without bias whose weight is a supermask. Input (N, …), flattened to (N, in)."""

    def __init__(self, in_features: int, out_features: int, **source: Unpack[Source]) -> None:
        super().__init__((out_features, in_features), **source)

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape (out,) made of any of ``in`` elements. Raises GraphError if they do not fit."""
        return linear_shape(x, self.shape)

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """Apply the layer. ``weight`` saves working it out again where iterations share it."""
        return F.linear(x.flatten(1), self.weight() if weight is None else weight)
