"""The counter-based generator of docs/SPEC.md section 1: signs, frozen samples and test inputs from a seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

SIGN_STREAM = 0
FROZEN_STREAM = 1  # the first of eight
GOLDEN_TENSOR = 0xFFFFFFFF

MASK32 = 0xFFFFFFFF


def words(key: int, count: int) -> Words:
    """Return the first ``count`` words of the stream with this key, shape ``(count,)``."""
    x = np.uint32(key) + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x9E3779B9)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x21F0AAAD)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x735A2D97)
    x ^= x >> np.uint32(15)
    return x


def word(key: int, index: int) -> int:
    """Return one word of a stream, without the ones before it."""
    return int(words((key + index * 0x9E3779B9) & MASK32, 1)[0])


def key(seed: int, tensor: int, stream: int = SIGN_STREAM) -> int:
    """Return the key of one stream of one tensor of the model with this 32-bit seed."""
    return word(word(seed, tensor), stream)


def bits(packed: Words, count: int) -> npt.NDArray[np.uint8]:
    """Unpack ``count`` bits from words, least significant first."""
    return np.unpackbits(packed.astype("<u4").view(np.uint8), count=count, bitorder="little")


def pack_bits(values: npt.NDArray[np.uint8]) -> Words:
    """Pack bits (0 or 1) into words, least significant first; the last word is filled with zeros."""
    padded = np.zeros(-(-values.size // 32) * 32, np.uint8)
    padded[: values.size] = values
    return np.packbits(padded, bitorder="little").view("<u4").astype(np.uint32)


def signs(seed: int, tensor: int, count: int) -> npt.NDArray[np.int8]:
    """Return the signs, +1 or -1, of the first ``count`` weights of a tensor, shape ``(count,)``."""
    return signs_of(words(key(seed, tensor), -(-count // 32)), count)


def signs_of(packed: Words, count: int) -> npt.NDArray[np.int8]:
    """Return the signs, +1 or -1, that sign words hold, in which 1 means minus, shape ``(count,)``."""
    minus = bits(packed, count)
    return (1 - 2 * minus.astype(np.int8)).astype(np.int8)


def golden_input(seed: int, count: int) -> npt.NDArray[np.uint8]:
    """Return the raw input bytes of the self-test (SPEC section 8), shape ``(count,)``."""
    return words(key(seed, GOLDEN_TENSOR), -(-count // 4)).astype("<u4").view(np.uint8)[:count]
