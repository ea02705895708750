"""Training on pictures that are read when they are needed: the same bits however they are read, and the whole way."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support import picture_sets
from support.commands import call, complaint, result_of
from support.toys import bits

from edgehfn import data, nn
from edgehfn.data.augment import Augment, Draws
from edgehfn.data.feed import Streamed
from edgehfn.data.sets import Dataset
from edgehfn.errors import InputError
from edgehfn.training import distributed
from edgehfn.training.images import evaluate, train
from edgehfn.training.recipe import Recipe

CPU = torch.device("cpu")


class Stop(Exception):
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_sets.folder(tmp_path_factory.mktemp("pictures") / "set", 12)


@pytest.fixture(scope="module")
def pictures(folder: Path) -> Dataset:
    return data.images(f"{folder}:16")


def held(pictures: Dataset) -> Dataset:
    """The same images in memory."""
    return replace(pictures, x_train=np.asarray(pictures.x_train), x_test=np.asarray(pictures.x_test))


def trained(given: Dataset, augment: Augment = "flip+crop", **settings: Any) -> tuple[nn.Net, Any]:
    net = nn.preset("tiny", given.shape, given.classes, width=4, seed=2)
    chosen = {"epochs": 3, "batch": 8, "augment": augment, "precision": "fp32", "workers": 0, **settings}
    return net, train(net, given, **chosen)


def test_pictures_train_as_the_same_images_in_memory_do(pictures: Dataset) -> None:
    (a, one), (b, other) = trained(pictures), trained(held(pictures))
    assert bits(a) == bits(b)
    assert one.accuracy == other.accuracy == evaluate(a, pictures.x_test, pictures.y_test)
    half = Recipe(validation=0.5)
    assert bits(trained(pictures, recipe=half)[0]) == bits(trained(held(pictures), recipe=half)[0])


@pytest.mark.slow
def test_workers_change_no_bit(pictures: Dataset) -> None:
    (a, one), (b, other) = (trained(pictures, "flip+resized-crop", workers=count) for count in (0, 2))
    assert bits(a) == bits(b)
    assert [epoch.loss for epoch in one.epochs] == [epoch.loss for epoch in other.epochs]
    assert bits(a) != bits(trained(pictures, "flip")[0])


@pytest.mark.parametrize("stop", [2, 4, 7])
def test_an_interrupted_run_reads_on_where_it_stopped(
    pictures: Dataset, stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["edgehfn.training.loop"], "REPORT_EVERY", 0.0)
    wanted, _ = trained(pictures, "resized-crop")

    def stopping(done: int, total: int, note: str = "", milestone: str = "") -> None:
        if done >= stop:
            raise Stop

    place = tmp_path / "run.ckpt"
    with pytest.raises(Stop):
        trained(pictures, "resized-crop", checkpoint=place, save_every=0, progress=stopping)
    assert bits(trained(pictures, "resized-crop", checkpoint=place, save_every=0)[0]) == bits(wanted)


def test_processes_read_disjoint_parts_of_every_batch(pictures: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    x: Any = pictures.x_train
    read: list[int] = []

    def noted(self: object, at: int, draw: object) -> np.ndarray[Any, Any]:
        read.append(at)
        return np.zeros((3, 16, 16), np.uint8)

    monkeypatch.setattr(type(x), "read", noted)
    monkeypatch.setenv("WORLD_SIZE", "2")
    seen: list[list[list[int]]] = []
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        y = torch.from_numpy(pictures.y_train)
        feed = Streamed(x, y, seed=3, batch=6, per_epoch=6, resized=True, workers=0)
        batches = []
        for epoch in range(2):
            draws = Draws(3, epoch, len(y), "none", CPU)
            for step in range(6):
                read.clear()
                _, labels = feed.batch(draws, distributed.share(slice(6 * step, 6 * step + 6)))
                assert labels.tolist() == y[read].tolist()
                batches.append(read.copy())
        seen.append(batches)
    for one, other in zip(*seen, strict=True):
        assert len(one) == len(other) == 3
        assert not {*one} & {*other}
    for first in (0, 6):  # an epoch of both is the whole set
        both = [number for batches in seen for batch in batches[first : first + 6] for number in batch]
        assert sorted(both) == list(range(36))


def test_what_is_for_pictures_is_refused_elsewhere(pictures: Dataset) -> None:
    with pytest.raises(InputError, match=r"resized-crop is for folders of pictures; set takes flip\+crop"):
        trained(held(pictures), "resized-crop")
    with pytest.raises(InputError, match="workers 0 or more"):
        trained(pictures, workers=-1)


def test_an_input_may_be_normalised_by_the_set(pictures: Dataset) -> None:
    spec, values = nn.normalised(pictures.x_train), held(pictures).x_train / 255
    assert spec == nn.normalised(held(pictures).x_train)
    assert spec.mean == pytest.approx(values.mean((0, 2, 3)), abs=1e-4)
    assert spec.deviation == pytest.approx(values.std((0, 2, 3)), abs=1e-4)
    grey = nn.normalised(np.full((5, 1, 2, 2), 51, np.uint8))
    assert (grey.mean, grey.deviation) == ((0.2,), (round(1 / 255, 4),))


@pytest.mark.slow
@pytest.mark.gcc
def test_the_whole_way_from_the_command_line(folder: Path, tmp_path: Path) -> None:
    model, named = tmp_path / "x.hfn", f"{folder}:16"
    options = ("--epochs", "6", "--batch", "12", "--augment", "flip+resized-crop", "--normalise")
    done = result_of("train", "--data", named, "--arch", "tiny", *options, "-o", model)
    assert done["accuracy"] > 0.8
    assert result_of("calibrate", model, "--data", named)["images"] == 36
    ran = result_of("run", model, "--data", named)
    assert (ran["images"], ran["accuracy"]) == (18, pytest.approx(done["accuracy"], abs=0.12))
    agreed = result_of("verify", model, "--data", named, "--on", "pytorch,emulator,host")
    assert agreed["mismatches"] == 0
    assert agreed["float_accuracy"] == done["accuracy"]
    assert "has images of C,H,W (3, 20, 20)" in complaint("calibrate", model, "--data", f"{folder}:20")
    assert call("info", model).exit_code == 0
