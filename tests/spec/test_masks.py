"""Mask words, coats and frozen positions against the oracle's decoder, which knows the specification's text alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import oracle_weights

from edgehfn.errors import InputError
from edgehfn.ir.ops import Supermask
from edgehfn.spec import masks

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def tensors(draw: st.DrawFn) -> Supermask:
    """Any legal supermask weight of up to 140 positions, frozen half of the time."""
    coats = draw(st.integers(1, 7))
    counts = np.array(draw(st.lists(st.integers(0, coats), min_size=1, max_size=140)), np.uint8)
    seed, tensor = draw(SEEDS), draw(st.integers(0, 2**32 - 2))
    pruned = draw(st.integers(0, 256)) if draw(st.booleans()) else 0
    locked = draw(st.integers(0, 256 - pruned)) if draw(st.booleans()) else 0
    states = oracle_weights.states(seed, tensor, counts.size, pruned, locked)
    least = np.array([state == "locked" for state in states])
    counts = np.where([state == "pruned" for state in states], 0, np.maximum(counts, least)).astype(np.uint8)
    return Supermask("w", tensor, (1, counts.size), coats, counts, seed, pruned, locked)


@given(tensors())
def test_the_oracle_reads_what_is_stored(weight: Supermask) -> None:
    states = oracle_weights.states(weight.seed, weight.tensor, weight.counts.size, weight.pruned, weight.locked)
    assert oracle_weights.counts(weight.mask_words.tolist(), weight.coats, states) == weight.counts.tolist()
    assert oracle_weights.weight(weight) == weight.values.ravel().tolist()


@given(tensors())
def test_unpack_reads_what_pack_stored(weight: Supermask) -> None:
    gone, kept = masks.frozen(weight.seed, weight.tensor, weight.counts.size, weight.pruned, weight.locked)
    words = weight.mask_words
    found = masks.unpack(words, weight.counts.size, weight.coats, kept, ~(gone | kept))
    assert found.tolist() == weight.counts.tolist()
    if words.size:
        with pytest.raises(InputError, match="needs more than"):
            masks.unpack(words[:-1], weight.counts.size, weight.coats, kept, ~(gone | kept))
    with pytest.raises(InputError, match="are stored"):
        masks.unpack(np.append(words, np.uint32(0)), weight.counts.size, weight.coats, kept, ~(gone | kept))


@given(tensors())
def test_the_oracle_reads_what_is_coded(weight: Supermask) -> None:
    states = oracle_weights.states(weight.seed, weight.tensor, weight.counts.size, weight.pruned, weight.locked)
    coded = [byte for stream in weight.coded_streams for byte in stream.tolist()]
    assert oracle_weights.coded_counts(coded, weight.coats, states) == weight.counts.tolist()


@given(st.lists(st.integers(0, 1), max_size=200), st.integers(0, 400))
def test_streams_are_coded_with_the_best_parameter(bits: list[int], zeros: int) -> None:
    """No parameter is shorter, and bits as they are take a nibble more."""
    bits = [0] * zeros + bits
    coded = masks.code(np.array(bits, np.uint8))
    assert oracle_weights.coded_stream([*coded.tolist(), 0], len(bits)) == (bits, coded.size)
    gaps = [len(run) for run in "".join(map(str, bits)).split("1")]
    used = gaps if gaps[-1] else gaps[:-1]
    sizes = [len(bits), *(sum((gap >> r) + 1 + r for gap in used) for r in range(15))]
    assert coded.size == (-(-(4 + min(sizes)) // 8) if bits else 0)


@pytest.mark.parametrize("density", [0.1, 0.2, 0.3])
def test_coded_masks_are_near_their_entropy(density: float) -> None:
    bits = (np.random.default_rng(1).random(20_000) < density).astype(np.uint8)
    kept = bits.mean()
    entropy = -(kept * np.log2(kept) + (1 - kept) * np.log2(1 - kept)) * bits.size / 8
    assert entropy < masks.code(bits).size < 1.03 * entropy


@given(tensors())
def test_no_more_words_than_the_coats_need(weight: Supermask) -> None:
    """A bit for each free position, and one for each that a coat keeps, rounded up to words stream by stream."""
    states = oracle_weights.states(weight.seed, weight.tensor, weight.counts.size, weight.pruned, weight.locked)
    kept = [int((weight.counts >= n).sum()) for n in range(1, weight.coats)]
    assert weight.mask_words.size == sum(-(-bits // 32) for bits in (states.count("free"), *kept))


@given(seed=SEEDS, tensor=SEEDS, size=st.integers(1, 100), pruned=st.integers(0, 256), data=st.data())
def test_frozen_positions(seed: int, tensor: int, size: int, pruned: int, data: st.DataObject) -> None:
    locked = data.draw(st.integers(0, 256 - pruned))
    gone, kept = masks.frozen(seed, tensor, size, pruned, locked)
    states = oracle_weights.states(seed, tensor, size, pruned, locked)
    assert gone.tolist() == [state == "pruned" for state in states]
    assert kept.tolist() == [state == "locked" for state in states]


@pytest.mark.parametrize(("pruned", "locked"), [(64, 128), (1, 1), (128, 0), (0, 77)])
def test_as_many_are_frozen_as_asked(pruned: int, locked: int) -> None:
    """Five standard deviations."""
    size = 2**16
    for wanted, found in zip((pruned, locked), masks.frozen(3, 1, size, pruned, locked), strict=True):
        assert abs(int(found.sum()) - size * wanted / 256) <= 5 * (size * wanted * (256 - wanted)) ** 0.5 / 256


def test_everything_frozen_stores_nothing() -> None:
    gone, kept = masks.frozen(9, 2, 500, 100, 156)
    assert (gone ^ kept).all()
    weight = Supermask("w", 2, (5, 100), 1, kept.astype(np.uint8), 9, 100, 156)
    assert weight.mask_words.size == 0
    assert oracle_weights.weight(weight) == weight.values.ravel().tolist()


def test_the_example_of_the_specification() -> None:
    assert masks.pack(np.array([0, 1, 2, 0, 2], np.uint8), 2).tolist() == [22, 6]
