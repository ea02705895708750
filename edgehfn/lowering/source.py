"""What the steps of a net start from: the node that its input becomes, the graph's topology and its features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np

from edgehfn import nn
from edgehfn.ir import ops
from edgehfn.ir.topology import Features, InputTopology, StoredTopology, Topology
from edgehfn.nn.adjacency import is_sparse
from edgehfn.nn.net import INPUT


@dataclass(frozen=True)
class Source:
    """The node of a net's input, if it has one, its topology, and features that are stored as a list."""

    node: ops.Node | None
    topology: Topology | None = None
    features: Features | None = None


def source_of(net: nn.Net) -> Source:
    """What a net of images, of graphs or on one stored graph starts from."""
    made = net.input
    match made:
        case nn.InputSpec():
            return Source(
                ops.Input(
                    INPUT, made.shape, made.order, made.dtype, None, made.table, made.maps or None, made.units or None
                )
            )
        case nn.GraphSpec():
            given = InputTopology("edges", made.most_nodes, made.most_edges, made.most_degree)
            return Source(ops.Input(INPUT, made.shape, "chw", "s8", given), given)
        case nn.StoredGraph(features=features, structure=structure):
            stored = StoredTopology("edges", structure.nodes, *structure.neighbours)
            if not is_sparse(features):
                values = np.zeros(made.shape, np.int8).reshape(features.count, -1)
                values[:, : features.nodes] = features.dense().T
                return Source(ops.Constant(INPUT, values.reshape(made.shape), features.nodes), stored)
            starts, members, order = features.by_feature
            values_at = None if features.values is None else features.values[order]
            return Source(None, stored, Features("features", features.nodes, starts, members, values_at))
        case _:
            assert_never(made)
