"""How well logits tell classes apart. Of skewed classes accuracy says little: always "no" is right nearly always."""

from __future__ import annotations

import logging
from typing import Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from edgehfn.data.doubts import UNEVEN
from edgehfn.errors import InputError
from edgehfn.training.figures import roc_auc

Metric = Literal["accuracy", "balanced-accuracy", "macro-f1", "roc-auc", "r2", "iou"]
OF_CLASSES = ("accuracy", "balanced-accuracy", "macro-f1", "roc-auc")
Choice = Metric | Literal["auto"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def fitting(labels: Labels) -> Metric:
    """Return the metric for labels of these frequencies: accuracy, unless one class has over ten times as many as
    another. Then it is ROC-AUC of two classes, balanced accuracy of more."""
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    if counts.size < 2 or counts.max() <= UNEVEN * counts.min():
        return "accuracy"
    return "roc-auc" if counts.size == 2 else "balanced-accuracy"


def chosen(metric: Choice, labels: Labels, *measured: Labels) -> Metric:
    """Return the metric, or what fits the frequencies of ``labels``, if it has a value over all that is measured.

    Raises InputError if there is none of that name, or it has no value.
    """
    missing = any(len(np.unique(y)) < 2 for y in measured)
    if metric == "auto":
        return "accuracy" if missing else fitting(labels)
    if metric not in OF_CLASSES:
        raise InputError(f"metric {metric!r} is unknown; use auto, {', '.join(OF_CLASSES)}")
    if metric == "roc-auc" and missing:
        raise InputError("metric roc-auc needs examples of two classes in all parts; add some, or use accuracy")
    return metric


def say(metric: Metric, name: str) -> None:
    """Log what picks the best epoch if it was chosen by labels and is not accuracy."""
    if metric != "accuracy":
        logging.getLogger("edgehfn").warning(
            "edgehfn: %s: the best epoch is that of the best %s, as classes are skewed; --metric chooses", name, metric
        )


def score(metric: Metric, logits: Tensor, labels: Tensor) -> float:
    """Return the metric, 0..1, of rows of logits ``(N, C)``. A class that does not occur does not count."""
    z, y = logits.double().numpy(), labels.numpy()
    predicted = logits.argmax(1).numpy()
    match metric:
        case "accuracy":
            return int((predicted == y).sum()) / len(y)
        case "balanced-accuracy":
            return float(np.mean([(predicted[y == c] == c).mean() for c in np.unique(y)]))
        case "macro-f1":
            return float(np.mean([_f1(predicted == c, y == c) for c in np.union1d(y, predicted)]))
        case "roc-auc":
            return _roc_auc(z, y)
        case "r2" | "iou":
            raise InputError(f"metric {metric} is not one of classes; use auto, {', '.join(OF_CLASSES)}")


def top(count: int, logits: Tensor, labels: Tensor) -> float:
    """Return for which part of the rows, 0..1, the label is among the ``count`` largest logits.

    Of equal logits the first counts.
    """
    own = logits.gather(1, labels[:, None])
    before = logits.new_tensor(range(logits.shape[1]))[None] < labels[:, None]
    ahead = ((logits > own) | ((logits == own) & before)).sum(1)
    return int((ahead < count).sum()) / len(labels)


def _f1(predicted: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_]) -> float:
    return float(2 * (predicted & true).sum() / (predicted.sum() + true.sum()))


def _roc_auc(z: Floats, y: Labels) -> float:
    """Mean over the classes of how often an example of the class is ahead of one of another; a tie is half a win."""
    found = []
    for c in np.unique(y):
        others = np.delete(z, c, axis=1)
        high = others.max(1)
        odds = z[:, c] - high - np.log(np.exp(others - high[:, None]).sum(1))  # in the order of probabilities
        found.append(roc_auc(odds, y == c))
    return float(np.mean(found))
