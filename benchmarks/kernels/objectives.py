"""Tables of what each objective costs, all deterministic. ``python -m benchmarks.kernels.objectives`` prints them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.common.table import table
from benchmarks.kernels.references import resnet8
from edgehfn.backends import c
from edgehfn.cost.instructions import predict
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.ops import Supermask
from edgehfn.lowering.untrained import untrained
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import elf
from edgehfn.target.board import board
from edgehfn.target.build import MODEL, build
from edgehfn.target.count import counted

DENSITIES = (0.1, 0.2, 0.3)
CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55")
START = 4  # bytes that say where a stream starts


@dataclass(frozen=True)
class Spent:
    """``ram``: bytes of the arena. ``predicted``: instructions."""

    ram: int
    code: int
    model: int
    instructions: int
    predicted: int


def objectives() -> Iterator[str]:
    """The document's part on objectives, paragraph by paragraph."""
    graphs = {density: untrained(resnet8(density)) for density in DENSITIES}
    yield "## Speed, RAM or flash"
    yield (
        "The same net and the same bytes of every node, compiled with each `--objective`. *RAM* is the arena, *data* "
        "is everything stored but the code. In brackets: instructions against "
        "those of `speed`, and how far the prediction is from them."
    )
    yield _points(graphs)
    yield (
        "Bytes of all masks against the entropy of independent bits of each tensor's own density; for `flash` with the "
        f"parameter of each stream and {START} bytes for where it starts."
    )
    yield _masks(graphs)


def measure(graph: Graph, core: str, planned: Plan) -> Spent:
    """Raises ToolError if a tool is missing."""
    parts = elf.sections(build(c.emit(graph, planned, MODEL), board(core), planned.objective))
    predicted = predict(graph, planned, core).total
    instructions = counted(graph, planned, core).total
    return Spent(planned.size, parts[".code"], parts[".model"], instructions, predicted)


def mask_bytes(graph: Graph, objective: Objective) -> int:
    """Of all streams, with their parameters and starts where they are coded."""
    stored = sum(len(part.data) for part in c.layout(graph, plan(graph, objective)) if part.origin == "masks")
    return stored + START * sum(w.coats for w in masked(graph)) * (objective == "flash")


def entropy_bytes(graph: Graph) -> float:
    """n·H(fraction kept), added up over the tensors."""
    return sum(_entropy(weight) for weight in masked(graph)) / 8


def masked(graph: Graph) -> list[Supermask]:
    return [weight for weight in graph.weights if isinstance(weight, Supermask)]


def _points(graphs: dict[float, Graph]) -> str:
    rows = []
    for density, graph in graphs.items():
        for core in CORES:
            spent = {objective: measure(graph, core, plan(graph, objective)) for objective in OBJECTIVES}
            for objective, s in spent.items():
                ratio, error = s.instructions / spent["speed"].instructions, s.predicted / s.instructions - 1
                numbers = [f"{n:,}" for n in (s.ram, s.code, s.model)]
                rows.append(
                    [core, str(density), objective, *numbers, f"{s.instructions:,} ({ratio:.2f}x, {error:+.1%})"]
                )
    return table(["", "density", "objective", "RAM", "code", "data", "instructions"], rows)


def _masks(graphs: dict[float, Graph]) -> str:
    rows = []
    for density, graph in graphs.items():
        limit = entropy_bytes(graph)
        sizes = [mask_bytes(graph, objective) for objective in ("speed", "flash")]  # ram's are those of speed
        rows.append([str(density), *(f"{size:,} ({size / limit:.3f})" for size in sizes), f"{limit:,.0f}"])
    return table(["density", "speed, ram", "flash", "entropy"], rows)


def _entropy(weight: Supermask) -> float:
    """Bits: n·H(fraction kept)."""
    kept = np.count_nonzero(weight.counts) / weight.counts.size
    parts = np.array([p for p in (kept, 1 - kept) if p > 0])
    return float(-(parts * np.log2(parts)).sum() * weight.counts.size)


if __name__ == "__main__":
    for paragraph in objectives():
        print(f"{paragraph}\n")
