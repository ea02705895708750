"""Files that are changed at random, in steps that can be left out one by one."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random

Edit = tuple[str, int, bytes]  # what to do, where, and with what
LARGEST = (b"\xff" * 8, b"\0" * 8, struct.pack("<q", 2**62), struct.pack(">q", 2**40), b"\x80" + b"\0" * 7)


def edits(rng: Random, size: int) -> list[Edit]:
    """A few changes of a file of so many bytes."""
    found: list[Edit] = []
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at = rng.randrange(size + 1) if rng.random() < 0.6 else rng.randrange(min(size, 400) + 1)  # heads are first
        length = rng.choice((1, 1, 2, 4, 8, 64, 1000))
        match rng.randrange(7):
            case 0:
                found.append(("flip", at, bytes([1 << rng.randrange(8)])))
            case 1:
                found.append(("put", at, rng.randbytes(length)))
            case 2:
                found.append(("put", at, rng.choice(LARGEST)[: rng.choice((1, 2, 4, 8))]))
            case 3:
                found.append(("take", at, bytes(length)))
            case 4:
                found.append(("add", at, rng.randbytes(length)))
            case 5:
                found.append(("cut", at, b""))
            case _:
                found.append(("put", at, rng.choice((b"0", b"9", b"-", b"}", b'"', b",", b"[", b"e", b"\0", b"\xe9"))))
    return found


def changed(content: bytes, steps: Sequence[Edit]) -> bytes:
    """The file after these changes."""
    made = bytearray(content)
    for what, at, value in steps:
        match what:
            case "flip" if at < len(made):
                made[at] ^= value[0]
            case "put":
                made[at : at + len(value)] = value
            case "take":
                del made[at : at + len(value)]
            case "add":
                made[at:at] = value
            case "cut":
                del made[at:]
    return bytes(made)


def fewest(steps: list[Edit], fails: Callable[[list[Edit]], bool]) -> list[Edit]:
    """Leave out what a failure does not need."""
    for step in list(steps):
        rest = [other for other in steps if other is not step]
        if rest and fails(rest):
            steps = rest
    return steps
