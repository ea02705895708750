"""The C sources that every program is built from: in the source tree, or inside an installed package."""

from __future__ import annotations

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
    """The runtime's sources in a fixed order; assembly only for Arm."""
    source = directory() / "src"
    return sorted([*source.glob("*.c"), *(source.glob("*.S") if assembly else ())])


def text() -> str:
    """All that a build may read, as one string: what a cached build depends on."""
    root = directory()
    files = sorted(p for part in ("include", "src", "port") for p in (root / part).rglob("*") if p.is_file())
    return "\0".join(f"{p.relative_to(root)}\0{p.read_text()}" for p in files)
