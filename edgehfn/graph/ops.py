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
    def bit_streams(self) -> list[masks.Bits]:
        """The bits of each coat's stream."""
        if not self.pruned and not self.locked:
            return masks.streams(self.counts, self.coats)
        gone, kept = masks.frozen(self.seed, self.tensor, self.counts.size, self.pruned, self.locked)
        return masks.streams(self.counts, self.coats, free=~(gone | kept))

    @cached_property
    def mask_streams(self) -> tuple[generator.Words, ...]:
        """The words of each coat's stream (SPEC section 2.2)."""
        return tuple(generator.pack_bits(bits) for bits in self.bit_streams)

    @cached_property
    def coded_streams(self) -> tuple[masks.Bits, ...]:
        """The bytes of each coat's stream where flash is spared (SPEC section 6.1)."""
        return tuple(masks.code(bits) for bits in self.bit_streams)

    @property
    def mask_words(self) -> generator.Words:
        """The streams' words back to back."""
        return np.concatenate(self.mask_streams)


@dataclass(frozen=True, eq=False)
class Dense:
    """A trained int8 weight, -127..127, in ``shape``."""

    name: str
    values: npt.NDArray[np.int8]

    @property
    def shape(self) -> Shape:
        return self.values.shape


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
