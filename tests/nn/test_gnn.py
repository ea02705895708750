"""Graph nets in floats: layers against their formulas, presets, training, files, and lowering against the oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from support.floats import masked_weight
from support.gnn_sets import arrays, matrix, random
from support.narrow import only, there
from torch import Tensor
from torch.nn import functional as F

import calibrate
import edgehfn as hfn
from edgehfn.data.gnn_files import from_arrays
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.motifs import motifs
from edgehfn.errors import GraphError, InputError
from edgehfn.ir import ops
from edgehfn.lowering.untrained import untrained
from edgehfn.model import modelfile
from edgehfn.nn import (
    GRAPH_PRESETS,
    Aggregate,
    Attention,
    Builder,
    GraphOptions,
    Net,
    NodePool,
    Nodes,
    StoredGraph,
    graph_input,
    graph_preset,
)
from edgehfn.nn.adjacency import as_map, dropped, linear, nodewise
from edgehfn.nn.builder import Norms, Sharing
from edgehfn.nn.gnn_layers import Pool, Weighting
from edgehfn.training import gnn, gnn_batches

DATA = random()
SMALL = motifs({"train": 24, "val": 8, "test": 8})


def draw(nodes: int, channels: int, seed: int = 0) -> Tensor:
    return torch.randn(4 * -(-nodes // 4), channels, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("norm", get_args(Weighting))
def test_aggregation_is_its_matrix(norm: Weighting) -> None:
    x, loops = draw(60, 5).requires_grad_(), matrix(DATA) + torch.eye(60)
    degree = loops.sum(1, keepdim=True)
    wanted = {
        "gcn": degree.rsqrt() * (loops @ (degree.rsqrt() * x)),
        "mean": loops @ x / degree,
        "sum": loops @ x,
        "own": x,
        "neighbours": matrix(DATA) @ x / (degree - 1).clamp(min=1),
    }
    made = nodewise(Aggregate(norm)(as_map(x), Nodes.of(DATA.features, DATA.structure).links))
    torch.testing.assert_close(made, wanted[norm])
    weights = draw(60, 5, seed=1)
    (got,) = torch.autograd.grad((made * weights).sum(), x)
    (right,) = torch.autograd.grad((wanted[norm] * weights).sum(), x)
    torch.testing.assert_close(got, right)


def test_attention_is_a_softmax_over_neighbours_and_the_node_itself() -> None:
    x, scores, loops = draw(60, 6), draw(60, 4, seed=1), matrix(DATA) + torch.eye(60)
    wanted = []
    for head in range(2):
        pairs = F.leaky_relu(scores[None, :, head] + scores[:, None, 2 + head], 0.2)
        weight = pairs.masked_fill(loops == 0, -torch.inf).softmax(1)
        wanted.append(weight @ x[:, 3 * head : 3 * head + 3])
    made = Attention(2)(as_map(x), as_map(scores), Nodes.of(DATA.features, DATA.structure).links)
    torch.testing.assert_close(nodewise(made), torch.cat(wanted, 1))


@pytest.mark.parametrize("kind", ["mean", "sum", "first"])
def test_pooling_counts_the_nodes_of_each_graph_only(kind: Pool) -> None:
    structure = SMALL.structure
    x = draw(structure.nodes, 3)
    made = NodePool(kind)(as_map(x), Nodes.of(SMALL.features, structure).links)
    for graph, (a, b) in enumerate(zip(structure.starts, structure.starts[1:], strict=False)):
        wanted = {"mean": x[a:b].mean(0), "sum": x[a:b].sum(0), "first": x[a]}
        torch.testing.assert_close(made[graph], wanted[kind])


@pytest.mark.parametrize("values", [False, True])
def test_a_sparse_product_is_the_dense_one(values: bool) -> None:
    data = random(features=200, values=values)
    nodes = Nodes.of(data.features, data.structure)
    assert not isinstance(nodes.x, torch.Tensor)
    weight = torch.randn(7, 200, 1, 1).requires_grad_()
    dense = torch.from_numpy(data.features.dense()).float() / (127 if values else 1)
    made, wanted = nodewise(linear(nodes.x, weight, torch.ones(7))), dense @ weight.flatten(1).t() + 1
    torch.testing.assert_close(made, wanted)
    pull = torch.randn(60, 7)
    gradients = [torch.autograd.grad((y * pull).sum(), weight)[0] for y in (made, wanted)]
    torch.testing.assert_close(*gradients)


def test_dropout_keeps_the_mean_and_is_drawn_anew() -> None:
    draws, x = np.random.default_rng(0), as_map(torch.ones(400, 50))
    one, other = (dropped(x, 0.75, draws) for _ in range(2))
    assert isinstance(one, torch.Tensor)
    assert isinstance(other, torch.Tensor)
    assert set(one.unique().tolist()) == {0.0, 4.0}
    assert float(one.mean()) == pytest.approx(1, abs=0.05)
    assert (one != other).any()


@pytest.mark.parametrize("name", GRAPH_PRESETS)
@pytest.mark.parametrize("data", [DATA, SMALL], ids=["nodes", "graphs"])
def test_every_preset_trains_and_comes_back_from_its_file(name: str, data: GraphSet, tmp_path: Path) -> None:
    options = GraphOptions(hidden=8, density=0.5, coats=2, layers=2)
    if name.startswith("res"):
        options |= {"layers": 4, "fold": 2, "norms": "unshared"}
    net = graph_preset(name, graph_input(data), data.classes, **options)
    gnn.train_graph(net, data, epochs=2, dropout=0.2)
    modelfile.save(net, tmp_path / "x.hfn", {})
    again = modelfile.load(tmp_path / "x.hfn")
    nodes = Nodes.of(data.features, data.structure)
    with torch.no_grad():
        assert torch.equal(net(nodes), again(nodes))
    gnn.fits(again, data)


def test_iterations_share_a_mask_or_only_its_signs() -> None:
    def net(masks: Sharing) -> Net:
        return graph_preset("resgcn", graph_input(DATA), 3, hidden=8, layers=6, fold=3, masks=masks)

    shared, unshared = net("shared"), net("unshared")
    assert len(shared.weights) == 4  # encoder, two stages, predictor
    assert len(unshared.weights) == 8
    stage = [masked_weight(unshared, name) for name in unshared.weights if name.startswith("layer1")]
    assert len({op.tensor for op in stage}) == 1
    assert all(torch.equal(op.base, stage[0].base) for op in stage)
    assert not torch.equal(stage[0].counts(), stage[1].counts())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"layers": 5, "fold": 2}, "layers a multiple of fold"),
        ({"fold": (1, 2)}, "one number"),
        ({"heads": 3, "hidden": 8}, "make them a multiple"),
        ({"width": 8}, "'width' is not for graphs"),
        ({"density": 0.5, "coats": (0.5, 0.2)}, "density and coats"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises((InputError, GraphError), match=says):
        graph_preset("resgat", graph_input(DATA), 3, **options)


def test_larger_graphs_than_those_of_the_set_may_come() -> None:
    spec = graph_input(SMALL, (40, 60, 20))
    assert spec.shape == (8, 10, 4)
    gnn.fits(graph_preset("gin", spec, 2, hidden=8), SMALL)
    with pytest.raises(InputError, match="give at least these"):
        graph_input(SMALL, (40, 3, 20))
    with pytest.raises(InputError, match="one graph"):
        graph_input(DATA, (80, 300, 20))


def test_layers_of_images_and_graphs_do_not_mix() -> None:
    over_nodes, over_pixels = Builder(graph_input(SMALL)), Builder(hfn.nn.InputSpec((3, 4, 4)))
    over_nodes.conv("stem", 8, 3)
    over_pixels.aggregate("sum", "sum")
    with pytest.raises(GraphError, match="mixes nodes"):
        over_nodes.net()
    with pytest.raises(GraphError, match="net for images"):
        over_pixels.net()


def test_a_run_that_was_stopped_ends_with_the_same_bits(tmp_path: Path) -> None:
    def net() -> Net:
        return graph_preset("gin", graph_input(SMALL), 2, hidden=8, layers=2, norms="unshared", seed=3)

    whole, resumed, place = net(), net(), tmp_path / "x.ckpt"
    wanted = gnn.train_graph(whole, SMALL, epochs=6, batch=8, seed=3)

    def stop(done: int, total: int, note: str = "", milestone: str = "") -> None:
        if done == 4:
            raise KeyboardInterrupt

    settings: dict[str, Any] = {"epochs": 6, "batch": 8, "seed": 3, "checkpoint": place, "save_every": 0.0}
    with pytest.raises(KeyboardInterrupt):
        gnn.train_graph(net(), SMALL, **settings, progress=stop)
    assert gnn.train_graph(resumed, SMALL, **settings) == wanted
    for one, other in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(InputError, match="lr"):
        gnn.train_graph(net(), SMALL, **settings, lr=0.5)


def test_a_run_ends_with_its_best_epoch() -> None:
    net = graph_preset("gcn", graph_input(DATA), 3, hidden=16, layers=2, density=0.5)
    found = gnn.train_graph(net, DATA, epochs=40, dropout=0.3)
    assert gnn_batches.accuracy(net, gnn_batches.batches(DATA, "val")) == found.validation
    assert gnn_batches.accuracy(net, gnn_batches.batches(DATA, "test")) == found.accuracy > 0.4


def test_adaptive_thresholds_are_those_of_the_best_epoch() -> None:
    net = graph_preset("gcn", graph_input(DATA), 3, hidden=16, layers=2, density=0.3)
    net.search = hfn.nn.Search("adaptive", ramp=0.5)
    found = gnn.train_graph(net, DATA, epochs=20)
    assert found.epoch >= 10
    counts = [masked_weight(net, name).counts() for name in net.weights]
    kept = sum(int((each > 0).sum()) for each in counts)
    assert kept == pytest.approx(0.3 * sum(each.numel() for each in counts), rel=0.02)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (random(seed=1), "another graph"),
        (SMALL, "not for the graphs"),
        (from_arrays("x", arrays()), "another graph"),
    ],
)
def test_data_that_does_not_fit_is_refused(data: GraphSet, says: str) -> None:
    net = graph_preset("gcn", graph_input(DATA), 3, hidden=8)
    with pytest.raises(InputError, match=says):
        gnn.train_graph(net, data, epochs=1)


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("features", [20, 4])  # sparse, and dense enough to be a stored map
@pytest.mark.parametrize(
    "name", ["gcn", "gin", "gin-mean", "gat", "gat-own", "sage", "resgcn", "resgcn-before", "ressage"]
)
def test_integers_say_what_the_float_net_says(name: str, features: int, values: bool) -> None:
    data = random(features=features, values=values, seed=5)
    options = GraphOptions(hidden=16, norms="unshared", heads=2, layers=2)
    if name.startswith("res"):
        options |= {"layers": 4, "fold": 2}
    name, _, more = name.partition("-")
    special: dict[str, GraphOptions] = {
        "before": {"order": "before"},
        "mean": {"gather": "mean"},
        "own": {"scores": "own"},
    }
    options |= special.get(more, {})
    net = graph_preset(name, graph_input(data), 3, **options)
    gnn.train_graph(net, data, epochs=30, lr=0.02, dropout=0.0)
    nodes = only(net.input, StoredGraph).nodes()
    graph = hfn.lower(net, calibrate.calibrate(net, [nodes]).scales)
    output = hfn.emulate(graph, np.zeros((1, 0), np.uint8)).reshape(3, -1)[:, :60]
    with torch.no_grad():
        wanted = nodewise(net.eval()(nodes))[:60].t().numpy()
    real = output * calibrate.calibrate(net, [nodes]).scales[net.steps[-1].name]
    error = np.abs(real - wanted).mean() / np.abs(wanted).mean()
    assert error < 0.2


def test_a_channel_that_lost_its_inputs_lately_costs_the_others_nothing() -> None:
    """Nothing is left of it to sum over neighbours, but the norm after the sum still remembers that it varied."""
    net = graph_preset("gin", graph_input(SMALL), SMALL.classes, hidden=16, layers=2, norms="unshared", density=0.5)
    gnn.train_graph(net, SMALL, epochs=10, dropout=0.0)
    norm = there(next(step.norm for step in net.steps if step.name == "layer0.gather"))
    with torch.no_grad():
        there(masked_weight(net, "layer0.linear").scores)[3] = 0.0
    net.set_progress(1.0)
    there(norm.running_mean)[3], there(norm.running_var)[3] = 0.0, 1e-7
    [batch] = gnn_batches.batches(SMALL, "test")
    graph = hfn.lower(net.eval(), calibrate.calibrate(net, [batch.nodes]).scales)
    gather = next(node for node in graph if node.name == "layer0.gather")
    multiplier = only(gather, ops.Aggregate).requantise.multiplier
    assert multiplier[3] == 0
    assert sorted(map(abs, multiplier))[-2] >= 16


@pytest.mark.parametrize("norms", ["none", "unshared"])
@pytest.mark.parametrize("data", [DATA, SMALL], ids=["nodes", "graphs"])
def test_a_net_never_trained_has_a_graph_to_be_measured(data: GraphSet, norms: Norms) -> None:
    net = graph_preset("gat", graph_input(data), data.classes, hidden=8, layers=2, norms=norms)
    graph = untrained(net)
    assert graph.macs == net.macs
