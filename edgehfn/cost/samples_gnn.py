"""Random graph networks of the sizes that nets have, to fit costs to."""

from __future__ import annotations

from math import prod
from random import Random

import numpy as np

from edgehfn.ir import Graph, gnn_rules, ops
from edgehfn.ir.bounds import bound
from edgehfn.ir.graph import Tensor
from edgehfn.ir.ops import RELU, SIGNED, Aggregate, Attention, Constant, Conv, Input, NodePool, SparseLinear
from edgehfn.ir.topology import Features, InputTopology, Ints, StoredTopology, Topology, rows
from edgehfn.ir.validate import verify
from edgehfn.spec.limits import COLUMNS, LARGEST

NODES = 12
CHANNELS = (4, 7, 8, 16, 24, 32)
HEADS = (1, 2, 4, 8)
COUNTS = (20, 60, 200, 700, 1500)
DEGREES = (1.0, 2.0, 4.0, 10.0)  # on average
FEATURES = (50, 200, 600)


def graph_layers(seed: int) -> Graph:
    """A net of random layers over a graph: stored if the seed is even, else of the input. The same seed gives the same
    net."""
    return verify(_Maker(Random(seed), stored=seed % 2 == 0).graph)


class _Maker:
    def __init__(self, random: Random, stored: bool) -> None:
        self.random, self.weights = random, 0
        self.nodes: list[ops.Node] = []
        self.topology: Topology
        count, degree = random.choice(COUNTS), random.choice(DEGREES)
        if stored:
            self.topology = self.sampled(count, degree)
            self.sparse(count)
            if random.random() < 0.5:
                shape = (random.choice(CHANNELS), rows(count), COLUMNS)
                values = np.random.default_rng(count).integers(-127, 128, shape, np.int8)
                self.nodes.append(Constant("constant", values, count))
        else:
            self.topology = InputTopology("graph", count, round(count * degree), random.choice((8, 30)))
            shape = (random.choice(CHANNELS), rows(count), COLUMNS)
            self.nodes.append(Input("input", shape, "chw", random.choice(("u8", "s8")), self.topology))
        while len(self.nodes) < NODES:
            random.choice((self.conv, self.aggregate, self.aggregate, self.attention, self.pool))()

    @property
    def graph(self) -> Graph:
        return Graph(tuple(self.nodes), seed=1)

    @property
    def x(self) -> Tensor:
        return self.random.choice([t for t in self.graph.tensors.values() if t.nodes][-4:])

    @property
    def name(self) -> str:
        return f"y{len(self.nodes)}"

    def sampled(self, count: int, degree: float) -> StoredTopology:
        draw = np.random.default_rng(self.random.randrange(2**32))
        joined = draw.random((count, count)) < degree / count
        np.fill_diagonal(joined, False)
        return StoredTopology("graph", count, _starts(joined.sum(1)), np.nonzero(joined)[1].astype(np.int64))

    def sparse(self, count: int) -> None:
        draw = np.random.default_rng(self.random.randrange(2**32))
        there = draw.random((self.random.choice(FEATURES), count)) < 0.02
        members = np.nonzero(there)[1].astype(np.int64)
        values = draw.integers(1, 128, members.size).astype(np.int8) if self.random.random() < 0.3 else None
        features = Features("features", count, _starts(there.sum(1)), members, values)
        weight = self.weight((self.random.choice(CHANNELS), features.count), 0.5)
        sums = gnn_rules.sparse_accumulators(weight, features)
        self.nodes.append(SparseLinear("features", features, weight, self.requantise(weight.shape[0], int(sums.max()))))

    def conv(self) -> None:
        x = self.x
        weight = self.weight((self.random.choice(CHANNELS), x.shape[0], 1, 1))
        made = Conv(self.name, x.name, weight, self.requantise(weight.shape[0], 1))
        most = int(bound(made, Graph((*self.nodes, made), 1)).max())
        self.nodes.append(Conv(self.name, x.name, weight, self.requantise(weight.shape[0], most)))

    def aggregate(self) -> None:
        x, degrees = self.x, range(self.topology.degree + 1)
        table = tuple(round(255 / (d + 1) ** 0.5) for d in degrees)
        whole = tuple(round(4095 / (d + 1) ** 0.5) for d in degrees)
        own = table if len(self.nodes) % 2 else (0,) * len(table)
        most = gnn_rules.aggregated(self.topology, table, own, whole, 16, x)
        q, residual = self.added(x, most)
        self.nodes.append(Aggregate(self.name, x.name, self.topology, table, own, whole, 16, q, residual))

    def attention(self) -> None:
        x = self.x
        heads = self.random.choice([k for k in HEADS if x.shape[0] % k == 0])
        weight, scores = self.weight((2 * heads, x.shape[0], 1, 1)), self.name
        self.nodes.append(Conv(scores, x.name, weight, self.requantise(2 * heads, x.shape[0] * 127)))
        table = tuple(round(255 * 0.97**j) for j in range(256))
        q, residual = self.added(x, gnn_rules.attended(x))
        self.nodes.append(Attention(self.name, x.name, scores, self.topology, heads, 51, table, q, residual))

    def pool(self) -> None:
        self.nodes.append(NodePool(self.name, self.x.name, self.topology, (65535 // self.topology.nodes,), 16))

    def added(self, x: Tensor, most: int) -> tuple[ops.Requantise, str | None]:
        residual = x.name if self.random.random() < 0.3 else None
        return self.requantise(x.shape[0], most, residual is not None), residual

    def weight(self, shape: ops.Shape, dense: float = 0.2) -> ops.Weight:
        self.weights += 1
        name, draw = f"w{self.weights}", np.random.default_rng(self.random.randrange(2**32))
        if self.random.random() < dense:
            bits = self.random.choice((8, 8, 4))
            largest = LARGEST[bits]
            return ops.QuantisedWeight(name, draw.integers(-largest, largest + 1, shape).astype(np.int8), bits)
        coats, density = self.random.choice((1, 1, 2)), self.random.choice((0.1, 0.3, 0.5))
        kept = draw.random((coats, prod(shape))) < np.array([density, *[0.5] * (coats - 1)])[:, None]
        counts = np.logical_and.accumulate(kept).sum(0).astype(np.uint8)
        return ops.Supermask(name, self.weights, shape, coats, counts, seed=1)

    def requantise(self, channels: int, most: int, residual: bool = False) -> ops.Requantise:
        """Multipliers of 1, and the shift that brings the largest sum to seven bits."""
        shift = max(4, most.bit_length() - 7)
        clamp, ones = self.random.choice((RELU, SIGNED)), (1,) * channels
        return ops.Requantise(
            ones, (0,) * channels, 0, shift, clamp, int(residual), max(0, shift - 8) if residual else 0
        )


def _starts(lengths: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
