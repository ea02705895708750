"""Random weights and requantisations for the graphs of ``nets``, from a seeded ``random.Random``: integers only."""

from __future__ import annotations

from math import isqrt, prod
from random import Random

import numpy as np

from edgehfn import generator, masks
from edgehfn.graph.graph import Tensor
from edgehfn.graph.ops import RELU, SIGNED, Dense, Requantise, Shape, Supermask, Weight

LIMIT = 2**31


def chance(rng: Random, percent: int) -> bool:
    return rng.randrange(100) < percent


def dense(rng: Random, name: str, shape: Shape) -> Dense:
    """Trained weights: large, small, or all at the same limit."""
    size = prod(shape)
    largest = rng.choice((127, 127, 40, 3))
    values = [rng.randint(-largest, largest) for _ in range(size)]
    if chance(rng, 10):
        values = [rng.choice((127, -127))] * size
    return Dense(name, np.array(values, np.int8).reshape(shape))


def supermask(rng: Random, seed: int, tensor: int, shape: Shape, density: int) -> Supermask:
    """Counts of nested coats, ``density`` percent in the first."""
    size, coats = prod(shape), rng.choice((1, 1, 1, 2, 2, 3, 7))
    counts = [int(chance(rng, density)) for _ in range(size)]
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
    pruned = rng.randint(0, 256)
    locked = rng.randint(0, 256 - pruned)
    gone, kept = masks.frozen(weight.seed, weight.tensor, weight.counts.size, pruned, locked)
    counts = np.where(gone, 0, np.maximum(weight.counts, kept)).astype(np.uint8)
    return Supermask(weight.name, weight.tensor, weight.shape, weight.coats, counts, weight.seed, pruned, locked)


def requantise(rng: Random, weight: Weight, x: Tensor, residual: bool, clamp: tuple[int, int] | None) -> Requantise:
    """Outputs of some 20 to 300 steps: multipliers of both signs, at times 0 or the largest; biases of 1 or 2 bytes."""
    channels = weight.shape[0]
    rows = weight.values.reshape(channels, -1).astype(np.int64)
    usual = max(isqrt(int((rows**2).sum()) // channels) * 48, 1)  # an accumulator's usual magnitude
    scale, target = rng.randint(12, 127), rng.randint(20, 300)
    shift = min(max((scale * usual // target).bit_length() - 1, 0), 24)
    multipliers = [max(-127, min(127, scale * rng.randint(5, 15) // 10)) for _ in range(channels)]
    multipliers = [rng.choice((m, m, -m, 0, 127, -127)) if chance(rng, 30) else m for m in multipliers]
    room = rng.choice((1, 127, 127, 32767))
    bias_shift = max(0, (rng.randint(1, 100) << shift).bit_length() - room.bit_length())
    biases = [rng.randint(-room - 1, room) >> rng.choice((0, 0, 2, 5)) for _ in range(channels)]
    if chance(rng, 6):  # as near to R1's limit as the shrinking below allows
        bias_shift, biases = 31, [rng.choice((-1, 1, 0)) << rng.randint(0, 14) for _ in range(channels)]
    ratio = rng.randint(1, 255) if residual and chance(rng, 95) else 0
    residual_shift = max(0, (rng.randint(1, 8) << shift).bit_length() - 2 - ratio.bit_length()) if ratio else 0
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
