"""Graph networks in the emulator against the oracle: every byte of every node."""

from __future__ import annotations

import numpy as np
import pytest
from support import gnn_nets, nodes

from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import verify


@pytest.mark.parametrize("seed", range(60))
def test_random_nets_over_stored_graphs(seed: int) -> None:
    net = verify(gnn_nets.stored(seed))
    raw = np.zeros((2, 0), np.uint8)
    nodes.assert_same(nodes.by_oracle(net, raw), nodes.observed(emulate, net, raw))


@pytest.mark.parametrize("seed", range(60))
def test_random_nets_over_graphs_of_the_input(seed: int) -> None:
    net = verify(gnn_nets.variable(seed))
    raw = gnn_nets.graphs(net, seed, 4)
    nodes.assert_same(nodes.by_oracle(net, raw), nodes.observed(emulate, net, raw))
