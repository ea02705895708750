"""Bytes of the arena that graph networks take beside their tensors: scratch, and neighbours that come with the input.

firmware/include/edgehfn_gnn.h says what lies there.
"""

from __future__ import annotations

from typing import assert_never

from edgehfn.ir import ops
from edgehfn.ir.topology import InputTopology, Topology, rows
from edgehfn.spec.limits import COLUMNS


def slots(nodes: int) -> int:
    """Elements of a channel over so many nodes."""
    return COLUMNS * rows(nodes)


def entries(topology: Topology) -> int:
    """Neighbours of all nodes, at most."""
    return 2 * topology.edges if isinstance(topology, InputTopology) else len(topology.sources)


def neighbours(topology: InputTopology) -> int:
    """The number of nodes, in a word; the degree of each slot and the neighbours, of 16 bits each."""
    return 4 + 2 * slots(topology.nodes) + 2 * entries(topology)


def scratch(node: ops.Node) -> int:
    """What a node takes whatever the objective."""
    match node:
        case ops.Input(topology=InputTopology(nodes=nodes)):
            return 2 * slots(nodes)  # where each node's next neighbour goes; then who was seen last
        case ops.SparseLinear(features=features):
            return 4 * slots(features.nodes) + 4 * features.count  # sums, weights
        case ops.Aggregate(topology=topology):
            return 8 * slots(topology.nodes)  # weighted elements of four channels
        case ops.Attention(topology=topology):
            # A factor, a shift, an element of a channel and its own weight for each slot; the weights of neighbours.
            return 4 * slots(topology.nodes) + entries(topology)
        case ops.Input() | ops.Constant() | ops.NodePool():
            return 0
        case ops.MaxPool() | ops.AvgPool() | ops.MeanPool() | ops.Add() | ops.Concat():
            return 0
        case ops.Conv() | ops.Depthwise() | ops.Linear():
            return 0  # edgehfn/ir/arena.py plans theirs
        case _:
            assert_never(node)
