"""Random weights and requantisations for the graphs of ``nets``, from a seeded ``random.Random``: integers only."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt, prod
from random import Random

import numpy as np

from edgehfn.ir.graph import Tensor
from edgehfn.ir.ops import (
    LARGEST_RAW,
    RELU,
    SIGNED,
    Affine,
    QuantisedWeight,
    RawType,
    Requantise,
    Shape,
    Supermask,
    Weight,
)
from edgehfn.spec import generator, masks
from edgehfn.spec.limits import LARGEST
from support.samples import Ints

LIMIT = 2**31


def chance(rng: Random, percent: int) -> bool:
    return rng.randrange(100) < percent


def affine(rng: Random, dtype: RawType) -> Affine:
    """A map of raw samples: such as data give, or anything up to the limits of its fields."""
    largest = LARGEST_RAW[dtype]
    multiplier = rng.choice((rng.randint(-32767, 32767), rng.randint(1, 32767), 32767, -32767, 0, 1))
    room = LIMIT - 1 - abs(multiplier) * largest
    shift = rng.choice((max(0, (abs(multiplier) * largest // 127).bit_length() - 1), rng.randint(0, 31)))
    offset = rng.choice((rng.randint(-room, room), rng.randint(-(1 << shift), 1 << shift), room, -room))
    return Affine(multiplier, min(max(offset, -room), room), shift)


def dense(rng: Random, name: str, shape: Shape) -> QuantisedWeight:
    """Trained weights of all widths: large, small, or all at the same limit."""
    size, bits = prod(shape), rng.choice((8, 8, 8, 4, 4, 2, 1))
    largest = rng.choice((127, 127, 40, 3)) if bits == 8 else LARGEST[bits]
    values = [rng.randint(-largest, largest) for _ in range(size)]
    if chance(rng, 10):
        values = [rng.choice((LARGEST[bits], -LARGEST[bits]))] * size
    if bits == 1:
        values = [value or 1 for value in values]
    return QuantisedWeight(name, np.array(values, np.int8).reshape(shape), bits)


def supermask(rng: Random, seed: int, tensor: int, shape: Shape, density: int) -> Supermask:
    """Counts of nested coats: ``density`` percent in the first; mostly each channel keeps some weight."""
    size, coats = prod(shape), rng.choice((1, 1, 1, 2, 2, 3, 7))
    counts = [int(chance(rng, density)) for _ in range(size)]
    if chance(rng, 95):
        row = size // shape[0]
        for start in range(0, size, row):
            counts[start + rng.randrange(row)] = 1
    for n in range(1, coats):
        counts = [c + (c == n and chance(rng, 45)) for c in counts]
    return Supermask(f"weight{tensor}", tensor, shape, coats, np.array(counts, np.uint8), seed)


def one_sided(rng: Random, seed: int, tensor: int, shape: Shape) -> Supermask:
    """Only the plus signs are kept, by every coat: accumulators reach their bound."""
    coats = rng.randint(1, 3)
    counts = np.where(generator.signs(seed, tensor, prod(shape)) > 0, coats, 0).astype(np.uint8)
    return Supermask(f"weight{tensor}", tensor, shape, coats, counts, seed)


def frozen(rng: Random, weight: Supermask) -> Supermask:
    """The same weight with thresholds drawn, its counts changed to obey them."""
    pruned = rng.randint(0, rng.choice((128, 128, 256)))
    locked = rng.randint(0, 256 - pruned)
    gone, kept = masks.frozen(weight.seed, weight.tensor, weight.counts.size, pruned, locked)
    counts = np.where(gone, 0, np.maximum(weight.counts, kept)).astype(np.uint8)
    return Supermask(weight.name, weight.tensor, weight.shape, weight.coats, counts, weight.seed, pruned, locked)


def signed(rng: Random, weight: Supermask) -> Supermask:
    """The same weight with signs of its own, stored."""
    size = weight.counts.size
    words = [rng.getrandbits(min(32, size - start)) for start in range(0, size, 32)]
    return replace(weight, signs=np.array(words, np.uint32))


def requantise(
    rng: Random, weight: Weight, x: Tensor, sums: Ints, residual: bool, clamp: tuple[int, int] | None
) -> Requantise:
    """What brings the accumulators seen, ``(images, O, …)``, to outputs that use their range and at times saturate.

    Multipliers of both signs, now and then 0 or the largest; biases of one or two bytes, now and then near R1's limit.
    """
    channels = weight.shape[0]
    each = np.moveaxis(sums, 1, 0).reshape(channels, -1).tolist()
    centres = [sum(c) // len(c) for c in each]
    spreads = [
        max(isqrt(sum((v - m) ** 2 for v in c) // len(c)), abs(m) // 8, 1) for c, m in zip(each, centres, strict=True)
    ]
    target, largest = rng.randint(15, 120), rng.randint(40, 127)
    shift = min(max((largest * sorted(spreads)[channels // 2] // target).bit_length() - 1, 0), 24)
    multipliers = [max(-127, min(127, (target << shift) // spread)) for spread in spreads]
    multipliers = [rng.choice((-m, -m, -m, 0, 127, -127)) if chance(rng, 15) else m for m in multipliers]
    offsets = [rng.randint(-target // 2, target) << shift for _ in range(channels)]
    wanted = [offset - m * centre for offset, m, centre in zip(offsets, multipliers, centres, strict=True)]
    room = rng.choice((3, 127, 127, 32767))
    bias_shift = max(0, max(map(abs, wanted)).bit_length() - room.bit_length())
    biases = [max(-room - 1, min(room, value >> bias_shift)) for value in wanted]
    if chance(rng, 1):  # as near to the limit as the shrinking below allows
        bias_shift, biases = 31, [rng.choice((-1, 1, 0, 0)) << rng.randint(0, 14) for _ in range(channels)]
    ratio = rng.randint(1, 255) if residual and chance(rng, 95) else 0
    residual_shift = max(0, (rng.randint(1, 4) << shift).bit_length() - 2 - ratio.bit_length()) if ratio else 0
    rows = weight.values.reshape(channels, -1).astype(np.int64)
    plus, minus = np.maximum(rows, 0).sum(1), np.maximum(-rows, 0).sum(1)
    bounds = np.maximum(plus * x.hi - minus * x.lo, minus * x.hi - plus * x.lo).tolist()
    while _reach(multipliers, bounds, biases, bias_shift, shift, ratio << residual_shift) >= LIMIT:
        residual_shift = max(0, residual_shift - 1)
        if bias_shift:
            bias_shift -= 1
        else:
            multipliers = [abs(m) // 2 * (1 if m > 0 else -1) for m in multipliers]
    clamp = clamp or rng.choice((RELU, SIGNED))
    return Requantise(tuple(multipliers), tuple(biases), bias_shift, shift, clamp, ratio, residual_shift)


def _reach(multipliers: list[int], bounds: list[int], biases: list[int], u: int, s: int, residual: int) -> int:
    """The left side of R1, largest over the channels."""
    channels = zip(multipliers, bounds, biases, strict=True)
    return max(abs(m) * bound + (abs(b) << u) for m, bound, b in channels) + residual * 127 + (1 << s >> 1)
