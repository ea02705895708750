"""Where a probe is, as users write it: ``gdb://HOST:PORT?core=cortex-m4&ram=0x20000000:64K``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from edgehfn.errors import InputError
from edgehfn.target.board import Region
from edgehfn.target.kits import aim

SCHEME = "gdb://"
FORM = "gdb://HOST:PORT?board=pico, or ?core=cortex-m4&ram=0x20000000:64K"
KEYS = ("board", "core", "ram", "flash", "monitor", "timeout")
PATIENCE = 10.0  # seconds
ALIGNED = 128  # bytes: where a table of vectors may begin
UNITS = {"": 1, "K": 1024, "M": 1024 * 1024}
TOP = 1 << 32


@dataclass(frozen=True)
class Address:
    """``core`` and the memories are None where the server is to tell them; ``flash`` is given only to run from there.
    ``monitor``: commands of the server before a program is loaded. ``seconds``: how long an answer may take."""

    name: str
    host: str
    port: int
    core: str | None = None
    ram: Region | None = None
    flash: Region | None = None
    monitor: tuple[str, ...] = ()
    seconds: float = PATIENCE


def is_address(name: str) -> bool:
    """Return whether a machine's name is that of a probe."""
    return name.startswith(SCHEME)


def parse(name: str) -> Address:
    """Read an address. Raises InputError with the form it must have."""
    try:
        url = urlsplit(name)
        host, port = url.hostname, url.port
        given = parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    except ValueError as error:
        raise InputError(f"{name}: {error}; a probe is {FORM}") from error
    if not is_address(name) or not host or not port or url.path.strip("/") or url.fragment:
        raise InputError(f"{name}: no host and port; a probe is {FORM}")
    options = dict(given)
    unknown = [key for key in options if key not in KEYS]
    if unknown:
        raise InputError(f"{name}: no option is called {unknown[0]!r}; there are {', '.join(KEYS)}")
    there = aim(options["board"]) if "board" in options else None
    ram = _region(name, "ram", options.get("ram"))
    return Address(
        name=name,
        host=host,
        port=port,
        core=options.get("core", there.core if there else None),
        ram=ram or (there.kit.ram if there and there.kit else None),
        flash=_region(name, "flash", options.get("flash")),
        monitor=tuple(value for key, value in given if key == "monitor"),
        seconds=_seconds(name, options.get("timeout")),
    )


def _region(name: str, key: str, text: str | None) -> Region | None:
    if text is None:
        return None
    found = re.fullmatch(r"(0x[0-9a-f]{1,8}|\d{1,10}):(\d{1,10})([KM]?)B?", text, re.IGNORECASE)
    if found is None:
        raise InputError(f"{name}: {key} is {text!r}, not an address and bytes such as 0x20000000:64K")
    origin, size = int(found[1], 0), int(found[2]) * UNITS[found[3].upper()]
    if origin % ALIGNED or not 0 < size <= TOP - origin:
        raise InputError(f"{name}: {key} must begin at a multiple of {ALIGNED} and lie within 32 bits, unlike {text!r}")
    return Region(origin, size)


def _seconds(name: str, text: str | None) -> float:
    try:
        seconds = PATIENCE if text is None else float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:
        raise InputError(f"{name}: timeout is {text!r}, not a number of seconds up to 3600")
    return seconds
