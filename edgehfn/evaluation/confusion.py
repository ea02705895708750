"""Which classes are taken for which: the confusion matrix, and what follows from it class by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class OfClass:
    """One class: its ``examples``, how often they are found (``recall``), how often its answer is right
    (``precision``), both together (``f1``), each 0..1, and the class that it is most often taken for, if any."""

    name: str
    examples: int
    recall: float
    precision: float
    f1: float
    taken_for: str


@dataclass(frozen=True, eq=False)
class Confusion:
    """``counts[true, answered]`` over all examples, and the names of the classes."""

    counts: Counts
    classes: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """Right answers, 0..1."""
        return int(self.counts.trace()) / int(self.counts.sum())

    @property
    def each(self) -> list[OfClass]:
        """The figures of every class; of one without examples, or that is never answered, they are 0."""
        found = []
        for number, name in enumerate(self.classes):
            right, true, answered = (
                int(count)
                for count in (self.counts[number, number], self.counts[number].sum(), self.counts[:, number].sum())
            )
            wrong = self.counts[number].copy()
            wrong[number] = 0
            other = self.classes[int(wrong.argmax())] if wrong.any() else ""
            f1 = 2 * right / max(1, true + answered)
            found.append(OfClass(name, true, right / max(1, true), right / max(1, answered), f1, other))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the matrix as lists, a row a true class, and the figures of every class."""
        return {"confusion": self.counts.tolist(), "per_class": [asdict(one) for one in self.each]}


def confusion(true: Counts, answered: Counts, classes: Sequence[str]) -> Confusion:
    """Count pairs of labels and answers."""
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (true, answered), 1)
    return Confusion(counts, tuple(classes))
