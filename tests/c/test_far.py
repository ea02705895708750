"""Convolutions whose planes are beyond the reach of byte offsets, on the host: against the oracle, and by rows."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from support import draws, far_nets, nets
from support.c_batch import LEAST, Case
from support.host_c import SEED, check, noise
from support.nodes import Tensors, assert_same, observed

from edgehfn.backends import c
from edgehfn.backends.emulator.images import emulate
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, plan, verify
from edgehfn.ir.arena import Schedule, arrange
from edgehfn.ir.bounds import accumulators
from edgehfn.ir.groups import group
from edgehfn.ir.ops import RELU, SIGNED, Conv, Input, MaxPool, Node, QuantisedWeight, Requantise, Supermask, Weight
from edgehfn.ir.scratch import FAR_LIMIT, LONGEST_LIST, OFFSET_LIMIT, plane_bytes, ways
from edgehfn.spec.objective import Objective
from edgehfn.target.execute import run_planned

ROOMY = 1 << 19  # scratch for bands of some rows

GEOMETRIES = [
    ((60, 5, 130), 3, 1, 1, "s8"),
    ((85, 5, 131), 3, 2, 1, "u8"),
    ((51, 6, 140), 3, 1, 2, "u8"),
    ((560, 3, 123), 1, 1, 0, "s8"),
    ((300, 9, 30), 5, 2, 2, "s8"),
]


@pytest.mark.slow
@pytest.mark.gcc
@pytest.mark.parametrize("objective", ["speed", "flash"])
def test_layers_of_many_channels(objective: Objective, tmp_path: Path) -> None:
    graph = far_nets.layers(SEED)
    assert {*c.functions(graph)[1:]} == far_nets.FUNCTIONS
    check([Case(graph, noise(graph, 1, 2), limit, objective) for limit in (LEAST, ROOMY)], tmp_path)


@pytest.mark.slow
@pytest.mark.gcc
@pytest.mark.parametrize("objective", ["speed", "ram", "flash"])
def test_other_geometries(objective: Objective, tmp_path: Path) -> None:
    cases = []
    for seed, (shape, kernel, stride, padding, dtype) in enumerate(GEOMETRIES):
        graph = far_nets.layers(seed, shape, kernel, stride, padding, "s8" if dtype == "s8" else "u8")
        assert {*c.functions(graph)[1:]} == far_nets.FUNCTIONS
        cases.append(Case(graph, noise(graph, seed, 1), (LEAST, ROOMY)[seed % 2], objective))
    plans = [plan(case.graph, objective, case.scratch_limit) for case in cases]
    assert {scratch.band for planned in plans for scratch in planned.scratch.values()} >= {1, 3}
    check(cases, tmp_path)


@pytest.mark.slow
@pytest.mark.gcc
@pytest.mark.parametrize("objective", ["speed", "flash"])
def test_windows_that_are_not_square(objective: Objective, tmp_path: Path) -> None:
    """A row of planes beyond byte offsets, as of long series of many channels."""
    graphs = [far_nets.layers(1, (700, 2, 32), (1, 3)), far_nets.layers(2, (90, 3, 500), (2, 3), 2)]
    assert all({*c.functions(graph)[1:]} == far_nets.RECTANGULAR for graph in graphs)
    check([Case(graph, noise(graph, 1, 1), limit, objective) for graph in graphs for limit in (LEAST, ROOMY)], tmp_path)


def whole(inputs: int) -> Graph:
    """1x1 layers on a map of one word a channel: planes take 4 bytes for each input, and 16."""
    made: list[Node] = [Input("input", (inputs, 1, 4), dtype="s8")]
    ones = np.ones((1, inputs, 1, 1), np.int8)
    mask = Supermask("mask", 0, (1, inputs, 1, 1), 1, ones.ravel().astype(np.uint8), SEED)
    trained = [QuantisedWeight(f"trained{bits}", most * ones, bits) for bits, most in ((8, 127), (4, 7))]
    weights: list[Weight] = [mask, *trained]
    x = Graph((*made,), SEED).output
    for number, weight in enumerate(weights):
        shift = int(accumulators(weight, x).max()).bit_length() - 8
        made.append(Conv(f"y{number}", "input", weight, Requantise((1,), (0,), 0, shift, SIGNED)))
    return verify(Graph((*made,), SEED))


@pytest.mark.slow
@pytest.mark.gcc
@pytest.mark.parametrize(
    ("inputs", "planes"), [((OFFSET_LIMIT - 16) // 4 + 1, OFFSET_LIMIT + 4), ((FAR_LIMIT - 16) // 4, FAR_LIMIT)]
)
def test_the_limits_of_the_unit(inputs: int, planes: int, tmp_path: Path) -> None:
    graph = whole(inputs)
    assert {scratch.planes for scratch in plan(graph).scratch.values()} == {planes}
    assert {*c.functions(graph)[1:]} == far_nets.FUNCTIONS
    check([Case(graph, nets.random_input(graph, 1, 3))], tmp_path)


def test_only_what_is_beyond_is_far() -> None:
    near, far = whole((OFFSET_LIMIT - 16) // 4), whole((FAR_LIMIT - 16) // 4 + 1)
    assert not {*c.functions(near)} & far_nets.FUNCTIONS
    with pytest.raises(GraphError, match=r"y0: one output row needs planes of 262,148 bytes, offsets reach 262,144"):
        plan(far)


@pytest.mark.gcc
def test_layers_by_rows() -> None:
    """Layers in a group, with lists that are kept and ones that are not, and windows between them."""
    rng, channels = Random(3), 260
    made: list[Node] = [Input("input", (channels, 7, 30))]
    for number in range(4):
        shape = (3, channels, 3, 3)
        weight: Weight = draws.supermask(rng, SEED, number, shape, 30)
        if number > 1:
            drawn = np.random.default_rng(number).integers(-7, 8, shape).astype(np.int8)
            weight = QuantisedWeight(f"w{number}", drawn, 8 if number == 2 else 4)
        shift = 9 if number > 1 else 6
        q = Requantise((1,) * 3, (0,) * 3, 0, shift, RELU, int(number > 0), shift - 1)
        made.append(Conv(f"y{number}", "input", weight, q, 1, 1, f"y{number - 1}" if number else None))
    made.append(MaxPool("pool", "y3", 2, 2))
    graph = verify(Graph((*made,), SEED))
    raw = nets.random_input(graph, 2, 1)
    wanted = observed(emulate, graph, raw)
    for step in (1, 2):
        grouped = group(graph, 0, 5, step)
        assert grouped is not None
        assert grouped.windows
        for keep in (False, True):
            chosen = {}
            for node in graph:
                if isinstance(node, Conv):
                    assert plane_bytes(node, graph, 1) > OFFSET_LIMIT
                    found = [*ways(node, graph, grouped.rows[node.name].step, last=False)]
                    chosen[node.name] = next((way for way in found if way.keep == keep), found[0])
            planned = arrange(graph, "ram", Schedule((grouped,), chosen))
            assert "hfn_conv_far_int4_rows" in c.functions(graph, planned)
            seen: Tensors = {}
            run_planned(graph, planned, raw, observe=seen.__setitem__)
            assert_same(wanted, seen)


def test_lists_too_long_for_their_lengths_are_not_kept() -> None:
    for inputs, kept in ((LONGEST_LIST // 7, True), (LONGEST_LIST // 7 + 1, False)):
        size = 2 * inputs
        signs = np.zeros(-(-size // 32), np.uint32)
        mask = Supermask("w", 0, (2, inputs, 1, 1), 7, np.full(size, 7, np.uint8), SEED, signs=signs)
        node = Conv("y", "input", mask, Requantise((1, 1), (0, 0), 0, 24, RELU))
        graph = verify(Graph((Input("input", (inputs, 2, 4)), node), SEED))
        assert any(way.keep for way in ways(node, graph, 2)) == kept
