"""Which normal inputs are trained on, and which are held back to pick the best epoch and the threshold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

HELD = 10  # each tenth is held back


def normal(count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the numbers of those that are trained on, and of those that are held back."""
    held = np.arange(count) % HELD == HELD - 1
    return np.flatnonzero(~held), np.flatnonzero(held)
