"""Neither an interrupt nor a kill changes the bits of a training, and checkpoints are checked."""

from __future__ import annotations

import os
import pickle
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from support import kills
from support.toys import bits, small, toy
from support.trainings import trained

from edgehfn.errors import InputError
from edgehfn.progress import Report
from edgehfn.training import checkpoint
from edgehfn.training.images import train


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


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(tmp_path: Path) -> None:
    """``make fuzz KIND=kills`` kills more of them."""
    assert kills.training(tmp_path, 3, random.Random()) > 0


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
    path.unlink()  # it is no checkpoint, so nothing would replace it
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
