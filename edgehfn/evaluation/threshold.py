"""From which score on an input is odd: by a rate of false alarms, on normal inputs that no training has seen."""

from __future__ import annotations

import numpy as np

from edgehfn.backends.emulator import emulate
from edgehfn.data.sets import Dataset
from edgehfn.errors import InputError
from edgehfn.evaluation import machines
from edgehfn.evaluation.answers import scores
from edgehfn.ir import Graph
from edgehfn.training.normal import normal


def threshold(graph: Graph, data: Dataset, rate: float) -> int:
    """Return the least score that at most ``rate`` of the normal inputs held back are over. Raises InputError if there
    are none."""
    _, held = normal(len(data.x_train))
    if not len(held):
        raise InputError(f"{data.name}: {len(data.x_train)} normal inputs leave none to be held back; give 10 or more")
    found = np.sort(scores(emulate(graph, machines.raw(graph, data.x_train[held]))))
    return int(found[len(found) - 1 - min(int(rate * len(found)), len(found) - 1)])
