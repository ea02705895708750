"""Training: it learns, it repeats itself bit for bit, and neither an interrupt nor a kill changes the result."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from support.floats import masked_weight
from support.toys import bits, small, toy
from support.trainings import trained

from edgehfn.data import augment
from edgehfn.data.feed import Held
from edgehfn.nn.builder import Kind
from edgehfn.training.images import evaluate, train
from edgehfn.training.run import Run, Settings


def test_it_learns() -> None:
    net, history = trained(epochs=4)
    assert history.accuracy > 0.8
    assert history.accuracy == evaluate(net, toy().x_test, toy().y_test)
    losses = [epoch.loss for epoch in history.epochs]
    assert len(losses) == 4
    assert losses[-1] < 0.7 * losses[0]
    assert all(0 <= epoch.accuracy <= 1 and epoch.seconds > 0 and epoch.cpu_seconds > 0 for epoch in history.epochs)


def test_scores_norms_and_dense_weights_all_move_and_signs_do_not() -> None:
    before, net = small(), trained()[0]
    old, new = before.state_dict(), net.state_dict()
    assert all(not torch.equal(old[name], new[name]) for name in old)
    first, last = masked_weight(before, "body"), masked_weight(net, "body")
    assert torch.equal(first.base, last.base)
    assert not torch.equal(first.counts(), last.counts())


def test_same_seed_same_bits_other_seed_other_bits() -> None:
    first = bits(trained()[0])
    assert bits(trained()[0]) == first
    assert bits(trained(seed=1)[0]) != first
    assert bits(trained(augment="flip")[0]) != first


@pytest.mark.parametrize("weights", ["supermask", "int4", "ternary", "binary"])
def test_a_step_is_the_recipe(weights: Kind) -> None:
    """Two steps against SGD with Nesterov momentum and weight decay, written out from the gradients."""
    toys, net, twin = toy(), small(weights=weights), small(weights=weights)
    few = {f"{name}.trained" for name, op in twin.named_modules() if getattr(op, "bits", 8) <= 2}
    assert len(few) == (weights in ("ternary", "binary"))
    run = Run(net, toys, Settings(2, 50, 0.5, 0, "none", "fp32", "", ""))
    velocity = {name: torch.zeros_like(p) for name, p in twin.named_parameters()}
    twin.train()
    for step in range(2):
        order = run.draws.order[50 * step : 50 * step + 50]
        x, y = torch.from_numpy(toys.x_train)[order], torch.from_numpy(toys.y_train)[order]
        loss = -torch.log_softmax(twin(x), 1)[torch.arange(50), y].mean()
        names, params = zip(*twin.named_parameters(), strict=True)
        rate = 0.5 * (1 + np.cos(np.pi * step / 20)) / 2
        for name, p, gradient in zip(names, params, torch.autograd.grad(loss, params), strict=True):
            with torch.no_grad():
                gradient = gradient + 5e-4 * p
                velocity[name] = 0.9 * velocity[name] + gradient
                share = 1.0 if name.endswith("scores") else 0.3 if name in few else 0.1
                p -= rate * share * (gradient + 0.9 * velocity[name])
        run.advance()
    for (name, ours), (_, theirs) in zip(net.named_parameters(), twin.named_parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=2e-3, atol=2e-5, msg=name)


def test_labels_are_smoothed_and_a_teacher_is_learned_from() -> None:
    """The loss of a step, written out: Hinton et al. 2015 with a temperature of 4 and a part of 0.7."""
    toys, net, teacher = toy(), small(), trained(epochs=1)[0]
    run = Run(net, toys, Settings(1, 50, 0.5, 0, "none", "fp32", "", "", label_smoothing=0.1), teacher)
    order = run.draws.order[:50]
    x, y = torch.from_numpy(toys.x_train)[order], torch.from_numpy(toys.y_train)[order]
    twin = small().train()
    labels = torch.full((50, 3), 0.1 / 3)
    labels[torch.arange(50), y] += 0.9
    with torch.no_grad():
        logits, taught = twin(x), torch.softmax(teacher.eval()(x) / 4, 1)
        own = -(labels * torch.log_softmax(logits, 1)).sum(1)
        apart = (taught * (taught.log() - torch.log_softmax(logits / 4, 1))).sum(1)
        wanted = (0.3 * own + 0.7 * 16 * apart).mean()
    before = bits(teacher)
    run.advance()
    assert run._means(ended=False).loss == pytest.approx(float(wanted), rel=1e-4)
    assert bits(teacher) == before


def test_every_image_is_seen_once_an_epoch_in_another_order() -> None:
    draws = [augment.Draws(5, epoch, 1000, "none", torch.device("cpu")) for epoch in (0, 0, 1)]
    orders = [draw.order.tolist() for draw in draws]
    assert sorted(orders[0]) == list(range(1000))
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("border", [2, 4])
def test_augmentation_mirrors_and_shifts_whole_images(border: int) -> None:
    x = torch.from_numpy(np.random.default_rng(0).integers(1, 256, (200, 2, 5, 7), dtype=np.uint8))
    y = torch.arange(200)
    draws = augment.Draws(1, 0, 200, "flip+crop", torch.device("cpu"), border)
    images, labels = Held(x.numpy(), y).batch(draws, slice(20, 120))
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (border, border), (border, border)))
    places = range(2 * border + 1)
    seen = set()
    for image, label in zip(images.numpy(), labels.tolist(), strict=True):
        views = {
            (down, right, mirror): padded[label, :, down : down + 5, right : right + 7][:, :, :: -1 if mirror else 1]
            for down in places
            for right in places
            for mirror in (False, True)
        }
        (found,) = [place for place, view in views.items() if (view == image).all()][:1]
        seen.add(found)
    assert {mirror for _, _, mirror in seen} == {False, True}
    assert {down for down, _, _ in seen} == {right for _, right, _ in seen} == set(places)


def test_flip_is_the_default_only_where_classes_survive_it(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    trained(epochs=1, checkpoint=path)
    assert torch.load(path, weights_only=True)["settings"]["augment"] == "none"
    mirrored = dataclasses.replace(toy(), name="fashion-mnist")
    train(small(), mirrored, epochs=1, device="cpu", checkpoint=tmp_path / "b.ckpt")
    assert torch.load(tmp_path / "b.ckpt", weights_only=True)["settings"]["augment"] == "flip"
