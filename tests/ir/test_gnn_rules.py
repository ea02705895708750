"""Graph networks: what is refused, by name; bounds; memory; and the oracle on cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import gnn_nets, oracle
from support.narrow import only
from support.small_graphs import SEED, STAR, X, conv, ints, made, over, plain

from benchmarks.kernels import gnn as graphs
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, gnn_bytes, gnn_rules, ops, verify
from edgehfn.ir.bounds import bound
from edgehfn.ir.ops import (
    RELU,
    SIGNED,
    Aggregate,
    Attention,
    Conv,
    Input,
    Linear,
    NodePool,
    QuantisedWeight,
    Requantise,
    SparseLinear,
)
from edgehfn.ir.topology import Features, InputTopology, Ints, StoredTopology

GIVEN = InputTopology("given", 5, 6, 4)


ONES = (1,) * 5


WORDS = Features("words", 5, ints(0, 2, 2, 5), ints(0, 3, 1, 2, 4), np.array([2, -3, 1, 1, 127], np.int8))


def aggregate(**changes: object) -> Aggregate:
    node = Aggregate("y", "x", STAR, ONES, ONES, ONES, 0, plain(2))
    return replace(node, **changes)  # type: ignore[arg-type]


def test_sums_of_neighbours_and_self() -> None:
    assert made(aggregate()) == [6, 3, 4, 4, 15, 0, 0, 0, 9, -1, 9, 20, -1, 0, 0, 0]


def test_weights_by_degree() -> None:
    """Degrees are 2, 1, 1, 0, 4: sum = own[d(v)]·x[v] + Σ neighbour[d(u)]·x[u], then (whole[d(v)]·sum + 2) >> 2."""
    node = aggregate(neighbour=(7, 3, 2, 0, 0), own=(1, 0, 5, 0, 2), whole=(4, 8, 1, 0, 2), shift=2)
    sums = [5 * 1 + 3 * 2 + 3 * 3, 2 * 1, 2 * 1, 4, 2 * 5 + 2 * 1 + 3 * 2 + 3 * 3 + 7 * 4]
    wanted = [(sums[0] + 2) // 4, (8 * 2 + 2) // 4, (8 * 2 + 2) // 4, (4 * 4 + 2) // 4, (2 * sums[4] + 2) // 4]
    assert made(node)[:5] == wanted == [5, 4, 4, 4, 28]


def test_a_residual_and_a_multiplier_are_added() -> None:
    q = Requantise((2, -1), (3, 0), 0, 1, RELU, residual_multiplier=4)
    found = made(aggregate(requantise=q, residual="x"))
    assert found[:5] == [(2 * s + 3 + 4 * x + 1) // 2 for s, x in zip((6, 3, 4, 4, 15), (1, 2, 3, 4, 5), strict=True)]


def test_sparse_features() -> None:
    weight = QuantisedWeight("w", np.array([[1, 9, 2], [-3, 9, 0]], np.int8))
    node = SparseLinear("y", WORDS, weight, plain(2))
    graph = verify(Graph((node,), SEED))
    assert oracle.run(graph, [])["y"] == [2, 2, 2, -3, 127, 0, 0, 0, -6, 0, 0, 9, 0, 0, 0, 0]
    assert bound(node, graph).tolist() == [254, 9]


def test_attention_by_hand() -> None:
    """Equal scores: the mean of neighbours and self, times 2^15, the bits behind the eighth of a weight lost."""
    scores = Conv("s", "x", QuantisedWeight("w", np.zeros((2, 2, 1, 1), np.int8)), plain(2))
    node = Attention("y", "x", "s", STAR, 1, 51, (255,) * 256, Requantise((1, 1), (0, 0), 0, 15, SIGNED))
    sums = {0: (1 + 2 + 3, 3), 1: (2 + 1, 2), 2: (3 + 1, 2), 3: (4, 1), 4: (15, 5)}
    wanted = []
    for total, count in sums.values():
        shift = (255 * count // 256).bit_length()
        j = 255 * count >> shift
        wanted.append(((255 * total >> shift) * ((2**16 + j) // (2 * j + 1)) + 2**14) >> 15)
    assert made(scores, node)[:5] == wanted == [2, 1, 2, 4, 3]


def test_the_sharpest_attention_takes_the_largest_score() -> None:
    table = (255, *([0] * 255))
    scores = Conv("s", "x", QuantisedWeight("w", np.array([1, 0, 0, 0], np.int8).reshape(2, 2, 1, 1)), plain(2))
    node = Attention("y", "x", "s", STAR, 1, 51, table, Requantise((1, 1), (0, 0), 0, 15, SIGNED))
    assert made(scores, node)[:5] == [3, 2, 3, 4, 5]
    assert made(scores, node)[8:13] == [10, 0, 10, 20, -30]


def test_pooling_counts_the_nodes_that_there_are() -> None:
    assert made(NodePool("y", "x", STAR, (1,), 0)) == [15, -1]
    assert made(NodePool("y", "x", STAR, (0, 0, 0, 0, 0, 13107), 16)) == [3, 0]
    entry = Input("input", (1, 2, 4), topology=GIVEN)
    pool = NodePool("y", "input", GIVEN, tuple(2**12 // max(n, 1) for n in range(6)), 12)
    graph = verify(Graph((entry, pool), SEED))
    for nodes in range(6):
        raw = gnn_bytes.pack(entry, np.full((1, nodes), 200, np.uint8), [])
        raw[nodes:8] = 77  # behind the nodes lies anything
        assert oracle.run(graph, raw.tolist())["y"] == [100 if nodes else 0]


def test_the_first_node_answers_alone() -> None:
    assert made(NodePool("y", "x", STAR, (1,), 0, first=True)) == [1, -1]
    entry = Input("input", (1, 2, 4), topology=GIVEN)
    graph = verify(Graph((entry, NodePool("y", "input", GIVEN, (3,), 2, first=True)), SEED))
    raw = gnn_bytes.pack(entry, np.array([[80, 200, 200]], np.uint8), [])
    assert oracle.run(graph, raw.tolist())["y"] == [30]


def stored(starts: Ints, sources: Ints, nodes: int = 5) -> Graph:
    topology = StoredTopology("star", nodes, starts, sources)
    return Graph((X, aggregate(topology=topology, neighbour=(1,) * 6, own=(1,) * 6, whole=(1,) * 6)), SEED)


def attended(**changes: object) -> Graph:
    scores = Conv("s", "x", QuantisedWeight("w", np.zeros((2, 2, 1, 1), np.int8)), plain(2))
    node = Attention("y", "x", "s", STAR, 1, 51, (255,) * 256, Requantise((1, 1), (0, 0), 0, 15, SIGNED))
    return Graph((X, scores, replace(node, **changes)), SEED)  # type: ignore[arg-type]


def given(**changes: object) -> Graph:
    entry = Input("input", (2, 2, 4), topology=GIVEN)
    return Graph((replace(entry, **changes), aggregate(x="input", topology=GIVEN)), SEED)  # type: ignore[arg-type]


def words(**changes: object) -> Graph:
    weight = QuantisedWeight("w", np.ones((1, 3), np.int8))
    return Graph((SparseLinear("y", replace(WORDS, **changes), weight, plain(1)),), SEED)  # type: ignore[arg-type]


RULES = {
    r"star: node \[1\] is its own neighbour: leave self loops to the table": stored(ints(0, 0, 2, 2, 2, 2), ints(0, 1)),
    r"star: entry \[1\] is outside 0..4": stored(ints(0, 2, 2, 2, 2, 2), ints(1, 5)),
    r"star: entry \[0\] is outside": stored(ints(0, 2, 2, 2, 2, 2), ints(-1, 1)),
    r"star: the nodes of node \[0\] do not ascend": stored(ints(0, 2, 2, 2, 2, 2), ints(2, 1)),
    r"star: the nodes of node \[4\] do not ascend, or one is there twice": stored(ints(0, 0, 0, 0, 0, 2), ints(1, 1)),
    "star: starts do not rise from 0 to 2": stored(ints(0, 2, 1, 2, 2, 2), ints(1, 2)),
    "star: 4 starts for 5 nodes": stored(ints(0, 1, 1, 1), ints(1)),
    r"star: 65533 nodes \(1..65532\)": stored(np.zeros(65534, np.int64), ints(), 65533),
    "node y: x is over 5 nodes, other has 6": Graph(
        (X, aggregate(topology=StoredTopology("other", 6, np.zeros(7, np.int64), ints()))), SEED
    ),
    "node y: topology given does not come with the input": Graph((X, aggregate(topology=GIVEN)), SEED),
    "node y: neighbour has 4 entries, degrees take 5": Graph((X, aggregate(neighbour=(1,) * 4)), SEED),
    "node y: an entry of own is outside 0..255": Graph((X, aggregate(own=(256,) * 5)), SEED),
    "node y: an entry of whole is outside 0..65535": Graph((X, aggregate(whole=(-1,) * 5)), SEED),
    "node y: a sum over neighbours needs more than 32 bits; give the tables smaller entries": Graph(
        (X, aggregate(neighbour=(255,) * 5, whole=(65535,) * 5)), SEED
    ),
    "node y: requantisation needs more than 32 bits": Graph(
        (X, aggregate(whole=(60000,) * 5, requantise=Requantise((127, 1), (0, 0), 0, 20, SIGNED))), SEED
    ),
    "node y: a shift is outside": Graph((X, aggregate(shift=32)), SEED),
    "node y: 3 multipliers for 2 channels": Graph((X, aggregate(requantise=plain(3))), SEED),
    "node y: residual z is": Graph(
        (
            X,
            replace(conv(), name="z", weight=QuantisedWeight("w", np.ones((1, 2, 1, 1), np.int8)), requantise=plain(1)),
            aggregate(residual="z"),
        ),
        SEED,
    ),
    "node y: 3 heads do not divide 2 channels": attended(heads=3),
    r"node y: scores x are \(2, 2, 4\), 2 heads take \(4, 2, 4\)": attended(heads=2, scores="x"),
    "node y: slope 256": attended(slope=256),
    "node y: the exponential needs 256 entries, the first 255": attended(exponential=(254,) * 256),
    "node y: an entry of the exponential": attended(exponential=(255, *([-1] * 255))),
    "node y: x is over nodes: use a 1x1 kernel": over(STAR, conv(3, padding=1)),
    "node y: x is over nodes: use a 1x1 kernel, stride 1": over(STAR, conv(stride=2)),
    "node y: x is over nodes: read it by 1x1": over(STAR, ops.AvgPool("y", "x", 1, 0)),
    "node l: x is over nodes": over(STAR, Linear("l", "x", QuantisedWeight("w", np.ones((1, 16), np.int8)), plain(1))),
    "node input: input is a map of pixels in a net over graphs": Graph((Input("input", (2, 2, 4)), X), SEED),
    "node y: 3 multipliers": over(STAR, NodePool("y", "x", STAR, (1, 1, 1), 0)),
    "node y: 6 multipliers": over(STAR, NodePool("y", "x", STAR, (1,) * 6, 0, first=True)),
    "node y: a multiplier is outside 0..65535": over(STAR, NodePool("y", "x", STAR, (65536,), 0)),
    r"node x: values of shape \(2, 2, 4\) are not \(C, 3, 4\) for 9 nodes": Graph((replace(X, nodes=9),), SEED),
    "node x: values must be int8": Graph((replace(X, values=np.full((1, 2, 4), -128, np.int8)),), SEED),
    r"node input: shape \(2, 3, 4\) is not \(C, 2, 4\) for 5 nodes": given(shape=(2, 3, 4)),
    "node input: features of a graph come channel by channel": given(order="hwc"),
    "given: up to 32768 edges": given(topology=replace(GIVEN, edges=32768)),
    "given: a degree of up to 1": given(topology=replace(GIVEN, degree=1)),
    "node input: only the first node may be an input": Graph((X, Input("input", (2, 2, 4))), SEED),
    "words: values must be one int8": words(values=np.ones(4, np.int8)),
    r"words: the nodes of feature \[2\] do not ascend": words(members=ints(0, 3, 1, 1, 4)),
    "node y: a weight .* for 2 features": words(starts=ints(0, 2, 5)),
    "words: another topology, or features, have the same name": Graph(
        (*words().nodes, replace(only(words().nodes[0], SparseLinear), name="z", features=replace(WORDS))), SEED
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_named(rule: str) -> None:
    with pytest.raises(GraphError, match=rule):
        verify(RULES[rule])


def test_bounds_are_reached_by_the_worst_features() -> None:
    for seed in range(60):
        net = verify((gnn_nets.stored if seed % 2 else gnn_nets.variable)(seed))
        for node in net:
            if isinstance(node, Aggregate):
                x, degrees = net.tensors[node.x], np.arange(node.topology.degree + 1)
                if isinstance(node.topology, StoredTopology):
                    degrees = node.topology.degrees
                listed, most = node.topology, max(x.hi, -x.lo)
                worst = 0
                for v, d in enumerate(degrees.tolist()):
                    if isinstance(listed, StoredTopology):
                        near = listed.sources[slice(*listed.starts[v : v + 2])] if v < listed.nodes else ints()
                        heard = sum(node.neighbour[int(degrees[u])] for u in near)
                    else:
                        heard = d * max(node.neighbour)
                    total = node.whole[d] * most * (node.own[d] + heard)
                    worst = max(worst, (total + (1 << node.shift >> 1)) >> node.shift)
                assert set(bound(node, net).tolist()) == {worst}


def test_the_bound_of_attention() -> None:
    largest = max(127 * (j + 1) * ((2**16 + j) // (2 * j + 1)) for j in range(128, 256))
    assert gnn_rules.attended(graphs.gin().tensors["input"]) == largest < 2**23
