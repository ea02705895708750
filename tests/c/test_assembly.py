"""Assembly says that its stack is not executable where the C beside it does, and only there: linkers warn of a mix."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from support import compilers
from support.compilers import CLANG

from edgehfn.backends.c import firmware
from edgehfn.target import CORES
from edgehfn.target.board import board
from edgehfn.target.toolchain import available

pytestmark = pytest.mark.qemu

NOTE = ".note.GNU-stack"


def sources(core: str) -> list[Path]:
    """All of the runtime's, for whatever core, and the harness's for this one."""
    root = firmware.directory()
    port = [root / "port" / name for name in board(core).architecture.port]
    return sorted([*(root / "src").rglob("*.S"), *(path for path in port if path.suffix == ".S")])


def noted(place: Path, core: str, compiler: str, *flags: str) -> dict[str, bool]:
    """Whether each object of assembly, and one of C, has the section; it is never that of an executable stack."""
    (place / "plain.c").write_text("int plain;\n")
    command = [compiler, *flags, *board(core).flags, *firmware.includes(), "-c", "plain.c", *map(str, sources(core))]
    subprocess.run(command, cwd=place, check=True, capture_output=True)
    found = {}
    for path in place.glob("*.o"):
        with path.open("rb") as file:
            section = ELFFile(file).get_section_by_name(NOTE)
            assert section is None or not section["sh_flags"]
            found[path.name] = section is not None
    return found


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("flags", "wanted"),
    [((), False), (("-D__clang__=1",), True), (("-D__linux__=1",), True), (("-D__clang__=1", "-DHFN_SMALL=1"), True)],
)
def test_as_the_compiler_does(core: str, flags: tuple[str, ...], wanted: bool, tmp_path: Path) -> None:
    found = noted(tmp_path, core, board(core).architecture.gcc, *flags)
    assert not found.pop("plain.o")
    assert len(found) == len(sources(core)) > 10
    assert set(found.values()) == {wanted}


@pytest.mark.skipif(not available(CLANG), reason="not installed: clang")
@pytest.mark.parametrize("core", [core for core in CORES if core.startswith("cortex")])
@pytest.mark.parametrize("small", [(), ("-DHFN_SMALL=1",)])
def test_under_clang(core: str, small: tuple[str, ...], tmp_path: Path) -> None:
    found = noted(tmp_path, core, CLANG, *compilers.clang_flags(), *small)
    assert len(set(found.values())) == 1, found
