"""What RISC-V's instructions do to the stack and to the flow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from edgehfn.errors import ToolError
from edgehfn.target.instruction import Effect, Instruction

_NUMBER = re.compile(r"-?\d+")


def effects(name: str, body: Iterable[Instruction]) -> Iterator[Effect]:
    """The effect of each instruction of a function. Raises ToolError where a frame cannot be read.

    ``jal``, ``j`` and branches name where they go; ``jalr`` and ``jr`` go where a register points, which is into a
    table of a ``switch``, too.
    """
    known: dict[str, int] = {}
    for op in body:
        _remember(op, known)
        goes = op.mnemonic.startswith(("j", "b"))
        yield Effect(_pushed(name, op, known), goes and op.target is not None, op.mnemonic in ("jalr", "jr"))


def _remember(op: Instruction, known: dict[str, int]) -> None:
    """What a register holds that is made of one or two numbers."""
    register, *rest = op.operands.split(",")
    match op.mnemonic, rest:
        case "li", [number]:
            known[register] = int(number, 0)
        case "lui", [number]:
            known[register] = int(number, 0) << 12
        case "add" | "addi", [source, number] if source in known and _NUMBER.fullmatch(number):
            known[register] = known[source] + int(number)
        case _:
            known.pop(register, None)


def _pushed(name: str, op: Instruction, known: dict[str, int]) -> int:
    """Bytes by which an instruction moves the stack pointer down."""
    if not op.operands.startswith("sp,"):
        return 0
    match op.mnemonic, op.operands.split(",")[1:]:
        case "add" | "addi", ["sp", number] if _NUMBER.fullmatch(number):  # binutils write both
            return max(0, -int(number))
        case "add", ["sp", register] if register in known:
            return max(0, -_signed(known[register]))
        case "sub", ["sp", register] if register in known:
            return max(0, _signed(known[register]))
        case "add" | "sub" | "mv" | "addi" | "and" | "andi", _:
            raise ToolError(f"{name}: its stack depends on a value ({op.mnemonic} {op.operands})")
    return 0


def _signed(word: int) -> int:
    """A word of 32 bits as an integer."""
    return (word & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
