"""From real factors to the integers of requantisation (docs/SPEC.md section 4); floats stop here."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, frexp, log2
from numbers import Real

import numpy as np
import numpy.typing as npt

from edgehfn.errors import GraphError
from edgehfn.ir.bounds import Bounds, reach
from edgehfn.ir.ops import Requantise
from edgehfn.spec.limits import LANE, LARGEST_SCALE, LEVELS, SMALLEST_SCALE, WORD

Floats = npt.NDArray[np.float64]

SMALLEST = 2.0**-64  # of a factor: no shift of 31 bits or less makes less than this anything but 0


def checked(scales: Mapping[str, float]) -> Mapping[str, float]:
    """Scales as they are. Raises GraphError for one that no calibration gives."""
    if not isinstance(scales, Mapping):
        raise GraphError(
            f"{type(scales).__name__} is no mapping of scales; give a calibration's, such as calibrated.scales"
        )
    for name, scale in scales.items():
        if not isinstance(scale, Real) or not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
            raise GraphError(
                f"tensor {name}: its scale is {scale!r:.60}, not a number of {SMALLEST_SCALE:.3g} to "
                f"{LARGEST_SCALE:.3g}; calibrate the model again"
            )
    return scales


def requantise(
    gain: Floats,
    offset: Floats,
    centre: Floats,
    bound: Bounds,
    clamp: tuple[int, int],
    residual: tuple[float, int] | None = None,
) -> Requantise:
    """The integers nearest to ``y = gain·(acc - centre) + offset + ratio·x``.

    ``gain`` and ``offset`` (shape ``(O,)``) are in output steps. ``centre`` is the accumulator's usual value, about
    which a multiplier's rounding error is cancelled, ``bound`` its largest magnitude; ``residual`` is the ratio and the
    largest magnitude of a fused residual. Biases take 8 bits where these reach, else 16. Raises GraphError if no shift
    keeps R1.
    """
    if not all(np.isfinite(part).all() for part in (gain, offset, centre, residual[0] if residual else 0.0)):
        raise GraphError("requantisation: weights, norms or scales are not finite; train the net again at a lower rate")
    steepest = float(np.abs(gain).max(initial=0.0))
    short = bool((bound < LANE).all())
    shift = _shift(steepest, LEVELS, 16 if short else 31)
    while shift >= 0:
        found = _at(shift, gain, offset, centre, clamp, residual)
        if found is not None and (reach(found, bound, residual[1] if residual else 0) < WORD).all():
            return found
        shift -= 1
    raise GraphError(
        f"requantisation: gains up to {steepest:.3g} do not fit 32-bit arithmetic; check norms and calibration"
    )


def _at(
    shift: int, gain: Floats, offset: Floats, centre: Floats, clamp: tuple[int, int], residual: tuple[float, int] | None
) -> Requantise | None:
    multiplier = np.rint(np.ldexp(gain, shift))
    if np.abs(multiplier).max(initial=0) > LEVELS:
        return None
    shifted = offset - np.ldexp(multiplier, -shift) * centre
    largest = float(np.abs(shifted).max(initial=0.0))
    room = LEVELS if largest <= LEVELS else LANE - 1
    bias_shift = max(0, shift - max(0, _shift(largest, room, shift)))
    bias = np.rint(np.ldexp(shifted, shift - bias_shift))
    while np.abs(bias).max(initial=0) > LANE - 1:
        bias_shift += 1
        bias = np.rint(np.ldexp(shifted, shift - bias_shift))
    ratio, residual_shift = 0, 0
    if residual is not None:
        depth = min(8, shift, _shift(residual[0], 255, 8))
        ratio, residual_shift = round(residual[0] * 2.0**depth), shift - depth
    if ratio > 255 or bias_shift > 31 or residual_shift > 31:
        return None
    return Requantise(
        multiplier=tuple(int(m) for m in multiplier),
        bias=tuple(int(b) for b in bias),
        bias_shift=bias_shift,
        shift=shift,
        clamp=clamp,
        residual_multiplier=ratio,
        residual_shift=residual_shift,
    )


def scalars(gains: list[float], bounds: list[int]) -> tuple[list[int], int]:
    """Multipliers 1..32767 and one shift for ``y = Σ gain·x``: the most precise that keep R1."""
    shift = min(31, _shift(max(gains), LANE - 1, 31))
    while shift >= 0:
        found = [max(1, round(gain * 2.0**shift)) for gain in gains]
        fits = sum(m * x for m, x in zip(found, bounds, strict=True)) + (1 << shift >> 1) < WORD
        if fits and max(found) < LANE:
            return found, shift
        shift -= 1
    raise GraphError(f"requantisation: gains {gains} do not fit 32-bit arithmetic; check the calibration")


def rational(value: float) -> tuple[int, int]:
    """A positive real as (mantissa of 24 bits, exponent): value = mantissa·2^exponent."""
    fraction, exponent = frexp(value)
    return round(fraction * 2**24), exponent - 24


def _shift(value: float, largest: int, most: int) -> int:
    """The most bits, up to ``most``, by which ``value`` can be scaled up and still round to at most ``largest``."""
    if value < SMALLEST:
        return most
    return min(most, floor(log2((largest + 0.49) / value)))
