"""No core spends more than tests/budget.csv allows; `make budget` writes the file anew, on purpose."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from support import tools

from benchmarks.kernels import budget
from benchmarks.kernels.budget import Spent
from benchmarks.kernels.references import references
from edgehfn.ir import Graph
from edgehfn.spec.objective import OBJECTIVES
from edgehfn.target import CORES

BUDGETS = list(budget.read())


@cache
def graphs() -> dict[str, Graph]:
    return references()


@pytest.mark.qemu
@pytest.mark.parametrize("allowed", BUDGETS, ids=lambda row: f"{row.core}-{row.objective}-{row.reference}")
def test_no_core_spends_more(allowed: Spent) -> None:
    tools.fitted_to(allowed.compiler, allowed.emulator)
    now = budget.measure(allowed.core, allowed.objective, allowed.reference, graphs()[allowed.reference])
    assert budget.grown(allowed, now) == []


def test_every_core_has_a_budget_for_every_reference() -> None:
    rows = [(row.core, row.objective, row.reference) for row in BUDGETS]
    assert rows == list(budget.cases(graphs()))
    assert {row[:2] for row in rows} == {(core, objective) for core in CORES for objective in OBJECTIVES}


def test_growth_is_noticed() -> None:
    allowed = Spent("12.2.1", "7.2.22", "cortex-m4", "ram", "demo", 1_000_000, 4_000)
    assert budget.grown(allowed, replace(allowed, instructions=1_005_000, code=4_020)) == []
    assert budget.grown(allowed, replace(allowed, instructions=500_000, code=4_021)) == [
        "demo on cortex-m4, for ram: 4,021 bytes of code, the budget is 4,000"
    ]
    assert budget.grown(allowed, replace(allowed, instructions=1_005_001)) == [
        "demo on cortex-m4, for ram: 1,005,001 instructions, the budget is 1,000,000"
    ]
