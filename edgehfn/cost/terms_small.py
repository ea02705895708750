"""Where the terms of ``edgehfn.cost.terms`` differ in a runtime of few bytes (``HFN_SMALL``): masks come from coded
streams. Planes are those of ``edgehfn.cost.terms_windows``, whatever the window."""

from __future__ import annotations

import numpy as np

from edgehfn.ir.ops import Supermask, Weight
from edgehfn.spec import masks

WORD = 32  # mask bits that are taken at once


def decoded(weight: Weight, times: int) -> dict[str, float]:
    """What reading a coded mask takes, ``times`` over."""
    counts = np.abs(weight.values).ravel()
    if isinstance(weight, Supermask):
        streams, coded, drawn = weight.bit_streams, weight.coded_streams, bool(weight.pruned or weight.locked)
    else:  # of 1 bit: all is frozen
        streams = [(counts > 0).astype(np.uint8)] if weight.bits > 1 else []
        coded, drawn = tuple(map(masks.code, streams)), weight.bits == 1
    hashed, taken, coats = isinstance(weight, Supermask) and weight.signs is None, takes(weight), max(1, len(streams))
    gaps, unary, raw = map(sum, zip(*map(_coded, streams, coded), strict=True)) if streams else (0, 0, 0)
    laid = sum(stream.size for stream in streams[not drawn :])
    return {
        "takes": taken * times,
        "hashed takes": taken * hashed * times,
        "drawn takes": taken * drawn * times,
        "inner takes": taken * (coats - 1) * times,
        "coded takes": taken * sum(stream.size > 0 for stream in coded) * (gaps > 0) * times,
        "gaps": gaps * times,
        "unary bits": unary * times,
        "coded bytes": sum(stream.size for stream in coded) * times,
        "raw bits": raw * times,
        "laid bits": laid * times,
        "kept": int(counts.sum(dtype=np.int64)) * times,
    }


def takes(weight: Weight) -> int:
    """Words of a mask, parted where an output's weights end: what is read at once."""
    outputs, *rest = weight.shape
    each = int(np.prod(rest))
    starts = np.arange(outputs) * each
    return int(((starts + each - 1) // WORD - starts // WORD + 1).sum())


def _coded(bits: masks.Bits, coded: masks.Bits) -> tuple[int, int, int]:
    """Gaps, about as many bits besides their low ones, and the bits of a stream that is not coded."""
    rice = int(coded[0]) & masks.RAW if coded.size else masks.RAW
    if rice == masks.RAW:
        return 0, 0, bits.size
    gaps = int(bits.sum()) + 1
    return gaps, 8 * coded.size - rice * gaps, 0
