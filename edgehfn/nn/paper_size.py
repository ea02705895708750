"""What a net stores, counted as the papers count."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import assert_never

from edgehfn.nn.net import Net, Weighted
from edgehfn.nn.quantised import QuantisedConv2d, QuantisedLinear
from edgehfn.nn.supermask import Supermask, SupermaskConv2d, SupermaskLinear


def unique_weights(net: Net) -> int:
    """Return the number of weights, those of a folded block counted once."""
    unique = {op.tensor if isinstance(op, Supermask) else name: op for name, op in net.weights.items()}
    return sum(prod(op.shape) for op in unique.values())


def mask_bits(of: Net | Supermask) -> int:
    """Return the bits of one mask, or of all of a net.

    They are one a free weight, and in each further coat one a weight that the coat before it keeps. Stored signs take a
    bit a weight more.
    """
    if isinstance(of, Net):
        return sum(mask_bits(op) for op in of.weights.values() if isinstance(op, Supermask))
    first = prod(of.shape) if of.frozen is None else int(of.frozen.sum())
    first += 0 if of.signs is None else prod(of.shape)
    if of.coats == 1:
        return first
    counts = of.counts()
    return first + sum(int((counts >= coat).sum()) for coat in range(1, of.coats))


def folded_channels(net: Net) -> int:
    """Return the number of channels of the norms of folded blocks, over all their iterations."""
    sources = {name: op.tensor if isinstance(op, Supermask) else name for name, op in net.weights.items()}
    uses = Counter(sources[step.weight] for step in net.steps if step.weight)
    folded = (step.norm for step in net.steps if step.weight and uses[sources[step.weight]] > 1)
    return sum(norm.num_features for norm in folded if norm is not None)


def dense_bytes(net: Net) -> int:
    """Return the bytes of the net trained in float32 without folds, as the papers count them.

    They count weights, and two numbers a channel of norms.
    """
    normed = sum(step.norm.num_features for step in net.steps if step.norm is not None)
    return 4 * (sum(prod(net.weights[step.weight].shape) for step in net.steps if step.weight) + 2 * normed)


def paper_bytes(net: Net) -> int:
    """Return the size by the formula of López García-Arias et al. (2021), rounded up to bytes.

    32 bits of seed, the mask bits, and 64 bits for each folded norm's channel and iteration. Other norms and running
    statistics are not counted there. Trained weights, which HFN has none of, are counted with their own bits.
    """
    return -(-(32 + sum(map(_bits, net.weights.values())) + 64 * folded_channels(net)) // 8)


def _bits(op: Weighted) -> int:
    match op:
        case SupermaskConv2d() | SupermaskLinear():
            return mask_bits(op)
        case QuantisedConv2d() | QuantisedLinear():
            return op.bits * prod(op.shape)
        case _:
            assert_never(op)
