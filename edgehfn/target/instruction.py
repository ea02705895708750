"""An instruction of a listing, and what it does to the stack and to the flow: as each architecture reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TARGET = re.compile(r"([0-9a-f]+) <\S+>$")


@dataclass(frozen=True)
class Instruction:
    """``literal``: the word it loads from beside the code, if it does."""

    mnemonic: str
    operands: str
    literal: int | None = None

    @property
    def target(self) -> int | None:
        """The address that it names, if any."""
        found = _TARGET.search(self.operands)
        return int(found[1], 16) if found else None


@dataclass(frozen=True)
class Effect:
    """``pushed``: bytes by which the stack grows. ``goes``: whether it leaves for its target. ``by_pointer``: whether
    it leaves for where a register points, other than back to its caller."""

    pushed: int = 0
    goes: bool = False
    by_pointer: bool = False
