"""Figures of each task against scikit-learn, and by what they mean; losses that skip labels nobody knows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgehfn import data, nn
from edgehfn.errors import InputError
from edgehfn.spec.task import Task
from edgehfn.training import figures, objectives
from edgehfn.training.images import train
from edgehfn.training.recipe import Recipe

known = pytest.importorskip("sklearn.metrics")


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(5)


def test_numbers_are_measured_as_scikit_learn_does(draw: np.random.Generator) -> None:
    truth = draw.normal(100, 30, (50, 3))
    values = truth + draw.normal(0, 9, truth.shape)
    found = figures.of_numbers(values, truth, ("a", "b", "c"))
    assert found.name == "r2"
    assert found.value == pytest.approx(known.r2_score(truth, values))
    assert found.overall["mae"] == pytest.approx(known.mean_absolute_error(truth, values))
    each = known.r2_score(truth, values, multioutput="raw_values")
    assert [row["r2"] for row in found.each] == pytest.approx(each)
    same = figures.of_numbers(values[:1], truth[:1], ("a", "b", "c"))
    assert same.name == "mae"  # one example has no R²
    assert [row["r2"] for row in same.each] == [None] * 3


def test_labels_are_measured_where_they_are_known(draw: np.random.Generator) -> None:
    truth = draw.integers(-1, 2, (80, 3))
    logits = np.round(truth + draw.normal(0, 1.5, truth.shape), 1)  # with ties
    found = figures.of_labels(logits, truth, ("a", "b", "c"))
    areas, scores, right = [], [], 0
    for y, z in zip(truth.T, logits.T, strict=True):
        y, z = y[y >= 0], z[y >= 0]
        areas.append(known.roc_auc_score(y, z))
        scores.append(known.f1_score(y, z > 0))
        right += int(((z > 0) == y).sum())
    assert found.overall == pytest.approx(
        {"roc-auc": np.mean(areas), "macro-f1": np.mean(scores), "accuracy": right / int((truth >= 0).sum())}
    )
    assert [row["known"] for row in found.each] == (truth >= 0).sum(0).tolist()
    alike = figures.of_labels(logits, np.ones_like(truth), ("a", "b", "c"))
    assert "roc-auc" not in alike.overall


def test_scores_and_thresholds(draw: np.random.Generator) -> None:
    truth = draw.integers(0, 2, 60)
    scores = draw.integers(0, 20, 60) + 6 * truth
    found = figures.of_scores(scores, truth, 12)
    assert found.value == pytest.approx(known.roc_auc_score(truth, scores))
    assert found.overall["accuracy"] == pytest.approx(known.accuracy_score(truth, scores > 12))
    assert found.overall["false-alarms"] == pytest.approx((scores[truth == 0] > 12).mean())
    assert found.overall["found"] == pytest.approx(known.recall_score(truth, scores > 12))


def test_pixels_are_measured_over_their_classes(draw: np.random.Generator) -> None:
    truth, said = draw.integers(0, 3, (4, 5, 6)), draw.integers(0, 3, (4, 5, 6))
    found = figures.of_pixels(said, truth, ("a", "b", "c", "never"))
    wanted = known.jaccard_score(truth.ravel(), said.ravel(), average="macro")
    assert found.overall == pytest.approx({"iou": wanted, "accuracy": (truth == said).mean()})
    assert found.each[3]["iou"] is None


def test_a_label_that_nobody_knows_changes_no_loss() -> None:
    net = nn.preset("mlp", (1, 1, 6), ("a", "b"))
    net.task = Task("labels")
    out = torch.tensor([[2.0, -1.0], [0.5, 3.0]], requires_grad=True)
    y = objectives.targets(net.task, np.array([[1, -1], [0, 1]]))
    loss = objectives.loss(net, torch.zeros(2), out, y, None, 0.0)
    loss.backward()
    assert out.grad is not None
    assert out.grad[0, 1] == 0
    probability = [1 / (1 + np.exp(-z)) for z in (2.0, 0.5, 3.0)]
    assert float(loss.detach()) == pytest.approx(
        -np.mean(np.log([probability[0], 1 - probability[1], probability[2]])), rel=1e-5
    )
    said = objectives.said(net, torch.zeros(2), out, y)
    assert float(said) == pytest.approx(2 / 3)


def test_targets_are_standardised_from_training_alone() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 256, (40, 5), dtype=np.uint8)
    y = np.stack([x[:, 0] * 3.0 + 1000, x[:, 1] / 255.0], 1)
    made = data.from_arrays("made", {"x_train": x, "y_train": y, "x_test": x[:9], "y_test": y[:9] + 5})
    assert (made.task, made.classes) == ("regression", ("0", "1"))
    task = objectives.task_of(made)
    z = objectives.targets(task, made.y_train).double().numpy()
    assert z.mean(0) == pytest.approx([0, 0], abs=1e-6)
    assert z.std(0) == pytest.approx([1, 1], rel=1e-6)
    net = nn.preset("mlp", made.shape, made.classes)
    history = train(net, made, epochs=3, batch=8, recipe=Recipe(validation=0.2))
    assert net.task == task
    assert history.figures is not None
    assert (history.metric, history.score) == ("r2", history.figures.value)


def test_what_is_of_classes_alone_is_refused() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 256, (40, 5), dtype=np.uint8), rng.normal(size=40)
    made = data.from_arrays("made", {"x_train": x, "y_train": y, "x_test": x, "y_test": y})
    net = nn.preset("mlp", made.shape, made.classes)
    with pytest.raises(InputError, match="label_smoothing is for classes"):
        train(net, made, epochs=1, label_smoothing=0.1)
    with pytest.raises(InputError, match="metric macro-f1 is not one of task regression; use auto or r2"):
        train(net, made, epochs=1, recipe=Recipe(metric="macro-f1"))
    with pytest.raises(InputError, match="has 2 outputs, made 1 are wanted for task regression"):
        train(nn.preset("mlp", made.shape, 2), made, epochs=1)
