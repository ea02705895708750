"""The emulator's inner loops over graphs (Numba): docs/SPEC.md section 5.3.

A tensor is ``(C, places)`` int16, node v of channel c at place v. Neighbours are how many each of the first nodes has,
``degrees``, and who they are, one node's after another's, ``sources``. Requantisation is ``kernels.weighted_sums``'s:
``multiplier``, ``fixed``, ``ratio``, ``shift``, ``lo``, ``hi``; the residual is not read where the ratio is 0.
"""

from __future__ import annotations

import numpy as np

from edgehfn.backends.emulator.kernels import COMPILED


@COMPILED
def _requantise(acc, c, v, multiplier, fixed, ratio, residual, shift, lo, hi):  # type: ignore[no-untyped-def]
    t = multiplier[c] * acc + fixed[c]
    if ratio:
        t += ratio * residual[c, v]
    return min(max(t >> shift, lo), hi)


@COMPILED
def sparse_sums(  # type: ignore[no-untyped-def]
    starts, members, values, weights, multiplier, fixed, ratio, residual, shift, lo, hi, y
):
    """``weights``: ``(O, F)``; ``values`` empty where all are 1; y: all its places are nodes."""
    acc = np.empty(y.shape[1], np.int64)
    for o in range(len(weights)):
        acc[:] = 0
        for f in range(len(starts) - 1):
            weight = weights[o, f]
            if weight:
                for e in range(starts[f], starts[f + 1]):
                    acc[members[e]] += weight * values[e] if values.size else weight
        for v in range(len(acc)):
            y[o, v] = _requantise(acc[v], o, v, multiplier, fixed, ratio, residual, shift, lo, hi)


@COMPILED
def aggregate(  # type: ignore[no-untyped-def]
    x, degrees, sources, neighbour, own, whole, before, multiplier, fixed, ratio, residual, shift, lo, hi, y
):
    """Tables have an entry a degree; ``before``: the shift of the sum."""
    weighted = np.empty(len(degrees), np.int64)
    for c in range(len(x)):
        for v in range(len(degrees)):
            weighted[v] = neighbour[degrees[v]] * x[c, v]
        e = 0
        for v in range(len(degrees)):
            degree = degrees[v]
            total = own[degree] * x[c, v]
            for _ in range(degree):
                total += weighted[sources[e]]
                e += 1
            acc = (whole[degree] * total + (1 << before >> 1)) >> before
            y[c, v] = _requantise(acc, c, v, multiplier, fixed, ratio, residual, shift, lo, hi)


@COMPILED
def attend(  # type: ignore[no-untyped-def]
    x, scores, heads, degrees, sources, slope, table, multiplier, fixed, ratio, residual, shift, lo, hi, y
):
    """A node's own weight lies behind those of its neighbours."""
    each = len(x) // heads
    weights = np.empty(len(sources) + len(degrees), np.int64)
    down = np.empty(len(degrees), np.int64)
    factor = np.empty(len(degrees), np.int64)
    for k in range(heads):
        e, at = 0, 0
        for v in range(len(degrees)):
            top = -(2**15)
            for i in range(degrees[v] + 1):
                u = sources[e + i] if i < degrees[v] else v
                score = scores[k, u] + scores[heads + k, v]
                weights[at + i] = score if score >= 0 else (slope * score + 128) >> 8
                top = max(top, weights[at + i])
            total = 0
            for i in range(degrees[v] + 1):
                weights[at + i] = table[min(top - weights[at + i], 255)]
                total += weights[at + i]
            e += degrees[v]
            at += degrees[v] + 1
            down[v] = 0
            while total >> down[v] >= 256:
                down[v] += 1
            j = total >> down[v]
            factor[v] = (2**16 + j) // (2 * j + 1)
        for c in range(k * each, k * each + each):
            e, at = 0, 0
            for v in range(len(degrees)):
                total = 0
                for _ in range(degrees[v]):
                    total += weights[at] * x[c, sources[e]]
                    e += 1
                    at += 1
                total += weights[at] * x[c, v]
                at += 1
                acc = (total >> down[v]) * factor[v]
                y[c, v] = _requantise(acc, c, v, multiplier, fixed, ratio, residual, shift, lo, hi)
