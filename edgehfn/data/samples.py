"""Samples of sensors, which are no bytes of images: time series ``N, L`` or ``N, L, C``, and maps ``N, H, W, C``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError

Samples = npt.NDArray[Any]

TYPES = ("int8", "int16", "float16", "float32", "float64")  # floats become float32
LAYOUT = "time series are N,L or N,L,C, maps N,H,W,C"


def samples_of(x: Samples, place: str, first: bool) -> Samples:
    """Return samples as contiguous ``(N, C, H, W)``, of series with one row; ``first``: channels come first in ``x``.

    Raises InputError, which names the ``place``, for other types and for what is no finite number.
    """
    if x.dtype.name not in TYPES:
        kind = "an array of objects" if x.dtype == object else f"{x.dtype}"
        raise InputError(
            f"{place} is {kind}; images are uint8 0..255, samples of sensors int8, int16 or float32 ({LAYOUT}): save "
            ".astype('float32')"
        )
    if x.dtype.kind == "f":
        with np.errstate(over="ignore"):
            x = x.astype(np.float32)
        check_finite(x, place)
    if x.ndim == 2:
        return np.ascontiguousarray(x[:, None, None])
    if x.ndim == 3:
        return np.ascontiguousarray((x if first else x.transpose(0, 2, 1))[:, :, None])
    return np.ascontiguousarray(x if first else x.transpose(0, 3, 1, 2))


def check_finite(x: Samples, place: str) -> None:
    """Raise InputError, which names the ``place`` and the first of them, for numbers that are not finite."""
    if not np.isfinite(x).all():
        at = tuple(np.argwhere(~np.isfinite(x))[0].tolist())
        where = ", ".join(map(str, at))
        raise InputError(f"{place}[{where}] is {x[at]}; leave out what was not measured, or fill it in from beside it")
