"""Supermasks as bit streams, nested coats and frozen positions (docs/SPEC.md sections 2.1 and 2.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgehfn import generator
from edgehfn.errors import InputError

Counts = npt.NDArray[np.uint8]


def pack(counts: Counts, coats: int, free: npt.NDArray[np.bool_] | None = None) -> generator.Words:
    """Mask words of a tensor: its coat streams back to back.

    ``counts`` holds for each weight the number of coats that keep it (0..coats), in weight order; ``free`` marks the
    positions whose first bit is stored (default: all).
    """
    counts = counts.ravel()
    first = counts if free is None else counts[free.ravel()]
    streams = [generator.pack_bits((first >= 1).astype(np.uint8))]
    for n in range(1, coats):
        kept = counts[counts >= n]
        streams.append(generator.pack_bits((kept >= n + 1).astype(np.uint8)))
    return np.concatenate(streams)


def unpack(
    mask: generator.Words,
    size: int,
    coats: int,
    locked: npt.NDArray[np.bool_] | None = None,
    free: npt.NDArray[np.bool_] | None = None,
) -> Counts:
    """The counts, shape ``(size,)``, that ``pack`` stored. Raises InputError if the words do not fit the size."""
    counts = np.zeros(size, np.uint8)
    if locked is not None:
        counts[locked.ravel()] = 1
    where = np.arange(size) if free is None else np.flatnonzero(free.ravel())
    at = 0
    for n in range(1, coats + 1):
        need = -(-where.size // 32)
        if at + need > mask.size:
            raise InputError(f"mask of {size} weights and {coats} coats needs more than the {mask.size} words stored")
        counts[where] += generator.bits(mask[at : at + need], where.size)
        at += need
        where = np.flatnonzero(counts >= n)
    if at != mask.size:
        raise InputError(f"mask of {size} weights and {coats} coats takes {at} words, {mask.size} are stored")
    return counts


def frozen(
    seed: int, tensor: int, size: int, pruned: int, locked: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Where a partially frozen tensor is pruned and where it is locked, shape ``(size,)`` each; thresholds in 1/256."""
    draw = np.zeros(size, np.int64)
    for plane in range(8):
        stream = generator.words(generator.key(seed, tensor, generator.FROZEN_STREAM + plane), -(-size // 32))
        draw |= generator.bits(stream, size).astype(np.int64) << plane
    return draw < pruned, (draw >= pruned) & (draw < pruned + locked)
