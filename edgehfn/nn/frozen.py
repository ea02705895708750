"""Partially frozen networks (Otsuka et al. 2024): seeded positions are pruned or locked before the search begins.

Only the others, the free ones, take a mask bit.
"""

from __future__ import annotations

from math import prod
from typing import Literal, get_args

from edgehfn.errors import InputError
from edgehfn.nn.net import Net
from edgehfn.nn.shapes import Shape
from edgehfn.nn.supermask import Supermask, SupermaskConv2d, SupermaskLinear
from edgehfn.spec.limits import FROZEN_UNIT

ROUNDING = 1e-9  # of fractions
UNNOTICED = 0.02  # of the weights that a net keeps, what it may be off its density without a word

Over = Literal["uniform", "erk", "epl"]
Ratios = tuple[float, float]  # fractions of the positions that are pruned and locked
Frozen = float | Ratios  # a fraction of all positions, split by `ratios`, or both ratios


def ratios(density: float, frozen: float) -> Ratios:
    """Return the split of a frozen fraction at a density (section 3 of the paper).

    So much is locked that the free part is half dense, as far as that goes: a mask bit then carries the most.
    """
    locked = min(max(0.0, density - (1 - frozen) / 2), frozen)
    return frozen - locked, locked


def freeze(net: Net, frozen: Frozen, over: Over = "uniform") -> None:
    """Freeze a fraction of all masked positions of an untrained net.

    ``over`` is how what is not frozen is spread over the layers: ``uniform`` (each has the same fraction), ``erk``
    (in proportion to inputs + outputs + both sides of the kernel, Evci et al. 2020) or ``epl`` (each has as many). How
    many are pruned and how many locked follows from the density of the whole net; what is not pruned is spread by the
    rule, and so is what is free, and a layer locks the difference (as in the code of Otsuka et al. 2024). So a layer
    may have fewer left, or more locked, than its own density asks for: it then keeps what it can.
    Layers that read a part of the channels are left out.
    Raises InputError for fractions that leave nothing free or do not fit the density.
    """
    masked = (op for op in net.weights.values() if isinstance(op, SupermaskConv2d | SupermaskLinear))
    ops = [op for op in masked if not op.confined]
    fraction = frozen if isinstance(frozen, int | float) else sum(frozen)
    given: tuple[float, ...] = frozen if isinstance(frozen, tuple) else ratios(0.5, frozen)
    if not 0 <= fraction < 1 or len(given) != 2 or min(given) < 0:
        raise InputError(f"frozen {frozen}: give a fraction of the weights in [0, 1), or two: pruned and locked")
    sizes = [prod(op.shape) for op in ops]
    if over == "uniform":
        for op in ops:
            op.freeze(*_thresholds(*_totals(op.densities[0], frozen)))
        return
    whole = sum(op.densities[0] * size for op, size in zip(ops, sizes, strict=True)) / max(1, sum(sizes))
    pruned, locked = _totals(whole, frozen)
    shapes = [op.shape for op in ops]
    left, free = _spread(shapes, 1 - pruned, over), _spread(shapes, 1 - pruned - locked, over)
    for op, size, unpruned, searched in zip(ops, sizes, left, free, strict=True):
        op.freeze(*_thresholds(1 - unpruned / size, (unpruned - searched) / size), spread=True)


def shortfall(net: Net) -> str:
    """Say how far layers that are frozen by a rule end off their densities where none competes; empty if hardly."""
    ops = [op for op in net.weights.values() if isinstance(op, Supermask) and op.spread and op.scores is not None]
    if net.search.thresholds != "layer" or not ops:
        return ""
    asked, own = (
        sum(keep[0] for keep in found)
        for found in ([op.asked(op.densities) for op in ops], [op.quota(op.densities) for op in ops])
    )
    if abs(own - asked) <= UNNOTICED * asked:
        return ""
    size = sum(prod(op.shape) for op in ops)
    return (
        f"frozen layers keep {own / size:.3f} of their weights, not {asked / size:.3f}: some have no "
        "more left, or more locked; --thresholds adaptive (nn.Search) holds the density of the whole"
    )


def _totals(density: float, frozen: Frozen) -> Ratios:
    """What is pruned and locked at a density. Raises InputError if given ratios do not fit it."""
    if not isinstance(frozen, tuple):
        return ratios(density, frozen)
    pruned, locked = frozen
    if locked > density + ROUNDING or pruned > 1 - density + ROUNDING:
        raise InputError(f"frozen {frozen}: a density of {density:g} needs pruned and locked to leave room")
    return pruned, locked


def _thresholds(pruned: float, locked: float) -> tuple[int, int]:
    """Those of SPEC section 2.1 for a layer, which is left something to learn."""
    both = min(round(FROZEN_UNIT * (pruned + locked)), FROZEN_UNIT - 1)
    held = min(round(FROZEN_UNIT * locked), both)
    return both - held, held


def _spread(shapes: list[Shape], chosen: float, over: Over) -> list[float]:
    """How many positions of each layer are chosen, ``chosen`` of all: in proportion to its share, up to its size."""
    if over not in get_args(Over):
        raise InputError(f"freezing over {over!r}: choose {', '.join(get_args(Over))}")
    sizes = [prod(shape) for shape in shapes]
    shares = [1 if over == "epl" else sum(shape) for shape in shapes]
    left, found, rest = chosen * sum(sizes), [0.0] * len(sizes), set(range(len(sizes)))
    while rest:
        each = left / sum(shares[i] for i in rest)
        full = {i for i in rest if shares[i] * each >= sizes[i]}
        for i in full or rest:
            found[i] = float(sizes[i]) if full else shares[i] * each
        left -= sum(sizes[i] for i in full)
        rest -= full or rest
    return found
