"""Random images with the structure of photographs."""

from __future__ import annotations

import numpy as np


def pictures(count: int, shape: tuple[int, int, int]) -> np.ndarray:
    """Waves and patches: neighbours are alike, as in photographs."""
    draw = np.random.default_rng(7)
    rows, columns = np.mgrid[: shape[1], : shape[2]]
    made = []
    for _ in range(count):
        a, b, c = draw.uniform(-0.6, 0.6, (3, shape[0], 1, 1))
        waves = 127 + 90 * np.sin(a * rows + b * columns + 9 * c) + draw.normal(0, 8, (shape[0], 1, 1))
        waves[:, : draw.integers(1, shape[1]), : draw.integers(1, shape[2])] += draw.normal(0, 50, (shape[0], 1, 1))
        made.append(waves.clip(0, 255).astype(np.uint8))
    return np.stack(made)
