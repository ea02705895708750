"""Whether a model fits a board, and what is left there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgehfn.cost.footprint import predict
from edgehfn.ir import Graph, Plan
from edgehfn.target.board import CORES
from edgehfn.target.kits import Kit
from edgehfn.target.linked import Sizes


@dataclass(frozen=True)
class Room:
    """``sizes`` of a model beside the memories of a board. ``is_estimate``: the code's bytes and the stack are those of
    the core, of those that are known, on which they are the most."""

    kit: Kit
    sizes: Sizes
    is_estimate: bool

    @property
    def ram(self) -> int:
        """Bytes of the arena and of the stack."""
        return self.sizes.total_ram + self.sizes.stack

    @property
    def left(self) -> dict[str, int]:
        """Bytes that the application has; below 0 where the model does not fit."""
        return {"flash": self.kit.flash.size - self.sizes.total_flash, "ram": self.kit.ram.size - self.ram}

    @property
    def fits(self) -> bool:
        """Whether nothing is lacking."""
        return min(self.left.values()) >= 0

    def to_json(self) -> dict[str, Any]:
        """The board and what is left of it."""
        return {
            "board": self.kit.name,
            "core": self.kit.core,
            "clock": self.kit.clock,
            "board_flash": self.kit.flash.size,
            "board_ram": self.kit.ram.size,
            "flash_left": self.left["flash"],
            "ram_left": self.left["ram"],
            "fits": self.fits,
            "is_estimate": self.is_estimate,
        }

    def __str__(self) -> str:
        kit, about = self.kit, "about " if self.is_estimate else ""
        flash = f"flash {about}{self.sizes.total_flash:,} of {kit.flash.size:,} bytes"
        ram = f"RAM {about}{self.ram:,} of {kit.ram.size:,}, stack included"
        left = f"left: {self.left['flash']:,} and {self.left['ram']:,}"
        note = f"\nno code was measured for {kit.core}: the most of all cores is taken" if self.is_estimate else ""
        return f"{kit.title}: {'fits' if self.fits else 'DOES NOT FIT'}; {flash}, {ram}; {left}{note}"


def estimated(graph: Graph, planned: Plan) -> Sizes:
    """Sizes on a core that is not known: data and arena are exact."""
    found = [predict(graph, planned, core)[0] for core in CORES]
    code, stack = max(sizes.code_flash for sizes in found), max(sizes.stack for sizes in found)
    first = found[0]
    return Sizes(first.weights_flash, code, first.activation_ram, first.runtime_ram, stack)
