"""What a set tells of each input, by task: a class, several labels, numbers, whether it is odd, a class a pixel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from edgehfn.data import image_files, labels
from edgehfn.data.image_files import Array
from edgehfn.errors import InputError
from edgehfn.spec.task import Kind

KEYS = ("y_train", "y_test")
MISSING = -1  # of a label that nobody knows
NUMBER = "value"  # the name of the only one
ODDITY = ("normal", "odd")


@dataclass(frozen=True, eq=False)
class Targets:
    """``y_*``: int64 ``(N,)`` of a class and of an anomaly (1 is odd), int64 ``(N, K)`` of labels (-1 is not known),
    float64 ``(N, K)`` of numbers, int64 ``(N, H, W)`` of pixels. ``names`` of the classes, labels or numbers.
    ``why`` the task was guessed."""

    kind: Kind
    y_train: npt.NDArray[Any]
    y_test: npt.NDArray[Any]
    names: tuple[str, ...]
    why: str = ""


def checked(task: str | None) -> Kind | None:
    """Return a task by its name. Raises InputError if there is none of it."""
    if task is not None and task not in get_args(Kind):
        raise InputError(f"task {task!r:.40} is unknown; use {', '.join(get_args(Kind))}")
    return task  # type: ignore[return-value]


def only_classes(task: Kind | None, place: object) -> None:
    """Raise InputError for a task that pictures and what is made up have no labels for."""
    if task not in (None, "class"):
        raise InputError(f"{place}: has classes alone, which task {task} has no use for; give a .npz, or --task class")


def optional(task: Kind | None) -> tuple[str, ...]:
    """Return the arrays that a set for this task need not have."""
    return ("y_train",) if task == "anomaly" else ()


def completed(arrays: Mapping[str, Any], task: Kind | None) -> Mapping[str, Any]:
    """Return the arrays of a set, with the labels that those of an anomaly need not say: all in training is normal."""
    if task != "anomaly" or "x_train" not in arrays:
        return arrays
    return {"y_train": np.zeros(len(arrays["x_train"]), np.int64), **arrays}


def read(
    task: Kind | None,
    found: Mapping[str, Array],
    classes: Iterable[str] | None,
    place: str,
    shape: tuple[int, int],
) -> Targets:
    """Return what the labels of a set say, for a task or for what they seem to be for; ``shape``: rows and columns of
    an input. Raises InputError for labels that do not fit."""
    y = {key: found[key] for key in KEYS}
    counts = {key: len(found[f"x{key[1:]}"]) for key in KEYS}
    kind, why = (task, "") if task else guessed(y)
    match kind:
        case "class":
            return _classes(y, classes, place, counts)
        case "labels" | "regression":
            (train, test), named = columns(kind, y, classes, place, counts)
        case "anomaly":
            train, test = _oddities(y, place, counts)
            return Targets(kind, train, test, ODDITY, why)
        case "pixels":
            train, test = _pixels(y, place, counts, shape)
            most = int(max(train.max(), test.max())) + 1
            named = labels.class_names(range(most) if classes is None else classes, place)
            if most > len(named) or len(named) < 2:
                raise InputError(f"{place}: labels of pixels go up to {most - 1}, {len(named)} classes are named")
    return Targets(kind, train, test, named, why)


def columns(
    kind: Literal["labels", "regression"],
    y: Mapping[str, Array],
    classes: Iterable[str] | None,
    place: str,
    counts: Mapping[str, int],
) -> tuple[list[npt.NDArray[Any]], tuple[str, ...]]:
    """Return labels or numbers ``(N, K)`` of each part of a set, the first of which is trained on, and the names of
    their columns. ``y``: the parts by what errors call them. Raises InputError for what does not fit."""
    parts = _labels(y, place, counts) if kind == "labels" else _numbers(y, place, counts)
    outputs = parts[0].shape[1]
    usual = [NUMBER] if kind == "regression" and outputs == 1 else range(outputs)
    named = labels.class_names(usual if classes is None else classes, place)
    if len(named) != outputs:
        raise InputError(f"{place}: {next(iter(y))} has {outputs} columns, classes names {len(named)}; name each")
    return parts, named


def guessed(y: Mapping[str, Array]) -> tuple[Kind, str]:
    """Return the task that labels are for, and why; a class where nothing else is plain. ``y``: what is trained on,
    and what is measured, by what they are called."""
    (name, train), (other, test) = y.items()
    if train.dtype.kind not in "biuf" or test.dtype.kind not in "biuf" or 0 in (train.size, test.size):
        return "class", ""
    if train.ndim == test.ndim == 3 and train.dtype.kind in "iu":
        return "pixels", f"{name} is {train.dtype} of shape {train.shape}"
    if train.ndim == test.ndim == 2 and train.shape[1] > 1 and not _one_hot(train, test):
        if _ternary(train) and _ternary(test):
            return "labels", f"{name} has 0, 1 and missing ones in {train.shape[1]} columns"
        if "f" in train.dtype.kind + test.dtype.kind:
            return "regression", f"{name} is {train.dtype} of shape {train.shape}"
    if train.dtype.kind == test.dtype.kind == "f" and train.ndim == test.ndim and not _one_hot(train, test):
        return "regression", f"{name} is {train.dtype}"
    if train.ndim == test.ndim == 1 and not train.any() and set(np.unique(test).tolist()) == {0, 1}:
        return "anomaly", f"{name} is 0 alone, {other} 0 and 1"
    return "class", ""


def _one_hot(*parts: Array) -> bool:
    return all(y.ndim == 2 and bool(np.isin(y, (0, 1)).all() and (y.sum(1) == 1).all()) for y in parts)


def _ternary(y: Array) -> bool:
    return bool((np.isin(y, (0, 1, MISSING)) | np.isnan(y.astype(np.float64))).all())


def _classes(y: Mapping[str, Array], classes: Iterable[str] | None, place: str, counts: Mapping[str, int]) -> Targets:
    numbers, named = labels.numbered(y, classes, place)
    train, test = (image_files.labels_of(numbers, key[2:], place, counts[key]) for key in KEYS)
    if named is None and train.max() >= train.size:
        raise InputError(f"{place}: y_train has label {train.max()} in {train.size} images; number the classes from 0")
    names = labels.class_names(range(int(train.max()) + 1)) if named is None else named
    for key, part in zip(KEYS, (train, test), strict=True):
        if part.min() < 0 or part.max() >= len(names):
            raise InputError(
                f"{place}: {key} goes from {part.min()} to {part.max()}, {len(names)} classes allow 0 to "
                f"{len(names) - 1}; number the classes from 0, or name all of them in `classes`"
            )
    if len(names) < 2:
        raise InputError(f"{place}: all images are of one class; training needs at least 2")
    return Targets("class", train.astype(np.int64), test.astype(np.int64), names)


def _labels(y: Mapping[str, Array], place: str, counts: Mapping[str, int]) -> list[npt.NDArray[Any]]:
    """Of each input 0, 1 or -1 for each label."""
    parts = []
    for key, part in y.items():
        if part.ndim != 2 or len(part) != counts[key] or part.dtype.kind not in "biuf" or not _ternary(part):
            raise InputError(
                f"{place}: {key} is {part.dtype} of shape {part.shape}; labels are N,K of 0 and 1, -1 or NaN where one "
                "is not known"
            )
        parts.append(np.nan_to_num(part.astype(np.float64), nan=MISSING).astype(np.int64))
    first = _same_columns(y, parts, place)
    for number, column in enumerate(parts[0].T):
        if not {0, 1} <= {*column.tolist()}:
            raise InputError(
                f"{place}: label {number} of {first} is never {int(not (column == 0).any()) ^ 1}, which cannot be "
                "learned; add examples of both, or leave the column out"
            )
    return parts


def _numbers(y: Mapping[str, Array], place: str, counts: Mapping[str, int]) -> list[npt.NDArray[Any]]:
    parts = []
    for key, part in y.items():
        if part.ndim not in (1, 2) or len(part) != counts[key] or part.dtype.kind not in "biuf" or not part.size:
            raise InputError(
                f"{place}: {key} is {part.dtype} of shape {part.shape} for {counts[key]} inputs; a regression takes "
                "numbers of shape N or N,K"
            )
        numbers = part.astype(np.float64).reshape(len(part), -1)
        if not np.isfinite(numbers).all():
            at = int(np.argwhere(~np.isfinite(numbers))[0, 0])
            raise InputError(f"{place}: {key}[{at}] is {numbers[at].tolist()}; take out what is not finite")
        parts.append(numbers)
    first = _same_columns(y, parts, place)
    still = np.flatnonzero(np.ptp(parts[0], axis=0) == 0)
    if still.size:
        raise InputError(f"{place}: target {still[0]} of {first} is {parts[0][0, still[0]]} always; leave it out")
    return parts


def _oddities(y: Mapping[str, Array], place: str, counts: Mapping[str, int]) -> list[npt.NDArray[Any]]:
    for key, part in y.items():
        if part.shape != (counts[key],) or part.dtype.kind not in "biu" or not np.isin(part, (0, 1)).all():
            raise InputError(
                f"{place}: {key} is {part.dtype} of shape {part.shape}; an anomaly takes N of 0 (normal) and 1 (odd)"
            )
    if y["y_train"].any():
        raise InputError(f"{place}: {int(y['y_train'].sum())} of x_train are odd (1); train on what is normal alone")
    if len(np.unique(y["y_test"])) < 2:
        raise InputError(f"{place}: y_test is {y['y_test'][0]} alone; give normal (0) and odd (1) inputs to measure by")
    return [part.astype(np.int64) for part in y.values()]


def _pixels(
    y: Mapping[str, Array], place: str, counts: Mapping[str, int], shape: tuple[int, int]
) -> list[npt.NDArray[Any]]:
    for key, part in y.items():
        if part.shape != (counts[key], *shape) or part.dtype.kind not in "iu" or part.min() < 0 or part.max() > 999:
            raise InputError(
                f"{place}: {key} is {part.dtype} of shape {part.shape}; labels of pixels are N,H,W "
                f"{counts[key]},{shape[0]},{shape[1]} of class numbers from 0"
            )
    return [part.astype(np.int64) for part in y.values()]


def _same_columns(names: Iterable[str], parts: list[npt.NDArray[Any]], place: str) -> str:
    """The name of the first part. Raises InputError unless all have as many columns."""
    first, *others = zip(names, (part.shape[1] for part in parts), strict=True)
    for name, count in others:
        if count != first[1]:
            raise InputError(f"{place}: {first[0]} has {first[1]} columns, {name} {count}; make them equal")
    return first[0]
