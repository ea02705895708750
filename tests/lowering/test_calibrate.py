"""Calibration: statistics against numpy on the very values, scales on real nets, and the file."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.calibrations import Floats, true_error

from calibrate import choose, observe
from calibrate.choose import Method
from edgehfn.errors import InputError


def observed(*batches: Floats) -> observe.Observer:
    observer = observe.Observer("t")
    for batch in batches:
        observer.see(torch.as_tensor(batch))
    return observer


def gauss(count: int = 20_000, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=count).astype(np.float32)


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
