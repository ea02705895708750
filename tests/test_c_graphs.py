"""Graph networks in C on the host, sanitized, against the oracle: every byte of every node."""

from __future__ import annotations

from pathlib import Path

import c_batch
import graph_nets
import nodes
import numpy as np
from c_batch import Case

from edgehfn.graph.arena import SCRATCH_LIMIT
from edgehfn.graph.verify import verify

LIMITS = (1, 1000, SCRATCH_LIMIT)


def check(cases: list[Case], place: Path) -> None:
    for case, found in zip(cases, c_batch.run(cases, place), strict=True):
        nodes.assert_same(nodes.by_oracle(case.graph, case.raw), found)


def test_random_nets_over_stored_graphs(tmp_path: Path) -> None:
    nets = [verify(graph_nets.stored(seed)) for seed in range(100)]
    check([Case(net, np.zeros((2, 0), np.uint8), LIMITS[s % 3]) for s, net in enumerate(nets)], tmp_path)


def test_random_nets_over_graphs_of_the_input(tmp_path: Path) -> None:
    nets = [verify(graph_nets.variable(seed)) for seed in range(100)]
    check([Case(net, graph_nets.graphs(net, s, 5), LIMITS[s % 3]) for s, net in enumerate(nets)], tmp_path)
