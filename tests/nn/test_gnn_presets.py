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

import calibrate
import edgehfn as hfn
from edgehfn.data.motifs import motifs
from edgehfn.data.sampling import sampled
from edgehfn.errors import InputError
from edgehfn.ir import ops
from edgehfn.model import modelfile
from edgehfn.nn import Aggregate, GraphOptions, Net, Nodes, StoredGraph, graph_input, graph_preset
from edgehfn.nn.adjacency import as_map, nodewise
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
