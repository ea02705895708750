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

    @cached_property
    def values(self) -> Ints:
        """The integer weight, in ``shape``."""
        signs = generator.signs(self.seed, self.tensor, self.counts.size)
        return (signs.astype(np.int32) * self.counts).reshape(self.shape)

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

    @cached_property
    def packed(self) -> npt.NDArray[np.uint8]:
        """The bytes that the device stores."""
        flat = self.values.ravel()
        fields = (flat < 0 if self.bits == 1 else flat).astype(np.uint8) & (2**self.bits - 1)
        each = 8 // self.bits
        padded = np.zeros(-(-flat.size // each) * each, np.uint8)
        padded[: flat.size] = fields
        shifted = padded.reshape(-1, each) << np.arange(each, dtype=np.uint8) * self.bits
        return np.asarray(np.bitwise_or.reduce(shifted, 1), np.uint8)


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
