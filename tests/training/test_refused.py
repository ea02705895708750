"""What training refuses, what it leaves as it was, and what it reports."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from support.floats import masked_weight
from support.narrow import only
from support.toys import small, toy
from support.trainings import trained

from edgehfn import data, nn
from edgehfn.errors import InputError
from edgehfn.model import modelfile
from edgehfn.nn import Net
from edgehfn.nn.structure import signature
from edgehfn.progress import progress
from edgehfn.training.images import device_of, evaluate, train


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
