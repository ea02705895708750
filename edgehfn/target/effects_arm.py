"""What Arm's instructions do to the stack and to the flow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from edgehfn.errors import ToolError
from edgehfn.target.instruction import Effect, Instruction


def effects(name: str, body: Iterable[Instruction]) -> Iterator[Effect]:
    """The effect of each instruction of a function. Raises ToolError where a frame cannot be read."""
    literals: dict[str, int] = {}
    for op in body:
        by_pointer = op.mnemonic == "blx" or (op.mnemonic == "bx" and op.operands != "lr")
        _remember(op, literals)
        yield Effect(_pushed(name, op, literals), op.mnemonic.startswith("b"), by_pointer)


def _remember(op: Instruction, known: dict[str, int]) -> None:
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


def _pushed(name: str, op: Instruction, literals: dict[str, int]) -> int:
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
