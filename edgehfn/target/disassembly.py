"""The functions of a linked program: bytes, stack frames and calls, read from machine code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgehfn.errors import ToolError
from edgehfn.target import effects_arm, effects_riscv
from edgehfn.target.architecture import ARM, RISCV
from edgehfn.target.elf import opened, section
from edgehfn.target.instruction import Effect, Instruction
from edgehfn.target.toolchain import call

Effects = Callable[[str, Iterable[Instruction]], Iterator[Effect]]
READ: dict[str, tuple[str, Effects]] = {  # by the machine that an ELF file is of
    "EM_ARM": (ARM.objdump, effects_arm.effects),
    "EM_RISCV": (RISCV.objdump, effects_riscv.effects),
}

_FUNCTION = re.compile(r"^([0-9a-f]+) <\S+>:$")
_INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t[0-9a-f ]+\t(\S+)\t?(.*)$")
_WORD = re.compile(r"^ *([0-9a-f]+):\t[0-9a-f]{8} *\t\.word\t0x([0-9a-f]{8})", re.MULTILINE)
_LITERAL = re.compile(r"^r\d+, \[pc, #\d+\].*\(([0-9a-f]+) <")


@dataclass(frozen=True)
class Function:
    """``frame``: stack bytes of the function alone. ``calls``: functions it calls or ends in, by name. ``by_pointer``:
    whether it calls others through a register."""

    name: str
    size: int
    frame: int
    calls: tuple[str, ...]
    by_pointer: bool


def functions(program: Path, where: str) -> dict[str, Function]:
    """Return the functions of one section of a program. Raises ToolError where a frame cannot be read."""
    with opened(program) as elf:
        machine = elf["e_machine"]
    objdump, effects = READ[machine]
    symbols = _symbols(program, where)
    text = call([objdump, "-d", "-j", where, str(program)], timeout=60)
    words = {int(at, 16): int(word, 16) for at, word in _WORD.findall(text)}
    bodies: dict[int, list[Instruction]] = {at: [] for at in symbols}
    body: list[Instruction] = []
    for line in text.splitlines():
        if found := _FUNCTION.match(line):
            body = bodies.get(int(found[1], 16), body)  # else a label inside a function
        elif found := _INSTRUCTION.match(line):
            at = _LITERAL.search(found[3])
            literal = words.get(int(at[1], 16), 0) if at else None
            body.append(_instruction(found, literal))
    names = {at: name for at, (name, _) in symbols.items()}
    return {name: _function(name, size, bodies[at], effects, names) for at, (name, size) in symbols.items()}


def listing(program: Path) -> Iterator[tuple[int, Instruction]]:
    """The instructions of a program's code with their addresses, which rise; data among them may look like some."""
    with opened(program) as elf:
        machine = elf["e_machine"]
    for line in call([READ[machine][0], "-d", str(program)], timeout=60).splitlines():
        if found := _INSTRUCTION.match(line):
            yield int(found[1], 16), _instruction(found)


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


def _instruction(found: re.Match[str], literal: int | None = None) -> Instruction:
    return Instruction(found[2].split(".")[0], re.split(r"\s*(?:[@;]|# )", found[3])[0], literal)


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


def _function(name: str, size: int, body: list[Instruction], effects: Effects, names: Mapping[int, str]) -> Function:
    frame, calls, by_pointer = 0, set(), False
    for op, effect in zip(body, effects(name, body), strict=True):
        callee = names.get(op.target) if effect.goes and op.target is not None else None
        if callee and callee != name:
            calls.add(callee)
        by_pointer |= effect.by_pointer
        frame += effect.pushed
    return Function(name, size, frame, tuple(sorted(calls)), by_pointer)
