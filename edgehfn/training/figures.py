"""How good answers are, by task, as plain figures: the same of a float net and of integers on any machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError
from edgehfn.spec.task import Kind

Array = npt.NDArray[Any]
Row = Mapping[str, float | int | str | None]

# What is in the first place of each is what best tells the task's worth.
OF: dict[Kind, tuple[str, ...]] = {
    "class": ("accuracy", "balanced-accuracy", "macro-f1", "roc-auc"),
    "labels": ("roc-auc", "macro-f1", "accuracy"),
    "regression": ("r2", "mae"),
    "anomaly": ("roc-auc", "accuracy"),
    "pixels": ("iou", "accuracy"),
}
WORDS = {"roc-auc": "ROC-AUC", "macro-f1": "macro F1", "r2": "R²", "mae": "MAE", "iou": "mean IoU"}


@dataclass(frozen=True)
class Figures:
    """``overall``: each figure of the task by its name, the one that tells most first; ``each``: a row for each label,
    number or class. A figure that has no value is not there, or None in a row."""

    overall: dict[str, float]
    each: tuple[Row, ...] = ()

    @property
    def name(self) -> str:
        """The figure that tells most."""
        return next(iter(self.overall))

    @property
    def value(self) -> float:
        """Its value."""
        return self.overall[self.name]

    def __str__(self) -> str:
        return ", ".join(shown(name, value) for name, value in self.overall.items())


def shown(name: str, value: float) -> str:
    """Return a figure as people read it: percents, but for what has a unit or no bound below."""
    word = WORDS.get(name, name)
    return f"{word} {value:.4g}" if name in ("mae", "r2", "mean-score") else f"{word} {100 * value:.2f} %"


def of_labels(logits: Array, truth: Array, names: tuple[str, ...]) -> Figures:
    """Return the figures of several labels: outputs ``(N, K)``, above 0 for yes, and 0, 1 or -1 (not known)."""
    rows: list[dict[str, Any]] = []
    right = known = 0
    for number, name in enumerate(names):
        have = truth[:, number] >= 0
        y, z = truth[have, number] == 1, logits[have, number]
        said = z > 0
        right, known = right + int((said == y).sum()), known + len(y)
        both = bool(y.any() and not y.all())
        f1 = float(2 * (said & y).sum() / max(1, said.sum() + y.sum()))
        rows.append(
            {"name": name, "known": len(y), "yes": int(y.sum()), "roc-auc": roc_auc(z, y) if both else None, "f1": f1}
        )
    areas = [row["roc-auc"] for row in rows if row["roc-auc"] is not None]
    overall = {"roc-auc": float(np.mean(areas))} if areas else {}
    overall |= {"macro-f1": float(np.mean([row["f1"] for row in rows])), "accuracy": right / max(1, known)}
    return Figures(overall, tuple(rows))


def of_numbers(values: Array, truth: Array, names: tuple[str, ...]) -> Figures:
    """Return the figures of numbers ``(N, K)`` in the unit of the data: R² (of several the mean), and mean absolute
    errors. A number that is the same in all of ``truth`` has no R²."""
    errors = np.abs(values - truth).mean(0)
    spread = ((truth - truth.mean(0)) ** 2).sum(0)
    lost = ((values - truth) ** 2).sum(0)
    r2 = [float(1 - a / b) if b > 0 else None for a, b in zip(lost, spread, strict=True)]
    told = [one for one in r2 if one is not None]
    overall = ({"r2": float(np.mean(told))} if told else {}) | {"mae": float(errors.mean())}
    rows = [{"name": n, "r2": a, "mae": float(b)} for n, a, b in zip(names, r2, errors, strict=True)]
    return Figures(overall, tuple(rows))


def of_scores(scores: Array, truth: Array, threshold: float | None = None) -> Figures:
    """Return the figures of scores ``(N,)`` of oddity: ROC-AUC, and by a threshold accuracy, the part of normal inputs
    over it, and of odd ones."""
    odd = truth == 1
    overall = {"roc-auc": roc_auc(scores, odd)} if odd.any() and not odd.all() else {}
    if threshold is not None:
        over = scores > threshold
        overall["accuracy"] = float((over == odd).mean())
        for name, part in (("false-alarms", over[~odd]), ("found", over[odd])):
            overall |= {name: float(part.mean())} if part.size else {}
    return Figures(overall | {"mean-score": float(scores.mean())})


def of_pixels(answers: Array, truth: Array, names: tuple[str, ...]) -> Figures:
    """Return the figures of a class for each pixel: mean intersection over union of the classes that occur."""
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        said, true = answers == number, truth == number
        either = int((said | true).sum())
        rows.append(
            {"name": name, "pixels": int(true.sum()), "iou": int((said & true).sum()) / either if either else None}
        )
    told = [row["iou"] for row in rows if row["iou"] is not None]
    return Figures({"iou": float(np.mean(told)), "accuracy": float((answers == truth).mean())}, tuple(rows))


def roc_auc(scores: Array, positive: Array) -> float:
    """Return how often a positive is ahead of a negative, 0..1; a tie is half a win."""
    _, place, times = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(times) - (times - 1) / 2)[place.ravel()]
    yes, no = int(positive.sum()), int((~positive).sum())
    return float((rank[positive].sum() - yes * (yes + 1) / 2) / (yes * max(1, no)))


def chosen(metric: str, kind: Kind) -> str:
    """Return what picks the best epoch of a task. Raises InputError for what its training does not take."""
    usual = "r2" if kind == "anomaly" else OF[kind][0]
    allowed = tuple(name for name in OF[kind] if name != "mae") if kind != "anomaly" else (usual,)
    if metric not in ("auto", *allowed):
        raise InputError(f"metric {metric} is not one of task {kind}; use auto or {', '.join(allowed)}")
    return usual if metric == "auto" else metric
