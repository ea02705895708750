"""The emulator's inner loops (Numba). Images lie innermost: a tensor is ``(places, LANES)``, one image a lane.

So every weight, whatever the kernel, stride and padding, is one multiply-add of whole vectors, and only kept weights
are visited. Numba computes in 64 bits and truncates where it stores: SPEC's bounds make each store below exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

LANES = 64  # images computed together


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first use, to run without the interpreter's lock; kept on disk if this or the user's folder allows."""
    try:
        return numba.njit(function, nogil=True, cache=True)  # type: ignore[no-any-return]
    except RuntimeError:
        return numba.njit(function, nogil=True)  # type: ignore[no-any-return]


@_compiled
def _accumulate(acc, x, base, offsets, weights, first, last):  # type: ignore[no-untyped-def]
    """acc[lane] += Σ weights[e]·x[base + offsets[e], lane] over first ≤ e < last, four a pass to spare acc."""
    e = first
    while e + 4 <= last:
        a, b, c, d = base + offsets[e], base + offsets[e + 1], base + offsets[e + 2], base + offsets[e + 3]
        wa, wb, wc, wd = weights[e], weights[e + 1], weights[e + 2], weights[e + 3]
        for lane in range(LANES):
            acc[lane] += wa * x[a, lane] + wb * x[b, lane] + wc * x[c, lane] + wd * x[d, lane]
        e += 4
    while e < last:
        a, wa = base + offsets[e], weights[e]
        for lane in range(LANES):
            acc[lane] += wa * x[a, lane]
        e += 1


@_compiled
def weighted_sums(x, bases, offsets, weights, starts, multiplier, fixed, ratio, residual, shift, lo, hi, y):  # type: ignore[no-untyped-def]
    """A conv or linear node with its requantisation (SPEC sections 4 and 5) on one group of images.

    x: padded input ``(places, LANES)``; int16 if every channel has A ≤ 32767 (sums may wrap, the last fits) or int32
    bases: ``(P,)``, the place of each output pixel's first tap
    offsets, weights: of all channels' kept weights, places from there and values of x's type
    starts: ``(O + 1,)``, where each channel's offsets begin
    multiplier, fixed: ``(O,)`` int32, fixed = b·2^u + (2^s >> 1); ratio = r·2^v: partial sums of t fit 32 bits by R1
    residual, y: ``(O·P, LANES)`` int8, row-major over O, P; residual is not read where ratio is 0
    """
    pixels = bases.size
    acc = np.empty(LANES, x.dtype)
    t = np.empty(LANES, np.int32)
    for p in range(pixels):
        for o in range(multiplier.size):
            place = o * pixels + p
            acc[:] = 0
            _accumulate(acc, x, bases[p], offsets, weights, starts[o], starts[o + 1])
            for lane in range(LANES):
                t[lane] = multiplier[o] * acc[lane] + fixed[o]
            if ratio:
                for lane in range(LANES):
                    t[lane] += ratio * residual[place, lane]
            for lane in range(LANES):
                y[place, lane] = min(max(t[lane] >> shift, lo), hi)


@_compiled
def max_pool(x, kernel, stride, padding, y):  # type: ignore[no-untyped-def]
    """``(C, H, W, LANES)`` to ``(C, H', W', LANES)``, int8; places outside the map are skipped."""
    channels, height, width, _ = x.shape
    _, rows, columns, _ = y.shape
    for c in range(channels):
        for i in range(rows):
            top = i * stride - padding
            for j in range(columns):
                left = j * stride - padding
                y[c, i, j, :] = -128
                for a in range(max(top, 0), min(top + kernel, height)):
                    for b in range(max(left, 0), min(left + kernel, width)):
                        for lane in range(LANES):
                            y[c, i, j, lane] = max(y[c, i, j, lane], x[c, a, b, lane])
