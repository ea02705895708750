"""Bytes of a model before it is trained, and the widest net of a family within a budget."""

from __future__ import annotations

from collections.abc import Callable

from edgehfn.backends import c
from edgehfn.errors import InputError
from edgehfn.graph import plan
from edgehfn.lower import lower
from edgehfn.nn import Net


def model_bytes(net: Net) -> int:
    """Model data on the device, exact but for norms whose biases will turn out to need two bytes.

    Only shapes and densities decide it, so scales and norms may be anything.
    """
    graph = lower(net, dict.fromkeys(net.shapes, 1.0))
    return sum(len(part.data) for part in c.layout(graph, plan(graph)))


def widest(family: Callable[[int], Net], budget: int, step: int = 1) -> int:
    """The largest width, a multiple of ``step``, of which the net takes at most ``budget`` bytes of model data.

    Bytes must grow with the width. Raises InputError if not even the first width fits.
    """
    if (least := model_bytes(family(step))) > budget:
        raise InputError(f"a width of {step} takes {least:,} bytes of model data, {budget:,} are allowed; allow more")
    fits, beyond = 1, 2
    while model_bytes(family(beyond * step)) <= budget:
        fits, beyond = beyond, 2 * beyond
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        if model_bytes(family(middle * step)) <= budget:
            fits = middle
        else:
            beyond = middle
    return fits * step
