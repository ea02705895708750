"""From what was observed to one scale for a tensor: the real value of one integer step (docs/SPEC.md section 3).

Every tensor is symmetric about zero, so a scale is a clip, the largest magnitude that is still represented, over 127.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from calibrate.observe import Observer
from edgehfn.errors import InputError
from edgehfn.spec.limits import LEVELS

Method = Literal["minmax", "percentile", "mse"]

PERCENTILE = 99.99  # of the magnitudes, zeros included
SMALLEST = 2.0**-40  # a tensor below it is as good as always zero; any scale does, and 1 / 127 overflows nowhere
CANDIDATES = 129  # clips tried by `mse`, in equal ratios from the largest magnitude down to a sixteenth of it


def check(method: str, percentile: float) -> None:
    """Raise InputError for an unknown method or a percentile outside (0, 100]."""
    if method not in get_args(Method):
        raise InputError(f"calibration method {method!r} is unknown; use one of {', '.join(get_args(Method))}")
    if not 0 < percentile <= 100:
        raise InputError(f"percentile {percentile} is not in (0, 100]; {PERCENTILE} is usual")


def scale(observed: Observer, method: Method, percentile: float = PERCENTILE) -> float:
    """Return the real value of one step. Raises InputError as :func:`check` does."""
    check(method, percentile)
    if observed.largest < SMALLEST:
        return 1 / LEVELS
    match method:
        case "minmax":
            clip = observed.largest
        case "percentile":
            clip = _percentile_clip(observed, percentile)
        case "mse":
            clip = min(_mse_candidates(observed), key=lambda clip: squared_error(observed, clip / LEVELS))
    return clip / LEVELS


def squared_error(observed: Observer, scale: float) -> float:
    """Return the sum over all values of (value - its nearest step within ±127)².

    Each value is taken as the middle of its bin.
    """
    middle = observed.edges() - observed.width / 2
    steps = np.minimum(np.rint(middle / scale), LEVELS)
    return float(np.dot(observed.histogram, (middle - steps * scale) ** 2))


def clipped(observed: Observer, scale: float) -> float:
    """Return the fraction of all values, 0..1, in bins that lie wholly beyond ±127 steps."""
    beyond = observed.edges() - observed.width >= LEVELS * scale * (1 - 1e-12)
    return float(observed.histogram[beyond].sum()) / max(observed.count, 1)


def _percentile_clip(observed: Observer, percentile: float) -> float:
    """The least end of a bin that so many percent of the magnitudes do not exceed."""
    below = observed.zeros + np.cumsum(observed.histogram)
    first = int(np.searchsorted(below, percentile / 100 * observed.count))
    if observed.zeros >= percentile / 100 * observed.count:  # nearly always zero: its few values are what it says
        return observed.largest
    return min(float(observed.edges()[first]), observed.largest)


def _mse_candidates(observed: Observer) -> list[float]:
    """Clips in equal ratios, rounded up to the ends of bins; the largest comes first and wins a tie."""
    wanted = observed.largest * 2.0 ** -np.linspace(0, 4, CANDIDATES)
    return [min(float(np.ceil(clip / observed.width) * observed.width), observed.largest) for clip in wanted]
