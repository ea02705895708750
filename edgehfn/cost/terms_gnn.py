"""The terms of nodes of graph networks. A graph that comes with the input is the self-test's."""

from __future__ import annotations

from math import prod
from typing import assert_never

import numpy as np

from edgehfn.ir import gnn_memory, gnn_rules, ops
from edgehfn.ir.graph import Tensor
from edgehfn.ir.topology import InputTopology, StoredTopology, Topology

MANY = 384  # slots from which on rounded sums are looked up (firmware/src/gnn/sparse_linear.c)


def checked(topology: InputTopology) -> dict[str, float]:
    """Of checking a graph, before it is mapped."""
    return {"graphs": 1, "slots": gnn_memory.slots(topology.nodes), "edges": _heard(topology) // 2}


def terms(node: ops.GraphNode, y: Tensor) -> dict[str, float]:
    """Of a node that makes ``y``."""
    match node:
        case ops.Constant():
            return {"call": 1, "elements": y.size}
        case ops.SparseLinear(weight=weight, features=features):
            lanes, lengths = gnn_rules.lanes(node), np.diff(features.starts)
            groups = range(0, len(weight.values), lanes)
            kept = np.array([(weight.values[first : first + lanes] != 0).any(0) for first in groups])
            members = int((kept * lengths).sum())
            looked_up = lanes == 4 and prod(y.shape[1:]) >= MANY
            return {
                **({"call": 1, "tables": y.shape[0], "looked up": y.size} if looked_up else _stored(node, y)),
                "groups": len(groups),
                "cleared nodes": len(groups) * prod(y.shape[1:]),
                "cleared features": len(groups) * features.count,
                "features": int(kept.sum()),
                "members": members,
                "valued members": members * (features.values is not None),
                "dense": prod(weight.shape) * isinstance(weight, ops.QuantisedWeight),
            }
        case ops.Aggregate(topology=topology, neighbour=neighbour, own=own):
            fours = -(-y.shape[0] // 4)
            gathered = fours * prod(y.shape[1:])
            return {
                **_stored(node, y),
                "fours": fours,
                "gathered": gathered,
                "weighed": gathered * (own != neighbour),
                "heard": fours * _heard(topology),
            }
        case ops.Attention(topology=topology, heads=heads):
            return {
                **_stored(node, y),
                "heads": heads,
                "scored elements": heads * prod(y.shape[1:]),
                "scored": heads * _heard(topology),
                "heard": y.shape[0] * _heard(topology),
            }
        case ops.NodePool(most=most):
            return {"call": 1, "channels": y.size, "elements": y.size * most}
        case _:
            assert_never(node)


def _stored(node: ops.SparseLinear | ops.Aggregate | ops.Attention, y: Tensor) -> dict[str, float]:
    """Of requantising and storing a node's sums."""
    added = ops.residual(node) is not None and node.requantise.residual_multiplier > 0
    return {
        "call": 1,
        "channels": y.shape[0],
        "elements": y.size,
        "added elements": y.size * added,
        "signed elements": y.size * (y.lo < 0),
        "signed added elements": y.size * added * (y.lo < 0),
    }


def _heard(topology: Topology) -> int:
    """Neighbours of all nodes."""
    if isinstance(topology, StoredTopology):
        return len(topology.sources)
    return 2 * min(topology.edges, topology.nodes - 1)
