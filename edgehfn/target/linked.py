"""Sizes read from a linked program, and the stack of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehfn.backends import c
from edgehfn.ir import Graph, Plan
from edgehfn.ir.inputs import by_rows, golden
from edgehfn.target import disassembly, elf
from edgehfn.target.board import Board
from edgehfn.target.build import MODEL, build
from edgehfn.target.execute import execute, patience
from edgehfn.target.sound import clip
from edgehfn.target.toolchain import available

HARNESS = (".vectors", ".harness", ".data")  # in flash: start-up, semihosting, the harness


@dataclass(frozen=True)
class Sizes:
    """Bytes a model takes of a device. The stack is apart: it is the application's."""

    weights_flash: int  # masks, norms, trained weights and tables
    code_flash: int  # runtime and generated code
    activation_ram: int  # tensors in the arena
    runtime_ram: int  # scratch in the arena, and the state of sound
    stack: int

    @property
    def total_flash(self) -> int:
        """Bytes of model data and code."""
        return self.weights_flash + self.code_flash

    @property
    def total_ram(self) -> int:
        """Bytes of the arena."""
        return self.activation_ram + self.runtime_ram

    def to_json(self) -> dict[str, int]:
        """Return all sizes by name, the totals among them."""
        return {
            "weights_flash": self.weights_flash,
            "code_flash": self.code_flash,
            "total_flash": self.total_flash,
            "activation_ram": self.activation_ram,
            "runtime_ram": self.runtime_ram,
            "total_ram": self.total_ram,
            "stack": self.stack,
        }


@dataclass(frozen=True)
class Measured:
    """``sizes.stack``: what a run used, or the bound without QEMU. ``stack_bound``: that of the deepest calls in the
    machine code. ``harness``: flash of what is no part of the product."""

    sizes: Sizes
    stack_bound: int
    harness: int


def measure(graph: Graph, plan: Plan, board: Board) -> Measured:
    """Link the model for a board and read its sizes; run it for the stack if QEMU is installed. Raises ToolError."""
    program = build(c.emit(graph, plan, MODEL), board, plan.objective, "sound" if graph.sound else "harness")
    parts = elf.sections(program)
    entries = [f"{MODEL}_feed", f"{MODEL}_listen"] if graph.sound else [f"{MODEL}_{'feed' if plan.fed else 'run'}"]
    bound = max(disassembly.deepest(disassembly.functions(program, ".code"), entry) for entry in entries)
    stack = bound
    if available(board.architecture.qemu):
        image = by_rows(graph, golden(graph)[None]) if plan.fed else golden(graph)[None]
        row = graph.output.size
        if graph.sound:
            image, row = np.zeros((1, clip(graph)), np.int16), row + image[0].size
        stack = execute(program, board, image, row, seconds=patience(graph)).stack
    sizes = Sizes(
        weights_flash=parts[".model"],
        code_flash=parts[".code"],
        activation_ram=plan.activations,
        runtime_ram=parts[".arena"] - plan.activations,
        stack=stack,
    )
    return Measured(sizes, bound, sum(parts.get(name, 0) for name in HARNESS))
