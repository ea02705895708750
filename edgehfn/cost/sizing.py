"""What a model takes before it is trained, and the widest net of a family within a budget."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf

from edgehfn.backends import c
from edgehfn.cost.footprint import predict
from edgehfn.errors import InputError
from edgehfn.ir import plan
from edgehfn.lowering.lower import lower
from edgehfn.lowering.untrained import untrained
from edgehfn.nn import Net

SPARED = 0.03  # of RAM, for what training adds to the longest list
IMAGES = 16  # random ones, enough to see which layers need 32-bit accumulators


def model_bytes(net: Net) -> int:
    """Model data on the device, exact but for norms whose biases will turn out to need two bytes.

    Only shapes and densities decide it, so scales and norms may be anything.
    """
    graph = lower(net, dict.fromkeys(net.shapes, 1.0))
    return sum(len(part.data) for part in c.layout(graph, plan(graph)))


def least_ram(net: Net, core: str) -> int:
    """Bytes of RAM that a run takes at least, the stack apart, once the net is trained.

    Searched masks keep more in their fullest channels than random ones, for which ``SPARED`` stands: lists of a small
    net may still take a few percent more.
    """
    graph = untrained(net, IMAGES)
    return ceil(predict(graph, plan(graph, "ram"), core)[0].total_ram * (1 + SPARED))


def widest(
    family: Callable[[float], Net],
    budget: int,
    step: float = 1,
    size: Callable[[Net], int] = model_bytes,
    what: str = "model data",
) -> float:
    """The largest width, a multiple of ``step`` from 1 on, of which the net takes at most ``budget`` bytes.

    Bytes, of model data or of another ``size``, must not fall as the width grows. Raises InputError if not even the
    first width fits.
    """

    def fits(steps: int) -> bool:
        return size(family(steps * step)) <= budget

    first = max(1, ceil(1 / step))
    if not fits(first):
        least = size(family(first * step))
        raise InputError(
            f"a width of {first * step:g} takes {least:,} bytes of {what}, {budget:,} are allowed; allow more"
        )
    return largest(fits, first) * step


def largest(fits: Callable[[int], bool], first: int, end: float = inf) -> int:
    """The largest number from ``first`` on, which fits, and below ``end`` that does: by doubling, then by halving the
    gap. Numbers above one that does not fit must not fit either."""
    most, beyond = first, 2 * first
    while beyond < end and fits(beyond):
        most, beyond = beyond, 2 * beyond
    while beyond - most > 1:
        middle = (most + beyond) // 2
        most, beyond = (middle, beyond) if fits(middle) else (most, middle)
    return most
