"""Graph networks in C on the host, sanitized, against the oracle: every byte of every node."""

from __future__ import annotations

import subprocess
from itertools import product
from math import prod
from pathlib import Path

import numpy as np
import pytest
from support import c_batch, gnn_nets, nodes, oracle
from support.c_batch import LEAST, SANITIZED, WARNINGS, Case

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, gnn_bytes, gnn_rules, plan
from edgehfn.ir.inputs import raw_shape
from edgehfn.ir.ops import RELU, SIGNED, Aggregate, Constant, QuantisedWeight, Requantise, SparseLinear
from edgehfn.ir.topology import Features
from edgehfn.ir.validate import verify
from edgehfn.spec.objective import Objective
from edgehfn.target.toolchain import HOST_GCC

compiled = pytest.mark.gcc

LIMITS = (LEAST, 1000, None)
NOTHING = np.zeros((2, 0), np.uint8)


@compiled
@pytest.mark.slow
@pytest.mark.parametrize(("objective", "count"), [("speed", 70), ("flash", 25)])
def test_random_nets(objective: Objective, count: int, tmp_path: Path) -> None:
    """Over stored graphs and over graphs of the input; sums by bytes, by halves and by words; and numbers at the limits
    of each."""
    cases = []
    for seed in range(count):
        stored, variable = verify(gnn_nets.stored(seed)), verify(gnn_nets.variable(seed))
        cases.append(Case(stored, NOTHING, LIMITS[seed % 3], objective))
        cases.append(Case(variable, gnn_nets.graphs(variable, seed, 5), LIMITS[seed % 3], objective))
    first = [case.graph.nodes[0] for case in cases]
    assert {gnn_rules.lanes(node) for node in first if isinstance(node, SparseLinear)} == {1, 2, 4}
    cases += [Case(verify(Graph((node,), 1)), NOTHING, objective=objective) for node in at_the_limits()]
    cases.append(Case(crowd(), NOTHING, objective=objective))
    for case, found in zip(cases, c_batch.run(cases, tmp_path), strict=True):
        nodes.assert_same(nodes.by_oracle(case.graph, case.raw), found)


LARGEST = {4: 127, 2: 32767, 1: 2**31}  # of a sum, by how many share a word


def at_the_limits() -> list[SparseLinear]:
    """Sums of both signs that just fit a lane, and that just do not, in 1 to 6 channels side by side."""
    values = {
        127: ([127], [1]),
        128: ([127, 1], [1, 1]),
        32767: ([127, 127, 4, 1], [127, 127, 127, 1]),
        32768: ([127, 127, 4, 2], [127, 127, 127, 1]),
    }
    found = []
    for largest, channels in product(values, (1, 2, 3, 4, 6)):
        given, weights = (np.array(row, np.int8) for row in values[largest])
        assert int(given.astype(int) @ weights) == largest
        count = len(given)
        members = np.tile(np.arange(3, dtype=np.int64), count)
        features = Features("words", 3, np.arange(0, 3 * count + 1, 3), members, np.repeat(given, 3))
        rows = np.array([weights if o % 3 else -weights for o in range(channels)], np.int8)
        shift = max(0, largest.bit_length() - 8)
        q = Requantise((1,) * channels, (0,) * channels, 0, shift, SIGNED)
        node = SparseLinear("y", features, QuantisedWeight("w", rows), q)
        assert gnn_rules.lanes(node) == next(n for n, most in LARGEST.items() if largest <= most)
        found.append(node)
    return found


def looked_up(channels: int, clamp: tuple[int, int]) -> SparseLinear:
    """Of so many nodes that rounded sums are looked up: all of -127..127 occur."""
    sums = np.arange(-127, 128).repeat(2)  # two nodes of each, and two of none
    features = Features("words", 512, np.array([0, 510]), np.arange(510, dtype=np.int64), sums.astype(np.int8))
    rows = np.where(np.arange(channels) % 2, -1, 1).astype(np.int8)[:, None]
    multipliers = tuple((127, -127, 3)[o % 3] for o in range(channels))
    q = Requantise(multipliers, tuple(range(-9, channels - 9)), 5, 7, clamp)
    return SparseLinear("y", features, QuantisedWeight("w", rows), q)


@compiled
@pytest.mark.slow
def test_sums_that_are_looked_up(tmp_path: Path) -> None:
    layers = [looked_up(channels, clamp) for channels, clamp in product((1, 3, 4, 6), (SIGNED, RELU))]
    assert {gnn_rules.lanes(layer) for layer in layers} == {4}
    cases = [Case(verify(Graph((layer,), 1)), NOTHING) for layer in layers]
    for case, found in zip(cases, c_batch.run(cases, tmp_path), strict=True):
        nodes.assert_same(nodes.by_oracle(case.graph, case.raw), found)
        assert len(np.unique(found["y"])) > 100


def crowd() -> Graph:
    """A node with 600 neighbours of the largest values: sums far beyond 16 bits, of both signs."""
    joined = np.zeros((601, 601), bool)
    joined[0, 1:] = joined[1:, 0] = True
    topology = gnn_nets.from_matrix(joined)
    values = np.where(np.arange(5)[:, None, None] % 2, -127, 127).astype(np.int8) * np.ones((1, 151, 4), np.int8)
    table, ones = (255,) * 601, (1,) * 601
    q = Requantise((127, 3, 3, 127, 127), (0,) * 5, 0, 26, SIGNED)
    crowded = Aggregate("y", "x", topology, table, table, ones, 4, q)
    return verify(Graph((Constant("x", values, 601), crowded), 1))


def test_a_crowd_is_summed_exactly() -> None:
    """(255·127·601 + 8) >> 4, times 127 and 3, in steps of 2^26."""
    found = emulate(crowd(), NOTHING[:1])[0, :, 0, 0].tolist()
    total = (255 * 127 * 601 + 8) >> 4
    assert found == [(m * sign * total + 2**25) >> 26 for m, sign in ((127, 1), (3, -1), (3, 1), (127, -1), (127, 1))]
    assert found[0] > 0


@pytest.mark.slow
@compiled
@pytest.mark.parametrize("seed", range(4))
def test_the_selftest_of_a_net_over_input_graphs(seed: int, tmp_path: Path) -> None:
    """Against the oracle's checksum, and another one."""
    graph = verify(gnn_nets.variable(seed))
    assert graph.input is not None
    data = np.array(oracle.golden_input(graph.seed, prod(raw_shape(graph))), np.uint8)
    raw = gnn_bytes.golden(graph.input, data).view(np.int8 if graph.input.dtype == "s8" else np.uint8)
    output = nodes.by_oracle(graph, raw[None])[graph.output.name].ravel().tolist()
    (tmp_path / "main.c").write_text(SELFTEST)
    sources = ["main.c", "net.c", *map(str, firmware.runtime(assembly=False))]
    for wrong in (0, 1):
        for name, text in c.emit(graph, plan(graph), "net", oracle.crc32(output) ^ wrong).items():
            (tmp_path / name).write_text(text)
        c_batch.call([HOST_GCC, *WARNINGS, *SANITIZED, *firmware.includes(), *sources, "-o", "main"], tmp_path)
        assert subprocess.call([tmp_path / "main"]) == 2 * wrong


SELFTEST = """
#include "net.h"
static NET_ARENA(arena);
int main(void) {
    return net_selftest(arena);
}
"""
