"""What reading the weights of a mask, or unpacking trained ones, makes a core do."""

from __future__ import annotations

from math import prod

import numpy as np

from edgehfn.cost import terms_small
from edgehfn.ir.ops import QuantisedWeight, Supermask, Weight
from edgehfn.ir.shared import lengths
from edgehfn.spec import masks

Terms = dict[str, float]

DRAWS = 8  # of a frozen position, a bit each


def decoded(weight: Weight, times: int, is_small: bool) -> Terms:
    """What reading a mask takes, or unpacking trained weights, ``times`` over."""
    if not weight.uses_index_list:
        return (
            {"unpacked": prod(weight.shape) * times} if isinstance(weight, QuantisedWeight) and weight.bits < 8 else {}
        )
    if is_small:
        return terms_small.decoded(weight, times)
    counts, coats = np.abs(weight.values).ravel(), weight.coats if isinstance(weight, Supermask) else 1
    hashed = isinstance(weight, Supermask) and weight.signs is None
    frozen = isinstance(weight, Supermask) and bool(weight.pruned + weight.locked)
    inner = [int(np.count_nonzero(counts >= n)) for n in range(1, coats)]
    words = -(-counts.size // terms_small.WORD)
    padded = np.zeros(words * terms_small.WORD, np.uint8)
    padded[: counts.size] = counts
    return {
        "words": words * times,
        "hashed words": words * hashed * times,
        "takes": terms_small.takes(weight) * times,
        "kept words": int(padded.reshape(words, terms_small.WORD).max(1).sum(dtype=np.int64)) * times,
        "kept": int(counts.sum(dtype=np.int64)) * times,
        "inner words": words * (coats - 1) * times,
        "inner bits": (sum(inner) + _free(weight)) * times,
        "frozen words": words * frozen * times,
        "drawn words": words * _deciding(weight) * times,
    }


# What lists of each channel take, and nothing that shares sums.
ALONE = frozenset(
    {
        *("words", "hashed words", "takes", "kept words", "kept", "inner words", "inner bits", "frozen words"),
        *("drawn words", "turns", "lists", "pairs", "singles", "wide pairs", "wide lists", "wide groups"),
        *("pairs of a word", "unlike entries", "kept groups of signed"),
    }
)


def shared(weight: Weight, groups: int, built: int, bands: int) -> Terms:
    """What sums that three channels share take: so many groups of pixels, lists built so often, in so many bands."""
    each = lengths(weight)
    both, rest = each.min(2), abs(each[..., 0] - each[..., 1])
    trios, chunks = len(each), -(-prod(weight.shape[1:]) // terms_small.WORD)
    minus = int((each[..., 1] > each[..., 0]).sum())
    return {
        "trios": trios * groups,
        "unlikes": int(both.sum()) * groups,
        "likes": int((rest // 2).sum()) * groups,
        "odd entries": int((rest % 2).sum()) * groups,
        "negated lists": minus * groups,
        "shared chunks": trios * chunks * built,
        "shared entries": int(each.sum()) * built,
        "shared lists": trios * bands,
        "thread entries": int((both + rest).sum()) * bands,
    }


def _deciding(weight: Weight) -> int:
    """How many of the draws of frozen positions decide anything: those from the thresholds' lowest set bit up."""
    if not isinstance(weight, Supermask):
        return 0
    thresholds = weight.pruned | weight.pruned + weight.locked
    return DRAWS - min(DRAWS, (thresholds & -thresholds).bit_length() - 1) if thresholds else 0


def _free(weight: Weight) -> int:
    """Bits of the first stream that are laid one by one: none where it has a bit for each weight."""
    if not isinstance(weight, Supermask) or not weight.pruned + weight.locked:
        return 0
    gone, kept = masks.frozen(weight.seed, weight.tensor, weight.counts.size, weight.pruned, weight.locked)
    return weight.counts.size - int(gone.sum()) - int(kept.sum())
