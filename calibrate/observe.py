"""What a tensor's values look like over all batches: range, energy and a histogram of magnitudes, in one pass."""

from __future__ import annotations

from math import frexp, ldexp

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgehfn.errors import InputError

Floats = npt.NDArray[np.float64]

BINS = 16384  # at least half of them are in use, so that one of 127 steps spans 64 bins or more


class Observer:
    """Statistics of one tensor. They depend on the values alone, not on how batches cut them, but for rounding in
    ``energy``.

    Bin ``i`` of ``histogram`` counts the magnitudes in ``(i·width, (i + 1)·width]``; zeros are counted apart. The bins
    end at a power of two, which doubles as larger values arrive: merging pairs of bins is exact, and so is scaling to a
    bin.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.zeros = 0
        self.low = 0.0
        self.high = 0.0
        self.energy = 0.0  # sum of the squares
        self.histogram: npt.NDArray[np.int64] = np.zeros(BINS, np.int64)
        self._exponent: int | None = None  # the bins end at 2^exponent

    def see(self, values: Tensor) -> None:
        """Count a batch of any shape. Raises InputError if a value is not finite."""
        flat = values.detach().flatten().float()
        if flat.numel() == 0:
            return
        low, high = (float(v) for v in torch.aminmax(flat))
        if not (np.isfinite(low) and np.isfinite(high)):
            raise InputError(f"tensor {self.name}: its values are not finite; train the net again at a lower rate")
        first = self.count == 0
        self.low = low if first else min(self.low, low)
        self.high = high if first else max(self.high, high)
        self.count += flat.numel()
        self.energy += float(flat.double().square().sum())
        self._grow(max(-low, high))
        self._bin(flat.abs())

    @property
    def largest(self) -> float:
        """The largest magnitude seen."""
        return max(-self.low, self.high)

    @property
    def width(self) -> float:
        """The width of a bin, in real units; 0 as long as only zeros were seen."""
        return 0.0 if self._exponent is None else ldexp(1.0, self._exponent) / BINS

    def edges(self) -> Floats:
        """Return the upper ends of the bins, shape ``(BINS,)``."""
        return np.arange(1, BINS + 1, dtype=np.float64) * self.width

    def _grow(self, largest: float) -> None:
        """Widen the bins until they reach ``largest``."""
        if largest == 0:
            return
        fraction, exponent = frexp(largest)
        exponent -= fraction == 0.5  # a power of two is the end of the last bin, not beyond it
        if self._exponent is None:
            self._exponent = exponent
        while self._exponent < exponent:
            pairs = self.histogram.reshape(-1, 2).sum(axis=1)
            self.histogram = np.concatenate([pairs, np.zeros(BINS // 2, np.int64)])
            self._exponent += 1

    def _bin(self, magnitudes: Tensor) -> None:
        nonzero = magnitudes[magnitudes > 0].double()
        self.zeros += magnitudes.numel() - nonzero.numel()
        if nonzero.numel():
            index = (nonzero / self.width).ceil().long() - 1
            self.histogram += torch.bincount(index, minlength=BINS).cpu().numpy()
