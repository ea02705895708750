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


def numbered(
    arrays: Mapping[str, Array], classes: Iterable[str] | None, place: str
) -> tuple[dict[str, Array], tuple[str, ...] | None]:
    """Return ``y_train`` and ``y_test`` as numbers, and the class names if they are known.

    Text becomes its place among the names, by default the sorted labels; one column a class becomes its number. Numbers
    stay as they are, unchecked, in the type they came in: a cast before the range check could wrap. Raises InputError.
    """
    names = None if classes is None else class_names(classes, f"{place}: classes")
    found = {f"y_{part}": arrays[f"y_{part}"] for part in PARTS}
    kinds = {key: _kind(y) for key, y in found.items()}
    kind = kinds["y_train"]
    if kind != kinds["y_test"]:
        told = " and ".join(f"{key} {kinds[key]} ({found[key].dtype} of {found[key].shape})" for key in found)
        raise InputError(f"{place}: {told} are labels of two kinds; save both in one form, such as .astype('int64')")
    if kind == "text":
        text = {key: _decoded(y, f"{place}: {key}") for key, y in found.items()}
        names = names or class_names(sorted({label for labels in text.values() for label in labels}), place)
        return {key: _places(labels, names, f"{place}: {key}") for key, labels in text.items()}, names
    if kind == "one-hot":
        counts = {y.shape[1] for y in found.values()} | ({len(names)} if names else set())
        if len(counts) > 1:
            raise InputError(f"{place}: one-hot labels and classes have {sorted(counts)} columns; give as many each")
        names = names or class_names(range(counts.pop()))
        return {key: y.argmax(1) for key, y in found.items()}, names
    return found, names


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


def _kind(y: Array) -> str:
    if y.ndim == 1 and (y.dtype.kind in "US" or (y.dtype == object and all(isinstance(label, str) for label in y))):
        return "text"
    hot = y.ndim == 2 and y.shape[1] > 1 and y.shape[0] > 0 and y.dtype.kind in "biuf"
    if hot and bool(((y == 0) | (y == 1)).all()) and bool((y.sum(1, dtype=np.float64) == 1).all()):
        return "one-hot"
    return "numbers"


def _decoded(y: Array, place: str) -> list[str]:
    if y.dtype.kind != "S":
        return [str(label) for label in y]
    try:
        return [label.decode() for label in y]
    except UnicodeDecodeError as error:
        raise InputError(f"{place}: label {error.object!r:.60} is no UTF-8 text; save labels as str") from None


def _places(labels: Sequence[str], names: tuple[str, ...], place: str) -> Array:
    at = {name: number for number, name in reversed(list(enumerate(names)))}
    unknown = next((label for label in labels if label not in at), None)
    if unknown is not None:
        raise InputError(f"{place}: label {unknown!a:.60} is none of the {len(names)} classes; name it in `classes`")
    return np.array([at[label] for label in labels], np.int64)
