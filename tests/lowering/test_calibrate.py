"""Calibration: statistics against numpy on the very values, scales on real nets, and the file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import calibrate
from calibrate import choose, observe
from calibrate.choose import Method
from edgehfn.errors import InputError
from edgehfn.nn import Builder, InputSpec, Net

Floats = npt.NDArray[np.float32]


def observed(*batches: Floats) -> observe.Observer:
    observer = observe.Observer("t")
    for batch in batches:
        observer.see(torch.as_tensor(batch))
    return observer


def gauss(count: int = 20_000, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=count).astype(np.float32)


def true_error(x: np.ndarray, scale: float) -> float:
    x = x.astype(np.float64)
    return float(((x - np.clip(np.rint(x / scale), -127, 127) * scale) ** 2).sum())


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


# The observer


def test_statistics_are_those_of_the_values() -> None:
    x = np.concatenate([gauss(), np.zeros(50, np.float32)])
    seen = observed(x)
    assert (seen.count, seen.zeros) == (x.size, 50)
    assert (seen.low, seen.high, seen.largest) == (x.min(), x.max(), np.abs(x).max())
    assert seen.energy == pytest.approx((x.astype(np.float64) ** 2).sum(), rel=1e-12)
    magnitudes = np.abs(x[x != 0])
    for upto in (10, 1000, 9000, observe.BINS - 1):
        assert seen.histogram[: upto + 1].sum() == (magnitudes <= seen.edges()[upto]).sum()


def test_bins_are_fine_enough() -> None:
    seen = observed(gauss())
    assert 64 * seen.width <= seen.largest / 127
    assert seen.edges()[-1] >= seen.largest


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=30), min_size=1, max_size=6), st.randoms()
)
@settings(max_examples=60, deadline=None)
def test_cutting_and_order_of_batches_do_not_matter(batches: list[list[float]], random: Random) -> None:
    whole = observed(np.array([value for batch in batches for value in batch], np.float32))
    random.shuffle(batches)
    cut = observed(*[np.array(batch, np.float32) for batch in batches])
    for statistic in ("count", "zeros", "low", "high", "width"):
        assert getattr(cut, statistic) == getattr(whole, statistic)
    assert (cut.histogram == whole.histogram).all()
    assert cut.histogram.sum() + cut.zeros == cut.count


@pytest.mark.parametrize("value", [1.0, 0.5, 2.0**-20, 2.0**20])
def test_a_power_of_two_is_the_end_of_the_last_bin(value: float) -> None:
    seen = observed(np.array([value], np.float32))
    assert (seen.edges()[-1], seen.histogram[-1]) == (value, 1)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(InputError, match="tensor t: its values are not finite"):
        observed(np.array([1, bad, 2], np.float32))


# The choice


def test_minmax_clips_nothing() -> None:
    x = gauss()
    seen = observed(x)
    scale = choose.scale(seen, "minmax")
    assert scale == np.abs(x).max() / 127
    assert choose.clipped(seen, scale) == 0


@pytest.mark.parametrize("percentile", [50, 99, 99.9, 100])
def test_percentile_is_the_least_value_with_so_many_below(percentile: float) -> None:
    x = np.concatenate([gauss(), np.zeros(7000, np.float32)])
    seen = observed(x)
    scale = choose.scale(seen, "percentile", percentile)
    wanted = np.percentile(np.abs(x), percentile, method="inverted_cdf")
    assert 127 * scale == pytest.approx(wanted, abs=2 * seen.width)
    assert choose.clipped(seen, scale) == pytest.approx((np.abs(x) > 127 * scale).mean(), abs=1e-9)
    assert choose.clipped(seen, scale) <= 1 - percentile / 100 + 1e-9


def test_percentile_of_a_nearly_empty_tensor_keeps_its_values() -> None:
    x = np.zeros(100_000, np.float32)
    x[7] = 3.5
    assert choose.scale(observed(x), "percentile") == pytest.approx(3.5 / 127)


@pytest.mark.parametrize("tail", [1.0, 4.0, 12.0])
def test_mse_finds_nearly_the_least_error(tail: float) -> None:
    """Against a fine search by brute force on the values themselves."""
    x = gauss()
    x[:3] = [tail * 4, -tail * 4, tail * 3.9]
    seen = observed(x)
    scale = choose.scale(seen, "mse")
    tried = [true_error(x, np.abs(x).max() * share / 127) for share in np.linspace(1 / 16, 1, 400)]
    assert true_error(x, scale) <= 1.02 * min(tried)


def test_mse_clips_a_lone_outlier_where_minmax_does_not() -> None:
    x = gauss(200_000)
    x[0] = 40
    seen = observed(x)
    assert true_error(x, choose.scale(seen, "mse")) < 0.5 * true_error(x, choose.scale(seen, "minmax"))


def test_estimated_error_is_the_true_one() -> None:
    x = gauss()
    for scale in (0.01, 0.02, 0.035):
        assert choose.squared_error(observed(x), scale) == pytest.approx(true_error(x, scale), rel=0.01)


@pytest.mark.parametrize("method", ["minmax", "percentile", "mse"])
@pytest.mark.parametrize("x", [np.zeros(10, np.float32), np.full(10, 1e-30, np.float32), np.array([-0.0], np.float32)])
def test_a_tensor_that_is_always_zero_gets_a_sane_scale(method: Method, x: Floats) -> None:
    assert choose.scale(observed(x), method) == 1 / 127


def test_unknown_methods_and_percentiles_are_refused() -> None:
    with pytest.raises(InputError, match="'kl' is unknown; use one of minmax, percentile, mse"):
        choose.scale(observed(gauss()), "kl")  # type: ignore[arg-type]
    for percentile in (0, -1, 100.1, math.nan):
        with pytest.raises(InputError, match="percentile"):
            choose.scale(observed(gauss()), "percentile", percentile)


# Whole nets


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


# The file


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
