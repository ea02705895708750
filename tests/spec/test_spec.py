"""docs/SPEC.md itself: its examples run, and the functions it defines are the ones that everything else computes."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import oracle, oracle_weights

from edgehfn.ir.ops import RELU, SIGNED, Requantise
from edgehfn.spec import generator, masks

SPEC = Path(__file__).parents[2] / "docs" / "SPEC.md"
WORDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    """The names that the page's examples define, after all of them have passed."""
    examples = doctest.DocTestParser().get_doctest(SPEC.read_text(), {}, SPEC.name, str(SPEC), 0)
    assert len(examples.examples) >= 8
    runner = doctest.DocTestRunner()
    runner.run(examples, clear_globs=False)
    assert not runner.summarize().failed
    return dict(examples.globs)


@given(key=WORDS, index=WORDS, tensor=WORDS, stream=st.integers(0, 8))
def test_words_and_keys(spec: dict[str, Any], key: int, index: int, tensor: int, stream: int) -> None:
    assert spec["word"](key, index) == oracle_weights.word(key, index) == generator.word(key, index)
    assert (
        spec["key"](key, tensor, stream)
        == oracle_weights.key(key, tensor, stream)
        == generator.key(key, tensor, stream)
    )


@given(coats=st.integers(1, 7), data=st.data())
def test_mask_words(spec: dict[str, Any], coats: int, data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(0, coats), min_size=1, max_size=100))
    words = spec["mask_words"](counts, coats)
    assert masks.pack(np.array(counts, np.uint8), coats).tolist() == words
    assert oracle_weights.counts(words, coats, ["free"] * len(counts)) == counts


@given(bits=st.lists(st.integers(0, 1), max_size=300), zeros=st.integers(0, 100))
def test_coded_streams(spec: dict[str, Any], bits: list[int], zeros: int) -> None:
    bits = [0] * zeros + bits
    coded = masks.code(np.array(bits, np.uint8)).tolist()
    assert spec["decode"](coded, len(bits)) == bits == oracle_weights.coded_stream(coded, len(bits))[0]


@given(
    acc=st.integers(-(2**22), 2**22),
    m=st.integers(-127, 127),
    b=st.integers(-(2**15), 2**15 - 1),
    shifts=st.tuples(st.integers(0, 14), st.integers(0, 29), st.integers(0, 13)),
    r=st.integers(0, 255),
    x=st.integers(-127, 127),
    clamp=st.sampled_from([RELU, SIGNED]),
)
def test_requantise(
    spec: dict[str, Any],
    acc: int,
    m: int,
    b: int,
    shifts: tuple[int, int, int],
    r: int,
    x: int,
    clamp: tuple[int, int],
) -> None:
    u, s, v = shifts
    q = Requantise((m,), (b,), u, s, clamp, r, v)
    assert oracle.requantise(q, 0, acc, x) == spec["requantise"](acc, m, b, u, s, *clamp, r, v, x)
