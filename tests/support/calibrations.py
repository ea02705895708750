"""Values and a small net to calibrate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def true_error(x: np.ndarray, scale: float) -> float:
    x = x.astype(np.float64)
    return float(((x - np.clip(np.rint(x / scale), -127, 127) * scale) ** 2).sum())
