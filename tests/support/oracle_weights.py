"""Weights by docs/SPEC.md, sections 1 to 3, for oracle.py: from a seed and the stored words to integers."""

from __future__ import annotations

from collections.abc import Sequence

from edgehfn.ir import ops

# Section 1.


def word(k: int, w: int) -> int:
    x = (k + (w + 1) * 0x9E3779B9) % 2**32
    x ^= x >> 16
    x = x * 0x21F0AAAD % 2**32
    x ^= x >> 15
    x = x * 0x735A2D97 % 2**32
    return x ^ x >> 15


def key(seed: int, t: int, s: int) -> int:
    return word(word(seed, t), s)


def bits(words: Sequence[int], count: int) -> list[int]:
    return [words[i // 32] >> (i % 32) & 1 for i in range(count)]


def stream(seed: int, t: int, s: int, count: int) -> list[int]:
    k = key(seed, t, s)
    return bits([word(k, w) for w in range((count + 31) // 32)], count)


# Section 2.


def states(seed: int, t: int, size: int, pruned: int, locked: int) -> list[str]:
    """Section 2.1, position by position."""
    if pruned == locked == 0:
        return ["free"] * size
    planes = [stream(seed, t, 1 + b, size) for b in range(8)]
    found = []
    for i in range(size):
        u = sum(planes[b][i] << b for b in range(8))
        found.append("pruned" if u < pruned else "locked" if u < pruned + locked else "free")
    return found


def counts(mask: Sequence[int], coats: int, states: Sequence[str]) -> list[int]:
    """Section 2.2: what the mask words say of each position."""
    found = [int(state == "locked") for state in states]
    stored = [i for i, state in enumerate(states) if state == "free"]
    rest = list(mask)
    for n in range(1, coats + 1):
        length = (len(stored) + 31) // 32
        assert len(rest) >= length, "mask words are missing"
        taken, rest = rest[:length], rest[length:]
        assert not any(bits(taken, 32 * length)[len(stored) :]), "unused bits must be 0"
        for i, bit in zip(stored, bits(taken, len(stored)), strict=True):
            found[i] += bit
        stored = [i for i, count in enumerate(found) if count >= n]
    assert not rest, "mask words are left over"
    return found


def coded_stream(coded: Sequence[int], count: int) -> tuple[list[int], int]:
    """Section 6.1: a coded stream's bits, and the bytes they take; behind the last bit used there are only zeros."""
    if count == 0:
        return [], 0
    rest = iter([byte >> i & 1 for byte in coded for i in range(8)])
    used = 0

    def take(n: int) -> list[int]:
        nonlocal used
        used += n
        return [next(rest) for _ in range(n)]

    def number(n: int) -> int:
        return sum(bit * 2**i for i, bit in enumerate(take(n)))

    r = number(4)
    found: list[int] = []
    if r == 15:
        found = take(count)
    while len(found) < count:
        gap = 0
        while take(1) == [1]:
            gap += 2**r
        gap += number(r)
        found += [0] * gap
        if len(found) < count:
            found.append(1)
    assert len(found) == count, "a gap reaches beyond the stream"
    size = (used + 7) // 8
    assert not any(take(8 * size - used)), "unused bits must be 0"
    return found, size


def coded_counts(coded: Sequence[int], coats: int, states: Sequence[str]) -> list[int]:
    """Section 6.1: what a tensor's coded streams say of each position."""
    found = [int(state == "locked") for state in states]
    stored = [i for i, state in enumerate(states) if state == "free"]
    rest = list(coded)
    for n in range(1, coats + 1):
        taken, size = coded_stream(rest, len(stored))
        rest = rest[size:]
        for i, bit in zip(stored, taken, strict=True):
            found[i] += bit
        stored = [i for i, count in enumerate(found) if count >= n]
    assert not rest, "coded bytes are left over"
    return found


def trained(w: ops.QuantisedWeight, size: int) -> list[int]:
    """A dense weight as it is stored."""
    if w.bits == 8:
        return [int(value) for value in w.values.ravel().tolist()]
    if w.bits == 4:
        halves = [half for byte in w.nibbles.tolist() for half in (byte % 16, byte // 16)]
        assert not any(halves[size:]), "unused bits must be 0"
        return [half - 16 if half > 7 else half for half in halves[:size]]
    kept = [1] * size if w.bits == 1 else counts(w.mask_words.tolist(), 1, ["free"] * size)
    minus = counts(w.sign_words.tolist(), 1, ["free"] * size)
    return [-one if bit else one for one, bit in zip(kept, minus, strict=True)]


def weight(w: ops.Weight) -> list[int]:
    """The integer weight, flattened."""
    size = 1
    for extent in w.shape:
        size *= extent
    if isinstance(w, ops.QuantisedWeight):
        return trained(w, size)
    where = states(w.seed, w.tensor, size, w.pruned, w.locked)
    kept = counts(w.mask_words.tolist(), w.coats, where)
    minus = stream(w.seed, w.tensor, 0, size) if w.signs is None else bits(w.signs.tolist(), size)
    return [-count if bit else count for count, bit in zip(kept, minus, strict=True)]
