"""What a linked program holds: bytes by section, and functions with their frames and calls, read from machine code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from edgehfn.errors import ToolError
from edgehfn.target.toolchain import ARM_OBJDUMP, call

_FUNCTION = re.compile(r"^([0-9a-f]+) <\S+>:$")
_INSTRUCTION = re.compile(r"^ *[0-9a-f]+:\t[0-9a-f ]+\t(\S+)\t?(.*)$")
_WORD = re.compile(r"^ *([0-9a-f]+):\t[0-9a-f]{8} *\t\.word\t0x([0-9a-f]{8})", re.MULTILINE)
_LITERAL = re.compile(r"^r\d+, \[pc, #\d+\].*\(([0-9a-f]+) <")
_TARGET = re.compile(r"([0-9a-f]+) <\S+>$")


@dataclass(frozen=True)
class _Instruction:
    """``literal``: the word it loads from beside the code, if it does."""

    mnemonic: str
    operands: str
    literal: int | None


@dataclass(frozen=True)
class Function:
    """``frame``: stack bytes of the function alone. ``calls``: functions it calls or ends in, by name. ``by_pointer``:
    whether it calls others through a register."""

    name: str
    size: int
    frame: int
    calls: tuple[str, ...]
    by_pointer: bool


def sections(program: Path) -> dict[str, int]:
    """Return the bytes of each section of an ELF file."""
    with opened(program) as elf:
        return {s.name: int(s["sh_size"]) for s in elf.iter_sections() if s.name}


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


def halfwords(program: Path, value: int) -> list[int]:
    """Return the addresses in code at which a halfword has this value: instructions, or data that look like one."""
    with opened(program) as elf:
        code = [(s["sh_addr"], s.data()) for s in elf.iter_sections() if s["sh_flags"] & SH_FLAGS.SHF_EXECINSTR]
    wanted = value.to_bytes(2, "little")
    return [at + i for at, data in code for i in range(0, len(data), 2) if data[i : i + 2] == wanted]


def functions(program: Path, where: str) -> dict[str, Function]:
    """Return the functions of one section of an Arm program. Raises ToolError where a frame cannot be read."""
    symbols = _symbols(program, where)
    text = call([ARM_OBJDUMP, "-d", "-j", where, str(program)], timeout=60)
    words = {int(at, 16): int(word, 16) for at, word in _WORD.findall(text)}
    bodies: dict[int, list[_Instruction]] = {at: [] for at in symbols}
    body: list[_Instruction] = []
    for line in text.splitlines():
        if found := _FUNCTION.match(line):
            body = bodies.get(int(found[1], 16), body)  # else a label inside a function
        elif found := _INSTRUCTION.match(line):
            at = _LITERAL.search(found[2])
            literal = words.get(int(at[1], 16), 0) if at else None
            body.append(_Instruction(found[1].split(".")[0], re.split(r"\s*[@;]", found[2])[0], literal))
    names = {at: name for at, (name, _) in symbols.items()}
    return {name: _function(name, size, bodies[at], names) for at, (name, size) in symbols.items()}


def deepest(functions: Mapping[str, Function], entry: str) -> int:
    """Return the most stack, in bytes, that a call of ``entry`` takes: the frames of the deepest calls.

    A call through a register may reach any function that none calls by name. Raises ToolError for recursion.
    """
    named = {entry, *(callee for function in functions.values() for callee in function.calls)}
    pointed = tuple(name for name in functions if name not in named)

    def chain(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            raise ToolError(f"{name}: calls itself, so its stack has no bound")
        function = functions[name]
        callees = (*function.calls, *(pointed if function.by_pointer else ()))
        return function.frame + max((chain(callee, (*above, name)) for callee in callees), default=0)

    return chain(entry, ())


def _symbols(program: Path, where: str) -> dict[int, tuple[str, int]]:
    """Name and bytes of each function by its address. Where files have functions of one name, the address sets them
    apart."""
    with opened(program) as elf:
        index, symbols = elf.get_section_index(where), section(elf, ".symtab").iter_symbols()
        kept = [s for s in symbols if s["st_info"]["type"] == "STT_FUNC" and s["st_shndx"] == index]
    made: dict[str, tuple[int, int]] = {}
    for symbol in kept:
        at = symbol["st_value"] & ~1  # the lowest bit marks Thumb
        made[f"{symbol.name}@{at:x}" if symbol.name in made else symbol.name] = (at, int(symbol["st_size"]))
    return {at: (name, size) for name, (at, size) in made.items()}


def _function(name: str, size: int, body: list[_Instruction], names: Mapping[int, str]) -> Function:
    frame, calls, by_pointer = 0, set(), False
    literals: dict[str, int] = {}
    for op in body:
        by_pointer |= op.mnemonic == "blx" or (op.mnemonic == "bx" and op.operands != "lr")
        target = _TARGET.search(op.operands)
        callee = names.get(int(target[1], 16)) if target and op.mnemonic.startswith("b") else None
        if callee and callee != name:
            calls.add(callee)
        _remember(op, literals)
        frame += _pushed(name, op, literals)
    return Function(name, size, frame, tuple(sorted(calls)), by_pointer)


def _remember(op: _Instruction, known: dict[str, int]) -> None:
    """What a register holds that was loaded from beside the code, or made of a small number by a shift."""
    register, _, rest = op.operands.partition(", ")
    if op.literal is not None:
        known[register] = op.literal
    elif op.mnemonic == "movs" and (number := re.fullmatch(r"#(\d+)", rest)):
        known[register] = int(number[1])
    elif op.mnemonic == "lsls" and (number := re.fullmatch(rf"{register}, #(\d+)", rest)) and register in known:
        known[register] = known[register] << int(number[1]) & 0xFFFFFFFF
    elif op.mnemonic in ("negs", "rsbs") and rest.startswith(register) and register in known:
        known[register] = -known[register] & 0xFFFFFFFF


def _pushed(name: str, op: _Instruction, literals: Mapping[str, int]) -> int:
    """Bytes by which an instruction moves the stack pointer down."""
    if op.mnemonic in ("push", "vpush") or (op.mnemonic in ("stmdb", "vstmdb") and op.operands.startswith("sp!")):
        listed = op.operands.partition("{")[2].rstrip("}").split(", ")
        ranges = [re.fullmatch(r"d(\d+)-d(\d+)", item) for item in listed]
        registers = sum(int(r[2]) - int(r[1]) + 1 if r else 1 for r in ranges)
        return registers * (8 if listed[0].startswith("d") else 4)
    if found := re.search(r"\[sp, #-(\d+)\]!", op.operands):
        return int(found[1])
    if not re.match(r"(add|sub)w?$", op.mnemonic) or not op.operands.startswith("sp,"):
        return 0
    if found := re.fullmatch(r"sp,(?: sp,)? #(\d+)", op.operands):
        return int(found[1]) if op.mnemonic.startswith("sub") else 0
    amount = literals.get(op.operands.rpartition(" ")[2])  # a Cortex-M0 adds a register to get far
    if amount is None:
        raise ToolError(f"{name}: its stack depends on a value ({op.mnemonic} {op.operands})")
    return 2**32 - amount if amount >= 2**31 else 0
