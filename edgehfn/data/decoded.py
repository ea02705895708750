"""Decoded copies of sets that take long to decode, in the user's cache."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn import files
from edgehfn.data.image_files import ARRAYS, DAMAGE

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Decoded:
    """What is kept of a set: its four arrays, its classes, and whether its layout is guessed."""

    arrays: tuple[Array, Array, Array, Array]
    classes: tuple[str, ...]
    guessed: bool


def read(path: Path) -> Decoded | None:
    """Return a copy; None if there is none, or no readable one."""
    try:
        with path.open("rb") as stored, np.load(stored, allow_pickle=False) as file:
            x_train, y_train, x_test, y_test, classes = (file[key] for key in (*ARRAYS, "classes"))
            guessed = bool(file["guessed"])
    except DAMAGE:
        return None
    return Decoded((x_train, y_train, x_test, y_test), tuple(map(str, classes)), guessed)


def write(path: Path, made: Decoded) -> None:
    """Keep a copy, whole or not at all; a cache that cannot be written costs time only."""
    arrays = dict(zip(ARRAYS, made.arrays, strict=True))
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(path) as file:
            classes, guessed = np.array(made.classes), np.array(made.guessed)
            np.savez(file, allow_pickle=False, classes=classes, guessed=guessed, **arrays)
