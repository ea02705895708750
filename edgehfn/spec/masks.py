"""Supermasks as bit streams, nested coats and frozen positions (docs/SPEC.md sections 2.1 and 2.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError
from edgehfn.spec import generator

Counts = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint8]  # 0 or 1

HEADER, RAW = 4, 15  # bits of a coded stream's parameter, and its value for bits as they are


def streams(counts: Counts, coats: int, free: npt.NDArray[np.bool_] | None = None) -> list[Bits]:
    """Return the bits of each coat's stream (SPEC section 2.2).

    ``counts`` holds for each weight the number of coats that keep it (0..coats), in weight order; ``free`` marks the
    positions whose first bit is stored (default: all).
    """
    counts = counts.ravel()
    first = counts if free is None else counts[free.ravel()]
    return [(first >= 1).astype(np.uint8), *((counts[counts >= n] > n).astype(np.uint8) for n in range(1, coats))]


def pack(counts: Counts, coats: int, free: npt.NDArray[np.bool_] | None = None) -> generator.Words:
    """Return mask words of a tensor: its coat streams back to back; arguments as for ``streams``."""
    return np.concatenate([generator.pack_bits(bits) for bits in streams(counts, coats, free)])


def code(bits: Bits) -> npt.NDArray[np.uint8]:
    """Return the bytes of a stream in the coded form of SPEC section 6.1, by the parameter that takes the fewest."""
    if not bits.size:
        return np.zeros(0, np.uint8)
    ends = np.flatnonzero(np.append(bits, 1))
    gaps = np.diff(ends, prepend=-1) - 1
    if bits[-1]:
        gaps = gaps[:-1]  # no 0 is behind the last 1
    sizes = [int((gaps >> rice).sum()) + gaps.size * (1 + rice) for rice in range(RAW)]
    rice = int(np.argmin(sizes))
    if sizes[rice] >= bits.size:
        return _bytes(RAW, bits.tolist())
    coded: list[int] = []
    for gap in gaps.tolist():
        coded += [1] * (gap >> rice) + [0] + [gap >> i & 1 for i in range(rice)]
    return _bytes(rice, coded)


def unpack(
    mask: generator.Words,
    size: int,
    coats: int,
    locked: npt.NDArray[np.bool_] | None = None,
    free: npt.NDArray[np.bool_] | None = None,
) -> Counts:
    """Return the counts, shape ``(size,)``, that ``pack`` stored. Raises InputError if words and size do not fit."""
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
    """Return where a partially frozen tensor is pruned and where it is locked, bool ``(size,)`` each.

    ``pruned`` and ``locked`` are thresholds in 1/256.
    """
    draw = np.zeros(size, np.int64)
    for plane in range(8):
        stream = generator.words(generator.key(seed, tensor, generator.FROZEN_STREAM + plane), -(-size // 32))
        draw |= generator.bits(stream, size).astype(np.int64) << plane
    return draw < pruned, (draw >= pruned) & (draw < pruned + locked)


def _bytes(parameter: int, bits: list[int]) -> npt.NDArray[np.uint8]:
    header = [parameter >> i & 1 for i in range(HEADER)]
    return np.packbits(np.array(header + bits, np.uint8), bitorder="little")
