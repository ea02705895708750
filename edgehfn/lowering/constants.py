"""Channels that are the same whatever comes in: masks leave some without inputs, and others with only such inputs.

``Values`` has an entry for each channel of a tensor or an accumulator: the integer that all its elements are, or NaN if
they may vary, which arithmetic carries along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.ir import ops
from edgehfn.ir.graph import Tensor
from edgehfn.ir.topology import Features
from edgehfn.lowering.requantise import Floats
from edgehfn.spec.window import Sides

Values = Floats


def weighted(weight: ops.Weight, x: Values, padded: bool = False) -> Values:
    """Accumulators ``(O,)`` of a weight whose inputs, channels or the elements of vectors, are ``x``."""
    return np.asarray(_sums(weight.values.reshape(weight.shape[0], len(x), -1), x, padded).sum(1))


def channelwise(weight: ops.Weight, x: Values, padded: bool) -> Values:
    """The same of a weight each channel of which reads the channel of its number alone."""
    return _sums(weight.values.reshape(len(x), -1), x, padded)


def _sums(values: npt.NDArray[Any], x: Values, padded: bool) -> Values:
    """Each input times the weights that it meets."""
    seen = gathered(x) if padded else x
    return np.where(values.any(-1), values.sum(-1) * seen, 0.0)


def padded(window: Sides) -> bool:
    """Whether a window reads zeros outside the map."""
    return any(side.before or side.after for side in window)


def gathered(x: Values) -> Values:
    """Sums of any number of elements of each channel: constant where these are zeros."""
    return np.where(x == 0, x, np.nan)


def features(stored: Features) -> Values:
    """Of stored features: no node has some of them."""
    return np.where(np.diff(stored.starts) == 0, 0.0, np.nan)


def made(node: ops.Node, known: Mapping[str, Values], tensor: Tensor) -> Values:
    """Of the tensor a node makes, from those it reads."""
    match node:
        case ops.Input():
            return np.full(tensor.shape[0], np.nan)
        case ops.Constant():
            return np.where(node.values.any((1, 2)), np.nan, 0.0)
        case ops.MaxPool():
            return known[node.x]
        case ops.AvgPool() | ops.MeanPool() | ops.NodePool():
            return gathered(known[node.x])
        case ops.Concat():
            return np.concatenate([gathered(known[node.x]), gathered(known[node.y])])
        case ops.Add() if known[node.x].shape != known[node.y].shape:  # a vector and a map
            return np.full(tensor.shape[0], np.nan)
        case ops.Add():
            return gathered(abs(known[node.x]) + abs(known[node.y]))
        case ops.SparseLinear():
            sums = weighted(node.weight, features(node.features))
        case ops.Conv():
            sums = weighted(node.weight, known[node.x], padded(node.sides))
        case ops.Depthwise():
            sums = channelwise(node.weight, known[node.x], padded(node.sides))
        case ops.Linear():
            sums = weighted(node.weight, flattened(known[node.x], node.weight))
        case ops.Aggregate() | ops.Attention():
            sums = gathered(known[node.x])
        case _:
            assert_never(node)
    return _requantised(node.requantise, sums, known.get(ops.residual(node) or ""))


def flattened(x: Values, weight: ops.Weight) -> Values:
    """Of the elements of a map that a linear layer reads as a vector."""
    return np.repeat(x, weight.shape[1] // len(x))


def _requantised(q: ops.Requantise, sums: Values, residual: Values | None) -> Values:
    multiplier, bias = np.array(q.multiplier, np.float64), np.array(q.bias, np.float64)
    whole = np.where(multiplier == 0, 0.0, multiplier * sums) + np.ldexp(bias, q.bias_shift) + (1 << q.shift >> 1)
    if residual is not None:
        whole += np.ldexp(q.residual_multiplier * residual, q.residual_shift)
    return np.asarray(np.clip(np.floor(np.ldexp(whole, -q.shift)), *q.clamp))
