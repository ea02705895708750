"""GNNs of usual shapes and random weights: a GCN over a citation graph, a GIN over small graphs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.common.table import table
from edgehfn.ir import Graph, ops, plan
from edgehfn.ir.bounds import bound
from edgehfn.ir.ops import (
    RELU,
    SIGNED,
    Aggregate,
    Conv,
    Input,
    Linear,
    NodePool,
    QuantisedWeight,
    Requantise,
    SparseLinear,
    Supermask,
)
from edgehfn.ir.topology import Features, InputTopology, StoredTopology, Topology, rows
from edgehfn.ir.validate import verify
from edgehfn.spec.limits import COLUMNS
from edgehfn.target import CORES, bench
from edgehfn.target.board import board
from edgehfn.target.linked import measure

SEED = 1


def citation(width: int, layers: int, *, nodes: int = 2708, edges: int = 5278, features: int = 1433) -> Graph:
    """A GCN of Cora's size: 2,708 nodes, 5,278 edges, a hub of 168 neighbours, 1,433 features, 1.27 % of them set."""
    topology, found = hub_graph(nodes, edges), sparse(nodes, features, 0.0127)
    made: list[ops.Node] = []
    weight = supermask(0, (width, features))
    made.append(scaled(SparseLinear("words", found, weight, blank(width)), made, SIGNED))
    for layer in range(layers):
        last = layer == layers - 1
        if layer:
            weight = supermask(layer, (7 if last else width, width, 1, 1))
            made.append(scaled(Conv(f"linear{layer}", made[-1].name, weight, blank(weight.shape[0])), made, SIGNED))
        made.append(normalised(f"gcn{layer}", topology, made, SIGNED if last else RELU))
    return verify(Graph(tuple(made), SEED))


def gin(nodes: int = 64, edges: int = 96, width: int = 32, layers: int = 3, classes: int = 2) -> Graph:
    """A GIN classifier of graphs: sums of neighbours and two linear layers, three times; the mean of nodes; a linear
    layer. Features are a one-hot of 7 kinds of node."""
    topology = InputTopology("molecule", nodes, edges, 8)
    made: list[ops.Node] = [Input("input", (7, rows(nodes), COLUMNS), "chw", "u8", topology)]
    ones = (1,) * 9
    for layer in range(layers):
        channels = made[0].shape[0] if layer == 0 else width  # type: ignore[union-attr]
        total = Aggregate(f"sum{layer}", made[-1].name, topology, ones, ones, ones, 0, blank(channels))
        made.append(scaled(total, made, RELU))
        for half, inside in ((0, channels), (1, width)):
            weight = supermask(2 * layer + half, (width, inside, 1, 1))
            made.append(scaled(Conv(f"mlp{layer}.{half}", made[-1].name, weight, blank(width)), made, RELU))
    mean = tuple(round(2**14 / max(n, 1)) for n in range(nodes + 1))
    made.append(NodePool("mean", made[-1].name, topology, mean, 14))
    values = np.random.default_rng(9).integers(-127, 128, (classes, width)).astype(np.int8)
    made.append(scaled(Linear("logits", "mean", QuantisedWeight("head", values), blank(classes)), made, SIGNED))
    return verify(Graph(tuple(made), SEED))


def normalised(name: str, topology: Topology, made: list[ops.Node], clamp: tuple[int, int]) -> ops.Requantised:
    degrees = range(topology.degree + 1)
    table, whole = (tuple(round(top / (d + 1) ** 0.5) for d in degrees) for top in (255, 4095))
    channels = Graph(tuple(made), SEED).output.shape[0]
    return scaled(Aggregate(name, made[-1].name, topology, table, table, whole, 16, blank(channels)), made, clamp)


def hub_graph(nodes: int, edges: int) -> StoredTopology:
    """Mutual, with a node of 168 neighbours, or half of all."""
    draw = np.random.default_rng(SEED)
    hub = min(168, nodes // 2)
    pairs = {(0, v) for v in range(1, hub + 1)}
    while len(pairs) < edges:
        a, b = sorted(draw.integers(1, nodes, 2).tolist())
        if a != b:
            pairs.add((a, b))
    both = np.array([*pairs, *((b, a) for a, b in pairs)])
    listener, source = both[np.lexsort((both[:, 1], both[:, 0]))].T
    starts = np.concatenate([[0], np.cumsum(np.bincount(listener, minlength=nodes))])
    return StoredTopology("citations", nodes, starts.astype(np.int64), source.astype(np.int64))


def sparse(nodes: int, features: int, density: float) -> Features:
    there = np.random.default_rng(SEED).random((features, nodes)) < density
    starts = np.concatenate([[0], np.cumsum(there.sum(1))]).astype(np.int64)
    return Features("words", nodes, starts, np.nonzero(there)[1].astype(np.int64))


def supermask(number: int, shape: ops.Shape) -> Supermask:
    counts = (np.random.default_rng(number).random(int(np.prod(shape))) < 0.5).astype(np.uint8)
    return Supermask(f"w{number}", number, shape, 1, counts, SEED)


def scaled(node: ops.Requantised, made: list[ops.Node], clamp: tuple[int, int]) -> ops.Requantised:
    """Outputs that use their range where sums are a tenth of their bounds."""
    channels = len(node.requantise.multiplier)
    shift = max(0, (int(bound(node, Graph((*made, node), SEED)).max()) // 10).bit_length())
    return replace(node, requantise=Requantise((90,) * channels, (3,) * channels, shift, shift, clamp))


def blank(channels: int) -> Requantise:
    return Requantise((0,) * channels, (0,) * channels, 0, 0, SIGNED)


def costs() -> str:
    """A table with a row for each net and core: ``python -m benchmarks.kernels.gnn`` prints it."""
    large, small = ("cortex-m7",), CORES
    nets = [("GCN 128, 2 layers", citation(128, 2), large), ("GCN 192, 3 layers", citation(192, 3), large)]
    rows = []
    for name, net, cores in [*nets, ("GIN 32, 3 layers", gin(), small)]:
        for core in cores:
            sizes = measure(net, plan(net), board(core)).sizes
            parts = (sizes.weights_flash, sizes.code_flash, sizes.activation_ram + sizes.runtime_ram, sizes.stack)
            rows.append([name, core, *(f"{part:,}" for part in (*parts, bench(net, core).total))])
    return table(("net", "core", "model data", "code", "RAM", "stack", "instructions"), rows)


if __name__ == "__main__":
    print(costs())
