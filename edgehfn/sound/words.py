"""Which words are heard: decisions over the outputs of runs, as the device makes them (docs/SPEC.md section 10.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError

NONE = -1
LOWEST = -(2**15)


def decide(outputs: npt.ArrayLike, thresholds: Sequence[int], average: int) -> list[int]:
    """Return for each run, of outputs int8 ``(runs, classes)``, the class that is heard after it, or -1.

    Raises InputError for thresholds that are not one a class, 0 to 255.
    """
    runs = np.asarray(outputs, np.int64)
    if len(thresholds) != runs.shape[1] or not all(0 <= value <= 255 for value in thresholds):
        raise InputError(f"{len(thresholds)} thresholds: give one for each of {runs.shape[1]} classes, 0 to 255")
    found, heard = [], 0
    for number in range(len(runs)):
        sums = runs[max(0, number + 1 - average) : number + 1].sum(0)
        best = int(sums.argmax())
        others = np.delete(sums, best)
        margin = int(sums[best]) - (int(others.max()) if others.size else LOWEST)
        heard += 1
        if heard < average or margin < average * thresholds[best]:
            found.append(NONE)
        else:
            found.append(best)
            heard = 0
    return found
