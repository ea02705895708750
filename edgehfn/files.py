"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from edgehfn.errors import InputError


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises InputError if that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error


def write(
    path: Path, content: str | bytes | memoryview, *, durable: bool = False, remedy: str = "choose another file"
) -> None:
    """Replace a file, in UTF-8 if it is text; whoever reads it meanwhile finds the old one or the new one.

    ``durable``, for files of a single writer: a crash of the machine leaves one of both, too, and what it left half
    written is not there to stay. Raises InputError, with the remedy, if the place cannot be written.
    """
    fresh = path.with_name(f"{path.name}.tmp" if durable else f"{path.name}.{os.getpid()}.tmp")
    try:
        with fresh.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); {remedy}") from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
