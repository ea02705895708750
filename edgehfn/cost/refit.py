"""Brings the tables of costs up to date: ``python -m edgehfn.cost.refit [FUNCTION …]``, a part of ``make budget``.

Code is measured of the functions named, or of all. Instructions are fitted of the functions named, and of those whose
code is no longer what its row says or that lack a row. Every other row stays as it is, byte for byte.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from edgehfn.backends.c import Function
from edgehfn.cost import code_size, instructions
from edgehfn.cost.code_size import Cost
from edgehfn.cost.fit import fit
from edgehfn.cost.instructions import NODES, Effort
from edgehfn.cost.measure_code import ROWS, measure
from edgehfn.errors import InputError
from edgehfn.spec.objective import OBJECTIVES
from edgehfn.target.board import CORES, board
from edgehfn.target.toolchain import version

CODE = Path(code_size.__file__).with_name("code_size.csv")
INSTRUCTIONS = Path(instructions.__file__).with_name("instructions.csv")


def named(names: Sequence[str]) -> list[Function]:
    """Functions by their names. Raises InputError for others."""
    known = {str(function): function for function in Function}
    for name in names:
        if name not in known:
            raise InputError(f"{name}: no function of the runtime; there are {', '.join(known)}")
    return [known[name] for name in names]


def refit(functions: Sequence[Function], code: Path = CODE, efforts: Path = INSTRUCTIONS) -> None:
    """Measure and fit; both files are written at the end.

    Raises InputError if ``functions`` are some and the other rows are of another compiler, ToolError if a tool is
    missing.
    """
    before, known = code_size.table(), instructions.table()
    here = {core: version(board(core).architecture.gcc) for core in CORES}
    made = {(row.core, row.compiler) for row in before} | {(row.core, row.compiler) for row in known}
    if functions and made - {*here.items()}:
        raise InputError(f"the tables are not of GCC {here[CORES[0]]}; run make budget without F, for all functions")
    measured = list(measure(CORES, functions or ROWS))
    stale = outdated(before, measured, known) | {(core, function) for core in CORES for function in functions}
    wanted = {core: [f for f in NODES if (core, f) in stale] for core in CORES}
    with ProcessPoolExecutor() as pool:
        fitted = [row for rows in pool.map(_fit_one, wanted, wanted.values()) for row in rows]
    code_size.write(merged_code(before, measured), code)
    instructions.write(merged_efforts(known, fitted), efforts)


def outdated(before: Sequence[Cost], measured: Sequence[Cost], known: Iterable[Effort]) -> set[tuple[str, str]]:
    """Cores and functions whose code changed, or whose instructions nobody fitted."""
    there = {(row.core, row.function, row.small) for row in known}
    missing = {(core, f) for core in CORES for f in NODES if not {(core, f, False), (core, f, True)} <= there}
    return missing | {(row.core, row.function) for row in measured if row not in before}


def merged_code(old: Iterable[Cost], new: Iterable[Cost]) -> list[Cost]:
    """Rows in the table's order, new ones in place of old ones; those of functions that are gone are dropped."""
    rows = {(row.core, row.objective, row.function): row for row in (*old, *new)}
    order = [(core, objective, function) for core in CORES for objective in OBJECTIVES for function in ROWS]
    return [rows[key] for key in order if key in rows]


def merged_efforts(old: Iterable[Effort], new: Iterable[Effort]) -> list[Effort]:
    """The same of instructions."""
    rows = {(row.core, row.small, row.function): row for row in (*old, *new)}
    order = [(core, small, function) for core in CORES for small in (False, True) for function in sorted(NODES)]
    return [rows[key] for key in order if key in rows]


def _fit_one(core: str, functions: Sequence[Function]) -> list[Effort]:
    return list(fit([core], functions)) if functions else []


if __name__ == "__main__":
    refit(named(sys.argv[1:]))
