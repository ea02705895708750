"""The oracle on cases worked out by hand, so that it does not rest on itself; and the random nets it is asked about."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import nets, oracle, oracle_weights, window_nets

from edgehfn.ir import Graph, plan, verify
from edgehfn.ir.bounds import bound, reach, sums_fit_16_bits
from edgehfn.ir.ops import (
    RELU,
    SIGNED,
    Add,
    AvgPool,
    Conv,
    GraphNode,
    Input,
    Linear,
    MaxPool,
    Node,
    QuantisedWeight,
    Requantise,
    Supermask,
)

RANDOM = range(400)  # the seeds that the tests of the emulator and of the reference use


def last(image: list[int], *nodes: Node) -> list[int]:
    graph = verify(Graph(nodes, 0))
    return oracle.run(graph, image)[graph.output.name]


def plain(*multipliers: int) -> Requantise:
    return Requantise(multipliers, (0,) * len(multipliers), 0, 0, SIGNED)


def test_a_convolution_by_hand() -> None:
    """1 2 3 / 4 5 6 under the weights 1 -2 / 3 0, stride 2, one zero around: four windows."""
    weight = QuantisedWeight("w", np.array([1, -2, 3, 0], np.int8).reshape(1, 1, 2, 2))
    node = Conv("y", "input", weight, plain(1), stride=2, padding=1)
    #  0 0    0 0      0 4    5 6
    #  0 1    2 3      0 0    0 0
    assert last([2, 4, 6, 8, 10, 12], Input("input", (1, 2, 3)), node) == [0, 6, -8, 5 - 12]


def test_channels_kernels_and_outputs_keep_their_order() -> None:
    """Weight o, c, a, b = 1 at one place only, so that each output shows one input element."""
    values = np.zeros((2, 2, 3, 3), np.int8)
    values[0, 1, 0, 2] = 1
    values[1, 0, 2, 1] = 1
    image = [2 * i for i in range(18)]  # 0..8 and 9..17 after the input's halving
    assert last(image, Input("input", (2, 3, 3)), Conv("y", "input", QuantisedWeight("w", values), plain(1, 1))) == [
        11,
        7,
    ]


def test_input_order_and_range() -> None:
    rgb = [10, 20, 30, 40, 50, 255]  # two pixels
    assert last(rgb, Input("input", (3, 1, 2), "hwc")) == [5, 20, 10, 25, 15, 127]
    assert last([-128, -127, 0, 127], Input("input", (4,), "chw", "s8")) == [-127, -127, 0, 127]


def test_residual_and_rounding() -> None:
    """(3·acc + 5·2^1 + 7·x·2^2 + 2^3) >> 4, halves up."""
    weight = QuantisedWeight("w", np.array([[[[2]]]], np.int8))
    q = Requantise((3,), (5,), 1, 4, SIGNED, 7, 2)
    node = Conv("y", "input", weight, q, residual="input")
    wanted = [(3 * 2 * x + 10 + 28 * x + 8) // 16 for x in (1, -1, 30, -127)]
    assert last([1, -1, 30, -127], Input("input", (1, 1, 4), "chw", "s8"), node) == [*wanted[:3], -127]
    assert wanted[:3] == [3, -1, 64]
    assert wanted[3] < -127


def test_linear_reads_a_map_as_a_vector() -> None:
    weight = QuantisedWeight("w", np.array([[1, 2, 3, 4], [0, 0, 0, -1]], np.int8))
    assert last([2, 4, 6, 8], Input("input", (2, 1, 2)), Linear("y", "input", weight, plain(1, 1))) == [30, -4]


def test_max_pool_ignores_what_is_outside() -> None:
    image = [-5, -3, -9, -7]
    node = MaxPool("y", "input", 2, 1, 1)
    assert last(image, Input("input", (1, 2, 2), "chw", "s8"), node) == [-5, -3, -3, -5, -3, -3, -9, -7, -7]


def test_average_and_sum() -> None:
    source = Input("input", (1, 2, 2), "chw", "s8")
    assert last([1, 2, 3, 5], source, AvgPool("y", "input", 1, 2)) == [3]  # 11/4
    assert last([-1, -2, -3, -4], source, AvgPool("y", "input", 1, 2)) == [-2]  # -10/4, halves up
    assert last([1, -2, 60, -100], source, Add("y", "input", "input", 3, 1, 1, RELU)) == [2, 0, 120, 0]


def test_the_first_of_equals_is_the_class() -> None:
    assert oracle.best([-3, 7, 1, 7]) == 1


@given(st.lists(st.integers(-128, 127), max_size=50))
def test_crc32(data: list[int]) -> None:
    assert oracle.crc32(data) == zlib.crc32(bytes(byte & 255 for byte in data))


def test_broken_masks_are_seen() -> None:
    with pytest.raises(AssertionError, match="missing"):
        oracle_weights.counts([], 1, ["free"])
    with pytest.raises(AssertionError, match="left over"):
        oracle_weights.counts([1, 0], 1, ["free"])
    with pytest.raises(AssertionError, match="unused bits"):
        oracle_weights.counts([2], 1, ["free"])


# The random nets: legal, the same for the same seed, and covering what they should.


@pytest.mark.slow
def test_random_nets_are_legal_and_placed() -> None:
    for seed in RANDOM:
        graph = verify(nets.random_graph(seed))
        assert plan(graph).size > 0
    for density in (2, 100):
        graph = nets.folded_resnet(1, density=density)
        assert plan(verify(graph)).size > 0
        assert 4_000_000 < sum(graph.macs.values()) < 5_000_000


def test_a_seed_is_a_net() -> None:
    a, b = nets.random_graph(11), nets.random_graph(11)
    assert str(a) == str(b)
    assert [oracle_weights.weight(w) for w in a.weights] == [oracle_weights.weight(w) for w in b.weights]
    assert str(nets.random_graph(12)) != str(a)


@pytest.mark.slow
def test_random_nets_cover_the_specification() -> None:
    seen: Counter[str] = Counter()
    for graph in (*map(nets.random_graph, RANDOM), *map(window_nets.random_graph, range(60))):
        seen.update(trait for node in graph for trait in traits(node, graph))
        seen["fold"] += sum(isinstance(n, Conv | Linear) for n in graph) > len(graph.weights)
        seen["ends in a map"] += len(graph.output.shape) == 3
    kernels = {f"kernel {k} stride {s}" for k in (1, 2, 3, 4, 5, 7) for s in (1, 2, 3, 4)}
    kinds = {op.__name__ for op in get_args(Node) if op not in get_args(GraphNode)} | {
        "u8",
        "s8",
        "hwc",
        "vector",
        "fold",
        "ends in a map",
    }
    weights = {"8 bits", "4 bits", "2 bits", "1 bits", "coats 1", "coats 2", "coats 3", "coats 7", "frozen", "all kept"}
    requantise = {"narrow", "wide", "over 16 bits", "m < 0", "m = 0", "m = 127", "b over 8 bits", "near R1", "shift 0"}
    residuals = {"residual", "residual is x", "padding over half", "map as vector", "add to itself"}
    missing = [trait for trait in kinds | kernels | weights | requantise | residuals if seen[trait] < 3]
    assert not missing, seen


def traits(node: Node, graph: Graph) -> list[str]:
    found = {type(node).__name__: True}
    match node:
        case Input():
            found |= {node.dtype: True, node.order: True, "vector": len(node.shape) == 1}
        case Conv():
            side, _ = node.sides
            kernel, stride = f"kernel {side.kernel}", f"stride {side.stride}"
            found |= {f"{kernel} {stride}": True, "padding over half": side.before > side.kernel // 2}
            found |= {"residual": node.residual is not None, "residual is x": node.residual == node.x}
        case Linear():
            found |= {"map as vector": len(graph.tensors[node.x].shape) == 3}
        case Add():
            found |= {"add to itself": node.x == node.y}
    if isinstance(node, Conv | Linear):
        found |= arithmetic(node, graph)
    return [trait for trait, true in found.items() if true]


def arithmetic(node: Conv | Linear, graph: Graph) -> dict[str, bool]:
    q, weight, sums = node.requantise, node.weight, bound(node, graph)
    found = {"narrow" if sums_fit_16_bits(node, graph) else "wide": True, "over 16 bits": bool((sums > 32767).any())}
    found |= {"m < 0": min(q.multiplier) < 0, "m = 0": 0 in q.multiplier, "m = 127": 127 in q.multiplier}
    found |= {"b over 8 bits": max(map(abs, q.bias)) > 128, "shift 0": q.shift == 0}
    found |= {"near R1": int(reach(q, sums).max()) > 2**30}
    if isinstance(weight, Supermask):
        found |= {f"coats {weight.coats}": True, "frozen": bool(weight.pruned or weight.locked)}
        return found | {"all kept": bool(weight.counts.all())}
    return found | {f"{weight.bits} bits": True}


@pytest.mark.slow
def test_random_nets_are_not_dull() -> None:
    """Most outputs tell two noise images apart, and saturation happens without ruling."""
    dull, saturated, total = 0, 0, 0
    for seed in range(100):
        graph = nets.random_graph(seed)
        raw = nets.random_input(graph, seed, 6)
        images = [oracle.run(graph, image.ravel().tolist()) for image in (raw[0], raw[5])]
        dull += images[0][graph.output.name] == images[1][graph.output.name]
        for name, tensor in graph.tensors.items():
            saturated += sum(value in (-127, 127) for value in images[0][name])
            total += tensor.size
    assert dull < 25
    assert 0.02 < saturated / total < 0.5
