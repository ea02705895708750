"""The operations of the integer graph: a closed union of frozen dataclasses (docs/SPEC.md sections 2 to 5).

A new operation is added here first; every backend ends its ``match`` in ``assert_never``, so the type checker names
those that lack it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgehfn import generator, masks

Shape = tuple[int, ...]
Ints = npt.NDArray[np.int32]

LARGEST = {8: 127, 4: 7, 2: 1, 1: 1}  # magnitude of a trained weight, by its bits
RELU = (0, 127)
SIGNED = (-127, 127)


@dataclass(frozen=True, eq=False)
class Supermask:
    """A weight of seeded signs and learned counts. Nodes that share it name the same object, which is stored once."""

    name: str
    tensor: int
    shape: Shape  # (O, I, k, k) or (O, I)
    coats: int
    counts: masks.Counts  # flattened, 0..coats
    seed: int
    pruned: int = 0  # thresholds of frozen positions, in 1/256
    locked: int = 0
    signs: generator.Words | None = None  # stored in place of the generated ones; bits beyond the last weight are 0

    @property
    def plain(self) -> bool:
        """Whether a weight's bits lie at its place in mask and hash: one coat, nothing frozen, no stored signs."""
        return self.coats == 1 and not self.pruned and not self.locked and self.signs is None

    @cached_property
    def values(self) -> Ints:
        """The integer weight, in ``shape``."""
        if self.signs is None:
            signs = generator.signs(self.seed, self.tensor, self.counts.size)
        else:
            signs = generator.signs_of(self.signs, self.counts.size)
        return (signs.astype(np.int32) * self.counts).reshape(self.shape)

    @property
    def listed(self) -> bool:
        """Whether convolutions walk lists of what is not 0, rather than multiply."""
        return True

    @cached_property
    def mask_words(self) -> generator.Words:
        """What the device stores (SPEC section 2.2)."""
        if not self.pruned and not self.locked:
            return masks.pack(self.counts, self.coats)
        gone, kept = masks.frozen(self.seed, self.tensor, self.counts.size, self.pruned, self.locked)
        return masks.pack(self.counts, self.coats, free=~(gone | kept))


@dataclass(frozen=True, eq=False)
class Dense:
    """A trained weight of 8, 4, 2 or 1 bits (SPEC section 2), in ``shape``: within ``±LARGEST[bits]``."""

    name: str
    values: npt.NDArray[np.int8]
    bits: int = 8

    @property
    def shape(self) -> Shape:
        return self.values.shape

    @property
    def listed(self) -> bool:
        """Whether convolutions walk lists of what is not 0, rather than multiply."""
        return LARGEST[self.bits] == 1

    @cached_property
    def nibbles(self) -> npt.NDArray[np.uint8]:
        """What the device stores of 4 bits."""
        halves = np.pad(self.values.ravel(), (0, self.values.size % 2)).reshape(-1, 2).astype(np.uint8) & 15
        return np.asarray(halves[:, 0] | halves[:, 1] << 4, np.uint8)

    @cached_property
    def mask_words(self) -> generator.Words:
        """What the device stores of 2 bits, and ``sign_words``; of 1 bit, these alone."""
        return masks.pack((self.values.ravel() != 0).astype(np.uint8), 1)

    @cached_property
    def sign_words(self) -> generator.Words:
        return masks.pack((self.values.ravel() < 0).astype(np.uint8), 1)


Weight = Supermask | Dense


@dataclass(frozen=True)
class Requantise:
    """SPEC section 4. ``multiplier`` and ``bias`` have one entry a channel."""

    multiplier: tuple[int, ...]
    bias: tuple[int, ...]
    bias_shift: int
    shift: int
    clamp: tuple[int, int]
    residual_multiplier: int = 0
    residual_shift: int = 0


@dataclass(frozen=True)
class Input:
    """Raw sensor bytes to a ``(C, H, W)`` or ``(C,)`` tensor."""

    name: str
    shape: Shape
    order: Literal["chw", "hwc"] = "chw"
    dtype: Literal["u8", "s8"] = "u8"


@dataclass(frozen=True)
class Conv:
    name: str
    x: str
    weight: Weight
    requantise: Requantise
    stride: int = 1
    padding: int = 0
    residual: str | None = None


@dataclass(frozen=True)
class Linear:
    name: str
    x: str
    weight: Weight
    requantise: Requantise


@dataclass(frozen=True)
class MaxPool:
    name: str
    x: str
    kernel: int
    stride: int
    padding: int = 0


@dataclass(frozen=True)
class AvgPool:
    """Global average over the map: ``(C, H, W)`` to ``(C,)``."""

    name: str
    x: str
    multiplier: int
    shift: int


@dataclass(frozen=True)
class Add:
    name: str
    x: str
    y: str
    x_multiplier: int
    y_multiplier: int
    shift: int
    clamp: tuple[int, int]


Node = Input | Conv | Linear | MaxPool | AvgPool | Add


def inputs(node: Node) -> tuple[str, ...]:
    """The names of the tensors a node reads."""
    match node:
        case Input():
            return ()
        case Conv(x=x, residual=residual):
            return (x,) if residual is None else (x, residual)
        case Add(x=x, y=y):
            return (x, y)
        case _:
            return (node.x,)
