"""Files that ``torch.save`` wrote, read without running anything that they name."""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

_DAMAGE = (
    *(OSError, RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError),
    *(AssertionError, ImportError, MemoryError, struct.error, zipfile.BadZipFile, pickle.UnpicklingError),
)  # what torch raises for files that it cannot read, by where the damage lies


class _Ignored:
    """In the place of a NumPy scalar and of its type: takes what a file says of it, and makes nothing of it."""

    def __init__(self, *said: object) -> None: ...

    def __setstate__(self, said: object) -> None: ...


# Trainers note rates and accuracies as NumPy's numbers. NumPy's own functions stay out: a type's state can be forged.
NUMBERS = tuple((_Ignored, f"numpy.{name}") for name in ("dtype", "core.multiarray.scalar", "_core.multiarray.scalar"))


class Unreadable(ValueError):
    """The file is damaged, or holds more than tensors and plain values."""


def read(path: Path, also: Sequence[Any] = ()) -> Any:
    """Return what a file holds, on the CPU; ``also`` are types that it may name besides torch's own.

    Raises FileNotFoundError, and Unreadable for anything else that stops it.
    """
    try:
        with torch.serialization.safe_globals(list(also)):
            return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except _DAMAGE as error:
        raise Unreadable(str(error)) from error
