"""What the labels of nodes or graphs say: a class each, or of several labels and of numbers what those of images do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgehfn.data import targets
from edgehfn.data.gnn_sets import Index, Part
from edgehfn.data.image_files import Array
from edgehfn.data.labels import class_names, numbered
from edgehfn.errors import InputError
from edgehfn.spec.task import Kind

Of = Literal["nodes", "graphs"]


@dataclass(frozen=True, eq=False)
class GraphLabels:
    """``labels``: what a ``GraphSet`` has; ``raw``: as they came, with numbers in place of text. ``names`` of the
    classes, labels or numbers; ``why`` the task was guessed."""

    task: Kind
    labels: npt.NDArray[Any]
    raw: Array
    names: tuple[str, ...]
    why: str = ""


def read(
    labels: Array, names: list[str] | None, of: Of, split: Mapping[Part, Index], task: Kind | None, place: str
) -> GraphLabels:
    """Return what the labels of the nodes or graphs of a split say, for a task or for what they seem to be for; those
    of nodes are classes then. Raises InputError for labels that do not fit."""
    kind, why = (task, "") if task else _guessed(labels, of, split)
    match kind:
        case "class":
            return _classes(labels, names, of, split, place)
        case "labels" | "regression":
            parts = {f"labels[{part}_idx]": labels[chosen] for part, chosen in split.items()}
            known, columns = targets.columns(kind, parts, names, place, {key: len(y) for key, y in parts.items()})
            none = targets.MISSING if kind == "labels" else np.nan  # of what is in no part
            whole = np.full((len(labels), len(columns)), none, known[0].dtype)
            for chosen, y in zip(split.values(), known, strict=True):
                whole[chosen] = y
            return GraphLabels(kind, whole, labels, columns, why)
        case _:
            raise InputError(f"{place}: task {kind} is not for graphs; give --task class, labels or regression")


def integers(arrays: Mapping[str, Array], key: str, place: str) -> Index:
    """Return an array of whole numbers of the file layout as int64. Raises InputError for any other."""
    array, shape = arrays[key], (2, -1) if key == "edges" else (-1,)
    if array.dtype.kind not in "iu":
        raise InputError(f"{place}: {key} is {array.dtype}; it must be integers: save .astype('int64')")
    if array.ndim != len(shape) or (key == "edges" and len(array) != 2):
        wanted = "(2, edges)" if key == "edges" else "one dimension"
        raise InputError(f"{place}: {key} has shape {array.shape}; it needs {wanted}")
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise InputError(f"{place}: {key} has {array.max()}, which is no number of anything; save .astype('int64')")
    return np.ascontiguousarray(array, np.int64)


def _guessed(labels: Array, of: Of, split: Mapping[Part, Index]) -> tuple[Kind, str]:
    """As that of images; what graphs have no use for is a class."""
    if of == "nodes":
        return "class", ""
    measured = np.concatenate([split["val"], split["test"]])
    kind, why = targets.guessed({"labels[train_idx]": labels[split["train"]], "others": labels[measured]})
    return (kind, why) if kind in ("labels", "regression") else ("class", "")


def _classes(labels: Array, names: list[str] | None, of: Of, split: Mapping[Part, Index], place: str) -> GraphLabels:
    found, known = numbered({"labels": labels}, names, place, unlabelled=True)
    raw = found["labels"]
    whole = integers(found, "labels", place)
    highest = int(whole.max(initial=-1))
    if known is None and highest >= len(whole):
        raise InputError(f"{place}: labels has {highest} in {len(whole)} {of}; number the classes from 0")
    classes = class_names(range(highest + 1)) if known is None else known
    if whole.min(initial=0) < -1 or highest >= len(classes):
        raise InputError(
            f"{place}: labels go from {whole.min()} to {highest}, {len(classes)} classes allow 0 to "
            f"{len(classes) - 1}, and -1 for none"
        )
    if len(classes) < 2:
        raise InputError(f"{place}: all labels are of one class; training needs at least 2")
    for part, chosen in split.items():
        bare = chosen[whole[chosen] < 0]
        if bare.size:
            raise InputError(f"{place}: {of[:-1]} {bare[0]} in {part}_idx has no label; leave it out of the split")
    return GraphLabels("class", whole, raw, classes)
