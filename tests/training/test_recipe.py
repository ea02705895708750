"""A user's recipe: the steps, the rate, the loss and what is held back, each written out here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from support.toys import bits, small, toy

from edgehfn import data
from edgehfn.cli import cli
from edgehfn.errors import InputError
from edgehfn.nn import graph_input, graph_preset
from edgehfn.training.gnn import train_graph
from edgehfn.training.images import logits, train
from edgehfn.training.recipe import GraphRecipe, Recipe, decisive, rate, split
from edgehfn.training.run import Run, Settings

GIVEN = Recipe(momentum=0.8, nesterov=False, weight_decay=1e-3, weight_decay_others=1e-2, rate_others=1.0, warm_up=0.3)


def test_a_step_is_the_recipe_given() -> None:
    """Four steps against plain SGD with momentum, written out from the gradients; three of them warm up."""
    toys, net, twin = toy(), small(), small()
    run = Run(net, toys, Settings(2, 50, 0.5, 0, "none", "fp32", "", "", recipe=GIVEN))
    velocity = {name: torch.zeros_like(p) for name, p in twin.named_parameters()}
    twin.train()
    for step in range(4):
        order = run.draws.order[50 * step : 50 * step + 50]
        x, y = torch.from_numpy(toys.x_train)[order], torch.from_numpy(toys.y_train)[order]
        loss = -torch.log_softmax(twin(x), 1)[torch.arange(50), y].mean()
        names, params = zip(*twin.named_parameters(), strict=True)
        now = 0.5 * (step + 1) / 3 if step < 3 else 0.5
        for name, p, gradient in zip(names, params, torch.autograd.grad(loss, params), strict=True):
            with torch.no_grad():
                gradient = gradient + (1e-3 if name.endswith("scores") else 1e-2) * p
                velocity[name] = 0.8 * velocity[name] + gradient
                p -= now * velocity[name]
        run.advance()
    for (name, ours), (_, theirs) in zip(net.named_parameters(), twin.named_parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=5e-3, atol=1e-4, msg=name)


def test_the_rate_rises_and_then_falls_or_stays() -> None:
    falling = [rate(Recipe(warm_up=1), 1.0, step, 12, 4) for step in range(12)]
    assert falling[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert falling[8] == pytest.approx(0.5)  # half of the eight steps that are left
    assert falling[11] == pytest.approx((1 + np.cos(np.pi * 7 / 8)) / 2)
    assert [rate(GraphRecipe(warm_up=0.5), 2.0, step, 12, 4) for step in range(4)] == [1.0, 2.0, 2.0, 2.0]
    assert [rate(Recipe(), 0.5, step, 20, 10) for step in (0, 10)] == [0.5, 0.25]


def test_class_weights_make_classes_count_alike() -> None:
    whole = toy()
    few = np.flatnonzero((whole.y_train != 2) | (np.arange(len(whole.y_train)) % 8 == 0))
    arrays: dict[str, Any] = {"x_train": whole.x_train[few, 0], "y_train": whole.y_train[few]}
    uneven = data.from_arrays("uneven", {**arrays, "x_test": whole.x_test[:, 0], "y_test": whole.y_test})
    net, twin = small(), small()
    recipe = Recipe(class_weights="balanced")
    run = Run(net, uneven, Settings(1, 50, 0.5, 0, "none", "fp32", "", "", recipe=recipe))
    x, y = (torch.from_numpy(a)[run.draws.order[:50]] for a in (uneven.x_train, uneven.y_train))
    run.advance()
    own = -torch.log_softmax(twin.train()(x), 1)[torch.arange(50), y]
    counts = np.bincount(uneven.y_train)
    weights = torch.tensor([1 / counts[int(label)] for label in y])
    assert float(run.sums[0]) == pytest.approx(float((weights * own).sum().detach() / weights.sum()), rel=1e-4)


def test_what_is_held_back_is_a_part_of_each_class_and_not_trained_on() -> None:
    labels = np.repeat(np.arange(3), (200, 20, 50))
    kept, held = split(labels, 0.1, 7)
    assert np.bincount(labels[held]).tolist() == [20, 2, 5]
    assert sorted([*kept, *held]) == list(range(270))
    assert split(labels, 0.1, 7)[1].tolist() == held.tolist() != split(labels, 0.1, 8)[1].tolist()
    whole = toy()
    changed = whole.x_train.copy()
    changed[split(whole.y_train, 0.2, 0)[1]] //= 2  # of the images, not of what is trained on
    found = []
    for x in (whole.x_train, changed):
        arrays: dict[str, Any] = {
            "x_train": x[:, 0],
            "y_train": whole.y_train,
            "x_test": whole.x_test[:, 0],
            "y_test": whole.y_test,
        }
        net = small()
        train(net, data.from_arrays("toy", arrays), epochs=1, batch=50, device="cpu", recipe=Recipe(validation=0.2))
        found.append(bits(net))
    assert found[0] == found[1]


def test_a_run_with_validation_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    def run(net: Any, **more: Any) -> Any:
        return train(net, toy(), epochs=4, batch=50, device="cpu", recipe=Recipe(validation=0.2, warm_up=1), **more)

    def stop(done: int, total: int, note: str = "", milestone: str = "") -> None:
        if done >= 20:
            raise KeyboardInterrupt

    whole, resumed, place = small(), small(), tmp_path / "x.ckpt"
    wanted = run(whole)
    with pytest.raises(KeyboardInterrupt):
        run(small(), checkpoint=place, save_every=0.0, progress=stop)
    found = run(resumed, checkpoint=place)
    assert bits(whole) == bits(resumed)
    assert (found.epoch, found.accuracy) == (wanted.epoch, wanted.accuracy)
    assert [e.validation for e in found.epochs] == [e.validation for e in wanted.epochs]


def test_only_what_was_chosen_is_among_the_settings() -> None:
    """So files of trainings without a recipe are the same bytes as before there was one."""
    settings = Settings(1, 50, 0.5, 0, "none", "fp32", "", "")
    assert not {"recipe", "momentum", "metric"} & decisive(settings).keys()
    chosen = Settings(1, 50, 0.5, 0, "none", "fp32", "", "", recipe=Recipe(momentum=0.5, validation=0.1))
    assert decisive(chosen).items() - decisive(settings).items() == {("momentum", 0.5), ("validation", 0.1)}


def test_a_teaching_of_ten_classes_has_its_top_five() -> None:
    digits, net = data.load("digits"), small(outputs=10)
    assert isinstance(digits, data.Dataset)
    found = train(net, digits, epochs=1, device="cpu")
    z = logits(net, digits.x_test)
    wanted = np.mean(
        [
            int(y) in sorted(range(10), key=lambda c: -row[c])[:5]
            for row, y in zip(z.tolist(), digits.y_test, strict=True)
        ]
    )
    assert found.top5 == pytest.approx(float(wanted))
    assert float(wanted) > found.accuracy


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"momentum": 1.0}, "momentum 1.0: give a fraction below 1"),
        ({"momentum": 0.0}, "nesterov needs momentum"),
        ({"weight_decay": -1.0}, "weight_decay -1.0"),
        ({"weight_decay_others": float("inf")}, "weight_decay_others inf"),
        ({"rate_others": float("nan")}, "rate_others nan"),
        ({"validation": 1.0}, "validation 1.0"),
        ({"warm_up": "5"}, "warm_up '5' is no number"),
        ({"metric": "auc"}, "use auto, accuracy, balanced-accuracy, macro-f1, roc-auc"),
        ({"class_weights": "rare"}, "use none, balanced"),
        ({"schedule": "step"}, "use cosine, constant"),
    ],
)
def test_recipes_that_mean_nothing_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        Recipe(**given)


def test_recipes_that_do_not_fit_the_run_are_refused() -> None:
    with pytest.raises(InputError, match="warm_up 2"):
        train(small(), toy(), epochs=2, recipe=Recipe(warm_up=2))
    with pytest.raises(InputError, match="holds back 0"):
        train(small(), toy(), epochs=2, recipe=Recipe(validation=1e-4))
    motifs = data.load("motifs")
    assert not isinstance(motifs, data.Dataset)
    with pytest.raises(InputError, match="warm_up 2"):
        train_graph(
            graph_preset("gcn", graph_input(motifs), 2, hidden=4), motifs, epochs=2, recipe=GraphRecipe(warm_up=2)
        )


@pytest.mark.parametrize(
    "words", [["--momentum", "0.5"], ["--no-nesterov"], ["--validation", "0.1"], ["--rate-others", "1"]]
)
def test_options_of_images_are_not_for_graphs(words: list[str], tmp_path: Path) -> None:
    made = CliRunner().invoke(cli, ["train", "--data", "motifs", "--arch", "gcn", "-o", f"{tmp_path}/x.hfn", *words])
    assert made.exit_code == 2
    assert f"{words[0].replace('--no-', '--')} is for images" in made.output
