"""The runtime's C on the host, sanitized, against the oracle: every byte of every node."""

from __future__ import annotations

from itertools import product
from math import prod
from pathlib import Path
from random import Random

import numpy as np
import pytest
from support import draws, limits, nets
from support.c_batch import LEAST, Case
from support.host_c import MAPS, SEED, TYPES, check, noise, usual

from edgehfn.backends import c
from edgehfn.ir import plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import (
    RELU,
    SIGNED,
    Conv,
    Input,
    Linear,
    Node,
    QuantisedWeight,
    Requantise,
    Supermask,
)
from edgehfn.ir.validate import verify
from edgehfn.spec import masks
from edgehfn.spec.objective import Objective

pytestmark = pytest.mark.gcc


RUNTIMES: tuple[Objective, ...] = ("speed", "flash")  # ram has that of speed


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "count"), [("speed", 200), ("ram", 20), ("flash", 100)])
def test_random_nets(objective: Objective, count: int, tmp_path: Path) -> None:
    """A third of them in bands of one row, a third in a few."""
    limits = (LEAST, 1000, None)
    graphs = [nets.random_graph(seed, macs=100_000) for seed in range(count)]
    check([Case(g, noise(g, s, 4), limits[s % 3], objective) for s, g in enumerate(graphs)], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("objective", RUNTIMES)
def test_every_geometry_of_a_convolution(objective: Objective, tmp_path: Path) -> None:
    """All kernels, strides and paddings on maps of awkward sizes, by every kernel of the runtime, whole or by rows."""
    rng, cases = Random(1), []
    for (height, width), dtype in product(MAPS, TYPES):
        made: list[Node] = [Input("input", (2, height, width), dtype=dtype)]
        for k, stride, padding in product(range(1, 8), range(1, 5), range(7)):
            if padding not in (0, k // 2, k - 1) or k > min(height, width) + 2 * padding:
                continue
            shape, number = (2, 2, k, k), len(made)
            dense = rng.randrange(3) == 0
            weight = draws.dense(rng, f"w{number}", shape) if dense else draws.supermask(rng, SEED, number, shape, 50)
            q = usual(weight, rng.choice((5, 9)), rng)
            made.append(Conv(f"y{number}", "input", weight, q, stride, padding))
        graph = verify(Graph(tuple(made), SEED))
        cases.append(Case(graph, noise(graph, 3, 2), rng.choice((LEAST, None)), objective))
    used = {c.function(node, case.graph) for case in cases for node in case.graph}
    assert used >= {"hfn_conv_narrow", "hfn_conv_wide", "hfn_conv_dense", "hfn_conv_int4"}
    check(cases, tmp_path)


@pytest.mark.slow
def test_bands_of_a_few_rows(tmp_path: Path) -> None:
    """What is made row by row for RAM: 3x3 kernels of stride 1 and 2 over rows of whole words, in bands of 1 to 4."""
    rng, cases = Random(7), []
    for stride, columns, dtype, kind in product((1, 2), (4, 8, 20), TYPES, ("supermask", "dense")):
        shape, channels = (3, 2, 3, 3), (2, rng.randint(5, 9), stride * columns)
        weight = draws.dense(rng, "w", shape) if kind == "dense" else draws.supermask(rng, SEED, 1, shape, 40)
        conv = Conv("y", "input", weight, usual(weight, 9, rng), stride, 1)
        graph = verify(Graph((Input("input", channels, dtype=dtype), conv), SEED))
        cases += [Case(graph, noise(graph, 3, 2), limit, "ram") for limit in (LEAST, 6400)]
    weight = draws.supermask(rng, SEED, 1, (3, 2, 3, 3), 40)
    odd = Conv("y", "input", weight, usual(weight, 9, rng), 2, 1)  # 8 columns of 15: not by rows
    graph = verify(Graph((Input("input", (2, 9, 15)), odd), SEED))
    cases.append(Case(graph, noise(graph, 3, 2), LEAST, "ram"))
    bands = [plan(case.graph, "ram", case.scratch_limit).scratch["y"].band for case in cases]
    assert {1, 3, 4} <= set(bands)
    check(cases, tmp_path)


PERIODS = [(1, 31), (1, 32), (1, 33), (1, 100), (2, 9), (3, 4), (3, 9), (4, 3), (5, 3), (6, 2), (7, 2), (7, 5)]


@pytest.mark.slow
def test_channels_beyond_one_period_of_the_table_of_taps(tmp_path: Path) -> None:
    rng, cases = Random(2), []
    for k, inputs in PERIODS:
        made: list[Node] = [Input("input", (inputs, k, k + 2), dtype=rng.choice(TYPES))]
        for number in (1, 2):
            shape = (3, inputs, k, k)
            weight = draws.dense(rng, "dense", shape) if number == 1 else draws.supermask(rng, SEED, 2, shape, 40)
            made.append(Conv(f"y{number}", "input", weight, usual(weight, 9, rng), 1, k // 2))
        graph = verify(Graph(tuple(made), SEED))
        cases.append(Case(graph, noise(graph, 3, 2)))
    check(cases, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [16, 8, 5])
@pytest.mark.parametrize("dtype", TYPES)
def test_sums_at_the_limit_of_a_lane(dtype: str, shift: int, tmp_path: Path) -> None:
    """Of either sign, from lists of one sign, of both, and of even and odd lengths."""
    cases = [Case(*limits.channels(dtype, shift, width)) for width in (5, 28)]
    assert {c.function(node, case.graph) for case in cases for node in case.graph.nodes[1:]} == {"hfn_conv_plain"}
    check(cases, tmp_path)


@pytest.mark.slow
def test_sums_far_beyond_a_lane(tmp_path: Path) -> None:
    """Seven coats that keep everything: lists of thousands of entries, most of them repeated."""
    cases = []
    for dtype, size in product(TYPES, (127, 128, 129, 600)):
        weight = Supermask("w", 0, (2, size, 1, 1), 7, np.full(2 * size, 7, np.uint8), SEED)
        graph = verify(
            Graph(
                (
                    Input("input", (size, 2, 3), dtype=dtype),
                    Conv("y", "input", weight, Requantise((3, -127), (-30000, 3), 3, 13, SIGNED)),
                    Linear(
                        "z",
                        "input",
                        Supermask("v", 1, (1, 6 * size), 7, np.full(6 * size, 7, np.uint8), SEED),
                        Requantise((-9,), (0,), 0, 15, SIGNED),
                    ),
                ),
                SEED,
            )
        )
        cases.append(Case(graph, noise(graph, size, 5), 1))
    check(cases, tmp_path)


@pytest.mark.slow
def test_clamps_hold_at_thirty_one_bits(tmp_path: Path) -> None:
    """t = ±(2^31 - 4), or beside 2^31 with the largest shift."""
    made: list[Node] = [Input("input", (1, 4, 4))]
    row = np.zeros((4, 16), np.int8)
    row[:, 5] = (6, -6, 0, 6)
    for clamp, shift in product((RELU, SIGNED), (0, 1, 31)):
        number, m = len(made), 40 if shift == 31 else 86
        q = Requantise((m, m, 0, m), (32767, -32767, 1, -1), 15 if shift == 31 else 16, shift, clamp)
        nothing = Supermask(f"w{number}", number, (4, 1, 1, 1), 1, np.zeros(4, np.uint8), SEED)
        made.append(Conv(f"y{number}", "input", nothing, q))
        made.append(Conv(f"dense{number}", "input", QuantisedWeight(f"d{number}", row[:, 5].reshape(4, 1, 1, 1)), q))
        made.append(Linear(f"z{number}", "input", QuantisedWeight(f"v{number}", row), q))
    graph = verify(Graph(tuple(made), SEED))
    check([Case(graph, noise(graph, 3, 4))], tmp_path)


THRESHOLDS = [(0, 0), (1, 0), (0, 1), (128, 0), (0, 128), (96, 64), (37, 101), (255, 1), (256, 0), (0, 256), (128, 128)]


@pytest.mark.slow
@pytest.mark.parametrize("objective", RUNTIMES)
def test_coats_and_frozen_positions(objective: Objective, tmp_path: Path) -> None:
    """Channels begin inside words; with several bands all streams start again."""
    rng, made = Random(5), list[Node]([Input("input", (3, 5, 4))])
    for (pruned, locked), coats in product(THRESHOLDS, range(1, 8)):
        for shape in ((5, 3, 3, 3), (4, 60)):
            number = len(made)
            counts = np.minimum(np.random.default_rng(number).geometric(0.4, prod(shape)) - 1, coats).astype(np.uint8)
            gone, kept = masks.frozen(SEED, number, counts.size, pruned, locked)
            counts = np.where(gone, 0, np.maximum(counts, kept)).astype(np.uint8)
            weight = Supermask(f"w{number}", number, shape, coats, counts, SEED, pruned, locked)
            q = usual(weight, 9, rng)
            made.append(
                Conv(f"y{number}", "input", weight, q, 1, 1)
                if len(shape) == 4
                else Linear(f"y{number}", "input", weight, q)
            )
    graph = verify(Graph(tuple(made), SEED))
    check([Case(graph, noise(graph, 3, 2), limit, objective) for limit in (LEAST, None)], tmp_path)


@pytest.mark.slow
def test_residuals_in_place_and_apart(tmp_path: Path) -> None:
    rng, cases = Random(6), []
    chain = (("input", None), ("y0", "input"), ("y1", "y0"), ("y2", "y2"), ("y3", "y1"), ("y4", "y3"))
    for width, dtype, kind in product((5, 8), TYPES, ("narrow", "wide", "dense")):
        made: list[Node] = [Input("input", (3, 7, width), dtype=dtype)]
        for number, (x, residual) in enumerate(chain):
            shape = (3, 3, 3, 3)
            dense = draws.dense(rng, f"w{number}", shape)
            weight = dense if kind == "dense" else draws.supermask(rng, SEED, number, shape, 40)
            clamp = RELU if number % 2 else SIGNED
            q = usual(weight, 9 if kind == "narrow" else 6, rng, clamp, rng.choice((1, 1, 3, 0)) if residual else 0)
            made.append(Conv(f"y{number}", x, weight, q, 1, 1, residual))
        graph = verify(Graph(tuple(made), SEED))
        cases.append(Case(graph, noise(graph, 3, 3), rng.choice((LEAST, None))))
    places, small = (plan(cases[0].graph, objective).tensors for objective in RUNTIMES)
    assert places["y2"].offset == places["y0"].offset
    assert places["y3"].offset == places["y2"].offset  # planes keep the rows that bands share
    assert small["y3"].offset != small["y2"].offset  # planes are made anew for every band
    check(cases, tmp_path)
