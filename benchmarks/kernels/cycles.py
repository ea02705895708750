"""What whole nets may take in estimated cycles (docs/CYCLES.md): of code in memory that answers at once, on the M0, M3
and M4, and on the M4 in flash of five waits behind a cache of a kilobyte.

``python -m benchmarks.kernels.budget`` writes tests/cycles.csv anew, beside tests/budget.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from benchmarks.kernels.references import DENSITIES, references, resnet8
from edgehfn import nn
from edgehfn.backends.c import Function, functions
from edgehfn.ir import Graph, plan
from edgehfn.lowering.untrained import untrained
from edgehfn.nn.builder import Weights
from edgehfn.target import bench
from edgehfn.target.board import board
from edgehfn.target.timing import Memory
from edgehfn.target.toolchain import emulator, version

FILE = Path(__file__).parents[2] / "tests" / "cycles.csv"
GROWTH = 5  # thousandths of a budget, that are let pass
TRAINED: tuple[Weights, ...] = ("int8", "binary")
CACHED = Memory(waits=5, lines=64)
MEMORIES = (("cortex-m0", Memory()), ("cortex-m3", Memory()), ("cortex-m4", Memory()), ("cortex-m4", CACHED))


@dataclass(frozen=True)
class Taken:
    """Estimated cycles of one inference, with the tools they hold for, and what its code lies in."""

    compiler: str
    emulator: str
    core: str
    waits: int
    lines: int
    reference: str
    cycles: int

    @property
    def memory(self) -> Memory:
        """What the code lies in."""
        return Memory(self.waits, self.lines)


def nets() -> dict[str, Graph]:
    """ResNet-8 of each density, a layer whose channels share sums, and a net of trained weights of each kind."""
    return {
        **{f"resnet8_{density}": untrained(resnet8(density)) for density in DENSITIES},
        "shared_conv": references()["shared_conv"],
        **{kind: untrained(nn.preset("demo", (1, 28, 28), 10, weights=kind)) for kind in TRAINED},
    }


def measure(core: str, memory: Memory, name: str, graph: Graph) -> Taken:
    """Raises ToolError if a tool is missing."""
    cycles = bench(graph, core, memory=memory).total
    return Taken(version(board(core).architecture.gcc), emulator(), core, memory.waits, memory.lines, name, cycles)


def cases(names: Iterable[str]) -> Iterator[tuple[str, Memory, str]]:
    """Core, memory and net of every budget."""
    return ((core, memory, name) for name in names for core, memory in MEMORIES)


def grown(budget: Taken, now: Taken) -> list[str]:
    """What exceeds the budget, in words."""
    if 1000 * now.cycles <= (1000 + GROWTH) * budget.cycles:
        return []
    code = f"code that waits {budget.waits} cycles"
    return [f"{budget.reference} on {budget.core}, {code}: {now.cycles:,} cycles, the budget is {budget.cycles:,}"]


def read() -> Iterator[Taken]:
    """The budgets, as the file has them."""
    with FILE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            compiler, machine, core, waits, lines, reference, cycles = row.values()
            yield Taken(compiler, machine, core, int(waits), int(lines), reference, int(cycles))


def write(only: Sequence[Function] = ()) -> None:
    """The budget is what is taken now, by all nets or by those that call one of the functions."""
    graphs = nets()
    changed = [name for name, graph in graphs.items() if not only or {*only} & {*functions(graph, plan(graph))}]
    before = read() if FILE.exists() else ()
    kept = {(row.core, row.memory, row.reference): row for row in before if row.reference not in changed}
    taken = [kept.get(case) or measure(*case, graphs[case[2]]) for case in cases(graphs)]
    with FILE.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(field.name for field in fields(Taken))
        rows.writerows(map(astuple, taken))
