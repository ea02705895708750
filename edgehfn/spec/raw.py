"""Raw samples of sensors: their types, and what a channel's become (docs/SPEC.md section 5, Input)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from edgehfn.spec.limits import LANE, WORD

RawType = Literal["u8", "s8", "s16"]
TYPES: dict[RawType, np.dtype[Any]] = {"u8": np.dtype("u1"), "s8": np.dtype("i1"), "s16": np.dtype("<i2")}
LARGEST_RAW: dict[RawType, int] = {"u8": 255, "s8": 128, "s16": 32768}  # magnitudes

MOST_SHIFT = 31  # of a map


class Affine(NamedTuple):
    """What a raw sample ``x`` of a channel becomes: ``(multiplier · x + offset) >> shift``, clamped."""

    multiplier: int
    offset: int
    shift: int

    def fault(self, dtype: RawType) -> str:
        """What is wrong with a map of samples of this type; nothing if all sums fit 32 bits."""
        if not (abs(self.multiplier) < LANE and 0 <= self.shift <= MOST_SHIFT):
            return f"a map's multiplier is {self.multiplier}, its shift {self.shift}"
        if abs(self.multiplier) * LARGEST_RAW[dtype] + abs(self.offset) >= WORD:
            return f"a map of {self.multiplier} and {self.offset} exceeds 32 bits"
        return ""


class Unit(NamedTuple):
    """What raw samples of a channel stand for, in the unit of whoever measured: ``step · x + zero``; for people."""

    step: float
    zero: float


def raw_type(dtype: np.dtype[Any]) -> str:
    """How a type of NumPy is called here, or its own name where it is none of raw samples."""
    return next((name for name, kind in TYPES.items() if kind == dtype), dtype.name)


def to_raw(values: npt.NDArray[Any], units: Sequence[Unit]) -> npt.NDArray[np.int16]:
    """Values ``(N, C, …)`` in their units as raw samples: the nearest one, of two the upper one, and no further than 16
    bits go. In float32, operation for operation as ``NAME_raw`` of the generated header."""
    step, zero = (np.array(each, np.float32).reshape(-1, *[1] * (values.ndim - 2)) for each in zip(*units, strict=True))
    steps = (values.astype(np.float32) - zero) / step
    steps = np.where(steps > -32768, np.minimum(steps, np.float32(32767)), np.float32(-32768))  # of nan, too
    whole = np.trunc(steps)
    rest = steps - whole
    return np.asarray(whole + (rest >= 0.5) - (rest < -0.5), np.int16)
