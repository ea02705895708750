"""Random nets of all kinds on the three RV32 machines, for every objective: every byte of every node."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from support import extremes, far_nets, gnn_nets, many, nets, schedules, window_nets
from support.many import Given

from edgehfn.ir import Graph, verify
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target.architecture import RISCV
from edgehfn.target.board import BOARDS

CORES = [board.name for board in BOARDS if board.architecture == RISCV]
INPUTS = 3
COUNT = 20  # nets of each kind, for each core and objective; others for each objective


def drawn(first: int, count: int, objective: Objective) -> list[Given]:
    """So many nets of each kind, whole and by rows; some requantisations at their limits, some inputs by a table."""
    found: list[Given] = []
    for seed in range(first, first + count):
        net = nets.random_graph(seed, macs=60_000, channels=40, table=seed % 4 == 0)
        images: list[Graph] = [extremes.pushed(net, Random(seed)), window_nets.random_graph(seed, macs=60_000)]
        found += [Given(verify(graph), nets.random_input(graph, seed, INPUTS)) for graph in images]
        variable = gnn_nets.legal(gnn_nets.variable, seed)
        found.append(Given(variable, gnn_nets.graphs(variable, seed, INPUTS)))
        if seed % 2:
            stored = gnn_nets.legal(gnn_nets.stored, seed)
            found.append(Given(stored, np.zeros((1, 0), np.uint8)))
        streamed = verify((nets, window_nets)[seed % 2].random_graph(seed, macs=40_000, size=16, nodes=6))
        own = schedules.grouped(streamed, seed, objective)
        found += [Given(streamed, nets.random_input(streamed, seed, INPUTS), own)] if own else []
    far = far_nets.layers(first, dtype="s8")
    return [*found, Given(far, nets.random_input(far, first, 2))]


def check(core: str, objective: Objective, first: int, count: int) -> int:
    """The bytes compared."""
    cases = drawn(first, count, objective)
    many.hold(cases, core, objective)
    return sum(len(case.raw) * sum(tensor.size for tensor in case.graph.tensors.values()) for case in cases)


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("core", CORES)
def test_random_nets(core: str, objective: Objective) -> None:
    assert check(core, objective, 1000 * OBJECTIVES.index(objective), COUNT) > 100_000
