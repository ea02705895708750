"""What a model costs on a device: flash and RAM by what they are spent on, predicted from the graph and measured in a
linked program."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import Any, assert_never

import numpy as np
from rich.console import Console
from rich.table import Table

from edgehfn.backends import c
from edgehfn.cost import code_size
from edgehfn.cost import instructions as prediction
from edgehfn.ir import Graph, Plan, ops, plan
from edgehfn.spec import masks
from edgehfn.spec.objective import Objective
from edgehfn.target.board import board
from edgehfn.target.linked import Measured, Sizes, measure
from edgehfn.target.toolchain import available

ORIGINS = ("masks", "norms", "dense", "graph", "tables", "code")


@dataclass(frozen=True)
class Footprint:
    """Bytes on one core. ``predicted`` needs no tools: model data and RAM are exact, code within the ``TOLERANCE`` of
    ``edgehfn.cost.code_size``.

    ``flash``: bytes of total flash by origin. ``paper``: the size that the papers on hidden networks count, without and
    with the running statistics of norms that are not shared. ``dense_int8``: model data if each weight were a byte.
    ``instructions`` of one inference, predicted. ``plan``: what was sized.
    """

    core: str
    predicted: Sizes
    measured: Measured | None
    flash: dict[str, int]
    paper: tuple[int, int]
    dense_int8: int
    instructions: int
    plan: Plan

    @property
    def objective(self) -> Objective:
        """What the runtime is built for."""
        return self.plan.objective

    @property
    def sizes(self) -> Sizes:
        """Measured where a compiler is at hand, else predicted."""
        return self.measured.sizes if self.measured else self.predicted

    def to_json(self) -> dict[str, Any]:
        """The sizes of this footprint, those predicted and those measured (None without a compiler), and the splits."""
        return {
            **self.sizes.to_json(),
            "predicted": self.predicted.to_json(),
            "measured": self.measured.sizes.to_json() if self.measured else None,
            "core": self.core,
            "objective": self.objective,
            "flash": self.flash,
            "stack_bound": self.measured.stack_bound if self.measured else self.predicted.stack,
            "harness_flash": self.measured.harness if self.measured else None,
            "paper": {"without_statistics": self.paper[0], "with_statistics": self.paper[1]},
            "dense_int8": self.dense_int8,
            "predicted_instructions": self.instructions,
        }

    def table(self) -> Table:
        """The six columns and the stack, predicted and measured."""
        made = Table(title=f"{self.core}, for {self.objective}: bytes", title_justify="left")
        made.add_column("")
        for name in self.sizes.to_json():
            made.add_column(name.replace("_", "\n"), justify="right")
        rows = {"predicted": self.predicted, **({"measured": self.measured.sizes} if self.measured else {})}
        for label, sizes in rows.items():
            made.add_row(label, *(f"{value:,}" for value in sizes.to_json().values()))
        return made

    def __str__(self) -> str:
        text = io.StringIO()
        Console(file=text, width=100, highlight=False).print(self.table())
        origins = ", ".join(f"{name} {size:,}" for name, size in self.flash.items())
        lines = [
            f"flash: {origins}",
            f"for comparison: the papers' formula {self.paper[0]:,} ({self.paper[1]:,} with running statistics), "
            f"the same net with a byte a weight {self.dense_int8:,}",
            f"instructions: {self.instructions:,} an inference, predicted; `edgehfn bench` counts them",
        ]
        if self.measured:
            lines.append(
                f"stack of at most {self.measured.stack_bound:,} by the machine code; start-up and test harness, not "
                f"counted: {self.measured.harness:,}"
            )
        return text.getvalue() + "\n".join(lines)


def footprint(
    graph: Graph,
    target: str = "cortex-m4",
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> Footprint:
    """What a verified graph costs on a core; measured too if the compiler is installed.

    ``objective``, ``ram`` and ``rows``: as of ``edgehfn.plan``. Raises InputError for an unknown core, GraphError if
    nothing fits ``ram``, ToolError if the compiler fails or the model exceeds the board that stands for the core.
    """
    board(target)
    return sized(graph, target, plan(graph, objective, ram=ram, rows=rows))


def sized(graph: Graph, target: str, planned: Plan) -> Footprint:
    """Do the same by a plan of one's own."""
    core = board(target)
    predicted, flash = predict(graph, planned, core.core)
    measured = measure(graph, planned, core) if available(core.architecture.gcc) else None
    if measured:
        flash["code"] = measured.sizes.code_flash
    instructions = prediction.predict(graph, planned, core.core).total
    return Footprint(target, predicted, measured, flash, paper(graph), dense_int8(graph), instructions, planned)


def predict(graph: Graph, planned: Plan, core: str) -> tuple[Sizes, dict[str, int]]:
    """The sizes on a core without any tool, and the flash by origin."""
    flash = dict.fromkeys(ORIGINS, 0)
    for part in c.layout(graph, planned):
        flash[part.origin] += len(part.data)
    weights = sum(flash.values())
    called, groups = c.functions(graph, planned), len(planned.groups)
    turns = sum(f.facts.by_rows or f == c.Function.SLIDE for f in called)
    flash["code"], stack = code_size.predict(core, called, planned.objective, turns, groups, planned.fed)
    runtime = planned.size - planned.activations + c.sound_state(graph)
    return Sizes(weights, flash["code"], planned.activations, runtime, stack), flash


def paper(graph: Graph) -> tuple[int, int]:
    """Bytes by the formula of López García-Arias et al. 2021, without and with running statistics.

    32 bits of seed, the bits of each mask once, and 64 bits for each channel and iteration of a norm that belongs to an
    iterated weight (scale and shift; mean and variance as much again). Trained weights count their own bits.
    """
    bits = 32 + sum(_bits(weight) for weight in graph.weights)
    users = [node.weight for node in graph if isinstance(node, ops.Weighted)]
    uses = Counter(map(_source, users))
    norms = 64 * sum(weight.shape[0] for weight in users if uses[_source(weight)] > 1)
    return -(-(bits + norms) // 8), -(-(bits + 2 * norms) // 8)


def dense_int8(graph: Graph) -> int:
    """Model data if every weight were a trained byte, stored once, with the same norms and tables."""
    return sum(prod(weight.shape) for weight in graph.weights) + sum(
        len(part.data) for part in c.layout(graph, plan(graph)) if part.origin in ("norms", "graph", "tables")
    )


def _source(weight: ops.Weight) -> int | str:
    """What iterations share, whether or not they share a mask."""
    return weight.tensor if isinstance(weight, ops.Supermask) else weight.name


def _bits(weight: ops.Weight) -> int:
    match weight:
        case ops.QuantisedWeight():
            return weight.bits * prod(weight.shape)
        case ops.Supermask():
            return _mask_bits(weight)
        case _:
            assert_never(weight)


def _mask_bits(weight: ops.Supermask) -> int:
    """Bits of a mask's streams and of stored signs, without the padding of their last words (SPEC section 2)."""
    first = weight.counts.size
    if weight.pruned or weight.locked:
        gone, kept = masks.frozen(weight.seed, weight.tensor, first, weight.pruned, weight.locked)
        first -= int(gone.sum()) + int(kept.sum())
    first += 0 if weight.signs is None else weight.counts.size
    return first + sum(int(np.count_nonzero(weight.counts >= n)) for n in range(1, weight.coats))
