"""Random legal graph networks, over stored graphs and over graphs that come with the input, and such graphs.

The same seed gives the same net.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import GraphError
from edgehfn.ir import Graph, gnn_bytes, gnn_rules, ops
from edgehfn.ir.bounds import bound
from edgehfn.ir.graph import Tensor
from edgehfn.ir.ops import (
    RELU,
    SIGNED,
    Add,
    Aggregate,
    Attention,
    Constant,
    Conv,
    Input,
    Linear,
    NodePool,
    SparseLinear,
)
from edgehfn.ir.topology import Features, InputTopology, StoredTopology, Topology, rows
from edgehfn.ir.validate import verify
from edgehfn.spec.limits import COLUMNS
from support import draws

Bytes = npt.NDArray[np.uint8] | npt.NDArray[np.int8]
Table = tuple[int, ...]  # an entry a degree


def stored(seed: int, *, nodes: int = 40, layers: int = 5) -> Graph:
    """A net over a stored graph of 1 to ``nodes`` nodes, with sparse or dense features."""
    maker = _Maker(seed)
    count = maker.rng.randint(1, nodes)
    maker.topology = topology(maker.rng, count)
    if maker.rng.random() < 0.3:
        limit = maker.rng.choice((0, -127))
        values = np.random.default_rng(seed).integers(limit, 128, (maker.width(), rows(count), COLUMNS), np.int8)
        maker.add(Constant("features", values, count))
    else:
        maker.sparse(features(maker.rng, count))
    return maker.grow(layers)


def variable(seed: int, *, nodes: int = 20, layers: int = 5) -> Graph:
    """A net over graphs of up to ``nodes`` nodes that come with the input."""
    maker = _Maker(seed)
    count, rng = maker.rng.randint(1, nodes), maker.rng
    most = rng.choice((1, count, 2 * count, count * count))
    maker.topology = InputTopology("graph", count, most, rng.choice((2, 3, max(2, count))))
    shape = (maker.width(), rows(count), COLUMNS)
    maker.add(Input("input", shape, "chw", rng.choice(("u8", "s8")), maker.topology))
    return maker.grow(layers)


def legal(make: Callable[..., Graph], seed: int, **options: int) -> Graph:
    """The first of ``stored`` or ``variable`` from this seed on that keeps SPEC's rules, as some few do not."""
    while True:
        try:
            return verify(make(seed, **options))
        except GraphError:
            seed += 1


def graphs(net: Graph, seed: int, count: int) -> Bytes:
    """Raw graphs for a net of ``variable``: the largest first, then none, then random ones."""
    node, rng = net.input, Random(seed)
    assert node is not None
    assert node.topology is not None
    found = []
    for index in range(count):
        nodes = (node.topology.nodes, 0, rng.randint(0, node.topology.nodes))[min(index, 2)]
        limits = (0, 255) if node.dtype == "u8" else (-128, 127)
        values = [[rng.randint(*limits) for _ in range(nodes)] for _ in range(node.shape[0])]
        dtype = np.uint8 if node.dtype == "u8" else np.int8
        raw = gnn_bytes.pack(
            node, np.array(values, dtype).reshape(node.shape[0], nodes), edges(rng, node.topology, nodes)
        )
        found.append(raw)
    made: npt.NDArray[Any] = np.array(found)
    return made


def edges(rng: Random, limits: InputTopology, nodes: int) -> list[tuple[int, int]]:
    """Distinct edges within a topology's limits, each in either orientation."""
    pairs = [(a, b) for a in range(nodes) for b in range(a)]
    rng.shuffle(pairs)
    degrees: list[int] = [0] * nodes
    found: list[tuple[int, int]] = []
    for a, b in pairs[: rng.choice((len(pairs), len(pairs) // 4))]:
        if len(found) < limits.edges and max(degrees[a], degrees[b]) < limits.degree:
            degrees[a] += 1
            degrees[b] += 1
            found.append(rng.choice(((a, b), (b, a))))
    return found


def topology(rng: Random, nodes: int) -> StoredTopology:
    """Some of all pairs, mutual or not; now and then a node that hears everybody."""
    density = rng.choice((0.0, 0.05, 0.2, 0.6, 1.0))
    heard = np.array([[rng.random() < density for _ in range(nodes)] for _ in range(nodes)])
    if rng.random() < 0.5:
        heard |= heard.T
    if rng.random() < 0.3:
        heard[rng.randrange(nodes)] = True
    np.fill_diagonal(heard, False)
    return from_matrix(heard)


def from_matrix(heard: npt.NDArray[np.bool_], name: str = "graph") -> StoredTopology:
    starts = np.concatenate([[0], np.cumsum(heard.sum(1, dtype=np.int64))])
    return StoredTopology(name, len(heard), starts, np.nonzero(heard)[1].astype(np.int64))


def features(rng: Random, nodes: int) -> Features:
    count, density = rng.randint(1, 60), rng.choice((0.02, 0.1, 0.5))
    there = np.array([[rng.random() < density for _ in range(nodes)] for _ in range(count)])
    starts = np.concatenate([[0], np.cumsum(there.sum(1, dtype=np.int64))])
    members = np.nonzero(there)[1].astype(np.int64)
    values = np.array([rng.randint(-127, 127) for _ in members], np.int8) if rng.random() < 0.4 else None
    return Features("words", nodes, starts, members, values)


class _Maker:
    """Grows a net node by node; ``current`` names what the next node reads."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.seed = self.rng.randrange(2**32)
        self.nodes: list[ops.Node] = []
        self.topology: Topology
        self.current = ""
        self.weights = 0

    @property
    def graph(self) -> Graph:
        return Graph(tuple(self.nodes), self.seed)

    @property
    def x(self) -> Tensor:
        return self.graph.tensors[self.current]

    def add(self, node: ops.Node) -> None:
        self.nodes.append(node)
        self.current = node.name

    def grow(self, layers: int) -> Graph:
        while len(self.nodes) < layers + 1:
            if self.rng.random() < 0.15:
                self.current = self.rng.choice(list(self.graph.tensors))
            self.rng.choice((self.conv, self.aggregate, self.aggregate, self.attention, self.sum))()
        if self.rng.random() < 0.5:
            self.pool()
            if self.rng.random() < 0.6:
                self.linear()
        return self.graph

    def width(self) -> int:
        return self.rng.choice((1, 2, 4, 8, self.rng.randint(1, 40)))

    def name(self, kind: str) -> str:
        return f"{kind}{len(self.nodes)}"

    def weight(self, shape: ops.Shape) -> ops.Weight:
        self.weights += 1
        if self.rng.random() < 0.3:
            return draws.dense(self.rng, f"weight{self.weights}", shape)
        return draws.supermask(self.rng, self.seed, self.weights, shape, self.rng.choice((10, 30, 60, 100)))

    def residual(self, channels: int) -> str | None:
        shape = (channels, *self.x.shape[1:])
        same = [t.name for t in self.graph.tensors.values() if t.shape == shape]
        return self.rng.choice(same) if same and self.rng.random() < 0.4 else None

    def requantise(self, made: ops.Requantised, channels: int) -> ops.Requantise:
        """Outputs of some size where sums are far from their bounds, as they mostly are."""
        rng, most = self.rng, bound(made, Graph((*self.nodes, made), self.seed)).tolist()
        largest = max(*most, 1) // rng.choice((1, 4, 16, 64)) + 1
        shift = min(max((largest * rng.randint(20, 90) // 60).bit_length() - 1, 0), 24)
        multipliers = [rng.choice((1, 1, -1)) * rng.choice((rng.randint(1, 127), 60, 127)) for _ in range(channels)]
        while max(abs(m) * a for m, a in zip(multipliers, most, strict=True)) >= 2**29:
            multipliers = [abs(m) // 2 * (1 if m > 0 else -1) for m in multipliers]
        biases = [rng.randint(-128, 127) for _ in range(channels)]
        ratio = rng.randint(0, 255) if ops.residual(made) else 0
        clamp = rng.choice((RELU, SIGNED))
        return ops.Requantise(
            tuple(multipliers), tuple(biases), max(0, shift - 4), shift, clamp, ratio, max(0, shift - 8)
        )

    def finish(self, made: ops.Requantised, channels: int) -> None:
        self.add(replace(made, requantise=self.requantise(made, channels)))

    # Nodes.

    def sparse(self, given: Features) -> None:
        weight = self.weight((self.width(), given.count))
        self.finish(SparseLinear("features", given, weight, _none(weight.shape[0])), weight.shape[0])

    def conv(self) -> None:
        channels = self.width()
        weight = self.weight((channels, self.x.shape[0], 1, 1))
        residual = self.residual(channels)
        self.finish(Conv(self.name("conv"), self.current, weight, _none(channels), residual=residual), channels)

    def linear(self) -> None:
        channels = self.rng.randint(1, 10)
        weight = self.weight((channels, self.x.size))
        self.finish(Linear(self.name("linear"), self.current, weight, _none(channels)), channels)

    def sum(self) -> None:
        same = [t.name for t in self.graph.tensors.values() if t.shape == self.x.shape]
        shift = self.rng.randint(0, 15)
        x, y = (max(1, min(32767, (self.rng.randint(1, 12) << shift) // 8)) for _ in range(2))
        self.add(
            Add(self.name("add"), self.current, self.rng.choice(same), x, y, shift, self.rng.choice((RELU, SIGNED)))
        )

    def aggregate(self) -> None:
        rng, degrees = self.rng, self.topology.degree + 1

        def drawn() -> Table:
            return tuple(rng.randint(0, 255) for _ in range(degrees))

        kind, channels = rng.choice(("sum", "mean", "norm", "any")), self.x.shape[0]
        ones, none = (1,) * degrees, (0,) * degrees
        kinds: dict[str, tuple[tuple[Table, Table, Table], int]] = {
            "sum": ((ones, rng.choice((ones, none)), ones), 0),
            "mean": ((ones, none, tuple(4096 // max(d, 1) for d in range(degrees))), 12),
            "norm": (
                (
                    tuple(round(255 / (d + 1) ** 0.5) for d in range(degrees)),
                    tuple(round(255 / (d + 1) ** 0.5) for d in range(degrees)),
                    tuple(round(4095 / (d + 1) ** 0.5) for d in range(degrees)),
                ),
                rng.randint(10, 20),
            ),
            "any": ((drawn(), drawn(), drawn()), rng.randint(0, 8)),
        }
        (neighbour, own, whole), shift = kinds[kind]
        while True:
            try:
                gnn_rules.aggregated(self.topology, neighbour, own, whole, shift, self.x)
                break
            except OverflowError:
                whole = tuple(entry // 2 for entry in whole)
        name, residual = self.name("aggregate"), self.residual(channels)
        made = Aggregate(name, self.current, self.topology, neighbour, own, whole, shift, _none(channels), residual)
        self.finish(made, channels)

    def attention(self) -> None:
        rng, channels = self.rng, self.x.shape[0]
        heads = rng.choice([k for k in range(1, channels + 1) if channels % k == 0])
        x = self.current
        weight = self.weight((2 * heads, channels, 1, 1))
        self.finish(Conv(self.name("scores"), x, weight, _none(2 * heads)), 2 * heads)
        scores, self.current = self.current, x
        steep = rng.choice((0.0, 0.01, 0.05, 0.5))
        table = tuple(round(255 * 2.718281828 ** (-steep * j)) for j in range(256))
        name, residual = self.name("attention"), self.residual(channels)
        slope = rng.choice((0, 51, 255))
        self.finish(Attention(name, x, scores, self.topology, heads, slope, table, _none(channels), residual), channels)

    def pool(self) -> None:
        nodes = self.topology.nodes
        shift = self.rng.randint(4, 14)
        mean = tuple((1 << shift) // max(n, 1) for n in range(nodes + 1))
        multiplier = self.rng.choice((mean, (1 << shift - 2,)))
        first = len(multiplier) == 1 and shift % 2 == 0
        self.add(NodePool(self.name("pool"), self.current, self.topology, multiplier, shift, first))


def _none(channels: int) -> ops.Requantise:
    return ops.Requantise((0,) * channels, (0,) * channels, 0, 0, SIGNED)
