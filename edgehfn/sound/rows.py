"""Rows of bytes from samples, by many clips at once: the fast emulation of docs/SPEC.md section 10."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError
from edgehfn.sound.front_end import WHOLE, FrontEnd
from edgehfn.spec.jit import compiled

Clips = npt.NDArray[np.int16]
Rows = npt.NDArray[np.uint8]


def features(front: FrontEnd, clips: npt.ArrayLike) -> Rows:
    """Return the rows of clips, int16 ``(N, samples)``: uint8 ``(N, rows, bands)``. Before a clip all samples are 0.

    Raises InputError for other arrays.
    """
    given = np.ascontiguousarray(clips)
    if given.dtype != np.int16 or given.ndim != 2:
        raise InputError(f"clips: {given.dtype} of shape {given.shape}; give int16 of N, samples")
    made = np.empty((len(given), front.rows(given.shape[1]), front.bands), np.uint8)
    parameters = np.array(
        [front.points, front.hop, front.emphasis, front.offset, front.multiplier, front.shift], np.int64
    )
    _rows(
        given,
        parameters,
        _reversed(front.points // 2),
        front.wave.astype(np.int64),
        front.starts.astype(np.int64),
        front.weights.astype(np.int64),
        made,
    )
    return made


def _reversed(count: int) -> npt.NDArray[np.int64]:
    """The numbers below a power of two, the bits of each from back to front."""
    bits = count.bit_length() - 1
    return np.array([int(f"{n:0{bits}b}"[::-1], 2) for n in range(count)], np.int64)


@compiled()
def _rows(clips: Any, parameters: Any, places: Any, wave: Any, starts: Any, weights: Any, made: Any) -> None:
    points, hop, emphasis, offset, multiplier, shift = parameters
    half, quarter = points // 2, points // 4
    narrow = 1
    while 256 << (narrow - 1) < points:
        narrow += 1
    window = np.empty(points, np.int64)
    for n in range(quarter + 1):
        for at, cosine in ((n, wave[quarter - n]), (half - n, -wave[quarter - n])):
            window[at] = (32768 - cosine) >> narrow
            window[(points - at) % points] = window[at]
    re, im = np.empty(half, np.int64), np.empty(half, np.int64)
    for clip in range(made.shape[0]):
        for row in range(made.shape[1]):
            first = row * hop
            for n in range(points):
                before = clips[clip, first + n - 1] if first + n > 0 else 0
                value = ((64 * clips[clip, first + n] - emphasis * before) * window[n] + 16384) >> 15
                if n % 2 == 0:
                    re[places[n // 2]] = value
                else:
                    im[places[n // 2]] = value
            _transform(re, im, wave)
            _spectrum(re, im, wave)
            for band in range(made.shape[2]):
                log = _log(re, im, starts, weights, band)
                level = ((log - offset) * multiplier + ((1 << shift) >> 1)) >> shift
                made[clip, row, band] = min(max(level, 0), 255)


@compiled()
def _times(x: int, w: int) -> int:
    return (x * w + 16384) >> 15


@compiled()
def _transform(re: Any, im: Any, wave: Any) -> None:
    """The transform in place, of numbers in bit-reversed order."""
    half, quarter = len(re), len(re) // 2
    h = 1
    while h < half:
        for j in range(max(1, h // 2)):
            at = j * (half // h)
            c, s = wave[quarter - at], wave[at]
            for p in range(j, half, 2 * h):
                for q, turned in ((p, False), (p + h // 2, True)):
                    if turned and h == 1:
                        continue
                    a, b = re[q + h], im[q + h]
                    x, y = _times(a, c) + _times(b, s), _times(b, c) - _times(a, s)
                    if turned:
                        x, y = y, -x
                    re[q + h], im[q + h] = re[q] - x, im[q] - y
                    re[q], im[q] = re[q] + x, im[q] + y
        h *= 2


@compiled()
def _spectrum(re: Any, im: Any, wave: Any) -> None:
    """From the transform of pairs of samples to twice that of the samples, in place."""
    half, quarter = len(re), len(re) // 2
    for k in range(quarter + 1):
        other = (half - k) % half
        c, s = wave[quarter - k], wave[k]
        a, b, d, e = re[k], im[k], re[other], im[other]
        x, y = _times(b + e, c) - _times(a - d, s), _times(a - d, c) + _times(b + e, s)
        re[k], im[k] = a + d + x, b - e - y
        if k > 0:
            re[other], im[other] = a + d - x, -(b - e) - y


@compiled()
def _log(re: Any, im: Any, starts: Any, weights: Any, band: int) -> int:
    """The logarithm of a band's power, in 256ths of an octave."""
    first, middle, last = starts[band], starts[band + 1], starts[band + 2]
    ones = 0
    for k in range(first, last):
        ones |= (re[k] ^ (re[k] >> 63)) | (im[k] ^ (im[k] >> 63))
    exponent = 0
    while ones >> exponent >= 1 << 15:
        exponent += 1
    total = 0
    for k in range(first, last):
        a, b, weight = re[k] >> exponent, im[k] >> exponent, weights[k - starts[0]]
        total += ((a * a + b * b + (1 << 15)) >> 16) * (weight if k < middle else WHOLE - weight)
    total = max(total, 1)
    whole = 0
    while total >> whole > 1:
        whole += 1
    x, fraction = (total << 31 >> whole) >> 16, 0
    for _ in range(8):
        square = x * x
        bit = square >> 31
        x = square >> (15 + bit)
        fraction = 2 * fraction + bit
    return 512 * exponent + 256 * whole + fraction
