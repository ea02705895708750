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
