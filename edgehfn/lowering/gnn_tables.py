"""From the real factors of layers over graphs to tables of integers (docs/SPEC.md section 5.3); floats stop here."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Literal

import numpy as np

from edgehfn.errors import GraphError
from edgehfn.ir.gnn_rules import aggregated, summed
from edgehfn.ir.graph import Tensor
from edgehfn.ir.topology import Topology
from edgehfn.nn.gnn_layers import MOST_OWN
from edgehfn.spec.limits import BYTE, HALF, LANE, WORD

ATTENTION_STEP = 2.0**-15  # of x's step, what one step of Attention's accumulator is


@dataclass(frozen=True)
class Degrees:
    """Aggregate's tables, an entry for each degree; an accumulator step is ``gain`` steps of x, and at most ``bound``
    of them occur."""

    neighbour: tuple[int, ...]
    own: tuple[int, ...]
    whole: tuple[int, ...]
    shift: int
    gain: float
    bound: int


def by_degree(
    norm: Literal["gcn", "mean", "sum", "neighbours", "own"], topology: Topology, x: Tensor, own: float | None = None
) -> Degrees:
    """The tables of a norm. Factors of sums are as large as 32 bits allow, and the shift leaves 16-bit accumulators.
    A sum may have the node itself ``own`` times.

    Raises GraphError if not even the smallest factors keep sums in 32 bits.
    """
    several = np.arange(topology.degree + 1) + 1.0
    ones = np.ones(len(several), np.int64)
    unit, itself = 1, 0 if norm == "neighbours" else 1  # the entry that stands for 1
    match norm:
        case "gcn":
            unit = BYTE - 1
            inner, factor = np.rint(unit / np.sqrt(several)).astype(np.int64), 1 / np.sqrt(several)
        case "mean":
            inner, factor = ones, 1 / several
        case "sum" | "own":
            inner, factor = ones, ones.astype(np.float64)
            if own is not None:
                unit = int((BYTE - 1) / MOST_OWN)
                inner = unit * ones
        case "neighbours":
            inner, factor = ones, 1 / np.maximum(several - 1, 1)
    heard = 0 if norm == "own" else 1
    alone = itself * inner if own is None else np.rint(own * inner).astype(np.int64)
    tables = tuple((heard * inner).tolist()), tuple(alone.tolist())
    degrees, sums = summed(topology, *tables, x)
    largest = (WORD // 2 - 1) / float((factor[degrees] * sums).max(initial=1))  # the half leaves room for rounding
    if largest < 1:
        raise GraphError(f"sums over {topology.degree} neighbours need more than 32 bits; drop edges of such nodes")
    scale = 1.0 if norm in ("sum", "own") else min(float(HALF - 1), largest)
    whole = tuple(np.rint(scale * factor).astype(np.int64).tolist())
    shift = 0
    while aggregated(topology, *tables, whole, shift, x) >= LANE:
        shift += 1
    gain = 2.0**shift / (scale * unit)
    return Degrees(*tables, whole, shift, gain, aggregated(topology, *tables, whole, shift, x))


def softmax(scale: float) -> tuple[int, ...]:
    """Attention's table for scores of this scale: ``255·exp(-j·scale)`` for differences j of 0..255."""
    return tuple(round((BYTE - 1) * exp(-j * scale)) for j in range(BYTE))


def pooling(gain: float, mean: bool, nodes: int, x: Tensor) -> tuple[tuple[int, ...], int]:
    """NodePool's multipliers and shift for ``y = gain·Σ x``, or ``gain`` times the mean: the most precise that fit.

    Raises GraphError if none do.
    """
    counts = np.arange(1, nodes + 1) if mean else np.array([nodes])
    factors = gain / counts if mean else np.array([gain])
    for shift in range(31, -1, -1):
        whole = np.rint(np.ldexp(factors, shift))
        if whole.max() >= HALF:
            continue
        found = whole.astype(np.int64)
        sums = found * counts * max(x.hi, -x.lo) + (1 << shift >> 1)
        if sums.max() < WORD:
            return ((0, *found.tolist()) if mean else tuple(found.tolist())), shift
    raise GraphError(f"pooling {nodes} nodes: a factor of {gain:.3g} does not fit 32 bits; check the calibration")
