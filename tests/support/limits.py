"""Narrow convolutions whose sums reach the ends of a 16-bit lane, with every way to requantise them."""

from __future__ import annotations

from itertools import product

import numpy as np

from edgehfn.ir import Graph
from edgehfn.ir.inputs import Raw
from edgehfn.ir.ops import RELU, SIGNED, Conv, Input, Node, Requantise, Supermask
from edgehfn.ir.validate import verify
from edgehfn.spec import generator
from support import nets

INPUTS, SEED = 600, 7
SIGNS = generator.signs(SEED, 0, 2 * INPUTS).reshape(2, INPUTS)
LISTS = ((258, 0), (0, 258), (257, 1), (128, 130), (258, 258))  # weights of plus and minus: 258 · 127 = 32,766


def channels(dtype: str, shift: int, width: int) -> tuple[Graph, Raw]:
    """A graph of all lists and clamps, with and without a residual, and images that reach the limits.

    ``shift`` 16 and those below 8 take ways of their own in some kernels, and so do widths that are no multiple of 4.
    """
    made: list[Node] = [Input("input", (INPUTS, 1, width), dtype="u8" if dtype == "u8" else "s8")]
    m, fewer = 127 if shift == 16 else 1, max(0, 8 - shift)  # SPEC section 4, N2
    for plus, minus in LISTS:
        if dtype == "u8" or plus + minus <= 258:
            weight = _weight(f"{plus},{minus}", plus >> fewer, minus >> fewer)
            for residual, clamp in product((None, f"{weight.name},0"), (SIGNED, RELU)):
                q = Requantise((m, -m), (3, -3), 0, shift, clamp, 3 if residual else 0, shift - 1)
                name = f"{weight.name},{(len(made) - 1) % 4}"
                made.append(Conv(name, "input", weight, q, residual=residual))
    graph = verify(Graph(tuple(made), SEED))
    raw = nets.random_input(graph, 1, 4)
    low, high = (0, 255) if dtype == "u8" else (-127, 127)
    raw[2] = np.where(SIGNS[0] > 0, high, low).astype(raw.dtype)[:, None, None]  # the largest sum of the first channel
    raw[3] = np.where(SIGNS[0] > 0, low, high).astype(raw.dtype)[:, None, None]  # and its smallest
    return graph, raw


def _weight(name: str, plus: int, minus: int) -> Supermask:
    counts = np.zeros((2, INPUTS), np.uint8)
    for row, signs in zip(counts, SIGNS, strict=True):
        row[np.flatnonzero(signs > 0)[:plus]] = row[np.flatnonzero(signs < 0)[:minus]] = 1
    return Supermask(name, 0, (2, INPUTS, 1, 1), 1, counts.ravel(), SEED)
