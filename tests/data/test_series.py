"""Time series as data: N,L and N,L,C, as nets for them and for images read them, from training to a machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.commands import complaint, result_of

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


def sensed(path: Path, dtype: str, **changed: np.ndarray) -> Path:
    """Two classes of two channels, of which one goes a thousand times as far as the other."""
    draw, y = np.random.default_rng(2), np.arange(120) % 2
    at = np.arange(30) + draw.integers(0, 16, 120)[:, None]
    wave = np.sin(2 * np.pi * at / np.where(y == 0, 16, 4)[:, None])
    wave += draw.normal(0, 0.02, wave.shape)
    x = np.stack([12 * wave, 5 + 12_000 * wave], -1).round().astype(dtype)
    arrays = {"x_train": x[:80], "y_train": y[:80], "x_test": x[80:], "y_test": y[80:], **changed}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


@pytest.mark.gcc
@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_samples_are_learned_whatever_their_range(dtype: str, tmp_path: Path) -> None:
    path, model = sensed(tmp_path / "a.npz", dtype), str(tmp_path / "m.hfn")
    result_of("train", "--data", path, "--arch", "tcn", "-o", model, "--epochs", 6, "--batch", 10, "--width", 8)
    result_of("calibrate", model, "--data", path)
    same = result_of("verify", model, "--data", path, "--on", "pytorch,emulator,host", "--limit", 10)
    assert same["mismatches"] == 0
    assert result_of("run", model, "--data", path)["accuracy"] > 0.9
    named = result_of("predict", model, path)["predictions"]
    with np.load(path) as file:
        assert sum(row["label"] == label for row, label in zip(named, file["y_test"], strict=True)) > 36
    header = Path(result_of("compile", model, "--name", "kws", "-o", tmp_path / "c")["files"][0]).read_text()
    assert "int16_t *" in header
    assert ("KWS_INPUT_SCALE" in header) == (dtype == "float64")


def test_a_search_refuses_samples(tmp_path: Path) -> None:
    path = sensed(tmp_path / "a.npz", "int16")
    assert "a search is for images of bytes" in complaint(
        "search", "--data", path, "--flash", "16K", "--ram", "16K", "-o", tmp_path / "found"
    )


def test_a_set_of_samples_is_described_and_doubted(tmp_path: Path) -> None:
    path = sensed(tmp_path / "a.npz", "int16")
    told = result_of("info", "--data", path)
    assert (told["kind"], told["type"], told["shape"]) == ("series", "int16", [2, 1, 30])
    assert [0.9 < high / most < 1.1 for most, (_, high) in zip((12, 12_000), told["channels"], strict=True)] == [
        True
    ] * 2
    assert told["warnings"] == []
    with np.load(path) as file:
        x, far = file["x_train"].copy(), file["x_test"] * 2
    x[..., 1] = 7
    still = result_of("info", "--data", sensed(path, "int16", x_train=x))["warnings"]
    assert "a: channel 1 is 7 in all training examples; leave it out" in still
    assert any(
        "of channel 0 in the test part lie far outside" in doubt
        for doubt in result_of("info", "--data", sensed(path, "int16", x_test=far))["warnings"]
    )
    turned = result_of(
        "info", "--data", sensed(path, "int16", x_train=x.transpose(0, 2, 1), x_test=far.transpose(0, 2, 1))
    )
    assert any("2 places of 30 channels (N,L,C); give :nchw" in doubt for doubt in turned["warnings"])
    assert result_of("info", "--data", f"{path}:nchw")["shape"] == [2, 1, 30]
