"""The generator: its published words, access to any of them, and signs as good as coin flips for a net's purposes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import oracle, oracle_weights

from edgehfn.spec import generator

WORDS = st.integers(0, 2**32 - 1)
SIDE = 192  # channels of a square layer
LAYERS = [(seed, tensor) for seed in (0, 1, 7, 2**31, 2**32 - 1) for tensor in (0, 1, 2, 63)]

Matrix = npt.NDArray[np.int8]


def test_published_vector() -> None:
    """Key 0, words 0..3 (docs/SPEC.md section 1)."""
    assert [f"{w:08x}" for w in generator.words(0, 4)] == ["64625032", "d9c0799c", "af362e10", "7fa88912"]


@given(key=WORDS, index=WORDS)
def test_any_word_without_the_others(key: int, index: int) -> None:
    assert generator.word(key, index) == oracle_weights.word(key, index)


@given(key=WORDS, count=st.integers(0, 70))
def test_a_stream_is_its_words(key: int, count: int) -> None:
    assert generator.words(key, count).tolist() == [oracle_weights.word(key, i) for i in range(count)]


@given(seed=WORDS, tensor=WORDS, stream=st.integers(0, 8))
def test_keys(seed: int, tensor: int, stream: int) -> None:
    assert generator.key(seed, tensor, stream) == oracle_weights.key(seed, tensor, stream)


@given(seed=WORDS, tensor=st.integers(0, 99), count=st.integers(0, 100))
def test_signs_are_the_bits_of_stream_0(seed: int, tensor: int, count: int) -> None:
    minus = oracle_weights.stream(seed, tensor, 0, count)
    assert generator.signs(seed, tensor, count).tolist() == [1 - 2 * bit for bit in minus]


@given(values=st.lists(st.integers(0, 1), max_size=100))
def test_bits_pack_from_the_least_significant(values: list[int]) -> None:
    packed = generator.pack_bits(np.array(values, np.uint8))
    assert packed.dtype == np.uint32
    assert packed.tolist() == [
        sum(bit << i for i, bit in enumerate(values[w : w + 32])) for w in range(0, len(values), 32)
    ]
    assert generator.bits(packed, len(values)).tolist() == values


@given(seed=WORDS, count=st.integers(0, 40))
def test_golden_input(seed: int, count: int) -> None:
    assert generator.golden_input(seed, count).tolist() == oracle.golden_input(seed, count)


def layer(seed: int, tensor: int, rows: int = SIDE, columns: int = SIDE) -> Matrix:
    return generator.signs(seed, tensor, rows * columns).reshape(rows, columns)


def linear_layer(rows: int = SIDE, columns: int = SIDE) -> Matrix:
    """What not to do: xorshift with the place XORed into its seed, every step linear over GF(2)."""
    x = np.uint32(0x9E3779B9) ^ np.arange(1, rows * columns // 32 + 1, dtype=np.uint32)
    for shift in (13, -17, 5):
        x ^= x << np.uint32(shift) if shift > 0 else x >> np.uint32(-shift)
    return (1 - 2 * generator.bits(x, rows * columns).astype(np.int8)).reshape(rows, columns)


def rank_over_gf2(matrix: Matrix) -> int:
    rows = [int("".join("1" if sign < 0 else "0" for sign in row), 2) for row in matrix.tolist()]
    rank = 0
    while rows:
        pivot = rows.pop()
        if pivot:
            rank += 1
            low = pivot & -pivot
            rows = [row ^ pivot if row & low else row for row in rows]
    return rank


def row_correlation(matrix: Matrix) -> float:
    """The largest correlation, in magnitude, of two different rows."""
    products = matrix.astype(np.int64) @ matrix.T.astype(np.int64)
    return float(np.abs(products - np.diag(np.diag(products))).max() / matrix.shape[1])


@pytest.mark.parametrize(("seed", "tensor"), LAYERS)
def test_layers_have_full_rank(seed: int, tensor: int) -> None:
    """Over the reals: full. Over GF(2) a matrix of coin flips lacks 6 or more of 192 once in 10^10."""
    signs = layer(seed, tensor)
    assert np.linalg.matrix_rank(signs.astype(np.float64)) == SIDE
    assert rank_over_gf2(signs) > SIDE - 6


def test_the_rank_of_a_linear_generator_is_seen() -> None:
    assert rank_over_gf2(linear_layer()) < 95
    assert np.linalg.matrix_rank(linear_layer().astype(np.float64)) < SIDE


@pytest.mark.parametrize(("seed", "tensor"), LAYERS)
@pytest.mark.parametrize(("rows", "columns"), [(SIDE, SIDE), (64, 576), (16, 144), (32, 27)])
def test_rows_are_uncorrelated(seed: int, tensor: int, rows: int, columns: int) -> None:
    """Six standard deviations: coin flips pass all of these pairs of rows but once in 1,000 such tests."""
    signs = layer(seed, tensor, rows, columns)
    assert row_correlation(signs) < 6 / columns**0.5
    assert row_correlation(signs.T) < 6 / rows**0.5


def test_the_repeated_rows_of_a_linear_generator_are_seen() -> None:
    assert row_correlation(linear_layer()) > 6 / SIDE**0.5


@pytest.mark.parametrize(("seed", "tensor"), LAYERS)
def test_signs_balance(seed: int, tensor: int) -> None:
    """Five standard deviations, for the layer and for each of the 32 bits of a word."""
    signs = generator.signs(seed, tensor, 2**17)
    assert abs(signs.mean(dtype=np.float64)) < 5 / signs.size**0.5
    each = signs.reshape(-1, 32).mean(0, dtype=np.float64)
    assert np.abs(each).max() < 5 / (signs.size / 32) ** 0.5


def test_streams_are_strangers() -> None:
    """Other seeds, tensors and streams, and a stream and its later bits, agree as often as coins: five deviations."""
    keys = [generator.key(seed, tensor, stream) for seed in (0, 1, 2) for tensor in (0, 1, 2) for stream in range(9)]
    count = 2**12
    draws = [1 - 2 * generator.bits(generator.words(key, count // 32), count).astype(np.int64) for key in keys]
    assert len(set(keys)) == len(keys)
    assert max(abs(int((a * b).sum())) for a, b in pairwise(draws)) < 5 * count**0.5
    signs = draws[0]
    assert max(abs(int((signs[lag:] * signs[:-lag]).sum())) for lag in range(1, 257)) < 5 * count**0.5
