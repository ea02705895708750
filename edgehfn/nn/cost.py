"""What a net stores, counted as the papers count."""

from __future__ import annotations

from collections import Counter
from math import prod

from edgehfn.nn.dense import DenseConv2d, DenseLinear
from edgehfn.nn.net import Net
from edgehfn.nn.supermask import SupermaskConv2d, SupermaskLinear


def unique_weights(net: Net) -> int:
    """Weights, those of a folded block once."""
    return sum(prod(op.shape) for op in net.weights.values())


def mask_bits(net: Net) -> int:
    """Bits of all masks: one a weight, and in each further coat one a weight that the coat before it keeps."""
    bits = 0
    for op in net.weights.values():
        if isinstance(op, SupermaskConv2d | SupermaskLinear):
            counts = op.counts()
            bits += counts.numel() + sum(int((counts >= coat).sum()) for coat in range(1, op.coats))
    return bits


def folded_channels(net: Net) -> int:
    """Channels of the norms of folded blocks, over all their iterations."""
    uses = Counter(step.weight for step in net.steps if step.weight)
    return sum(step.norm.num_features for step in net.steps if step.norm is not None and uses[step.weight] > 1)


def paper_bytes(net: Net) -> int:
    """Size by the formula of López García-Arias et al. (2021), rounded up to bytes.

    32 bits of seed, the mask bits, and 64 bits for each folded norm's channel and iteration. Other norms and running
    statistics are not counted there. Trained weights, which HFN has none of, are counted with their own bits.
    """
    trained = sum(op.bits * prod(op.shape) for op in net.weights.values() if isinstance(op, DenseConv2d | DenseLinear))
    return -(-(32 + mask_bits(net) + trained + 64 * folded_channels(net)) // 8)
