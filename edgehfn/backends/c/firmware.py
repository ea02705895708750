"""The C sources that every program is built from: in the source tree, or inside an installed package."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from edgehfn.errors import ToolError


def directory() -> Path:
    """The directory ``firmware``. Raises ToolError if the installation lacks it."""
    package = Path(__file__).resolve().parents[2]
    for place in (package / "firmware", package.parent / "firmware"):
        if (place / "port" / "harness.c").is_file():
            return place
    raise ToolError(f"{package} has no firmware beside or in it: install edgehfn again")


def runtime(*, assembly: bool) -> list[Path]:
    """The runtime's sources in a fixed order; assembly only for cores."""
    source = directory() / "src"
    found = [*source.glob("*/*.c"), *(source.glob("*/*.S") if assembly else ())]
    return sorted(found, key=lambda path: path.name)


def headers() -> list[Path]:
    """The public headers and those that sources of the runtime share, in a fixed order."""
    root = directory()
    return sorted([*(root / "include").glob("*.h"), *(root / "src").glob("*/*.h")], key=lambda path: path.name)


def exported(files: Iterable[Path] | None = None, read: Callable[[Path], bytes] = Path.read_bytes) -> dict[str, bytes]:
    """Headers and sources, by default all, by the names that they have in one folder of a user's project, which they
    include. ``read``: their texts."""
    names = {path.name: exported_name(path) for path in (*headers(), *runtime(assembly=True))}

    def include(found: re.Match[bytes]) -> bytes:
        return names[found[0].decode()].encode()

    texts = {
        names[path.name]: re.sub(rb'(?<=^#include ")[^"]+', include, read(path), flags=re.M)
        for path in ((*headers(), *runtime(assembly=True)) if files is None else files)
    }
    return dict(sorted(texts.items()))


def exported_name(path: Path) -> str:
    """What a file is called there. Names begin with ``hfn_``, or ``edgehfn``: build systems of vendors put the objects
    of a whole project into one folder, where the ``list.o`` of an operating system would take the place of ours."""
    return re.sub("^(?!hfn_|edgehfn)", "hfn_", path.name)


def includes() -> list[str]:
    """What tells a compiler where these are. The families of sources read each other's headers by their bare names."""
    return [f"-I{folder}" for folder in sorted({path.parent for path in headers()})]


def text() -> str:
    """All that a build may read, as one string: what a cached build depends on."""
    root = directory()
    files = sorted(p for part in ("include", "src", "port") for p in (root / part).rglob("*") if p.is_file())
    return "\0".join(f"{p.relative_to(root)}\0{p.read_text(encoding='utf-8')}" for p in files)
