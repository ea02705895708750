"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edgehfn.errors import InputError


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/edgehfn``, by default ``~/.cache/edgehfn``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgehfn"


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
    try:
        with replacing(path, durable=durable) as file:
            file.write(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); {remedy}") from error


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """A file to write that takes the place of ``path`` at the end, unless something was raised. Raises OSError."""
    fresh = path.with_name(f"{path.name}.tmp" if durable else f"{path.name}.{os.getpid()}.tmp")
    try:
        with fresh.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
