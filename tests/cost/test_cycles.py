"""No core takes more cycles than tests/cycles.csv allows; `make budget` writes the file anew, on purpose."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from support import tools

from benchmarks.kernels import cycles
from benchmarks.kernels.cycles import Taken
from edgehfn.ir import Graph
from edgehfn.target.timing import Memory

BUDGETS = list(cycles.read())


@cache
def nets() -> dict[str, Graph]:
    return cycles.nets()


@pytest.mark.qemu
@pytest.mark.parametrize("allowed", BUDGETS, ids=lambda row: f"{row.core}-{row.waits}-{row.reference}")
def test_no_core_takes_more(allowed: Taken) -> None:
    tools.fitted_to(allowed.compiler, allowed.emulator)
    now = cycles.measure(allowed.core, allowed.memory, allowed.reference, nets()[allowed.reference])
    assert cycles.grown(allowed, now) == []


def test_every_net_has_a_budget_for_every_memory() -> None:
    assert [(row.core, row.memory, row.reference) for row in BUDGETS] == list(cycles.cases(nets()))
    assert {(row.core, row.waits) for row in BUDGETS} >= {("cortex-m0", 0), ("cortex-m3", 0), ("cortex-m4", 5)}


def test_waiting_is_within_the_cache() -> None:
    """Loops fit its kilobyte: what waits takes a tenth more at most."""
    found = {(row.core, row.memory, row.reference): row.cycles for row in BUDGETS}
    for name in (row.reference for row in BUDGETS if row.reference.startswith("resnet8")):
        at_once, waiting = (found["cortex-m4", memory, name] for memory in (Memory(), cycles.CACHED))
        assert at_once < waiting < 1.1 * at_once


def test_growth_is_noticed() -> None:
    allowed = Taken("12.2.1", "7.2.22", "cortex-m4", 5, 64, "int8", 1_000_000)
    assert cycles.grown(allowed, replace(allowed, cycles=1_005_000)) == []
    assert cycles.grown(allowed, replace(allowed, cycles=1_005_001)) == [
        "int8 on cortex-m4, code that waits 5 cycles: 1,005,001 cycles, the budget is 1,000,000"
    ]
