"""Small topologies and nodes over them, written by hand."""

from __future__ import annotations

import numpy as np

from edgehfn.ir import Graph, ops, verify
from edgehfn.ir.ops import (
    SIGNED,
    Constant,
    Conv,
    QuantisedWeight,
    Requantise,
)
from edgehfn.ir.topology import Ints, StoredTopology, Topology
from support import oracle

SEED = 3


def ints(*values: int) -> Ints:
    return np.array(values, np.int64)


STAR = StoredTopology("star", 5, ints(0, 2, 3, 4, 4, 8), ints(1, 2, 0, 0, 0, 1, 2, 3))


def plain(channels: int, clamp: tuple[int, int] = SIGNED) -> Requantise:
    return Requantise((1,) * channels, (0,) * channels, 0, 0, clamp)


def constant(*rows: list[int]) -> Constant:
    values = np.zeros((len(rows), 8), np.int8)
    values[:, : len(rows[0])] = rows
    return Constant("x", values.reshape(-1, 2, 4), 5)


X = constant([1, 2, 3, 4, 5], [-1, 0, 10, 20, -30])


def made(*nodes: ops.Node) -> list[int]:
    graph = verify(Graph((X, *nodes), SEED))
    return oracle.run(graph, [])[graph.output.name]


def over(topology: Topology, *nodes: ops.Node) -> Graph:
    return Graph((Constant("x", X.values, topology.nodes), *nodes), SEED)


def conv(kernel: int = 1, **options: int) -> Conv:
    return Conv("y", "x", QuantisedWeight("w", np.ones((2, 2, kernel, kernel), np.int8)), plain(2), **options)  # type: ignore[arg-type]
