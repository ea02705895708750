"""The parameters of the front end for sound, and the tables that follow from them (docs/SPEC.md section 10)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from math import cos, log10, pi
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError

POINTS = (128, 256, 512, 1024)  # samples of a frame
UNIT = 1024  # of an edge: parts of the width of a bin of the transform
WHOLE = 4096  # of a bin's weight: all of it
MOST_WEIGHT = 2**17 - 1  # of a band: sums then fit 32 bits
MOST_BANDS, MOST_RATE = 128, 192_000

Table = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class FrontEnd:
    """How samples become rows of bytes. Raises InputError for parameters outside the ranges of docs/SPEC.md."""

    rate: int  # samples a second
    points: int  # samples of a frame: a power of two
    hop: int  # samples from one frame to the next, 1..points
    emphasis: int  # of which a 64th of the sample before is taken off each: 0..64
    edges: tuple[int, ...]  # where bands begin, peak and end, in 1,024ths of a bin: one for each band and two more
    offset: int  # the logarithm that becomes 0, in 256ths of an octave of power
    multiplier: int
    shift: int
    average: int = 4  # runs of the net that a decision is made of: 1..16

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            try:
                found = tuple(map(index, value)) if name == "edges" else index(value)
            except TypeError:
                raise InputError(f"front end: {name} is {value!r:.60}; give whole numbers") from None
            object.__setattr__(self, name, found)
        if self.points not in POINTS:
            raise InputError(f"front end: a frame of {self.points} samples; use {', '.join(map(str, POINTS))}")
        ranges = {
            "rate": (1, MOST_RATE),
            "hop": (1, self.points),
            "emphasis": (0, 64),
            "offset": (-(2**15), 2**15 - 1),
            "multiplier": (1, 255),
            "shift": (0, 15),
            "average": (1, 16),
        }
        for name, (lo, hi) in ranges.items():
            if not lo <= getattr(self, name) <= hi:
                raise InputError(f"front end: {name} is {getattr(self, name)}; use {lo} to {hi}")
        self._check_bands()

    def _check_bands(self) -> None:
        edges, end = self.edges, self.points // 2 * UNIT
        if not 3 <= len(edges) <= MOST_BANDS + 2:
            raise InputError(f"front end: {len(edges)} edges; use 3 to {MOST_BANDS + 2}, two more than bands")
        if edges[0] < 0 or edges[-1] > end or any(a >= b for a, b in pairwise(edges)):
            raise InputError(f"front end: edges must ascend from 0 to at most {end}, half of the rate")
        weights = self.weights.astype(np.int64)
        starts = self.starts.astype(np.int64) - int(self.starts[0])
        for band in range(self.bands):
            first, middle, last = starts[band : band + 3]
            total = weights[first:middle].sum() + (WHOLE - weights[middle:last]).sum()
            if not 0 < total <= MOST_WEIGHT:
                what = "no bin; use fewer bands, a higher low end or a longer frame"
                raise InputError(f"front end: band {band} has {'too many bins; use more bands' if total else what}")

    @property
    def bands(self) -> int:
        """Bytes of a row."""
        return len(self.edges) - 2

    def rows(self, samples: int) -> int:
        """Return how many whole rows so many samples make."""
        return max(0, (samples - self.points) // self.hop + 1)

    def samples(self, rows: int) -> int:
        """Return the least number of samples that makes so many rows."""
        return self.points + (rows - 1) * self.hop

    @cached_property
    def wave(self) -> Table:
        """``S[i]``, a quarter of a sine: ``points / 4 + 1`` values 0..32768."""
        quarter = self.points // 4
        return np.array([round(32768 * cos(pi / 2 * (1 - i / quarter))) for i in range(quarter + 1)], np.uint16)

    @cached_property
    def starts(self) -> Table:
        """The first bin at or behind each edge."""
        return np.array([-(-edge // UNIT) for edge in self.edges], np.uint16)

    @cached_property
    def weights(self) -> Table:
        """How much of each bin, from the first start on, goes to the band that rises there."""
        found = []
        for low, high in pairwise(self.edges):
            width = high - low
            found += [
                ((UNIT * k - low) * 2 * WHOLE + width) // (2 * width) for k in range(-(-low // UNIT), -(-high // UNIT))
            ]
        return np.array(found, np.uint16)

    def state(self, rows: int, classes: int) -> int:
        """Return the bytes of a state on the device (firmware/include/edgehfn_sound.h)."""
        return (23 + 6 * self.points + rows * self.bands + self.average * classes) // 4 * 4

    def to_json(self) -> dict[str, Any]:
        """Return the parameters, as a model file has them."""
        return {**asdict(self), "edges": list(self.edges)}


def mel(
    rate: int = 8000,
    bands: int = 32,
    *,
    points: int | None = None,
    hop: int | None = None,
    low: float = 60.0,
    high: float | None = None,
    emphasis: int = 62,
    offset: int = 20 * 256,
    multiplier: int = 1,
    shift: int = 5,
    average: int = 4,
) -> FrontEnd:
    """Return a front end of triangular bands, evenly spaced from ``low`` to ``high`` Hz in mel (HTK's formula).

    A frame has by default the power of two next to 32 ms, a hop 5/8 of that; ``high`` is half of the rate. A step of a
    row is by default an eighth of an octave of power, 0.38 dB. Raises InputError.
    """
    if not 1 <= rate <= MOST_RATE or not 1 <= bands <= MOST_BANDS:
        raise InputError(f"front end: rate {rate!r:.40}, {bands!r:.40} bands; use up to {MOST_RATE}, {MOST_BANDS}")
    frame = min(POINTS, key=lambda size: abs(size / rate - 0.032)) if points is None else points
    top = rate / 2 if high is None else high
    if not 0 <= low < top <= rate / 2:
        raise InputError(f"front end: from {low:g} to {top:g} Hz; stay within 0 and {rate / 2:g}")
    lowest, highest = (2595 * log10(1 + f / 700) for f in (low, top))
    mels = [lowest + (highest - lowest) * i / (bands + 1) for i in range(bands + 2)]
    edges = [min(round(700 * (10 ** (m / 2595) - 1) * frame / rate * UNIT), frame // 2 * UNIT) for m in mels]
    step = frame * 5 // 8 if hop is None else hop
    return FrontEnd(rate, frame, step, emphasis, tuple(edges), offset, multiplier, shift, average)
