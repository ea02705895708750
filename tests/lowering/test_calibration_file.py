"""Calibrations of whole nets, and their file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from support.calibrations import Floats, true_error

import calibrate
from calibrate.choose import Method
from edgehfn.errors import InputError
from edgehfn.nn import Builder, InputSpec, Net


def small_net(seed: int = 3) -> Net:
    builder = Builder(InputSpec((1, 8, 8)), seed=seed)
    x = builder.conv("stem", 4, 3, kind="int8")
    builder.max_pool("pool", 2, 2)
    x = builder.x
    builder.conv("a", 4, 3, residual=x)
    builder.conv("b", 6, 3, relu=False)
    builder.max_pool("pool2", 2, 2)
    builder.global_avg_pool("mean")
    builder.linear("head", 3)
    return builder.net(("a", "b", "c"))


def images(count: int = 64) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, 1, 8, 8), dtype=np.uint8)


@pytest.mark.parametrize("method", ["minmax", "percentile", "mse"])
def test_a_net(method: Method) -> None:
    net, x = small_net(), images()
    values: dict[str, list[Floats]] = {}
    with torch.no_grad():
        net.eval().run(torch.from_numpy(x), lambda name, y: values.setdefault(name, []).append(y.numpy().copy()))
    net.train()
    made = calibrate.calibrate(net, [x[:40], torch.from_numpy(x[40:])], method, model="abc")
    assert net.training
    assert (made.images, made.model) == (64, "abc")
    assert list(made.scales) == list(values)
    assert made.scales["input"] == 1 / 127
    assert made.scales["pool"] == made.scales["stem"]
    assert made.scales["pool2"] == made.scales["b"]
    for name, (y,) in values.items():
        entry = made.report[name]
        assert (entry.low, entry.high) == pytest.approx((y.min(), y.max()), rel=1e-4, abs=1e-6)
        assert entry.clipped == pytest.approx((np.abs(y) > 127 * entry.scale * 1.0001).mean(), abs=0.002)
        if method == "minmax" and not name.startswith(("pool", "input")):
            assert entry.scale == pytest.approx(np.abs(y).max() / 127, rel=1e-4)
        if name != "input":
            snr = 10 * np.log10((y.astype(np.float64) ** 2).sum() / true_error(y, entry.scale))
            assert entry.snr_db == pytest.approx(snr, abs=0.5)
    assert made.report["input"].snr_db is None


def test_batches_do_not_matter_and_norms_are_untouched() -> None:
    net, x = small_net(), images()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    whole, cut = calibrate.calibrate(net, [x]), calibrate.calibrate(net, np.array_split(x, 7))
    for name, scale in whole.scales.items():
        assert cut.scales[name] == pytest.approx(scale, rel=1e-3)  # sums in another order may fall into the next bin
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_no_images_are_refused() -> None:
    with pytest.raises(InputError, match="no images"):
        calibrate.calibrate(small_net(), [])


def test_batches_are_spread_over_the_set() -> None:
    x = np.arange(1000, dtype=np.int64).reshape(1000, 1, 1, 1).astype(np.uint8)
    parts = calibrate.batches(np.repeat(x, 1, 0), images=100, batch=32)
    assert [len(part) for part in parts] == [32, 32, 32, 4]
    assert sum(len(part) for part in calibrate.batches(x, images=5000)) == 1000
    ordered = np.arange(256, dtype=np.uint8).reshape(-1, 1, 1, 1)
    chosen = np.concatenate(calibrate.batches(ordered, images=16)).ravel()
    assert (chosen[0], chosen[-1]) == (0, 255)
    assert len(set(np.diff(chosen.astype(int)))) <= 2


def test_file_is_sorted_stable_and_read_back_exactly(tmp_path: Path) -> None:
    path, again = tmp_path / "a.cal.json", tmp_path / "b.cal.json"
    made = calibrate.calibrate(small_net(), [images()], "mse", model="f00d")
    made.save(path)
    calibrate.calibrate(small_net(), [images()], "mse", model="f00d").save(again)
    assert path.read_bytes() == again.read_bytes()
    content = json.loads(path.read_text())
    assert content["format"] == "edgehfn-calibration"
    assert (content["version"], content["model"], content["method"], content["images"]) == (1, "f00d", "mse", 64)

    def ordered(value: object) -> bool:
        if not isinstance(value, dict):
            return True
        return list(value) == sorted(value) and all(ordered(inner) for inner in value.values())

    assert ordered(content)
    assert calibrate.load(path) == made
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.cal.json", "b.cal.json"]


def test_a_calibration_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.cal.json"
    calibrate.calibrate(small_net(), [images()], model="f00d").save(path)
    assert calibrate.load_for(path, "kws.hfn", "f00d").model == "f00d"
    with pytest.raises(InputError, match=r"a\.cal\.json: belongs to another model than kws\.hfn; calibrate kws"):
        calibrate.load_for(path, "kws.hfn", "beef")


def changed(content: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    where, *rest = key.split(".")
    if rest:
        return {**content, where: changed(content[where], ".".join(rest), value)}
    return {k: v for k, v in {**content, where: value}.items() if v != "drop"}


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("format", "other", "not a calibration file"),
        ("version", 2, "is version 2, this reads 1"),
        ("version", "drop", "is version None"),
        ("model", "drop", "damaged at 'model'"),
        ("model", 5, "damaged"),
        ("images", True, "damaged"),
        ("images", -1, "damaged"),
        ("tensors", "drop", "damaged"),
        ("tensors", [1], "damaged"),
        ("tensors.stem", 3, "damaged"),
        ("tensors.stem.scale", "drop", "damaged at 'scale'"),
        ("tensors.stem.scale", 0, "scale = 0"),
        ("tensors.stem.scale", -1.0, "scale = -1.0"),
        ("tensors.stem.scale", "1", "damaged"),
        ("tensors.stem.scale", math.nan, "damaged"),
        ("tensors.stem.scale", math.inf, "damaged"),
        ("tensors.stem.high", None, "damaged"),
    ],
)
def test_damaged_content_is_refused(tmp_path: Path, key: str, value: Any, says: str) -> None:
    path = tmp_path / "a.cal.json"
    calibrate.calibrate(small_net(), [images()]).save(path)
    path.write_text(json.dumps(changed(json.loads(path.read_text()), key, value)))
    with pytest.raises(InputError, match=f"^{path}: .*{says}") as error:
        calibrate.load(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"3", b"[" * 100_000])
def test_files_that_are_no_calibration_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.cal.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not JSON|not a calibration"):
        calibrate.load(path)


def test_missing_file_and_unwritable_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        calibrate.load(tmp_path / "gone.cal.json")
    made = calibrate.calibrate(small_net(), [images()])
    with pytest.raises(InputError, match="cannot be written"):
        made.save(tmp_path / "no" / "such" / "folder.cal.json")


def test_table_has_a_row_a_tensor() -> None:
    made = calibrate.calibrate(small_net(), [images()], "percentile")
    console = Console(width=120)
    with console.capture() as shown:
        console.print(calibrate.table(made))
    text = shown.get()
    assert "percentile 99.99, 64 images" in text
    for name in made.scales:
        assert name in text
