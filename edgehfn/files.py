"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edgehfn.errors import InputError


def cache_folder() -> Path:
    """Where everything goes that can be made again: ``$XDG_CACHE_HOME/edgehfn``, by default ``~/.cache/edgehfn``.

    Where that cannot be written or run from, it is a folder of the user's own among the temporary files, which one note
    on standard error names.
    """
    return _cache_folder(os.environ.get("XDG_CACHE_HOME", ""), os.environ.get("HOME", ""))


@functools.cache
def _cache_folder(asked: str, home: str) -> Path:
    """The decision for these variables."""
    with contextlib.suppress(RuntimeError, OSError):  # no home: a user without an entry in the list of users
        place = (Path(asked) if asked else Path(home or Path.home()) / ".cache") / "edgehfn"
        place.mkdir(parents=True, exist_ok=True)
        if _serves(place):
            return place
    temporary = Path(tempfile.gettempdir()) / f"edgehfn-{os.getuid()}"
    temporary.mkdir(mode=0o700, exist_ok=True)
    if temporary.stat().st_uid != os.getuid() or not _serves(temporary):
        temporary = Path(tempfile.mkdtemp(prefix="edgehfn-"))
    print(f"edgehfn: no folder for caches; using {temporary} (set XDG_CACHE_HOME to choose another)", file=sys.stderr)  # noqa: T201
    return temporary


def _serves(place: Path) -> bool:
    """Whether programs can be made in a folder, and run there."""
    return os.access(place, os.W_OK | os.X_OK) and not os.statvfs(place).f_flag & os.ST_NOEXEC


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
