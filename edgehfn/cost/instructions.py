"""Instructions of one inference predicted from the graph alone, by coefficients fitted to counted runs.

For each core and function of firmware/ a node's count is a sum of its terms (:mod:`edgehfn.cost.terms`), each times
a coefficient of instructions, which :mod:`edgehfn.cost.fit` finds.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from edgehfn.backends.c import Function, function
from edgehfn.cost.terms import Terms, slid, terms
from edgehfn.errors import InputError
from edgehfn.ir import Graph, Plan
from edgehfn.spec.objective import small
from edgehfn.target.count import Bench

TOLERANCE = 0.05  # of predicted instructions
NODES = tuple(f for f in Function if f.facts.runs_a_node or f == Function.SLIDE)  # all that have rows
HEAD = ("compiler", "core", "small", "function", "group", "terms")


@dataclass(frozen=True)
class Effort:
    """Instructions per term of one function on one core, whose kernel sums ``group`` pixels at a time. ``small``: in a
    runtime built with ``HFN_SMALL``."""

    compiler: str
    core: str
    small: bool
    function: str
    group: int
    terms: dict[str, float]

    def times(self, counts: Terms) -> float:
        """Return the instructions of so many of each term."""
        return sum(self.terms.get(name, 0) * count for name, count in counts.items())


def predict(graph: Graph, planned: Plan, core: str) -> Bench:
    """The instructions of a verified graph within ``TOLERANCE``, as ``edgehfn.bench`` would count them.

    Raises InputError for a core, or a function, that the table lacks.
    """
    is_small = small(planned.objective)
    efforts = {e.function: e for e in table() if (e.core, e.small) == (core, is_small)}
    if not efforts:
        known = dict.fromkeys(effort.core for effort in table())
        raise InputError(f"{core}: no fitted instructions; there are {', '.join(known)}")

    def effort(called: Function) -> Effort:
        if called not in efforts:
            raise InputError(f"{called}: no fitted instructions for {core}; run: make budget")
        return efforts[called]

    windows = {name: group for group in planned.groups for name in group.windows}
    nodes = []
    for node in graph:
        run = effort(function(node, graph, planned))
        count = run.times(terms(node, graph, planned, run.group))
        if node.name in windows:
            count += effort(Function.SLIDE).times(slid(node.name, graph, windows[node.name]))
        nodes.append((node.name, round(count)))
    return Bench(sum(count for _, count in nodes), tuple(nodes), predicted=True)


@cache
def table() -> tuple[Effort, ...]:
    """The fitted table, shipped with the package."""
    place = resources.files(__package__) / "instructions.csv"
    with resources.as_file(place) as path, path.open(newline="", encoding="utf-8") as file:
        return tuple(_effort(row) for row in csv.DictReader(file))


def write(efforts: Iterable[Effort], path: Path) -> None:
    """Write the table, one row a function."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEAD)
        for effort in efforts:
            parts = " ".join(f"{name.replace(' ', '_')}:{value:.4g}" for name, value in effort.terms.items())
            rows.writerow((effort.compiler, effort.core, int(effort.small), effort.function, effort.group, parts))


def _effort(row: dict[str, str]) -> Effort:
    parts = (part.rpartition(":") for part in row["terms"].split())
    found = {name.replace("_", " "): float(value) for name, _, value in parts}
    is_small = row["small"] == "1"
    return Effort(row["compiler"], row["core"], is_small, row["function"], int(row["group"]), found)
