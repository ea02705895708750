"""From generated C to a program: the runtime as an archive, the model and the harness linked to it.

All flags of compilers and linkers are here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from edgehfn.backends.c import firmware
from edgehfn.errors import ToolError
from edgehfn.spec.objective import Objective, macro
from edgehfn.target.board import Board
from edgehfn.target.cache import cached
from edgehfn.target.hosted import Hosted
from edgehfn.target.toolchain import HOST_AR, HOST_GCC, call, version

MODEL = "model"  # what the harness calls the model: model.h, model_run, MODEL_ARENA …
PROGRAM = "program"
ARCHIVE = "libedgehfn.a"

Host = Literal["host", "host-sanitized"]
HOST: Host = "host"
SANITIZED: Host = "host-sanitized"  # the same under sanitizers: for tests, and where `verify --sanitize` asks for it
Machine = Board | Hosted | Host
Main = Literal["harness", "selftest", "check", "sound"]
Mode = Literal["plain", "trace", "count", "cycles"]  # see firmware/port/mark.h

COMPILE = ("-std=c99", "-ffunction-sections", "-fdata-sections")
LEVELS: dict[Objective, str] = {"speed": "-O2", "ram": "-O2", "flash": "-Os"}
SANITIZE = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
MODES: dict[Mode, tuple[str, ...]] = {
    "plain": (),
    "trace": ("-DPORT_TRACE",),
    "count": ("-DPORT_COUNT",),
    "cycles": ("-DPORT_CYCLES",),
}

TIMEOUT = 300  # seconds for one call of a compiler


def build(
    files: Mapping[str, str],
    machine: Machine,
    objective: Objective = "speed",
    main: Main = "harness",
    mode: Mode = "plain",
) -> Path:
    """Build a program around the generated ``files`` (``model.c``, ``model.h``): returns the path of a cached ELF file.

    Raises ToolError if the compiler is missing or fails, or the board is too small.
    """
    flags = _flags(machine, objective)
    if isinstance(machine, Hosted):
        flags = (*flags, *MODES[mode])
        ingredients = [
            *machine.identity(),
            *flags,
            firmware.text(),
            main,
            *(part for file in files.items() for part in file),
        ]
        return cached(ingredients, partial(_hosted, files=files, machine=machine, flags=flags, main=main), PROGRAM)
    library = runtime(machine, objective)
    ingredients = [
        str(library),
        *flags,
        *_link(machine),
        *_port(machine),
        main,
        mode,
        *(part for file in files.items() for part in file),
    ]
    make = partial(_program, files=files, library=library, machine=machine, flags=(*flags, *MODES[mode]), main=main)
    return cached(ingredients, make, PROGRAM)


def runtime(machine: Board | Host, objective: Objective = "speed") -> Path:
    """Build the runtime's archive for a machine, unless it is cached, and return its path."""
    flags = _flags(machine, objective)
    ingredients = [*_compiler(machine), version(_compiler(machine)[0]), *flags, firmware.text()]
    return cached(ingredients, partial(_runtime, machine=machine, flags=flags), ARCHIVE)


def _compiler(machine: Board | Host) -> tuple[str, str]:
    if isinstance(machine, Board):
        return machine.architecture.gcc, machine.architecture.ar
    return HOST_GCC, HOST_AR


def _flags(machine: Machine, objective: Objective) -> tuple[str, ...]:
    defined = (f"-D{macro(objective)}=1",) if macro(objective) else ()
    own: tuple[str, ...] = SANITIZE if machine == SANITIZED else ()
    if isinstance(machine, Board):
        own = (*machine.architecture.compile, *machine.flags)
    return (*COMPILE, LEVELS[objective], *defined, *own)


def _runtime(into: Path, machine: Board | Host, flags: Sequence[str]) -> None:
    gcc, ar = _compiler(machine)
    sources = [str(p) for p in firmware.runtime(assembly=isinstance(machine, Board))]
    if isinstance(machine, Board):
        sources += [str(firmware.directory() / "port" / name) for name in machine.architecture.library]
    if sources:
        call([gcc, *flags, *firmware.includes(), "-c", *sources], timeout=TIMEOUT, cwd=into)
    objects = sorted(p.name for p in into.glob("*.o"))
    call([ar, "rcsD", ARCHIVE, *objects], timeout=TIMEOUT, cwd=into)


def _program(
    into: Path, files: Mapping[str, str], library: Path, machine: Board | Host, flags: Sequence[str], main: Main
) -> None:
    gcc, _ = _compiler(machine)
    include, sources = _written(into, files, _port(machine), main)
    call([gcc, *flags, *include, "-c", *sources], timeout=TIMEOUT, cwd=into)
    objects = sorted(p.name for p in into.glob("*.o"))
    try:
        link = [gcc, *flags, *objects, str(library), *_link(machine), "-o", PROGRAM]
        call(link, timeout=TIMEOUT, cwd=into)
    except ToolError as error:
        raise _explained(error, machine) from None


def _hosted(into: Path, files: Mapping[str, str], machine: Hosted, flags: Sequence[str], main: Main) -> None:
    """All at once: Zig itself keeps the objects of what it has compiled, and of several sources makes but one by -c."""
    include, sources = _written(into, files, ("host.c",), main)
    runtime = [str(path) for path in firmware.runtime(assembly=False)]
    call(
        [*machine.gcc, *flags, *include, *firmware.includes(), *sources, *runtime, "-o", PROGRAM],
        timeout=TIMEOUT,
        cwd=into,
    )


def _written(into: Path, files: Mapping[str, str], port: Sequence[str], main: Main) -> tuple[list[str], list[str]]:
    """Writes the generated files; returns options to include them and the harness's, and all of their sources."""
    root = firmware.directory()
    place = root / "port"
    for name, text in files.items():
        (into / name).write_text(text, encoding="utf-8")
    include = [f"-I{root / 'include'}", f"-I{place}", "-I.", "-include", str(place / "mark.h")]
    return include, [f"{MODEL}.c", str(place / f"{main}.c"), *(str(place / name) for name in port)]


def _port(machine: Board | Host) -> tuple[str, ...]:
    return machine.port if isinstance(machine, Board) else ("host.c",)


def _link(machine: Board | Host) -> list[str]:
    if not isinstance(machine, Board):
        return []
    layout = {
        "FLASH_ORIGIN": machine.flash.origin,
        "FLASH_SIZE": machine.flash.size,
        "RAM_ORIGIN": machine.ram.origin,
        "RAM_SIZE": machine.ram.size,
    }
    symbols = [f"-Wl,--defsym,{name}={value:#x}" for name, value in layout.items()]
    port = firmware.directory() / "port"
    together = machine.flash == machine.ram  # where linkers warn of code that could be written, as RAM can be
    memory = port / ("probe/ram.ld" if together else "qemu/flash_and_ram.ld")
    scripts = ("-T", str(memory), "-T", str(port / "qemu" / "sections.ld"))
    return [*machine.link, "-Wl,--gc-sections" + ",--fatal-warnings" * (not together), *symbols, *scripts]


def _explained(error: ToolError, machine: Machine) -> ToolError:
    """What a linker's error means, where it is known."""
    if machine == SANITIZED and re.search(r"lib[au]b?san|-l[au]b?san", str(error)):
        return ToolError("gcc finds no libasan and libubsan: install those of its version, or leave out --sanitize")
    found = re.search(r"region `?(\w+)' overflowed by (\d+) bytes", str(error))
    if found is None or not isinstance(machine, Board):
        return error
    kind, over = found[1], int(found[2])
    size = machine.ram.size if kind == "ram" else machine.flash.size
    remedy = "use a smaller net, or plan with a smaller scratch limit" if kind == "ram" else "use a smaller net"
    if machine.flash == machine.ram:
        remedy = "use a smaller net, or run from flash: &flash=0x08000000:512K"
    return ToolError(
        f"{machine.name}: the program takes {size + over:,} bytes of {kind}, the board has {size:,}; {remedy}"
    )
