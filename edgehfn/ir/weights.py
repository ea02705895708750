"""The weights of the integer graph (docs/SPEC.md section 2): masks over seeded signs, and quantised ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgehfn.spec import generator, masks
from edgehfn.spec.limits import LARGEST

Shape = tuple[int, ...]
Ints = npt.NDArray[np.int32]
Lists = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


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
        """Whether a weight's bits lie at its place in the mask words, its sign in a hash: one coat, nothing frozen."""
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
    def uses_index_list(self) -> bool:
        """Whether convolutions walk lists of what is not 0, rather than multiply."""
        return True

    @cached_property
    def lists(self) -> Lists:
        """Entries of each output channel's index list: of plus, and of minus."""
        return _lists(self.values)

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
class QuantisedWeight:
    """A trained weight of 8, 4, 2 or 1 bits (SPEC section 2), in ``shape``: within ``±LARGEST[bits]``."""

    name: str
    values: npt.NDArray[np.int8]
    bits: int = 8

    @property
    def shape(self) -> Shape:
        """``O, I, k, k`` of a convolution, ``O, I`` of a fully connected layer."""
        return self.values.shape

    @property
    def uses_index_list(self) -> bool:
        """Whether convolutions walk lists of what is not 0, rather than multiply."""
        return LARGEST[self.bits] == 1

    @cached_property
    def lists(self) -> Lists:
        """Entries of each output channel's index list: of plus, and of minus."""
        return _lists(self.values)

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
        """The words that say which weights are negative."""
        return masks.pack((self.values.ravel() < 0).astype(np.uint8), 1)


Weight = Supermask | QuantisedWeight


def _lists(values: npt.NDArray[np.int32] | npt.NDArray[np.int8]) -> Lists:
    rows = values.reshape(len(values), -1)
    return np.maximum(rows, 0).sum(1, np.int64), np.maximum(-rows, 0).sum(1, np.int64)
