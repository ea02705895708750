"""Requantisation parameters against the real arithmetic they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehfn.errors import GraphError
from edgehfn.ir.ops import RELU, SIGNED, Requantise
from edgehfn.lowering import requantise


def real(q: Requantise, channel: int, acc: int, x: int = 0) -> float:
    """The value before the clamp, as SPEC section 4 states it, rounding aside."""
    t = (
        q.multiplier[channel] * acc
        + q.bias[channel] * 2**q.bias_shift
        + q.residual_multiplier * x * 2**q.residual_shift
    )
    return float(t / 2**q.shift)


def reaches(q: Requantise, bound: int, largest: int) -> bool:
    fixed = q.residual_multiplier * largest * 2**q.residual_shift + 2**q.shift // 2
    return all(
        abs(m) * bound + abs(b) * 2**q.bias_shift + fixed < 2**31 for m, b in zip(q.multiplier, q.bias, strict=True)
    )


@given(
    gains=st.lists(st.floats(-0.4, 0.4).filter(lambda g: abs(g) > 1e-3), min_size=1, max_size=5),
    offset=st.floats(-120, 120),
    centre=st.integers(-3000, 3000),
    bound=st.integers(1, 300_000),
    ratio=st.one_of(st.none(), st.floats(0.05, 2.0)),
)
def test_the_integers_are_near_the_reals(
    gains: list[float], offset: float, centre: int, bound: int, ratio: float | None
) -> None:
    gain = np.array(gains)
    n = len(gains)
    centres = np.full(n, float(max(-bound, min(bound, centre))))
    q = requantise.requantise(
        gain, np.full(n, offset), centres, np.full(n, bound), RELU, None if ratio is None else (ratio, 127)
    )
    assert reaches(q, bound, 127 if ratio else 0)
    steepest = np.abs(gain).max()
    for c in range(n):
        at_centre = real(q, c, int(centres[c]))
        bias_step = 2.0 ** (q.bias_shift - q.shift)
        assert abs(at_centre - offset) <= bias_step / 2 + 1e-6
        slope = real(q, c, 1) - real(q, c, 0)
        assert abs(slope - gain[c]) <= steepest / 126 + 1e-9  # half a step of 7 bits, shift limits included
    if ratio is not None:
        slope = real(q, 0, 0, 1) - real(q, 0, 0, 0)
        assert abs(slope - ratio) <= ratio / 64 + 2**-8


def test_biases_are_bytes_wherever_these_reach() -> None:
    gain = np.array([0.1, 0.05])
    small = requantise.requantise(gain, np.array([126.0, -20.0]), np.zeros(2), np.array([900, 900]), RELU)
    assert max(map(abs, small.bias)) <= 127
    large = requantise.requantise(gain, np.array([700.25, -20.0]), np.zeros(2), np.array([900, 900]), RELU)
    assert real(large, 0, 0) == pytest.approx(700.25, abs=0.05)


def test_all_gains_zero() -> None:
    q = requantise.requantise(np.zeros(3), np.array([1.0, 2.0, 3.0]), np.zeros(3), np.zeros(3, np.int64), SIGNED)
    assert [round(real(q, c, 0)) for c in range(3)] == [1, 2, 3]


def test_gains_too_steep_are_refused() -> None:
    with pytest.raises(GraphError, match="do not fit 32-bit"):
        requantise.requantise(np.array([1e9]), np.zeros(1), np.zeros(1), np.array([127]), RELU)


@given(gains=st.lists(st.floats(1e-4, 4.0), min_size=1, max_size=2), bound=st.integers(127, 500_000))
def test_scalars_are_precise_and_fit(gains: list[float], bound: int) -> None:
    multipliers, shift = requantise.scalars(gains, [bound] * len(gains))

    def fits(multipliers: list[int], shift: int) -> bool:
        reach = sum(m * bound for m in multipliers) + (1 << shift >> 1)
        return all(1 <= m < 2**15 for m in multipliers) and reach < 2**31

    assert fits(multipliers, shift)
    for m, gain in zip(multipliers, gains, strict=True):
        assert abs(m - gain * 2**shift) <= (0.5 if m > 1 else 1)
    finer = [max(1, round(gain * 2 ** (shift + 1))) for gain in gains]
    assert shift == 31 or not fits(finer, shift + 1) or max(gains) * 2 ** (shift + 1) > 2**15 - 1


@given(st.floats(1e-30, 1e30))
def test_rationals(value: float) -> None:
    mantissa, exponent = requantise.rational(value)
    assert mantissa * 2.0**exponent == pytest.approx(value, rel=2**-24)
