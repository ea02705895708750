"""Cases for the runtime's C on the host, compared with the oracle."""

from __future__ import annotations

from math import isqrt
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np

from edgehfn.ir.graph import Graph
from edgehfn.ir.inputs import Raw
from edgehfn.ir.ops import (
    SIGNED,
    Requantise,
    Weight,
)
from support import c_batch, nets, nodes
from support.c_batch import Case

SEED = 20


TYPES: tuple[Literal["u8", "s8"], ...] = ("u8", "s8")


MAPS = [(1, 1), (1, 9), (6, 1), (4, 4), (7, 6), (9, 13), (8, 16)]


def check(cases: list[Case], place: Path) -> None:
    for case, found in zip(cases, c_batch.run(cases, place), strict=True):
        nodes.assert_same(nodes.by_oracle(case.graph, case.raw), found)


def noise(graph: Graph, seed: int, images: int) -> Raw:
    return nets.random_input(graph, seed, images)


def usual(weight: Weight, shift: int, rng: Random, clamp: tuple[int, int] = SIGNED, residual: int = 0) -> Requantise:
    """Outputs that use most of their range when inputs do; narrow from a shift of 8 on."""
    channels = weight.shape[0]
    spread = max(isqrt(int((weight.values.astype(np.int64) ** 2).sum()) // channels) * 45, 1)
    multiplier = max(1, min(127, (70 << shift) // spread))
    signs = [rng.choice((1, -1)) for _ in range(channels)]
    bias = [rng.randint(-9, 9) << rng.choice((0, 6)) for _ in range(channels)]
    return Requantise(
        tuple(s * multiplier for s in signs),
        tuple(bias),
        max(0, shift - 4),
        shift,
        clamp,
        residual,
        shift if residual else 0,
    )
