"""Pools, additions and linear layers in the runtime's C on the host, sanitized, against the oracle."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest
from support import c_batch, draws, nodes
from support.c_batch import Case
from support.host_c import MAPS, SEED, TYPES, check, noise, usual

from edgehfn.backends import c
from edgehfn.ir import plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import (
    RELU,
    SIGNED,
    Add,
    AvgPool,
    Conv,
    Input,
    Linear,
    MaxPool,
    Node,
    QuantisedWeight,
)
from edgehfn.ir.validate import verify

pytestmark = pytest.mark.gcc


@pytest.mark.slow
def test_every_geometry_of_a_max_pool(tmp_path: Path) -> None:
    cases = []
    for (height, width), dtype in product(MAPS, TYPES):
        made: list[Node] = [Input("input", (2, height, width), dtype=dtype)]
        for k, stride in product(range(1, 6), range(1, 6)):
            for padding in {0, k // 2}:
                if k <= min(height, width) + 2 * padding:
                    made.append(MaxPool(f"y{len(made)}", "input", k, stride, padding))
        graph = verify(Graph(tuple(made), SEED))
        cases.append(Case(graph, noise(graph, 4, 3)))
        for last in made[-6:]:  # alone, an unpadded pool overwrites its input
            alone = verify(Graph((made[0], last), SEED))
            cases.append(Case(alone, noise(alone, 5, 2)))
    check(cases, tmp_path)


def test_averages_round_and_clamp(tmp_path: Path) -> None:
    """Ties are at half a step; a multiplier over one clamps; alone, the pool overwrites its input."""
    cases = []
    for dtype, (height, width) in product(TYPES, ((1, 1), (2, 2), (3, 5))):
        image = Input("input", (3, height, width), dtype=dtype)
        pools = [AvgPool(f"y{i}", "input", *q) for i, q in enumerate([(1, 0), (1, 1), (1, 2), (5, 4), (32767, 15)])]
        graphs = [verify(Graph((image, *pools), SEED)), verify(Graph((image, pools[1]), SEED))]
        cases += [Case(graph, noise(graph, 3, 12)) for graph in graphs]
    for height, width in ((16, 32), (12, 43)):  # as many bytes as lanes can sum, and more
        pools = [AvgPool(f"y{shift}", "input", 1, shift) for shift in (0, 5, 9)]
        graph = verify(Graph((Input("input", (2, height, width), dtype="s8"), *pools), SEED))
        cases.append(Case(graph, noise(graph, 3, 4)))
    check(cases, tmp_path)


@pytest.mark.slow
def test_adds_in_place_and_with_themselves(tmp_path: Path) -> None:
    made = (
        Input("input", (2, 3, 5), dtype="s8"),
        MaxPool("x", "input", 1, 1),
        Add("twice", "input", "input", 1, 1, 1, SIGNED),
        Add("over_y", "twice", "x", 32767, 1, 15, SIGNED),
        Add("over_x", "over_y", "input", 3, 32767, 16, RELU),
        Add("no_shift", "over_x", "over_x", 32767, 32767, 0, RELU),
    )
    graph = verify(Graph(made, SEED))
    check([Case(graph, noise(graph, 3, 4))], tmp_path)


@pytest.mark.slow
def test_stored_signs_take_the_place_of_generated_ones(tmp_path: Path) -> None:
    """Against dense weights of the same values; two masks over one tensor read the same words, stored once."""
    made: list[Node] = [Input("input", (3, 5, 6))]
    expected: list[Node] = [*made]
    for number, shape in enumerate([(4, 3, 3, 3), (4, 3, 3, 3), (3, 90)]):
        weight = draws.signed(Random(number // 2), draws.supermask(Random(number), SEED, number // 2, shape, 40))
        weight = replace(weight, name=f"w{number}", counts=np.minimum(weight.counts, 1), coats=1)
        assert weight.signs is not None
        minus = (weight.signs[np.arange(weight.counts.size) // 32] >> np.arange(weight.counts.size) % 32) & 1
        plain = QuantisedWeight(
            weight.name, (weight.counts * (1 - 2 * minus.astype(np.int8))).astype(np.int8).reshape(shape)
        )
        for nodes_, w in ((made, weight), (expected, plain)):
            q = usual(weight, 9, Random(1))
            name = f"y{number}"
            nodes_.append(Conv(name, "input", w, q, 1, 1) if len(shape) == 4 else Linear(name, "input", w, q))
    graph = verify(Graph(tuple(made), SEED))
    raw = noise(graph, 3, 4)
    found = c_batch.run([Case(graph, raw)], tmp_path)[0]
    nodes.assert_same(nodes.by_oracle(verify(Graph(tuple(expected), SEED)), raw), found)
    stored = [part.member for part in c.layout(graph, plan(graph)) if part.member.startswith("signs_")]
    assert stored == ["signs_w0", "signs_w2"]
