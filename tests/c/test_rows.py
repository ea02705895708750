"""Groups of nodes that run by rows: the runtime's C on the host, sanitized, against the oracle, every byte of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import nets, schedules
from support.c_batch import Case
from support.host_c import check, noise

from edgehfn.spec.objective import Objective

pytestmark = [pytest.mark.gcc, pytest.mark.slow]

BATCH = 60


def cases(objective: Objective, seeds: range, images: int = 3) -> list[Case]:
    """Random nets in random groups, those that have one."""
    found = []
    for seed in seeds:
        graph = nets.random_graph(seed, macs=60_000, size=16)
        planned = schedules.grouped(graph, seed, objective)
        if planned:
            found.append(Case(graph, noise(graph, seed, images), objective=objective, own=planned))
    return found


@pytest.mark.parametrize(
    ("objective", "first"),
    [*(("speed", n) for n in range(0, 300, BATCH)), ("ram", 1000), ("ram", 1060), ("flash", 2000), ("flash", 2060)],
)
def test_random_groups(objective: Objective, first: int, tmp_path: Path) -> None:
    made = cases(objective, range(first, first + BATCH))
    assert len(made) > BATCH // 2
    check(made, tmp_path)
