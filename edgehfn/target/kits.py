"""Boards that one can buy, by name: their core, memories and clock. Those of edgehfn.target.board are other ones, which
stand in for cores in QEMU."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from edgehfn.errors import InputError
from edgehfn.target.board import BOARDS, CORES, Region

ENDING = ".toml"  # of a file that describes a board of the user's own
LARGEST = 1 << 32  # bytes that an address reaches
LEAST = 256  # bytes of a memory
CLOCKS = range(1_000, 10_000_000_001)  # Hz: what is beyond was meant in kHz or MHz, or is a slip of the hand
KEYS = {"title", "core", "flash", "flash_origin", "ram", "ram_origin", "clock", "source"}
NEEDED = ("core", "flash", "ram", "clock")
LIST = "`edgehfn boards` lists them"


@dataclass(frozen=True)
class Kit:
    """A board: ``clock`` in Hz, the highest; ``source``: where its figures stand."""

    name: str
    title: str
    core: str
    flash: Region
    ram: Region
    clock: int
    source: str

    @property
    def is_counted(self) -> bool:
        """Whether instructions can be counted on its core, which QEMU then stands in for."""
        return any(board.name == self.core for board in BOARDS)


@dataclass(frozen=True)
class Aim:
    """What a user aims at: a core, or a board of which it is the core."""

    core: str
    kit: Kit | None = None

    @property
    def counted(self) -> str:
        """The core, if instructions can be counted on it. Raises InputError if not."""
        if self.kit is not None and not self.kit.is_counted:
            raise InputError(
                f"{self.kit.name}: instructions cannot be counted on its core, {self.core}; "
                f"`edgehfn size --target {self.kit.name}` tells whether a model fits"
            )
        return self.core


def aim(target: str) -> Aim:
    """A core, a board by name, or one that a file describes. Raises InputError for what is none."""
    if any(board.name == target for board in BOARDS):
        return Aim(target)
    if target.endswith(ENDING):
        found = read(Path(target))
    elif target in kits():
        found = kits()[target]
    else:
        raise InputError(
            f"no core or board is called {target!r}; cores are {', '.join(CORES)}; of boards, {LIST}, and a file of "
            f"your own ends in {ENDING}"
        )
    return Aim(found.core, found)


@cache
def kits() -> dict[str, Kit]:
    """The boards that come with the package, by name."""
    text = resources.files(__package__).joinpath("kits.toml").read_text(encoding="utf-8")
    return {name: _kit(name, facts, "kits.toml") for name, facts in tomllib.loads(text).items()}


def read(path: Path) -> Kit:
    """A board of the user's own: core, flash, ram, clock. Raises InputError for a file that is none."""
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a file that describes a board") from error
    except ValueError as error:
        raise InputError(f"{path}: is no TOML ({error}); {_remedy()}") from error
    return _kit(path.stem, facts, str(path))


def _remedy() -> str:
    return f'write lines such as core = "{CORES[0]}", flash = "256K", ram = "32K", clock = 48000000'


def _kit(name: str, facts: Mapping[str, Any], place: str) -> Kit:
    missing = [key for key in NEEDED if key not in facts]
    unknown = sorted({*facts} - KEYS)
    if missing or unknown:
        what = f"has no {missing[0]}" if missing else f"has an unknown key, {unknown[0]!r}"
        raise InputError(f"{place}: {what}; {_remedy()}")
    for key in ("title", "core", "source"):
        if not isinstance(facts.get(key, ""), str) or (key == "core" and not facts[key]):
            raise InputError(f"{place}: {key} is no text; {_remedy()}")
    flash, ram = (_region(facts, key, place) for key in ("flash", "ram"))
    apart = flash.origin + flash.size <= ram.origin or ram.origin + ram.size <= flash.origin
    if not apart and {"flash_origin", "ram_origin"} <= {*facts}:  # without, they are not known
        raise InputError(f"{place}: flash and ram overlap, by their origins; {_remedy()}")
    return Kit(
        name,
        facts.get("title", name),
        facts["core"],
        flash,
        ram,
        _number(facts["clock"], "clock", place, CLOCKS),
        facts.get("source", place),
    )


def _region(facts: Mapping[str, Any], key: str, place: str) -> Region:
    origin = _number(facts.get(f"{key}_origin", 0), f"{key}_origin", place, range(LARGEST))
    size = _number(facts[key], key, place, range(LEAST, LARGEST + 1))
    if origin + size > LARGEST:
        raise InputError(f"{place}: {key} of {size:,} bytes from {origin:#x} on ends beyond 32 bits; {_remedy()}")
    return Region(origin, size)


def _number(value: object, key: str, place: str, among: range) -> int:
    """A number, or a text such as ``16K``, within what a board can have."""
    found = re.fullmatch(r"(\d{1,12})([KM]?)B?", str(value).upper())
    if isinstance(value, bool) or found is None:
        raise InputError(f"{place}: {key} is {value!r:.40}, which is no number such as 32768 or 32K; {_remedy()}")
    number = int(found[1]) * {"": 1, "K": 1024, "M": 1 << 20}[found[2]]
    if number not in among:
        raise InputError(f"{place}: {key} is {value!r:.40}, not {among[0]:,} to {among[-1]:,}; {_remedy()}")
    return number
