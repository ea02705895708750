"""Presets of graph nets against their definitions, training on samples, and on the batches of other loaders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.floats import masked_weight
from support.gnn_sets import matrix, random
from support.narrow import only, there
from torch import Tensor
from torch.nn import functional as F

import calibrate
import edgehfn as hfn
from edgehfn.data.motifs import motifs
from edgehfn.data.sampling import sampled
from edgehfn.errors import InputError
from edgehfn.ir import ops
from edgehfn.model import modelfile
from edgehfn.nn import Aggregate, GraphOptions, Net, Nodes, StoredGraph, graph_input, graph_preset
from edgehfn.nn.adjacency import as_map, nodewise
from edgehfn.nn.builder import Weights
from edgehfn.nn.quantised import QuantisedConv2d
from edgehfn.training import gnn, gnn_batches

DATA = random()
SMALL = motifs({"train": 24, "val": 8, "test": 8})


def test_a_sage_layer_is_its_definition() -> None:
    """ReLU(W x + V mean of neighbours), and the last layer without ReLU."""
    net = graph_preset("sage", graph_input(DATA), 3, hidden=6, layers=2).eval()
    x = torch.zeros(60, DATA.features.count)
    x[:60] = torch.from_numpy(DATA.features.dense()).float()
    hear = torch.nan_to_num(matrix(DATA) / matrix(DATA).sum(1, keepdim=True))
    for layer, last in ((0, False), (1, True)):
        told, own = (net.weights[f"layer{layer}.{part}"].weight().flatten(1).t() for part in ("linear", "own"))
        x = x @ own + hear @ x @ told
        x = x if last else x.relu()
    torch.testing.assert_close(nodewise(net(only(net.input, StoredGraph).nodes()))[:60], x)


@pytest.mark.parametrize("weights", ["supermask", "int8"])
@pytest.mark.parametrize("name", ["gat", "resgat"])
def test_scores_of_a_heads_own_channels_are_the_published_gat(name: str, weights: Weights, tmp_path: Path) -> None:
    """A softmax of leaky(a_k·W_k h_u + b_k·W_k h_v) over neighbours, a and b of a head's channels alone."""
    data = random(features=20, seed=5)
    options = GraphOptions(hidden=12, heads=3, scores="own", weights=weights, density=0.5)
    if name == "resgat":
        options |= {"layers": 4, "fold": 2}
    net = graph_preset(name, graph_input(data), 3, **options)
    gnn.train_graph(net, data, epochs=15, dropout=0.0)
    modelfile.save(net, tmp_path / "x.hfn", {})
    again, nodes = modelfile.load(tmp_path / "x.hfn").eval(), only(net.input, StoredGraph).nodes()
    found = observed(again, nodes)
    assert torch.equal(found[net.steps[-1].name], net.eval()(nodes))
    op, x = again.weights["layer1.scores"], nodewise(found["layer1.linear"])
    scores = op.weight().reshape(2, 3, 12)
    apart = torch.stack([scores[:, k, 4 * k : 4 * k + 4] for k in range(3)], 1)  # what is left if heads are apart
    assert torch.count_nonzero(apart) == torch.count_nonzero(scores) >= 8
    as_source, as_target = torch.einsum("skc,nkc->skn", apart, x.reshape(-1, 3, 4))
    if isinstance(op, QuantisedConv2d):
        as_source, as_target = (
            y + b for y, b in zip((as_source, as_target), there(op.bias).reshape(2, 3, 1), strict=True)
        )
    logits = F.leaky_relu(as_source[:, None] + as_target[:, :, None], 0.2)  # head, target, source
    paid = logits.masked_fill(matrix(data) + torch.eye(60) == 0, -torch.inf).softmax(2)
    made = torch.einsum("kvu,ukc->vkc", paid, x.reshape(-1, 3, 4)).reshape(60, 12)
    residual = nodewise(found["layer0"]) if name == "resgat" else torch.zeros(1)
    torch.testing.assert_close(nodewise(found["layer1.gather"]), (made + residual).relu())


def test_what_reads_a_heads_own_channels_alone_is_refused_where_it_cannot_be() -> None:
    base = GraphOptions(hidden=8, heads=2)
    chosen: list[GraphOptions] = [base, {**base, "scores": "own"}, {**base, "scores": "own", "frozen": 0.5}]
    plain, own, frozen = (graph_preset("gat", graph_input(DATA), 3, **options) for options in chosen)
    whole, few, kept = (masked_weight(net, "layer0.scores") for net in (plain, own, frozen))
    assert few.magnitude == pytest.approx(whole.magnitude * 2**0.5)
    assert [sum(op.keep) for op in (whole, few, kept)] == [12, 6, 6]
    assert masked_weight(frozen, "layer0.linear").pruned
    assert not kept.pruned
    for wrong in (GraphOptions(scores="own", weights="ternary"), GraphOptions(scores="mine")):  # type: ignore[typeddict-item]
        with pytest.raises(InputError):
            graph_preset("gat", graph_input(DATA), 3, **wrong)


def test_a_norm_before_its_layer_is_resgcn_plus() -> None:
    """h + A relu(norm(h)) W, and a norm and ReLU before the predictor."""
    options = GraphOptions(hidden=4, layers=4, fold=2, norms="unshared", order="before")
    net = graph_preset("resgcn", graph_input(DATA), 3, **options)
    gnn.train_graph(net, DATA, epochs=3)
    net.eval()
    found = observed(net, only(net.input, StoredGraph).nodes())
    loops = matrix(DATA) + torch.eye(60)
    scale = loops.sum(1, keepdim=True).rsqrt()
    norms = {step.name: step.norm for step in net.steps}
    h = found["layer0"]
    for name in ("layer1{}", "layer1{}@1", "layer2{}", "layer2{}@1"):
        part, _, iteration = name.partition("@")
        at = f"@{iteration}" if iteration else ""
        y = nodewise(there(norms[part.format(".before") + at])(h).relu())
        weight = net.weights[part.format(".linear")].weight().flatten(1).t()
        h = h + as_map(scale * (loops @ (scale * (y @ weight))))
    torch.testing.assert_close(there(norms["last"])(h).relu(), found["last"])


def test_a_learned_epsilon_is_kept_and_lowered(tmp_path: Path) -> None:
    data = random(features=20, seed=5)
    net = graph_preset("gin", graph_input(data), 3, hidden=16, layers=2, learn_epsilon=True)
    gather = only(net.steps[1].op, Aggregate)
    gnn.train_graph(net, data, epochs=40, dropout=0.0)
    assert gather.own != 1.0
    with torch.no_grad():
        there(gather.learned).fill_(2.4)
    modelfile.save(net, tmp_path / "x.hfn", {})
    again = modelfile.load(tmp_path / "x.hfn")
    assert only(again.steps[1].op, Aggregate).own == gather.own
    nodes = only(net.input, StoredGraph).nodes()
    linear, made = (nodewise(observed(again.eval(), nodes)[f"layer0.{part}"]) for part in ("linear", "gather"))
    torch.testing.assert_close(made, (matrix(data) @ linear + 2.4 * linear).relu())
    graph = hfn.lower(again, calibrate.calibrate(again, [nodes]).scales)
    node = next(node for node in graph if isinstance(node, ops.Aggregate))
    assert {*node.neighbour} == {63}
    assert {*node.own} == {151}
    found: dict[str, Any] = {}
    hfn.run(graph, np.zeros((1, 0), np.uint8), observe=lambda name, x: found.update({name: x.copy()}))
    scale = graph.scales["layer0.gather"]
    real = np.ldexp(found["layer0.gather"][0].reshape(16, -1) * float(scale[0]), scale[1])
    assert np.abs(real - made.t().detach().numpy()).max() < 0.03 * float(made.max())


def test_masked_weights_are_as_large_as_asked() -> None:
    plain, scaled = (graph_preset("gin", graph_input(SMALL), 2, hidden=8, weight_scale=s) for s in (1.0, 0.5))
    for name in plain.weights:
        assert masked_weight(scaled, name).magnitude == 0.5 * masked_weight(plain, name).magnitude
    for wrong in (GraphOptions(weight_scale=0.0), GraphOptions(order="before"), GraphOptions(gather="any")):  # type: ignore[typeddict-item]
        with pytest.raises(InputError):
            graph_preset("gin", graph_input(SMALL), 2, **wrong)


def test_samples_train_and_answer_for_their_first_node() -> None:
    data = sampled(random(nodes=300, seed=6), (4, 3))
    net = graph_preset("sage", graph_input(data), data.classes, hidden=16, layers=2, density=0.5)
    found = gnn.train_graph(net, data, epochs=12, batch=16, dropout=0.2)
    assert found.accuracy > 0.5
    assert gnn_batches.accuracy(net, gnn_batches.batches(data, "test")) == found.accuracy
    first, again = (next(iter(gnn_batches.batches(data, "test"))).logits(net.eval()) for _ in range(2))
    assert torch.equal(first, again)
    batch = next(iter(gnn_batches.batches(data, "test", limit=3)))
    nodes = nodewise(observed(net, batch.nodes)["layer1.gather"])
    starts = [0, *batch.nodes.links.sizes.long().cumsum(0)[:-1].tolist()]
    assert torch.equal(observed(net, batch.nodes)["pool"], nodes[starts])


def observed(net: Net, nodes: Nodes) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    net.run(nodes, lambda name, x: found.update({name: x.detach().clone()}))
    return found


@dataclass
class Neighbours:
    """As torch_geometric's loader yields a part of a graph: the asked nodes first, edges towards them."""

    n_id: Tensor
    edge_index: Tensor
    batch_size: int


def test_the_batches_of_another_loader_are_taken() -> None:
    """All nodes, each edge in one direction, the training nodes first: the loss is that of the whole graph."""
    train = torch.from_numpy(DATA.split["train"])
    order = torch.cat([train, torch.tensor([n for n in range(60) if n not in train.tolist()])])
    place = torch.empty(60, dtype=torch.long).scatter_(0, order, torch.arange(60))
    item = Neighbours(order, place[torch.from_numpy(DATA.structure.edges)], len(train))
    histories = []
    for loader in (None, [item]):
        net = graph_preset("gcn", graph_input(DATA), 3, hidden=8, layers=2, density=0.5)
        histories.append(gnn.train_graph(net, DATA, epochs=4, dropout=0.0, loader=loader))
    losses = [[epoch.loss for epoch in history.epochs] for history in histories]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    wrong: list[tuple[Any, str]] = [(iter([item]), "no length"), ([3], "n_id")]
    for refused, says in wrong:
        with pytest.raises(InputError, match=says):
            gnn.train_graph(net, DATA, epochs=1, loader=refused)


def test_torch_geometrics_loader_is_one() -> None:
    parts = pytest.importorskip("torch_geometric.data")
    loaders = pytest.importorskip("torch_geometric.loader")
    both_ways = np.concatenate([DATA.structure.edges, DATA.structure.edges[::-1]], axis=1)
    whole = parts.Data(edge_index=torch.from_numpy(both_ways), num_nodes=DATA.structure.nodes)
    try:
        loader = loaders.NeighborLoader(whole, [9, 5], torch.tensor(DATA.split["train"]), batch_size=8)
        next(iter(loader))
    except ImportError as error:
        pytest.skip(f"torch_geometric samples by another package: {error}")
    net = graph_preset("sage", graph_input(DATA), 3, hidden=8, layers=2, density=0.5)
    assert gnn.train_graph(net, DATA, epochs=20, dropout=0.0, loader=loader).accuracy > 0.5
