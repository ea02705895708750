"""What the runtime costs: code bytes and stack of each of its functions, from a table measured per compiler and core.

:mod:`edgehfn.cost.measure_code` measures its rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path

from edgehfn.errors import InputError
from edgehfn.spec.objective import OBJECTIVES, Objective

TOLERANCE = 0.02  # of predicted code bytes; data, arena and RAM are exact
RUN = "run"  # the row of the generated function itself


@dataclass(frozen=True)
class Cost:
    """One function that generated code calls, linked with all it needs.

    ``objective``: of the runtime that it is in. ``stack``: bytes on the longest chain of calls. ``parts``: bytes
    of each piece of code, by name; pieces that several functions need are linked once. For the generated function they
    are its ``fixed`` bytes, those of each ``call``, each ``group`` and each ``turn`` of a node or window in one, and
    what an image that is ``fed`` takes besides; groups take ``frame`` more bytes of stack.
    """

    compiler: str
    core: str
    objective: Objective
    function: str
    stack: int
    parts: dict[str, int]


def table() -> list[Cost]:
    """The measured table, shipped with the package."""
    with (
        resources.as_file(resources.files(__package__) / "code_size.csv") as path,
        path.open(newline="", encoding="utf-8") as file,
    ):
        return [_cost(row) for row in csv.DictReader(file)]


def write(costs: Iterable[Cost], path: Path) -> None:
    """Write the table, one row a function."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(field.name for field in fields(Cost))
        for cost in costs:
            parts = " ".join(f"{name}:{size}" for name, size in cost.parts.items())
            rows.writerow((cost.compiler, cost.core, cost.objective, cost.function, cost.stack, parts))


def predict(
    core: str,
    functions: Sequence[str],
    objective: Objective = "speed",
    turns: int = 0,
    groups: int = 0,
    fed: bool = False,
) -> tuple[int, int]:
    """Code bytes and stack bytes of a model that calls these functions, one after another, on a core; ``turns`` of the
    calls in the loops of ``groups``. ``fed``: its image comes row by row.

    Raises InputError for a core, or a function, that the table lacks.
    """
    rows = {cost.function: cost for cost in table() if (cost.core, cost.objective) == (core, objective)}
    if not rows:
        known = dict.fromkeys(cost.core for cost in table())
        raise InputError(f"{core}: no measured costs; there are {', '.join(known)}")
    for function in (*functions, RUN):
        if function not in rows:
            raise InputError(f"{function}: no measured code bytes for {core}; run: make budget")
    run = rows[RUN]
    parts = {name: size for function in functions for name, size in rows[function].parts.items()}
    code = sum(parts.values()) + run.parts["fixed"] + run.parts["call"] * (len(functions) - turns)
    code += run.parts["turn"] * turns + run.parts["group"] * groups + run.parts["fed"] * fed
    stack = run.stack + run.parts["frame"] * (groups > 0)
    return code, stack + max(rows[function].stack for function in functions)


def _cost(row: dict[str, str]) -> Cost:
    parts = {name: int(size) for name, _, size in (part.rpartition(":") for part in row["parts"].split())}
    objective = OBJECTIVES[OBJECTIVES.index(row["objective"])]
    return Cost(row["compiler"], row["core"], objective, row["function"], int(row["stack"]), parts)
