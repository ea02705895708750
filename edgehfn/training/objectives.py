"""What is trained for each task: targets, loss, what is said of a batch, and the figures of a float net."""

from __future__ import annotations

from typing import Any, assert_never, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.pictures import Pictures, Pixels, by_batches
from edgehfn.data.sets import Dataset
from edgehfn.errors import InputError
from edgehfn.nn import InputSpec, Net
from edgehfn.spec.task import Kind, Task
from edgehfn.training import figures, metrics
from edgehfn.training.figures import Figures
from edgehfn.training.metrics import Choice, Metric

SAID: dict[Kind, str] = {
    "class": "accuracy",
    "labels": "accuracy",
    "regression": "R²",
    "anomaly": "R²",
    "pixels": "accuracy",
}  # of a batch, and in validation of what is reconstructed


def task_of(data: Dataset | GraphSet) -> Task:
    """Return the task of a set, with what makes a net's outputs numbers in the unit of the data."""
    if data.task != "regression":
        return Task(data.task)
    spread, mean = data.y_train.std(0), data.y_train.mean(0)
    return Task("regression", tuple(map(float, spread)), tuple(map(float, mean)))


def outputs_of(data: Dataset) -> int:
    """Return how many outputs, or channels of a map, a net for a set has."""
    return int(np.prod(data.shape)) if data.task == "anomaly" else len(data.classes)


def metric_of(metric: Choice, task: Kind, y: npt.NDArray[Any], *measured: npt.NDArray[Any]) -> Metric:
    """Return what picks the best epoch; of classes it is by default what fits the labels ``y``."""
    if task == "class":
        return metrics.chosen(metric, y, *measured)
    return cast("Metric", figures.chosen(metric, task))


def targets(task: Task, y: npt.NDArray[Any]) -> Tensor:
    """Return what a loss compares with: numbers have mean 0 and deviation 1 over the training set."""
    if task.kind == "regression":
        return torch.from_numpy((y - np.array(task.offset)) / np.array(task.scale)).float()
    return torch.from_numpy(y).float() if task.kind == "labels" else torch.from_numpy(y)


def loss(net: Net, x: Tensor | None, out: Tensor, y: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    """Return the mean loss of a batch of raw inputs, which anomaly alone looks at."""
    kind = net.task.kind
    match kind:
        case "class" | "pixels":
            return F.cross_entropy(out, y, weights, label_smoothing=smoothing)
        case "labels":
            known = (y >= 0).float()
            each = F.binary_cross_entropy_with_logits(out, y.clamp_min(0), reduction="none")
            return (each * known).sum() / known.sum().clamp_min(1)
        case "regression":
            return F.smooth_l1_loss(out, y)
        case "anomaly":
            return F.mse_loss(out.flatten(1), _real(net, x))
        case _:
            assert_never(kind)


def said(net: Net, x: Tensor | None, out: Tensor, y: Tensor) -> Tensor:
    """Return what is reported of a batch: the part that is right, or of numbers about R²."""
    kind = net.task.kind
    match kind:
        case "class" | "pixels":
            return (out.argmax(1) == y).double().mean()
        case "labels":
            known = y >= 0
            return (((out > 0) == (y > 0)) & known).double().sum() / known.sum().clamp_min(1)
        case "regression":
            return 1 - ((out - y).double() ** 2).mean()
        case "anomaly":
            real = _real(net, x).double()
            return 1 - ((out.flatten(1) - real) ** 2).sum() / _spread(real)
        case _:
            assert_never(kind)


def measured(
    net: Net, out: Tensor, x: Pixels | Pictures | None, y: npt.NDArray[Any], names: tuple[str, ...]
) -> Figures:
    """Return the figures of a float net's outputs for raw inputs, of a task that is not ``class``."""
    z = out.double().numpy()
    match net.task.kind:
        case "labels":
            return figures.of_labels(z, y, names)
        case "regression":
            return figures.of_numbers(z * np.array(net.task.scale) + np.array(net.task.offset), y, names)
        case "anomaly":
            return figures.of_scores(((z.reshape(len(z), -1) - _reals(net, x)) ** 2).sum(1), y)
        case _:
            return figures.of_pixels(z.argmax(1), y, names)


def picked(
    net: Net, metric: Metric, out: Tensor, x: Pixels | Pictures | None, y: npt.NDArray[Any], names: tuple[str, ...]
) -> float:
    """Return what picks the best epoch, the higher the better: of what was held back of normal inputs, how well they
    are reconstructed."""
    if net.task.kind == "class":
        return metrics.score(metric, out, torch.from_numpy(y))
    if net.task.kind != "anomaly":
        return measured(net, out, x, y, names).overall.get(metric, 0.0)
    real = _reals(net, x)
    lost = ((out.double().numpy().reshape(len(real), -1) - real) ** 2).sum()
    return float(1 - lost / float(_spread(torch.from_numpy(real))))


def check(net: Net, data: Dataset | GraphSet, smoothing: float, taught: bool, balanced: bool) -> None:
    """Raise InputError for what is of classes alone in the training for another task."""
    if data.task == "class":
        return
    for given, what in ((smoothing, "label_smoothing"), (taught, "teacher"), (balanced, "class_weights")):
        if given and not (data.task == "pixels" and what == "class_weights"):
            raise InputError(f"{what} is for classes; {data.name} has task {data.task}: leave it out")
    if isinstance(data, Dataset) and (not isinstance(net.input, InputSpec) or isinstance(data.x_train, Pictures)):
        raise InputError(f"task {data.task} takes arrays of inputs, not pictures; save a .npz")


def _real(net: Net, x: Tensor | None) -> Tensor:
    assert isinstance(net.input, InputSpec)
    assert x is not None
    return net.input.real(x).flatten(1)


def _reals(net: Net, x: Pixels | Pictures | None) -> npt.NDArray[np.float64]:
    assert isinstance(net.input, InputSpec)
    assert x is not None
    raw = (net.input.batch(part) for part in by_batches(x, 1000))
    return np.concatenate([_real(net, part).double().numpy() for part in raw])


def _spread(real: Tensor) -> Tensor:
    """How far the inputs are from their mean, squared and summed; never 0."""
    return ((real - real.mean(0)) ** 2).sum().clamp_min(1e-9)
