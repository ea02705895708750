"""The PyTorch runner against the oracle on small nets, and against the emulator on nets too large for it."""

from __future__ import annotations

import numpy as np
import pytest
from support import nets, nodes, tools

from edgehfn.backends import reference
from edgehfn.backends.emulator.images import emulate
from edgehfn.backends.reference import images
from edgehfn.errors import InputError
from edgehfn.ir import Graph, verify
from edgehfn.ir.ops import SIGNED, Input, Linear, QuantisedWeight, Requantise


@pytest.mark.parametrize("seed", tools.first(40, range(240, 400)))
def test_equals_the_oracle_on_random_nets(seed: int) -> None:
    graph = nets.random_graph(seed)
    raw = nets.random_input(graph, seed, 5)
    nodes.assert_same(nodes.by_oracle(graph, raw), nodes.observed(reference.run, graph, raw))


@pytest.mark.parametrize("seed", range(24))
def test_equals_the_emulator_on_larger_nets(seed: int) -> None:
    graph = nets.random_graph(seed, macs=3_000_000, nodes=14, size=33)
    raw = nets.random_input(graph, seed, 70)
    nodes.assert_same(nodes.observed(emulate, graph, raw), nodes.observed(reference.run, graph, raw))


@pytest.mark.parametrize("density", [2, 30, 100])
def test_equals_the_emulator_on_a_folded_resnet(density: int) -> None:
    graph = nets.folded_resnet(density, density=density, iterations=3)
    raw = nets.random_input(graph, density, images.BATCH + 1)
    nodes.assert_same(nodes.observed(emulate, graph, raw), nodes.observed(reference.run, graph, raw))


def test_large_sums_are_exact() -> None:
    """Two sums near 2^30 that differ by 381, which single precision would lose, give outputs of their own."""
    inputs = 66_000
    values = np.full((2, inputs), 127, np.int8)
    values[1, :3] = 126
    bias = -(inputs * 127 * 127 >> 15)
    q = Requantise((1, 1), (bias, bias), 15, 8, SIGNED)
    graph = verify(Graph((Input("input", (inputs,)), Linear("y", "input", QuantisedWeight("w", values), q)), 0))
    raw = np.full((1, inputs), 255, np.uint8)
    exact = [(inputs * 127 * 127 - 381 * o + bias * 2**15 + 128) >> 8 for o in (0, 1)]
    assert exact[0] != exact[1]
    assert reference.run(graph, raw).tolist() == [exact]
    assert emulate(graph, raw).tolist() == [exact]


def test_refuses_images_that_do_not_fit() -> None:
    graph = nets.folded_resnet(1)
    with pytest.raises(InputError, match=r"needs uint8 of shape \(N, 1, 28, 28\), got uint8 \(1, 28, 28\)"):
        reference.run(graph, np.zeros((1, 28, 28), np.uint8))


def test_no_images_make_no_outputs() -> None:
    graph = nets.folded_resnet(1)
    assert reference.run(graph, np.zeros((0, 1, 28, 28), np.uint8)).shape == (0, 10)
