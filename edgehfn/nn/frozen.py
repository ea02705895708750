"""Partially frozen networks (Otsuka et al. 2024): seeded positions are pruned or locked before the search begins.

Only the others, the free ones, take a mask bit.
"""

from __future__ import annotations

from math import prod
from typing import Literal, get_args

from edgehfn.errors import InputError
from edgehfn.nn.net import Net
from edgehfn.nn.shapes import Shape
from edgehfn.nn.supermask import SupermaskConv2d, SupermaskLinear
from edgehfn.spec.limits import FROZEN_UNIT

ROUNDING = 1e-9  # of fractions

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

    ``over`` is how the free positions are spread over the layers: ``uniform`` (each has the same fraction), ``erk``
    (in proportion to inputs + outputs + both sides of the kernel, Evci et al. 2020) or ``epl`` (each has as many).
    Raises InputError for fractions that leave nothing free or do not fit the density.
    """
    ops = [op for op in net.weights.values() if isinstance(op, SupermaskConv2d | SupermaskLinear)]
    fraction = frozen if isinstance(frozen, int | float) else sum(frozen)
    given: tuple[float, ...] = frozen if isinstance(frozen, tuple) else ratios(0.5, frozen)
    if not 0 <= fraction < 1 or len(given) != 2 or min(given) < 0:
        raise InputError(f"frozen {frozen}: give a fraction of the weights in [0, 1), or two: pruned and locked")
    shapes = [op.shape for op in ops]
    for op, free in zip(ops, _spread(shapes, 1 - fraction, over), strict=True):
        density, part = op.densities[0], 1 - free / prod(op.shape)
        if isinstance(frozen, tuple):
            pruned, locked = (part * ratio / fraction if fraction else 0.0 for ratio in frozen)
            if locked > density + ROUNDING or pruned > 1 - density + ROUNDING:
                raise InputError(f"frozen {frozen}: a density of {density:g} needs pruned and locked to leave room")
        else:
            pruned, locked = ratios(density, part)
        both = min(
            round(FROZEN_UNIT * (pruned + locked)), FROZEN_UNIT - 1
        )  # no layer is left without anything to learn
        held = min(round(FROZEN_UNIT * locked), both)
        op.freeze(both - held, held)


def _spread(shapes: list[Shape], free: float, over: Over) -> list[float]:
    """How many positions of each layer are free, ``free`` of all: in proportion to its share, up to its size."""
    if over not in get_args(Over):
        raise InputError(f"freezing over {over!r}: choose {', '.join(get_args(Over))}")
    sizes = [prod(shape) for shape in shapes]
    shares = {"uniform": sizes, "erk": [sum(shape) for shape in shapes], "epl": [1] * len(shapes)}[over]
    left, found, rest = free * sum(sizes), [0.0] * len(sizes), set(range(len(sizes)))
    while rest:
        each = left / sum(shares[i] for i in rest)
        full = {i for i in rest if shares[i] * each >= sizes[i]}
        for i in full or rest:
            found[i] = float(sizes[i]) if full else shares[i] * each
        left -= sum(sizes[i] for i in full)
        rest -= full or rest
    return found
