"""What can be wrong with the words of a command: files that are none, places that cannot be, and numbers that are none.

Roles are read from click's own list of parameters, so that a new option is driven, too, or named as one of no role.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from edgehfn.cli import cli
from edgehfn.cli._common import Bytes
from edgehfn.cli.search import Count

READ = {"model", "checkpoint", "teacher", "files", "weights_file"}  # parameters that are a file to read
WRITTEN = {"output", "html", "tflite", "save"}  # and those that are a place to write
NAMES = {"also", "arch", "kinds", "name", "storage"}  # words of which few are known
NUMBERS = {  # texts that are parsed as numbers
    "blocks",
    "budgets",
    "coats",
    "fold",
    "frozen",
    "icache",
    "max_graph",
    "mean",
    "ram",
    "shape",
    "std",
    "width",
}


def verbs() -> dict[str, click.Command]:
    """Every command that does something, by what one types for it."""
    return dict(_leaves(cli, ()))


def _leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, part in command.commands.items():
            yield from _leaves(part, (*path, name))
    else:
        yield " ".join(path), command


def words(parameter: click.Parameter) -> list[str] | None:
    """Values that a parameter cannot have; None if it is no number and no choice, but has a role of its own."""
    match parameter.type:
        case click.IntRange() as kind:
            below = [] if kind.min is None else [str(kind.min - 1)]
            above = [] if kind.max is None else [str(kind.max + 1)]
            return ["x", "1.5", "", "nan", *below, *above]
        case click.FloatRange() as kind:
            return ["x", "", "nan", "inf", "-inf", *([] if kind.min is None else [str(kind.min - 1)])]
        case click.types.FloatParamType():
            return ["x", "", "nan", "inf", "-1", "-1e999"]
        case Bytes() | Count():
            return ["x", "", "-1", "1T", "nan", "1.5.5"]
        case click.Choice():
            return ["bogus", "", "\udce9"]
        case _ if parameter.name in ("on", "target"):
            return ["bogus", "a\nb", "", "-", "\udce9", "x" * 1000, "gdb://", "gdb://h:1?ram=4", "gdb://127.0.0.1:1"]
        case _ if parameter.name in NAMES:
            return ["bogus", "a\nb", "", "-", "\udce9", "x" * 1000]
        case _ if parameter.name in NUMBERS:
            return ["x", "", ",", "nan", "-1", "1,,2", "1e999", "\udce9"]
        case click.Path() if parameter.name in READ | WRITTEN:
            return None
        case _:
            assert parameter.name in ("data", "weights"), f"{parameter.name}: give it a role"
            return None


@dataclass(frozen=True)
class Sound:
    """A whole file of a kind, which ``beside`` may go with: a calibration."""

    ending: str
    content: bytes
    beside: dict[str, bytes]


def files(sound: Sound, others: bytes, folder: Path) -> dict[str, Path]:
    """Paths that are no such file, by what is wrong."""

    def made(name: str, content: bytes, mode: int = 0o644) -> Path:
        place = folder / f"{name}{sound.ending}"
        place.write_bytes(content)
        place.chmod(mode)
        for ending, text in sound.beside.items():
            place.with_suffix(ending).write_bytes(text)
        return place

    whole = sound.content
    (folder / f"folder{sound.ending}").mkdir()
    (folder / f"loop{sound.ending}").symlink_to(f"loop{sound.ending}")
    return {
        "missing": folder / f"absent{sound.ending}",
        "under a file": made("file", whole) / f"x{sound.ending}",
        "empty": made("empty", b""),
        "folder": folder / f"folder{sound.ending}",
        "garbage": made("garbage", bytes(range(256)) * 40),
        "zeros": made("zeros", bytes(5000)),
        "text": made("text", b"two days of work\n"),
        "half": made("half", whole[: len(whole) // 2]),
        "short of a byte": made("short", whole[:-1]),
        "first bytes": made("head", whole[:9]),
        "another kind": made("kind", others),
        "unreadable": made("unreadable", whole, 0),
        "link to itself": folder / f"loop{sound.ending}",
        "not UTF-8, missing": folder / f"caf\udce9{sound.ending}",
        "not UTF-8, garbage": made("gar\udce9", b"\xff" * 300),
        "too long": folder / ("n" * 300 + sound.ending),
    }


Places = dict[str, Callable[[Path], Path]]


def places(ending: str, makes_folders: bool) -> Places:
    """Where nothing can be written, by what is wrong; each makes what it needs in a folder."""
    found: Places = {
        "under a file": lambda folder: _file(folder / "file") / f"x{ending}",
        "in a read-only folder": lambda folder: _read_only(folder / "closed") / f"x{ending}",
        "a name too long": lambda folder: folder / ("n" * 300 + ending),
        "under a link to itself": lambda folder: _loop(folder / "loop") / f"x{ending}",
    }
    if makes_folders:
        return found | {"a file": lambda folder: _file(folder / "file")}
    return found | {
        "in a missing folder": lambda folder: folder / "no" / f"x{ending}",
        "a folder": lambda folder: _folder(folder / f"x{ending}"),
        "a file of others": lambda folder: _file(folder / f"x{ending}"),
        "in a folder that is not UTF-8 and missing": lambda folder: folder / "caf\udce9" / f"x{ending}",
    }


def _file(place: Path) -> Path:
    place.write_bytes(b"two days of work\n")
    return place


def _folder(place: Path) -> Path:
    place.mkdir()
    return place


def _read_only(place: Path) -> Path:
    place.mkdir()
    place.chmod(0o555)
    return place


def _loop(place: Path) -> Path:
    place.symlink_to(place.name)
    return place


def state(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder, by name; None for what is no file."""
    found: dict[str, bytes | None] = {}
    for place, folders, names in os.walk(os.fsencode(folder)):
        found |= {os.fsdecode(os.path.join(place, name)): None for name in folders}
        for name in names:
            path = Path(os.fsdecode(os.path.join(place, name)))
            found[str(path)] = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    return found
