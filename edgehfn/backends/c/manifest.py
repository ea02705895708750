"""A folder with a list of what was written into it, as ``sha256sum -c`` reads it: what is unchanged since is ours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from edgehfn import files


def digest(content: bytes) -> str:
    """The checksum of a file."""
    return hashlib.sha256(content).hexdigest()


def listed(place: Path) -> dict[str, str]:
    """The names and checksums of a list; none where there is no list."""
    try:
        text = place.read_text(encoding="ascii")
    except (OSError, ValueError):
        return {}
    found = re.findall(r"^([0-9a-f]{64})  ((?!/|.*\.\./)[\w./+-]+)$", text, re.MULTILINE)
    return {name: checksum for checksum, name in found}


def written(contents: Mapping[str, bytes]) -> bytes:
    """The list of these files."""
    return "".join(f"{digest(content)}  {name}\n" for name, content in contents.items()).encode()


def put(folder: Path, contents: Mapping[str, bytes], name: str, remedy: str) -> list[Path]:
    """Write files and their list into a folder, and take away what the list that is there has besides.

    Returns their paths. Raises InputError if one is not ours, or cannot be written.
    """
    before = listed(folder / name)

    def ours(path: Path) -> bool:
        at = path.relative_to(folder).as_posix()
        if at == name:
            return bool(before)
        return at in before and path.is_file() and digest(path.read_bytes()) == before[at]

    whole = {folder / name: written(contents), **{folder / at: content for at, content in contents.items()}}
    stale = [folder / at for at in before if at not in contents and (folder / at).is_file()]
    for path in (*whole, *stale):
        if not ours(path) and not (path.is_file() and path in whole and path.read_bytes() == whole[path]):
            files.check(path, None, remedy=remedy)
    for parent in sorted({path.parent for path in whole}):
        files.make_folder(parent)
    files.write_all(whole, remedy=remedy, ours=ours)
    for path in stale:
        path.unlink(missing_ok=True)
    return [*whole]
