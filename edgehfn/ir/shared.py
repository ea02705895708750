"""Sums that three neighbouring channels of a convolution share (firmware/src/conv/shared.h)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgehfn.ir.bounds import sums_fit_16_bits
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Supermask, Weight
from edgehfn.spec.window import square

TRIO = 3
SIGNS = (  # of a tap's three weights in each list, or all of them the other way round
    *((1, 1, third) for third in (1, -1, 0)),
    *((1, -1, third) for third in (1, -1, 0)),
    *((1, 0, third) for third in (1, -1, 0)),
    *((0, 1, third) for third in (1, -1, 0)),
    (0, 0, 1),
)
UNLIKES, LIKES = 4, 2  # items of unrolled code
BEHIND = 3 * TRIO + len(SIGNS) - TRIO  # places behind lists; putting out a channel takes three words
REMEMBERED = 64  # weights whose lists are counted once

Lengths = npt.NDArray[np.int64]


def can_share(node: Conv, graph: Graph) -> bool:
    """Whether kernels do: plain masks in 16-bit lanes, inputs from 0 up, and rows that are whole words."""
    weight = node.weight
    return (
        isinstance(weight, Supermask)
        and weight.plain
        and graph.tensors[node.x].lo >= 0
        and graph.tensors[node.name].shape[2] % 4 == 0
        and square(node.sides) is not None
        and sums_fit_16_bits(node, graph)
    )


@lru_cache(REMEMBERED)
def lengths(weight: Weight) -> Lengths:
    """Entries of the lists of each three channels, or fewer at the end, (trios, 13, 2): of plus, and of minus, by the
    sign of the first weight that is not 0."""
    signs = np.sign(weight.values.reshape(len(weight.values), -1)).astype(np.int8)
    trios = np.pad(signs, ((0, -len(signs) % TRIO), (0, 0))).reshape(-1, TRIO, signs.shape[1])
    key = (trios + 1).transpose(0, 2, 1) @ np.array([9, 3, 1])
    counts = np.stack([np.bincount(row, minlength=27) for row in key])
    digits = (np.array(SIGNS) + 1) @ np.array([9, 3, 1])
    return np.stack([counts[:, digits], counts[:, 26 - digits]], axis=2)


def rooms(weight: Weight) -> tuple[int, int, int]:
    """Entries of either sign that a list needs, whose taps one, two or three channels keep."""
    most, kept = lengths(weight).max((0, 2)), np.abs(SIGNS).sum(1)
    one, two, three = (int(most[kept == n].max()) for n in (1, 2, 3))
    return one, two, three


def thread_bytes(weight: Weight) -> int:
    """What assembly takes to write what a group of pixels takes (firmware/src/conv/trio_narrow_dsp.S): a word for each
    two entries or odd one, and the places before so many of them, round those that are minus and behind each list."""
    both, longest = lengths(weight).min(2), lengths(weight).max(2)
    rest, minus = longest - both, lengths(weight)[..., 1] > both
    likes = rest // 2
    words = both + -(-both // UNLIKES) + likes + -(-likes // LIKES) + 2 * (rest % 2) + 2 * minus
    return 4 * (int(words.sum(1).max()) + BEHIND)


def entries(weight: Weight) -> int:
    """Entries of a trio's lists, plus and minus in turn, with all their room."""
    room = rooms(weight)
    return sum(2 * room[sum(map(abs, signs)) - 1] for signs in SIGNS)
