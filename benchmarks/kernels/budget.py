"""What each core may spend on the reference graphs: every graph for speed, the first one for the other objectives.

``python -m benchmarks.kernels.budget`` writes tests/budget.csv and tests/cycles.csv anew; with names of functions, the
rows of graphs that call one of them.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from benchmarks.kernels import cycles
from benchmarks.kernels.cycles import GROWTH
from benchmarks.kernels.references import references
from edgehfn.backends.c import Function, functions
from edgehfn.cost.refit import named
from edgehfn.ir import Graph, plan
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import CORES, bench, elf
from edgehfn.target.board import board
from edgehfn.target.build import build
from edgehfn.target.execute import emitted
from edgehfn.target.toolchain import emulator, version

FILE = Path(__file__).parents[2] / "tests" / "budget.csv"


@dataclass(frozen=True)
class Spent:
    """Instructions of one inference and bytes of code, with the tools they hold for."""

    compiler: str
    emulator: str
    core: str
    objective: Objective
    reference: str
    instructions: int
    code: int


def measure(core: str, objective: Objective, name: str, graph: Graph) -> Spent:
    """Raises ToolError if a tool is missing."""
    code = elf.sections(build(emitted(graph, objective=objective), board(core), objective))[".code"]
    instructions = bench(graph, core, objective=objective).total
    return Spent(version(board(core).architecture.gcc), emulator(), core, objective, name, instructions, code)


def cases(names: Iterable[str]) -> Iterator[tuple[str, Objective, str]]:
    """Core, objective and reference of every budget."""
    for core in CORES:
        for objective in OBJECTIVES:
            yield from ((core, objective, name) for name in (names if objective == "speed" else [*names][:1]))


def grown(budget: Spent, now: Spent) -> list[str]:
    """What exceeds the budget, in words."""
    return [
        f"{budget.reference} on {budget.core}, for {budget.objective}: {after:,} {what}, the budget is {before:,}"
        for what, before, after in (
            ("instructions", budget.instructions, now.instructions),
            ("bytes of code", budget.code, now.code),
        )
        if 1000 * after > (1000 + GROWTH) * before
    ]


def read() -> Iterator[Spent]:
    """The budgets, as the file has them."""
    with FILE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            compiler, machine, core, named, reference, instructions, code = row.values()
            objective = OBJECTIVES[OBJECTIVES.index(named)]
            yield Spent(compiler, machine, core, objective, reference, int(instructions), int(code))


def write(only: Sequence[Function] = ()) -> None:
    """The budget is what is spent now, of all graphs or of those that call one of the functions."""
    graphs = references()
    changed = [name for name, graph in graphs.items() if not only or {*only} & {*functions(graph, plan(graph))}]
    kept = {(row.core, row.objective, row.reference): row for row in read() if row.reference not in changed}
    spent = [kept.get(case) or measure(*case, graphs[case[2]]) for case in cases(graphs)]
    with FILE.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(field.name for field in fields(Spent))
        rows.writerows(map(astuple, spent))


if __name__ == "__main__":
    chosen = named(sys.argv[1:])
    write(chosen)
    cycles.write(chosen)
