"""Labels and class names as people have them: numbers, text, or one column a class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral

import numpy as np

from edgehfn.data.image_files import Array
from edgehfn.errors import InputError

PARTS = ("train", "test")


def class_names(classes: object, place: str = "classes") -> tuple[str, ...]:
    """Return a list of names as text; whole numbers become their digits.

    Raises InputError, which names the ``place``, for other things and for text that no file could hold as UTF-8.
    """
    if isinstance(classes, str | bytes) or not isinstance(classes, Iterable):
        raise InputError(f"{place}: {classes!r:.60} is no list of class names; give one such as ['yes', 'no']")
    return tuple(_name(name, place) for name in classes)


def stored_names(classes: Array | None, place: str) -> list[str] | None:
    """Return the class names of a file as text. Raises InputError unless they are a row of texts or whole numbers."""
    if classes is not None and (classes.ndim != 1 or classes.dtype.kind not in "Uiu"):
        raise InputError(f"{place}: classes is {classes.dtype} of shape {classes.shape}; save np.array([names], str)")
    return None if classes is None else [str(name) for name in classes]


def numbered(
    found: Mapping[str, Array], classes: Iterable[str] | None, place: str, *, unlabelled: bool = False
) -> tuple[dict[str, Array], tuple[str, ...] | None]:
    """Return arrays of labels as numbers, by the same keys, and the class names if they are known.

    Text becomes its place among the names, by default the sorted labels; one column a class becomes its number. Numbers
    stay as they are, unchecked, in the type they came in: a cast before the range check could wrap. Where some may be
    ``unlabelled``, empty text and a row without a 1 become -1. Raises InputError.
    """
    names = None if classes is None else class_names(classes, f"{place}: classes")
    kinds = {key: _kind(y, unlabelled) for key, y in found.items()}
    kind = next(iter(kinds.values()))
    if {*kinds.values()} != {kind}:
        told = " and ".join(f"{key} {kinds[key]} ({found[key].dtype} of {found[key].shape})" for key in found)
        raise InputError(f"{place}: {told} are labels of two kinds; save both in one form, such as .astype('int64')")
    if kind == "text":
        text = {key: _decoded(y, f"{place}: {key}") for key, y in found.items()}
        used = {label for labels in text.values() for label in labels if label or not unlabelled}
        names = names or class_names(sorted(used), place)
        none = {"": -1} if unlabelled else {}
        return {key: _places(labels, names, none, f"{place}: {key}") for key, labels in text.items()}, names
    if kind == "one-hot":
        counts = {y.shape[1] for y in found.values()} | ({len(names)} if names else set())
        if len(counts) > 1:
            raise InputError(f"{place}: one-hot labels and classes have {sorted(counts)} columns; give as many each")
        names = names or class_names(range(counts.pop()))
        return {key: np.where(y.any(1), y.argmax(1), -1) for key, y in found.items()}, names
    return dict(found), names


def _name(name: object, place: str) -> str:
    if isinstance(name, Integral) and not isinstance(name, bool | np.bool_):
        return str(int(name))
    if not isinstance(name, str):
        raise InputError(f"{place}: class name {name!r:.60} is {type(name).__name__}; give text, such as str(name)")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{place}: class name {name!a:.60} is no UTF-8 text; rename the class") from None
    return str(name)


def _kind(y: Array, unlabelled: bool) -> str:
    if y.ndim == 1 and (y.dtype.kind in "US" or (y.dtype == object and all(isinstance(label, str) for label in y))):
        return "text"
    hot = y.ndim == 2 and y.shape[1] > 1 and y.shape[0] > 0 and y.dtype.kind in "biuf"
    if hot and bool(((y == 0) | (y == 1)).all()):
        sums = y.sum(1, dtype=np.float64)
        return "one-hot" if bool(((sums == 1) | (unlabelled & (sums == 0))).all()) else "numbers"
    return "numbers"


def _decoded(y: Array, place: str) -> list[str]:
    if y.dtype.kind != "S":
        return [str(label) for label in y]
    try:
        return [label.decode() for label in y]
    except UnicodeDecodeError as error:
        raise InputError(f"{place}: label {error.object!r:.60} is no UTF-8 text; save labels as str") from None


def _places(labels: Sequence[str], names: tuple[str, ...], none: Mapping[str, int], place: str) -> Array:
    at = {**none, **{name: number for number, name in reversed(list(enumerate(names)))}}
    unknown = next((label for label in labels if label not in at), None)
    if unknown is not None:
        raise InputError(f"{place}: label {unknown!a:.60} is none of the {len(names)} classes; name it in `classes`")
    return np.array([at[label] for label in labels], np.int64)
