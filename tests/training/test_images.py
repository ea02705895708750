"""Training: it learns, it repeats itself bit for bit, and neither an interrupt nor a kill changes the result."""

from __future__ import annotations

import dataclasses
import io
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from support.floats import masked_weight
from support.narrow import only
from support.toys import bits, small, toy

from edgehfn import data, nn
from edgehfn.data import augment
from edgehfn.errors import InputError
from edgehfn.model import modelfile
from edgehfn.nn import Net
from edgehfn.nn.builder import Kind
from edgehfn.nn.structure import signature
from edgehfn.progress import Report, progress
from edgehfn.training import checkpoint
from edgehfn.training.images import History, device_of, evaluate, train
from edgehfn.training.run import Run, Settings

ROOT = Path(__file__).parents[2]


def trained(**options: Any) -> tuple[Net, History]:
    net = small()
    return net, train(net, toy(), **{"epochs": 3, "batch": 50, "device": "cpu", **options})


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
    images, labels = draws.batch(x, y, slice(20, 120))
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


# Stopping and going on


class Stop(Exception):
    pass


def stop_at(step: int) -> Report:
    def report(done: int, total: int, note: str = "", milestone: str = "") -> None:
        if done >= step:
            raise Stop

    return report


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports and checkpoints after each step instead of by the clock."""
    monkeypatch.setattr(sys.modules["edgehfn.training.loop"], "REPORT_EVERY", 0.0)


@pytest.mark.parametrize("stops", [(1,), (10,), (13, 14, 29), tuple(range(2, 30, 3))])
def test_an_interrupted_run_ends_with_the_same_bits(tmp_path: Path, every_step: None, stops: tuple[int, ...]) -> None:
    wanted, straight = trained(augment="flip+crop")
    path = tmp_path / "run.ckpt"
    for step in stops:
        with pytest.raises(Stop):
            trained(augment="flip+crop", checkpoint=path, save_every=0, progress=stop_at(step))
    net, history = trained(augment="flip+crop", checkpoint=path, save_every=0)
    assert bits(net) == bits(wanted)
    assert history.accuracy == straight.accuracy
    assert [(e.loss, e.accuracy) for e in history.epochs] == [(e.loss, e.accuracy) for e in straight.epochs]


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    first = trained(checkpoint=path)
    calls: list[object] = []
    second = trained(checkpoint=path, progress=lambda *args: calls.append(args))
    assert bits(first[0]) == bits(second[0])
    assert first[1] == second[1]
    assert not calls


def test_without_resume_a_run_starts_anew_over_the_old_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    trained(checkpoint=path, seed=9)
    assert bits(trained(checkpoint=path, resume=False)[0]) == bits(trained()[0])
    assert bits(trained(checkpoint=path)[0]) == bits(trained()[0])


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from support import toys as t
from edgehfn.training.images import train
sys.modules["edgehfn.training.loop"].REPORT_EVERY = 0.0
net = t.small()
train(net, t.toy(), epochs=12, batch=50, device="cpu", checkpoint=sys.argv[2], save_every=0)
open(sys.argv[3], "wb").write(t.bits(net))
"""


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(tmp_path: Path) -> None:
    wanted = small()
    train(wanted, toy(), epochs=12, batch=50, device="cpu")
    path, result = tmp_path / "run.ckpt", tmp_path / "bits"
    command = [sys.executable, "-c", CHILD, str(ROOT / "tests"), str(path), str(result)]
    found = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": found, "OMP_NUM_THREADS": "1"}
    kills = 0
    while not result.exists():
        before = path.stat().st_mtime_ns if path.exists() else 0
        child = subprocess.Popen(command, env=environment)
        if kills < 2:
            while child.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
                time.sleep(0.005)
            time.sleep(random.uniform(0, 0.5))
            child.send_signal(signal.SIGKILL)
            assert child.wait() in (0, -signal.SIGKILL)
            kills += child.returncode == -signal.SIGKILL
        else:
            assert child.wait(timeout=120) == 0
    assert kills
    assert result.read_bytes() == bits(wanted)


def test_half_written_checkpoint_beside_a_good_one_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    (tmp_path / ".run.ckpt.edgehfn.tmp").write_bytes(b"half")
    trained(checkpoint=path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.ckpt"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lr": 0.25}, "with lr 0.5, this one has 0.25"),
        ({"epochs": 4}, "with epochs 3, this one has 4"),
        ({"batch": 60}, "with batch 50, this one has 60"),
        ({"seed": 1}, "with seed 0, this one has 1"),
        ({"augment": "flip"}, "with augment none, this one has flip"),
        ({"label_smoothing": 0.1}, r"with label_smoothing 0.0, this one has 0.1"),
        ({"augment": "flip+crop"}, "with augment none, this one has flip+crop"),
    ],
)
def test_checkpoint_of_other_settings_is_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    path = tmp_path / "run.ckpt"
    trained(checkpoint=path)
    content = path.read_bytes()
    with pytest.raises(InputError, match=f"{path}: is of a run {re.escape(says)}; use the same settings"):
        trained(checkpoint=path, **changes)
    assert path.read_bytes() == content


def test_checkpoint_of_another_net_or_other_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    trained(checkpoint=path)
    for net in (small(seed=4), small(width=7)):
        with pytest.raises(InputError, match="is of a run with net"):
            train(net, toy(), epochs=3, batch=50, device="cpu", checkpoint=path)
    with pytest.raises(InputError, match="is of a run with data"):
        train(small(), toy(seed=1), epochs=3, batch=50, device="cpu", checkpoint=path)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo unsafe > /dev/null",)


def test_files_that_are_no_checkpoint_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    trained(checkpoint=path)
    whole = path.read_bytes()
    state = torch.load(path, weights_only=True)
    for content in (b"", b"hello", whole[: len(whole) // 2], whole[:-40], pickle.dumps(Evil()), pickle.dumps([1])):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"run\.ckpt: not a") as error:
            trained(checkpoint=path)
        assert "\n" not in str(error.value)
    path.unlink()
    for broken in (
        {},
        {**state["state"], "net": {}},
        {**state["state"], "optimizer": 3},
        {**state["state"], "step": "x"},
    ):
        checkpoint.save(path, state["settings"], broken)
        with pytest.raises(InputError, match=r"run\.ckpt: damaged"):
            trained(checkpoint=path)
    odds: tuple[object, ...] = ([], {"format": "other"}, {**state, "settings": 3})
    for odd in odds:
        torch.save(odd, path)
        with pytest.raises(InputError, match=r"run\.ckpt: not a checkpoint"):
            trained(checkpoint=path)


def test_checkpoint_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        trained(checkpoint=tmp_path / "no" / "folder.ckpt")


# What is refused, and what is left as it was


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"epochs": 0}, "epochs 0"),
        ({"batch": 0}, "batch 0"),
        ({"threads": 0}, "threads 0"),
        ({"lr": 0.0}, "lr 0.0"),
        ({"lr": float("nan")}, "lr nan"),
        ({"augment": "rotate"}, "use one of none, flip, flip"),
        ({"label_smoothing": 1.0}, "label_smoothing 1.0"),
        ({"crop_padding": 9, "augment": "flip+crop"}, "crop_padding 9"),
        ({"device": "tpu"}, "use auto, cpu or cuda"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        trained(**options)


def test_nets_that_do_not_fit_the_data_are_refused() -> None:
    for net, says in (
        (small(shape=(1, 9, 8)), r"\(1, 9, 8\), toy has images of \(1, 8, 8\)"),
        (small(outputs=4), "4 outputs, toy 3 classes"),
    ):
        with pytest.raises(InputError, match=f"the net .*{says}"):
            train(net, toy(), epochs=1)
        with pytest.raises(InputError, match=f"the teacher .*{says}"):
            train(small(), toy(), epochs=1, teacher=net)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (nn.resnet((1, 28, 28), 3, widths=(4,), pool=2), nn.resnet((1, 28, 28), 3, widths=(4,), pool=3)),
        *(
            (
                nn.resnet((1, 8, 8), 3, widths=(4,), fold=2, affine=affine, norms="shared"),
                nn.resnet((1, 8, 8), 3, widths=(4,), fold=2, affine=affine),
            )
            for affine in (True, False)
        ),
        *(
            (
                nn.graph_preset(arch, nn.GraphSpec(3, 4, 5, 3), 2, layers=2, hidden=4, **options),
                nn.graph_preset(arch, nn.GraphSpec(3, 4, 5, 3), 2, layers=2, hidden=4),
            )
            for arch, options in (("resgcn", {"residual_scale": 0.3}), ("gin", {"pool": "sum"}))
        ),
    ],
    ids=["pool", "norms", "norms without factors", "gain", "node pool"],
)
def test_nets_whose_training_differs_are_told_apart(one: Net, other: Net) -> None:
    assert signature(one) != signature(other)


def test_images_smaller_than_the_usual_border_train() -> None:
    rng = np.random.default_rng(0)
    parts = {f"x_{part}": rng.integers(0, 256, (90, 2, 8), np.uint8) for part in ("train", "test")}
    labels = {f"y_{part}": np.arange(90) % 3 for part in ("train", "test")}
    thin = data.from_arrays("thin", {**parts, **labels})
    net = nn.resnet(thin.shape, 3, widths=(4,))
    train(net, thin, epochs=1, device="cpu")
    with pytest.raises(InputError, match="0 to 2 pixels"):
        train(net, thin, epochs=1, augment="flip+crop", device="cpu")


def test_a_net_with_fixed_masks_is_refused() -> None:
    net = small()
    op = masked_weight(net, "body")
    counts = op.counts()
    op.scores = None
    op.fixed = counts
    with pytest.raises(InputError, match="masks are fixed"):
        train(net, toy(), epochs=1)


def test_divergence_is_told() -> None:
    with pytest.raises(InputError, match=r"diverged in epoch 1: .* use a lower lr"):
        trained(lr=1e30)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_refused() -> None:
    with pytest.raises(InputError, match="finds no usable GPU"):
        trained(device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_gpu_learns_as_well(precision: str, tmp_path: Path) -> None:
    net, history = trained(device="cuda", epochs=4, precision=precision)
    assert history.accuracy > 0.8
    assert device_of(net).type == "cpu"
    again, same = trained(device="cuda", epochs=4, precision=precision)
    assert same.accuracy == history.accuracy
    modelfile.save(net, tmp_path / "one.hfn", {})
    modelfile.save(again, tmp_path / "two.hfn", {})
    assert (tmp_path / "one.hfn").read_bytes() == (tmp_path / "two.hfn").read_bytes()


def test_a_batch_larger_than_the_set_is_the_set() -> None:
    assert len(trained(batch=10_000, epochs=1)[1].epochs) == 1


def test_threads_and_mode_are_left_as_they_were() -> None:
    before = torch.get_num_threads()
    net, _ = trained(epochs=1, batch=10_000, threads=before + 1)
    assert torch.get_num_threads() == before
    net.train()
    evaluate(net, toy().x_test, toy().y_test)
    assert net.training


def test_evaluate_counts_the_first_of_equal_logits() -> None:
    class Constant(Net):
        def forward(self, raw: torch.Tensor | nn.Nodes) -> torch.Tensor:
            return torch.zeros(len(only(raw, torch.Tensor)), 3)

    net = Constant(small().input, small().steps, seed=3)
    x = np.zeros((10, 1, 8, 8), np.uint8)
    assert evaluate(net, x, np.array([0] * 7 + [1, 2, 1]), batch=3) == 0.7


# Progress


def test_off_a_terminal_only_milestones_are_written() -> None:
    stream = io.StringIO()
    with progress("training", Console(file=stream, width=100)) as report:
        trained(progress=report)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r"epoch 2/3: loss \d\.\d{3}, accuracy \d+\.\d %, \d+\.\d s", lines[1])


def test_on_a_terminal_a_bar_is_drawn_and_removed() -> None:
    stream = io.StringIO()
    with progress("training", Console(file=stream, width=100, force_terminal=True)) as report:
        for done in range(5):
            report(done, 5, f"note {done}", "half" if done == 2 else "")
    assert "half" in stream.getvalue()
    assert "training" in stream.getvalue()


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("emulate") as report:
        report(3, 10)
        report(10, 10, "", "done [with] it")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "done [with] it\n")
