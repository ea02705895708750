"""Which scores are the largest, without sorting them: a histogram finds the bin in which the last one kept lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgehfn.spec.jit import compiled

NEVER = -1.0  # the importance of a weight that does not compete; scores count by magnitude
HALF = 16  # bits: the order of floats from 0 up is that of their bits, and the upper half of these is their bin
FEW = 4096  # numbers that are sorted before a histogram is cleared


def counts(importance: Tensor, kept: Sequence[int]) -> Tensor:
    """Return for each element of a flat float32 tensor among how many of the ``kept`` largest it is: uint8.

    The numbers are from 0 up, or ``NEVER``, which none of ``kept`` reaches; of equals, the first in order win.
    """
    if importance.device.type != "cpu" or importance.numel() < FEW:
        found = torch.zeros_like(importance, dtype=torch.uint8)
        for number in kept:
            found += _top(importance, number)
        return found
    fast: npt.NDArray[np.uint8] = _counts(importance.numpy().view(np.int32), np.asarray(kept, np.int64))
    return torch.from_numpy(fast)


def _top(importance: Tensor, number: int) -> Tensor:
    """Where the ``number`` largest are (bool)."""
    if number == 0:
        return torch.zeros_like(importance, dtype=torch.bool)
    threshold = torch.topk(importance, number, sorted=False).values.min()
    chosen = importance >= threshold
    equal = importance == threshold
    extra = chosen.sum() - number
    return chosen & ~(equal & (equal.sum() - equal.cumsum(0) < extra))


@compiled()
def _counts(bits: Any, kept: Any) -> Any:
    histogram = np.zeros(1 << HALF - 1, np.int64)
    for word in bits:
        if word >= 0:
            histogram[word >> HALF] += 1
    found = np.zeros(len(bits), np.uint8)
    for number in kept:
        if number == 0:
            continue
        top, above = (1 << HALF - 1) - 1, 0
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
