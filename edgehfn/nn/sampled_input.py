"""What a net reads of a sensor's samples: a map for each channel, chosen from the data that it learns from."""

from __future__ import annotations

from collections.abc import Iterator
from math import frexp
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError
from edgehfn.nn.image_input import InputSpec, Order
from edgehfn.spec.limits import LEVELS
from edgehfn.spec.raw import MOST_SHIFT, Affine, RawType, Unit, raw_type, to_raw

FEW = 0.1  # percent of samples on either side, that may be outliers
FINE = 2.0**13  # steps of a float that the range of a channel takes at least, of 2^16: what lies outside is not lost


def sampled(x: npt.NDArray[Any], order: Order | None = None) -> InputSpec:
    """Return the input for training data ``(N, C, H, W)``: uint8 as images have it; int8, int16 or float32 with a map
    for each channel, which takes what the channel goes through to -127..127.

    Floats become samples of 16 bits, whose ``units`` are chosen, too. Several channels of one row come place by place
    unless an ``order`` is given. Raises InputError for other types.
    """
    channels, height, width = x.shape[1:]
    shape, order = (channels, height, width), order or ("hwc" if height == 1 and channels > 1 else "chw")
    if x.dtype == np.uint8:
        return InputSpec(shape, order)
    units: tuple[Unit, ...] = ()
    if x.dtype.kind == "f":
        units = tuple(_unit(*ends) for ends in _ends(x))
        x = to_raw(x, units)
    dtype: RawType
    match raw_type(x.dtype):
        case "s8" | "s16" as dtype:
            maps = tuple(affine(dtype, *ends) for ends in _ends(x))
        case other:
            raise InputError(f"samples are {other}; give uint8, int8, int16 or float32")
    return InputSpec(shape, order, dtype, maps=maps, units=units)


def affine(dtype: RawType, low: float, high: float) -> Affine:
    """Return the map that takes ``low`` to -127 and ``high`` to 127, as exactly as 32 bits allow; all to 0 if they are
    one."""
    middle, half = (low + high) / 2, (high - low) / 2
    if half == 0:
        return Affine(0, 0, 0)
    found = Affine(0, 0, 0)
    for shift in range(MOST_SHIFT + 1):
        gain = LEVELS / half * 2.0**shift
        finer = Affine(round(gain), round(-middle * gain) + (1 << shift >> 1), shift)
        if finer.fault(dtype):
            break
        found = finer
    return found


def _ends(x: npt.NDArray[Any]) -> Iterator[tuple[float, float]]:
    """What each channel goes from and to; no further from what all but few samples have than these go themselves, so
    that one outlier does not take the range of all others."""
    for values in x.swapaxes(0, 1):
        low, high = float(values.min()), float(values.max())
        first, last = np.percentile(values.astype(np.float64), (FEW, 100 - FEW)).tolist()
        spare = last - first or np.inf
        yield max(low, first - spare), min(high, last + spare)


def _unit(low: float, high: float) -> Unit:
    """A step that is a power of two, by which floats divide exactly, and a zero of whole steps, 0 if that will do."""
    span = max(high - low, abs(low) * 2.0**-20, 2.0**-100)
    step = 2.0 ** (frexp(span / FINE)[1] - 1)
    reach = 2 * FINE * step
    return Unit(step, 0.0 if max(-low, high) <= reach else float(np.float32(round((low + high) / 2 / step) * step)))
