"""What a linked program holds: its sections and the places of instructions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from edgehfn.errors import ToolError


def sections(program: Path) -> dict[str, int]:
    """Return the bytes of each section of an ELF file."""
    with opened(program) as elf:
        return {s.name: int(s["sh_size"]) for s in elf.iter_sections() if s.name}


def symbols(program: Path, *names: str) -> tuple[int, ...]:
    """Return the addresses of these symbols, without the bit that marks code of Thumb. Raises ToolError if one is
    missing."""
    with opened(program) as elf:
        table = section(elf, ".symtab")
        found = {name: table.get_symbol_by_name(name) for name in names}
    missing = [name for name, entries in found.items() if not entries]
    if missing:
        raise ToolError(f"{program}: has no symbol {missing[0]}")
    return tuple(int(entries[0]["st_value"]) & ~1 for entries in found.values() if entries)


def image(program: Path) -> list[tuple[int, bytes]]:
    """Return what must be in memory before a program starts: addresses, and the bytes that belong there."""
    with opened(program) as elf:
        return [
            (int(s["p_paddr"]), s.data()) for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"]
        ]


@contextmanager
def opened(program: Path) -> Iterator[ELFFile]:
    """Open the file for reading its sections. Raises ToolError if it is no ELF file."""
    with program.open("rb") as file:
        try:
            yield ELFFile(file)
        except ELFError as error:
            raise ToolError(f"{program}: {error}") from error


def section(elf: ELFFile, name: str) -> Any:
    """Return a section by name. Raises ToolError if there is none."""
    found = elf.get_section_by_name(name)
    if found is None:
        raise ToolError(f"a linked program has no section {name}")
    return found


def places(program: Path, instruction: bytes) -> list[int]:
    """Return the addresses in code at which these bytes stand: an instruction, or data that look like one. A halfword
    is the least that an instruction takes."""
    with opened(program) as elf:
        code = [(s["sh_addr"], s.data()) for s in elf.iter_sections() if s["sh_flags"] & SH_FLAGS.SHF_EXECINSTR]
    size = len(instruction)
    return [at + i for at, data in code for i in range(0, len(data), 2) if data[i : i + size] == instruction]
