"""Metrics against what their names mean, and the epoch that they keep of skewed sets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from support.toys import small

from edgehfn import data, nn
from edgehfn.data.gnn_files import from_arrays
from edgehfn.data.gnn_sets import GraphSet, Part
from edgehfn.errors import InputError
from edgehfn.nn import graph_input, graph_preset
from edgehfn.training import metrics
from edgehfn.training.gnn import train_graph
from edgehfn.training.gnn_batches import batches, outputs
from edgehfn.training.images import evaluate, logits, train
from edgehfn.training.metrics import Metric
from edgehfn.training.recipe import GraphRecipe, Recipe


def wins(positive: list[float], negative: list[float]) -> float:
    """ROC-AUC by its meaning: how often a positive is ahead, over all pairs; a tie is half."""
    won = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    return sum(won) / len(won)


def auc(z: torch.Tensor, y: npt.NDArray[np.int64]) -> float:
    """That of two classes."""
    odds = (z[:, 1].double() - z[:, 0].double()).tolist()
    return wins(*([o for o, t in zip(odds, y, strict=True) if t == of] for of in (1, 0)))


def probability(row: list[float], c: int) -> float:
    return float(np.exp(row[c]) / np.exp(row).sum())


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_metrics_mean_what_they_are_called(classes: int) -> None:
    draw = np.random.default_rng(classes)
    z = draw.integers(-3, 4, (60, classes)) / 2  # with ties
    y = draw.choice(classes, 60, p=np.array([0.7, *[0.3 / (classes - 1)] * (classes - 1)]))
    said = [max(range(classes), key=lambda c, row=row: (row[c], -c)) for row in z.tolist()]  # type: ignore[misc]
    recalls, f1 = [], []
    for c in range(classes):
        hits = sum(s == c == t for s, t in zip(said, y, strict=True))
        predicted, true = said.count(c), int((y == c).sum())
        recalls.append(hits / true)
        f1.append(2 * hits / (predicted + true))
    odds = [
        wins(
            *(
                [round(probability(r, c), 9) for r, t in zip(z.tolist(), y, strict=True) if bool(t == c) == of]
                for of in (True, False)
            )
        )
        for c in range(classes)
    ]
    wanted: dict[Metric, float] = {
        "accuracy": sum(s == t for s, t in zip(said, y, strict=True)) / 60,
        "balanced-accuracy": sum(recalls) / classes,
        "macro-f1": sum(f1) / classes,
        "roc-auc": sum(odds) / classes,
    }
    for name, value in wanted.items():
        assert metrics.score(name, torch.from_numpy(z).float(), torch.from_numpy(y)) == pytest.approx(value, abs=1e-6)


def test_top_counts_the_first_of_equals() -> None:
    z = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 2, 1], [3, 2, 1]])
    y = torch.tensor([0, 1, 0, 2])
    assert [metrics.top(count, z, y) for count in (1, 2, 3)] == [0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    ("counts", "metric"),
    [
        ((50, 50), "accuracy"),
        ((50, 5), "accuracy"),
        ((51, 5), "roc-auc"),
        ((5, 51, 9), "balanced-accuracy"),
        ((51, 0, 5), "roc-auc"),
        ((51,), "accuracy"),
    ],
)
def test_the_metric_follows_the_frequencies(counts: tuple[int, ...], metric: Metric) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    assert metrics.chosen("auto", labels, labels) == metric
    assert metrics.chosen("macro-f1", labels, labels) == "macro-f1"


def test_a_metric_without_a_value_is_refused() -> None:
    one, two = np.zeros(9, np.int64), np.arange(2)
    with pytest.raises(InputError, match="two classes"):
        metrics.chosen("roc-auc", two, one)
    assert metrics.chosen("auto", np.repeat(np.arange(2), (51, 5)), one) == "accuracy"


def rare(nodes: int = 1500) -> GraphSet:
    """Nodes of which every 20th is of the second class, which features hint at."""
    draw = np.random.default_rng(0)
    labels = (np.arange(nodes) % 20 == 0).astype(np.int64)[draw.permutation(nodes)]
    has = draw.random((nodes, 12)) < np.where((np.arange(12) < 4) & (labels[:, None] == 1), 0.6, 0.12)
    pairs = np.unique(np.sort(draw.integers(nodes, size=(2, nodes // 10)), axis=0), axis=1)
    row, column = np.nonzero(has)
    parts = {
        f"{part}_idx": np.concatenate([np.flatnonzero(labels == c)[at::3] for c in (0, 1)])
        for at, part in enumerate(("train", "val", "test"))
    }
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=nodes))])
    features = {"feat_indptr": indptr, "feat_indices": column, "feat_shape": np.array([nodes, 12])}
    edges = pairs[:, pairs[0] != pairs[1]]
    return from_arrays("rare", {**features, "edges": edges, "labels": labels, **parts})


def test_the_best_epoch_of_a_skewed_graph_is_that_of_the_metric() -> None:
    graph = rare()
    net = graph_preset("gcn", graph_input(graph), 2, hidden=32, layers=2, density=0.5)
    found = train_graph(net, graph, epochs=30)
    right, values = [epoch.accuracy for epoch in found.epochs], [epoch.validation or 0 for epoch in found.epochs]
    assert found.metric == "roc-auc"
    assert found.epoch == 1 + values.index(max(values))
    by_accuracy = right.index(max(right))
    assert values[by_accuracy] < found.validation - 0.02
    parts: tuple[tuple[Part, float], ...] = (("val", found.validation), ("test", found.score))
    for part, reached in parts:
        z, y = outputs(net, batches(graph, part))
        assert reached == pytest.approx(auc(z, y.numpy()), abs=1e-9)
    always_no = graph_preset("gcn", graph_input(graph), 2, hidden=32, layers=2, density=0.5)
    kept = train_graph(always_no, graph, epochs=by_accuracy + 1, recipe=GraphRecipe(metric="accuracy"))
    assert (kept.epoch, kept.validation) == (by_accuracy + 1, max(right))


def skewed(count: int = 800) -> data.Dataset:
    """8x8 images, one in 20 of the second class: a bar hardly brighter than the noise."""
    draw = np.random.default_rng(1)
    y = (np.arange(count) % 20 == 0).astype(np.int64)
    x = draw.integers(0, 160, (count, 8, 8), dtype=np.uint8)
    x[y == 1, 3:5] += 60
    order = draw.permutation(count)
    x, y = x[order], y[order]
    return data.from_arrays("skewed", {"x_train": x[:600], "y_train": y[:600], "x_test": x[600:], "y_test": y[600:]})


def test_the_best_epoch_of_skewed_images_is_that_of_the_metric() -> None:
    images, net = skewed(), small(outputs=2)
    found = train(net, images, epochs=5, batch=50, device="cpu", recipe=Recipe(validation=0.3))
    values = [epoch.validation or 0 for epoch in found.epochs]
    assert found.metric == "roc-auc"
    assert found.epoch == 1 + values.index(max(values))
    assert max(values) > min(values)
    assert found.score == pytest.approx(auc(logits(net, images.x_test), images.y_test), abs=1e-9)
    assert found.accuracy == evaluate(net, images.x_test, images.y_test)
    assert found.top5 is None


def test_the_density_of_the_best_epoch_is_the_one_asked_for() -> None:
    net = small(outputs=2)
    net.search = nn.Search(ramp=0.5)
    found = train(net, skewed(), epochs=4, batch=50, device="cpu", recipe=Recipe(validation=0.3))
    assert found.epoch >= 2
