"""Sets of time series: they come as images do, ``N, L, C`` as one channel of L rows, and are turned for nets that read
``C`` channels of one row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgehfn.data.sets import Dataset, Images


def as_series(data: Dataset) -> Dataset:
    """``N, L, C`` as ``C`` channels of one row of ``L`` places; ``N, L`` and images of several channels as they are."""
    channels, length, _ = data.shape
    if channels > 1 or length == 1:
        return data
    return replace(data, x_train=_turned(data.x_train), x_test=_turned(data.x_test))


def fitting(data: Dataset, shape: tuple[int, ...]) -> Dataset:
    """The set as a net of this input reads it: as it is, unless it fits as series alone."""
    if data.shape == tuple(shape):
        return data
    turned = as_series(data)
    return turned if turned.shape == tuple(shape) else data


def _turned(x: Images) -> Images:
    """``(N, 1, L, C)`` as ``(N, C, 1, L)``."""
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))
