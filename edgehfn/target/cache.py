"""Things built once: directories named by the hash of all that went into them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from edgehfn import files

KEPT = 200  # directories; the longest unused go first


def cached(ingredients: Iterable[str], make: Callable[[Path], None]) -> Path:
    """Return the directory of the user's cache that ``make`` fills, once for the same ingredients."""
    home = files.cache_folder() / "builds"  # of their own: data sets in the cache are not ours to delete
    digest = hashlib.sha256("\0".join(ingredients).encode()).hexdigest()
    place = home / digest[:24]
    try:
        os.utime(place)  # used now
        return place
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="new-", dir=home))
    try:
        make(work)
        work.rename(place)
    except OSError:
        if not place.is_dir():  # else another process made it first
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _prune(home)
    return place


def _prune(home: Path) -> None:
    def used(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except FileNotFoundError:  # pruned by another process
            return 0.0

    for old in sorted(home.iterdir(), key=used, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
