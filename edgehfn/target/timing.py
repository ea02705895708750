"""What instructions take on silicon, in cycles, as Arm publishes it for the Cortex-M0, M0+, M3 and M4.

The tables are those of the cores' Technical Reference Manuals (DDI 0432, 0484, 0337 and 0439, "Instruction timing"),
for memories that answer at once. Where a table gives a range, this takes: a refill of two cycles after a branch of the
M3 and M4 (1 to 3, by how the target lies); four for a long product of the M3 (3 to 5) and five if it adds (4 to 7);
seven for a division (2 to 12); a multiplier of one cycle on the M0 and M0+, which some parts do without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edgehfn.errors import InputError
from edgehfn.target.instruction import Instruction

_SMALL = {"cortex-m0": (2, 4), "cortex-m0plus": (1, 3)}  # refill after a branch; a system instruction
TIMED = (*_SMALL, "cortex-m3", "cortex-m4")

REFILL, LONG, LONG_ADDED, DIVISION = 2, 4, 5, 7

_CONDITION = "(?:eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?"
_MULTIPLE = re.compile(r"v?(ldm|stm)(ia|db|fd|ea)?|v?push|v?pop")
_SINGLE = re.compile(f"v?(ldr|str)(b|h|sb|sh|t)?{_CONDITION}")
_SYSTEM = re.compile("mrs|msr|dmb|dsb|isb")
_REGISTER = re.compile(r"\b(r\d+|sl|fp|ip|sp|lr|pc)\b")


@dataclass(frozen=True)
class Memory:
    """What code lies in: cycles that a new line of it waits, and a cache of so many lines of so many bytes, of which
    the longest unused gives way. Nothing is read ahead."""

    waits: int = 0
    lines: int = 1
    bytes: int = 16

    def __post_init__(self) -> None:
        limits = (("wait states", self.waits, 0, 64), ("lines", self.lines, 1, 4096), ("bytes", self.bytes, 4, 256))
        for name, value, least, most in limits:
            if not least <= value <= most:
                raise InputError(f"memory for code: {value} {name}; give {least} to {most}")
        if self.bytes & (self.bytes - 1):
            raise InputError(f"memory for code: lines of {self.bytes} bytes; give a power of two")


@dataclass(frozen=True)
class Cost:
    """Cycles of an instruction, and those more that it takes if another than the next one follows."""

    cycles: int
    taken: int = 0


def costs(core: str, code: Iterable[tuple[int, Instruction]]) -> Iterator[tuple[int, Cost]]:
    """What each instruction of a listing takes. Raises InputError for a core without published timings."""
    if core not in TIMED:
        raise InputError(f"{core}: its cycles cannot be estimated; timings are published for {', '.join(TIMED)}")
    before = Instruction("", "")
    for address, op in code:
        yield address, _small(core, op) if core in _SMALL else _large(core, op, before)
        before = op


def _small(core: str, op: Instruction) -> Cost:
    refill, system = _SMALL[core]
    if op.mnemonic == "bl":
        return Cost(2, refill)
    if _MULTIPLE.fullmatch(op.mnemonic):
        goes = "pc" in op.operands
        return Cost(1 + _listed(op) + goes, refill)
    if _SINGLE.fullmatch(op.mnemonic):
        return Cost(2)
    return Cost(system if _SYSTEM.fullmatch(op.mnemonic) else 1, refill)


def _large(core: str, op: Instruction, before: Instruction) -> Cost:
    if _MULTIPLE.fullmatch(op.mnemonic):
        return Cost(1 + _listed(op), REFILL)
    if op.mnemonic in ("ldrd", "strd"):
        return Cost(3)
    if op.mnemonic in ("tbb", "tbh"):
        return Cost(2, REFILL)
    if _SINGLE.fullmatch(op.mnemonic):
        return Cost(_access(op, before), REFILL)
    if re.fullmatch("[us]div", op.mnemonic):
        return Cost(DIVISION)
    if op.mnemonic == "msr":
        return Cost(2)
    if core == "cortex-m3":
        if op.mnemonic in ("mla", "mls"):
            return Cost(2)
        if op.mnemonic in ("umull", "smull"):
            return Cost(LONG)
        if op.mnemonic in ("umlal", "smlal"):
            return Cost(LONG_ADDED)
    return Cost(1, REFILL)


def _access(op: Instruction, before: Instruction) -> int:
    """A load takes two cycles and a store one, which waits in a buffer; but one behind a load whose result is not its
    address overlaps with it."""
    loads = "ldr" in op.mnemonic
    behind = "ldr" in before.mnemonic and before.mnemonic != "ldrd"
    if behind and _first(before.operands) not in _REGISTER.findall(op.operands.partition("[")[2]):
        return 1
    return 2 if loads or _has_index(op) else 1


def _has_index(op: Instruction) -> bool:
    """Whether a register is added to the address of a store, which then needs a cycle of its own."""
    return len(_REGISTER.findall(op.operands.partition("[")[2].partition("]")[0])) > 1


def _first(operands: str) -> str:
    return operands.partition(",")[0].strip()


def _listed(op: Instruction) -> int:
    """How many registers (of four bytes) a list in braces has."""
    names = op.operands.partition("{")[2].partition("}")[0].split(",")
    count = 0
    for name in filter(None, map(str.strip, names)):
        first, _, last = name.partition("-")
        words = 2 if first.startswith("d") else 1
        count += words * (_number(last) - _number(first) + 1 if last else 1)
    return count


def _number(name: str) -> int:
    named = {"sl": 10, "fp": 11, "ip": 12, "sp": 13, "lr": 14, "pc": 15}
    return named[name] if name in named else int(name.lstrip("rsd"))
