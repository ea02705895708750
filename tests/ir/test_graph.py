"""Graph rules and the arena plan: every broken rule is named, and no two living buffers meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import nets
from support.narrow import only

from edgehfn.errors import GraphError
from edgehfn.ir import Graph, ops, plan, verify
from edgehfn.ir.bounds import bound, sums_fit_16_bits
from edgehfn.ir.lives import Buffer


def conv_graph(**changes: Any) -> Graph:
    """input 2x6x6, one 3x3 supermask conv to 3 channels with a residual-free requantisation, global average."""
    weight = ops.Supermask("w", 0, (3, 2, 3, 3), 2, np.tile(np.array([0, 1, 2], np.uint8), 18), seed=5)
    requantise = ops.Requantise((90, -127, 3), (5, -7, 0), 3, 10, ops.RELU)
    conv = replace(ops.Conv("conv", "input", weight, requantise, 1, 1), **changes)
    return Graph((ops.Input("input", (2, 6, 6)), conv, ops.AvgPool("gap", "conv", 100, 12)), seed=5)


def conv_of(graph: Graph) -> ops.Conv:
    return only(graph.nodes[1], ops.Conv)


def with_weight(**changes: Any) -> Graph:
    return conv_graph(weight=replace(conv_of(conv_graph()).weight, **changes))


def with_requantise(**changes: Any) -> Graph:
    return conv_graph(requantise=replace(conv_of(conv_graph()).requantise, **changes))


def with_nodes(change: Callable[[tuple[ops.Node, ...]], tuple[ops.Node, ...]]) -> Graph:
    return Graph(change(conv_graph().nodes), seed=5)


RULES = {
    "conv: a multiplier is outside": with_requantise(multiplier=(90, -128, 3)),
    "conv: 2 multipliers for 3 channels": with_requantise(multiplier=(1, 2)),
    "conv: a bias is outside 16 bits": with_requantise(bias=(32768, 0, 0)),
    "conv: a shift is outside": with_requantise(shift=32),
    "conv: clamp": with_requantise(clamp=(-128, 127)),
    "conv: a residual multiplier without a residual": with_requantise(residual_multiplier=1),
    r"conv: .*R1": with_requantise(bias=(32767, 0, 0), bias_shift=16),
    "conv: reads nothing, which no earlier": conv_graph(x="nothing"),
    "conv: residual input is": conv_graph(residual="input"),
    r"conv: kernel 3, stride 1, padding 3": conv_graph(padding=3),
    r"conv: .*stride 5": conv_graph(stride=5),
    "weight w: a count exceeds": with_weight(coats=1),
    "weight w: seed 6": with_weight(seed=6),
    "weight w: 9 coats": with_weight(coats=9),
    "weight w: frozen thresholds": with_weight(pruned=200, locked=100),
    "weight w: a pruned position is kept": with_weight(pruned=128),
    "weight w: a locked position is not kept": with_weight(locked=255),
    "gap: reads conv": with_nodes(lambda n: (n[0], n[2])),
    "conv: the first node": with_nodes(lambda n: n[1:]),
    "input: .*same name": with_nodes(lambda n: (n[0], n[1], replace(n[2], name="conv"))),
    "gap: a multiplier is outside": with_nodes(lambda n: (*n[:2], replace(only(n[2], ops.AvgPool), multiplier=0))),
    "linear: the weight takes": with_nodes(
        lambda n: (
            *n,
            ops.Linear(
                "linear",
                "gap",
                ops.QuantisedWeight("d", np.ones((2, 4), np.int8)),
                ops.Requantise((1, 1), (0, 0), 0, 8, ops.SIGNED),
            ),
        )
    ),
    "weight d: values must be int8": with_nodes(
        lambda n: (
            *n,
            ops.Linear(
                "linear",
                "gap",
                ops.QuantisedWeight("d", np.full((2, 3), -128, np.int8)),
                ops.Requantise((1, 1), (0, 0), 0, 8, ops.SIGNED),
            ),
        )
    ),
    "pool: padding over half": with_nodes(lambda n: (*n[:2], ops.MaxPool("pool", "conv", 3, 1, 2))),
    "has no nodes": Graph((), seed=5),
}


@pytest.mark.parametrize("rule", [r for r in RULES if not r.startswith(("input: ", "has no"))])
def test_a_broken_rule_is_named(rule: str) -> None:
    with pytest.raises(GraphError, match=rule):
        verify(RULES[rule])


def test_names_are_unique_and_graphs_not_empty() -> None:
    with pytest.raises(GraphError, match="conv: another node has the same name"):
        verify(RULES["input: .*same name"])
    with pytest.raises(GraphError, match="has no nodes"):
        verify(RULES["has no nodes"])


def test_a_good_graph_passes_and_prints_a_line_a_node() -> None:
    graph = verify(conv_graph())
    assert len(str(graph).splitlines()) == 3
    assert "2 coats" in str(graph)


def test_bounds_are_reached_by_the_worst_input() -> None:
    for seed in range(30):
        graph = nets.random_graph(seed)
        for node in graph:
            if isinstance(node, ops.Conv | ops.Linear):
                x = graph.tensors[node.x]
                rows = node.weight.values.reshape(node.weight.shape[0], -1).astype(np.int64)
                largest = np.where(rows > 0, rows * x.hi, rows * x.lo).sum(1)
                smallest = np.where(rows > 0, rows * x.lo, rows * x.hi).sum(1)
                assert (bound(node, graph) == np.maximum(largest, -smallest)).all()


def test_narrow_needs_all_three_rules() -> None:
    assert sums_fit_16_bits(conv_of(conv_graph()), conv_graph())
    for graph in (
        with_requantise(shift=1),
        with_requantise(shift=17),
        with_requantise(bias=(32767, 0, 0), bias_shift=12),
    ):
        assert not sums_fit_16_bits(conv_of(graph), verify(graph))
    dense = ops.QuantisedWeight("d", np.full((3, 2, 3, 3), 127, np.int8))
    wide = conv_graph(weight=dense, requantise=ops.Requantise((1, 1, 1), (0, 0, 0), 0, 12, ops.RELU))
    assert not sums_fit_16_bits(conv_of(wide), verify(wide))


@pytest.mark.parametrize("limit", [-(1 << 20), 0, 2000, 1 << 20])
@pytest.mark.parametrize("seed", range(40))
def test_living_buffers_never_meet(seed: int, limit: int) -> None:
    graph = nets.random_graph(seed, nodes=14)
    made = plan(graph, scratch_limit=limit)
    index = {node.name: i for i, node in enumerate(graph)}
    buffers = dict(made.tensors)
    for name, scratch in (made.scratch | made.tables).items():
        buffers[f"{name} scratch"] = Buffer(scratch.offset, scratch.size, index[name], index[name])
    for name, a in buffers.items():
        assert a.offset % 4 == 0
        assert a.end <= made.size
        for other, b in buffers.items():
            apart = a.end <= b.offset or b.end <= a.offset
            if name < other and a.first <= b.last and b.first <= a.last and not apart:
                writer, read = sorted((name, other), key=lambda n: index.get(n, 0), reverse=True)
                assert a.offset == b.offset
                assert read in ops.inputs(graph.nodes[index[writer]])
                assert buffers[read].last == buffers[writer].first
    for node in graph:
        for name in ops.inputs(node):
            assert made.tensors[name].first < index[node.name] <= made.tensors[name].last


def test_bands_keep_the_scratch_limit() -> None:
    graph = nets.folded_resnet(1)
    roomy, tight = plan(graph, scratch_limit=1 << 16), plan(graph, scratch_limit=3000)
    assert tight.size <= tight.activations + 3000 < roomy.size
    assert tight.activations == roomy.activations
    for name, scratch in tight.scratch.items():
        rows = graph.tensors[name].shape[1]
        assert 1 <= scratch.band <= roomy.scratch[name].band <= rows


def test_planes_beyond_all_offsets_are_refused() -> None:
    weight = ops.QuantisedWeight("w", np.ones((1, 1000, 3, 3), np.int8))
    conv = ops.Conv("conv", "input", weight, ops.Requantise((1,), (0,), 0, 16, ops.RELU), 1, 1)
    graph = verify(Graph((ops.Input("input", (1000, 32, 32)), conv), seed=0))
    with pytest.raises(GraphError, match="conv: one output row needs planes of 288,016 bytes"):
        plan(graph)
