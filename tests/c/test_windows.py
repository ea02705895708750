"""Windows that are not square, depthwise convolutions, averages of windows and joined maps: the runtime's C on the
host, sanitized, against the oracle, whole and by rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import schedules, window_nets
from support.c_batch import LEAST, Case
from support.host_c import check, noise

from edgehfn.ir import Graph, verify
from edgehfn.spec.objective import OBJECTIVES, Objective

pytestmark = pytest.mark.gcc

BATCH = 60
LIMITS = (LEAST, 1000, None)


def nets(seeds: range) -> list[tuple[int, Graph]]:
    return [(seed, verify(window_nets.random_graph(seed))) for seed in seeds]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_few_random_nets(objective: Objective, tmp_path: Path) -> None:
    check([Case(g, noise(g, s, 3), LIMITS[s % 3], objective) for s, g in nets(range(9000, 9012))], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "first"),
    [*(("speed", n) for n in range(0, 300, BATCH)), ("ram", 300), ("flash", 360), ("flash", 420)],
)
def test_random_nets(objective: Objective, first: int, tmp_path: Path) -> None:
    cases = [Case(g, noise(g, s, 3), LIMITS[s % 3], objective) for s, g in nets(range(first, first + BATCH))]
    check(cases, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "first"), [("speed", 0), ("speed", 60), ("ram", 1000), ("flash", 2000)])
def test_random_groups(objective: Objective, first: int, tmp_path: Path) -> None:
    planned = [(s, g, schedules.grouped(g, s, objective)) for s, g in nets(range(first, first + BATCH))]
    made = [Case(g, noise(g, s, 3), objective=objective, own=own) for s, g, own in planned if own]
    assert len(made) > 10
    check(made, tmp_path)
