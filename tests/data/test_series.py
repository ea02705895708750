"""Time series as data: N,L and N,L,C, as nets for them and for images read them, from training to a machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.commands import result_of

from edgehfn import data
from edgehfn.data.series import as_series, fitting
from edgehfn.data.sets import Dataset


def written(path: Path, shape: tuple[int, ...], count: int = 240) -> Path:
    """Two classes: slow waves, and fast ones."""
    draw = np.random.default_rng(1)
    y = np.arange(count) % 2
    at = np.arange(shape[0]) + draw.integers(0, 16, count)[:, None]
    waves = 128 + 90 * np.sin(2 * np.pi * at / np.where(y == 0, 16, 4)[:, None])
    x = (waves.reshape(count, -1, *[1] * (len(shape) - 1)) + draw.integers(-30, 31, (count, *shape))).astype(np.uint8)
    np.savez(path, x_train=x[:-40], y_train=y[:-40], x_test=x[-40:], y_test=y[-40:])
    return path


def loaded(path: Path) -> Dataset:
    found = data.load(path)
    assert isinstance(found, Dataset)
    return found


def test_channels_become_channels_of_one_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", (30, 4))
    with np.load(path) as file:
        x = file["x_train"]
    images = loaded(path)
    assert images.shape == (1, 30, 4)
    series = as_series(images)
    assert series.shape == (4, 1, 30)
    assert np.array_equal(series.x_train[:, :, 0], x.transpose(0, 2, 1))
    assert fitting(images, (4, 1, 30)).shape == (4, 1, 30)
    assert fitting(images, (1, 30, 4)) is images
    assert fitting(images, (9, 9, 9)) is images


def test_one_channel_is_one_row(tmp_path: Path) -> None:
    found = loaded(written(tmp_path / "a.npz", (30,)))
    assert found.shape == (1, 1, 30)
    assert as_series(found) is found


@pytest.mark.gcc
@pytest.mark.parametrize(("arch", "shape"), [("tcn", (40, 3)), ("tcn", (40,)), ("ds-cnn", (40, 3)), ("mlp", (40,))])
def test_a_series_is_learned_calibrated_and_verified(arch: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    path, model = written(tmp_path / "a.npz", shape), str(tmp_path / "m.hfn")
    trained = "--epochs", 6, "--batch", 10, "--width", 8
    result_of("train", "--data", path, "--arch", arch, "-o", model, *trained)
    result_of("calibrate", model, "--data", path)
    same = result_of("verify", model, "--data", path, "--on", "pytorch,emulator,host", "--limit", 10)
    assert same["mismatches"] == 0
    assert result_of("run", model, "--data", path, "--on", "host")["accuracy"] > 0.7
