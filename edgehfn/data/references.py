"""What may stand behind the name or path of a set: a layout, or the size that a net reads of pictures."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import get_args

from edgehfn.data.image_files import Layout
from edgehfn.data.pictures import Shape
from edgehfn.errors import InputError

SIZE = re.compile(r"[1-9]\d{0,4}|[13](,[1-9]\d{0,4}){2}")  # what a net reads of pictures


def parsed(given: str | Path, layout: Layout | None, known: str) -> tuple[str | Path, Layout | None, Shape | None]:
    """Return a name or path, and the layout or the shape that it ends in, or the layout given. Raises InputError."""
    if not isinstance(given, str | Path):
        raise InputError(f"{given!r:.60} is no name or path of a data set; {known}")
    name, colon, end = str(given).rpartition(":")
    if name and SIZE.fullmatch(end):
        numbers = [int(number) for number in end.split(",")]
        channels, height, width = numbers if len(numbers) == 3 else (3, *2 * numbers)
        return name, layout_of(layout), (channels, height, width)
    if not colon or end not in get_args(Layout):
        return given, layout_of(layout), None
    if layout not in (None, end):
        raise InputError(f"{given}: names one layout, {layout!r} is another; give one")
    return name, layout_of(end), None


def layout_of(layout: str | None) -> Layout | None:
    """Return a layout by its name. Raises InputError if there is none."""
    match layout:
        case None | "nchw" | "nhwc":
            return layout
        case _:
            raise InputError(f"layout {layout!r:.60} is unknown; use {' or '.join(get_args(Layout))}")


def named(digest: str, *read: str | None) -> str:
    """Return the digest of a source that is read in some way, such as a layout; that of classes is the usual one."""
    for way in read:
        digest = digest if way in (None, "class") else hashlib.sha256(f"{digest} {way}".encode()).hexdigest()
    return digest
