"""A few images carried along while a random net is drawn, so that its requantisations can be made to fit what arrives.

Nothing is held against these values: a mistake here would make dull nets, not wrong ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgehfn.ir import ops
from edgehfn.ir.ops import Requantise
from edgehfn.spec.window import Sides, sides

Ints = npt.NDArray[np.int64]

IMAGES = 4


def values(node: ops.Node, made: dict[str, Ints]) -> Ints:
    """A node's tensor ``(IMAGES, *shape)`` from those made before; noise for the input."""
    match node:
        case ops.Input():
            limits = ops.SIGNED if node.signed else ops.RELU
            return np.random.default_rng(0).integers(*limits, (IMAGES, *node.shape), endpoint=True)
        case ops.Conv(requantise=q):
            acc = accumulators(made[node.x], node.weight, node.sides)
            return requantised(acc, q, made[node.residual] if node.residual else 0)
        case ops.Depthwise(requantise=q):
            acc = channelwise(made[node.x], node.weight, node.sides)
            return requantised(acc, q, made[node.residual] if node.residual else 0)
        case ops.MeanPool():
            sums: Ints = windows(made[node.x], node.sides, 0).sum((-1, -2))
            return clamped(node.multiplier * sums, node.shift, ops.SIGNED)
        case ops.Concat():
            parts = [node.x_multiplier * made[node.x], node.y_multiplier * made[node.y]]
            return clamped(np.concatenate(parts, 1), node.shift, node.clamp)
        case ops.Linear(requantise=q):
            return requantised(accumulators(made[node.x], node.weight), q, 0)
        case ops.MaxPool():
            window = sides((node.kernel,) * 2, node.stride, node.padding)
            largest: Ints = windows(made[node.x], window, -128).max((-1, -2))
            return largest
        case ops.AvgPool():
            return clamped(node.multiplier * made[node.x].sum((2, 3)), node.shift, ops.SIGNED)
        case ops.Add():
            terms = node.x_multiplier * made[node.x] + node.y_multiplier * made[node.y]
            return clamped(terms, node.shift, node.clamp)
        case _:
            raise TypeError(f"{node.name}: no node of images")


def accumulators(x: Ints, weight: ops.Weight, window: Sides | None = None) -> Ints:
    """``(IMAGES, O, …)``"""
    if window is None:
        return x.reshape(len(x), -1) @ weight.values.T.astype(np.int64)
    seen = windows(x, window, 0)
    return np.moveaxis(np.tensordot(seen, weight.values.astype(np.int64), ((1, 4, 5), (1, 2, 3))), -1, 1)


def channelwise(x: Ints, weight: ops.Weight, window: Sides) -> Ints:
    """``(IMAGES, C, …)`` of a weight ``(C, 1, k, k)``"""
    each: Ints = np.einsum("nchwab,cab->nchw", windows(x, window, 0), weight.values[:, 0].astype(np.int64))
    return each


def windows(x: Ints, window: Sides, outside: int) -> Ints:
    """``(IMAGES, C, H', W', k, k)``"""
    rows, columns = window
    around = ((0, 0), (0, 0), (rows.before, rows.after), (columns.before, columns.after))
    padded = np.pad(x, around, constant_values=outside)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (rows.extent, columns.extent), (2, 3))
    return seen[:, :, :: rows.stride, :: columns.stride, :: rows.dilation, :: columns.dilation]


def requantised(acc: Ints, q: Requantise, residual: Ints | int) -> Ints:
    channels = (-1, *[1] * (acc.ndim - 2))
    multiplier = np.array(q.multiplier, np.int64).reshape(channels)
    bias = np.array(q.bias, np.int64).reshape(channels)
    ratio = np.int64(q.residual_multiplier << q.residual_shift)
    terms = multiplier * acc + (bias << np.int64(q.bias_shift)) + ratio * np.asarray(residual, np.int64)
    return clamped(terms, q.shift, q.clamp)


def clamped(terms: Ints, shift: int, clamp: tuple[int, int]) -> Ints:
    made: Ints = np.clip((terms + (1 << shift >> 1)) >> shift, *clamp)
    return made
