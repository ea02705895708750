"""Which scores are the largest, without sorting them: a histogram finds the bin in which the last one kept lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

HALF = 16  # bits: a float's order is that of its bits, and the upper half of them is its bin
FEW = 4096  # numbers that are sorted before a histogram is cleared


def counts(importance: Tensor, kept: Sequence[int]) -> Tensor:
    """For each of a flat float32 tensor of numbers from 0 up, among how many of the ``kept`` largest it is: uint8.

    Each of ``kept`` is 1 or more; of equals, the first in order win.
    """
    if importance.device.type != "cpu" or importance.numel() < FEW:
        return torch.stack([_top(importance, number) for number in kept]).sum(0, dtype=torch.uint8)
    found: npt.NDArray[np.uint8] = _counts(importance.numpy().view(np.uint32), np.asarray(kept, np.int64))
    return torch.from_numpy(found)


def _top(importance: Tensor, number: int) -> Tensor:
    """Where the ``number`` largest are (bool)."""
    threshold = torch.topk(importance, number, sorted=False).values.min()
    chosen = importance >= threshold
    equal = importance == threshold
    extra = chosen.sum() - number
    return chosen & ~(equal & (equal.sum() - equal.cumsum(0) < extra))


@numba.njit(cache=True, nogil=True)
def _counts(bits: Any, kept: Any) -> Any:
    histogram = np.zeros(1 << HALF, np.int64)
    for word in bits:
        histogram[word >> HALF] += 1
    found = np.zeros(len(bits), np.uint8)
    for number in kept:
        top, above = (1 << HALF) - 1, 0
        while above + histogram[top] < number:
            above += histogram[top]
            top -= 1
        inside = np.sort(bits[bits >> HALF == top])
        threshold = inside[len(inside) - (number - above)]
        equals = number - above - np.sum(inside > threshold)  # how many equal to the threshold are kept
        for i in range(len(bits)):
            found[i] += bits[i] > threshold
        for i in range(len(bits)):
            if equals == 0:
                break
            if bits[i] == threshold:
                found[i] += 1
                equals -= 1
    return found
