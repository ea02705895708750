"""Every rule of docs/SPEC.md that a graph must keep, stated once."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import assert_never

import numpy as np

from edgehfn.errors import GraphError
from edgehfn.ir import gnn_rules, ops, window_rules
from edgehfn.ir.bounds import bound, magnitude, reach
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Linear, Node, QuantisedWeight, Requantised, Supermask, Weight
from edgehfn.spec import masks
from edgehfn.spec.limits import (
    BYTE,
    FROZEN_UNIT,
    LANE,
    LARGEST,
    LEVELS,
    MOST_COATS,
    WORD,
)

Require = Callable[[bool, str], None]


def verify(graph: Graph) -> Graph:
    """Return the graph itself if it keeps every rule. Raises GraphError naming the node and the rule."""
    if not graph.nodes:
        raise GraphError("graph: has no nodes")
    _names(graph)
    _stored(graph)
    for node in graph:
        _node(node, graph, _require(f"node {node.name}"))
    _weights(graph)
    _sound(graph)
    return graph


def _sound(graph: Graph) -> None:
    if graph.sound is None:
        return
    node, bands = graph.input, graph.sound.bands
    reads = node is not None and node.topology is None and (node.dtype, node.order) == ("u8", "chw")
    if node is None or not reads or node.shape[0] != 1 or node.shape[2] != bands:
        raise GraphError(f"sound: the input must be u8 of one channel, rows and {bands} columns, chw")
    _require("sound")(node.shape[1] < 2**16, f"{node.shape[1]} rows, at most {2**16 - 1} are kept")


def _require(place: str) -> Require:
    def require(kept: bool, rule: str) -> None:
        if not kept:
            raise GraphError(f"{place}: {rule}")

    return require


def _names(graph: Graph) -> None:
    known: set[str] = set()
    for index, node in enumerate(graph):
        require = _require(f"node {node.name}")
        require(index == 0 or not isinstance(node, ops.Input), "only the first node may be an input")
        require(index > 0 or not ops.inputs(node), "the first node must be an input, or stored features")
        require(node.name not in known, "another node has the same name")
        for name in ops.inputs(node):
            require(name in known, f"reads {name}, which no earlier node makes")
        known.add(node.name)


def _node(node: Node, graph: Graph, require: Require) -> None:
    gnn_rules.check_map(node, graph, require)
    match node:
        case ops.Input():
            _input(node, require)
        case ops.Constant():
            gnn_rules.check_constant(node.values, node.nodes, require)
        case ops.SparseLinear():
            shape, count = node.weight.shape, node.features.count
            require(len(shape) == 2 and shape[1] == count, f"a weight {shape} for {count} features")
            _requantise(node, graph, require)
        case Conv() | ops.Depthwise():
            window_rules.check_conv(node, graph, require)
            _requantise(node, graph, require)
        case Linear():
            _linear(node, graph, require)
        case ops.MaxPool():
            window_rules.check_pool(node, graph.tensors[node.x], require)
        case ops.AvgPool():
            x = graph.tensors[node.x]
            require(len(x.shape) == 3, f"needs a (C, H, W) input, {node.x} is {x.shape}")
            sums = magnitude(x) * prod(x.shape[1:])
            _scalar(node.shift, [(node.multiplier, sums)], require)
        case ops.MeanPool():
            window_rules.check_places(graph.tensors[node.x], node.sides, require)
            _scalar(node.shift, [(node.multiplier, magnitude(graph.tensors[node.x]) * prod(node.kernel))], require)
        case ops.Concat() | ops.Add():
            _two(node, graph, require)
        case ops.Aggregate() | ops.Attention():
            gnn_rules.check_node(node, graph, require)
            _requantise(node, graph, require)
        case ops.NodePool():
            gnn_rules.check_node(node, graph, require)
        case _:
            assert_never(node)


def _input(node: ops.Input, require: Require) -> None:
    require(len(node.shape) in (1, 3) and min(node.shape) >= 1, f"shape {node.shape} is not (C, H, W) or (C,)")
    known = node.order in ("chw", "hwc") and node.dtype in ops.LARGEST_RAW
    require(known, f"order {node.order} or type {node.dtype}")
    require(node.dtype != "s16" or node.maps is not None, "samples of 16 bits need a map for each channel")
    if node.maps is not None:
        _maps(node, node.maps, require)
    if node.table is not None:
        require(node.dtype == "u8" and node.topology is None, "a table is for bytes u8 of images or vectors")
        entries = [entry for row in node.table for entry in row]
        fits = {len(row) for row in node.table} == {BYTE} and len(node.table) == node.shape[0]
        require(fits, f"a table of {len(entries)} entries, not of {BYTE} for each of {node.shape[0]} channels")
        require(all(-LEVELS <= entry <= LEVELS for entry in entries), f"a table's entry is outside -{LEVELS}..{LEVELS}")
    gnn_rules.check_input(node, require)


def _maps(node: ops.Input, maps: tuple[ops.Affine, ...], require: Require) -> None:
    require(node.topology is None and node.table is None, "maps are for inputs without a topology and without a table")
    require(len(maps) == node.shape[0], f"{len(maps)} maps for {node.shape[0]} channels")
    for one in maps:
        fault = one.fault(node.dtype)
        require(not fault, fault)


def _linear(node: Linear, graph: Graph, require: Require) -> None:
    x, shape = graph.tensors[node.x], node.weight.shape
    require(len(shape) == 2, "a linear weight has the shape (O, I)")
    require(shape[1] == x.size, f"the weight takes {shape[1]} inputs, {node.x} has {x.size}")
    _requantise(node, graph, require)


def _two(node: ops.Add | ops.Concat, graph: Graph, require: Require) -> None:
    x, y = graph.tensors[node.x], graph.tensors[node.y]
    if isinstance(node, ops.Add):
        flat = x.shape == (y.size,) and y.nodes == 0
        require(x.shape == y.shape or flat, f"adds {x.shape} to {y.shape}")
    else:
        require(len(x.shape) == 3 and x.shape[1:] == y.shape[1:], f"joins {x.shape} and {y.shape}")
    require(node.clamp in (ops.RELU, ops.SIGNED), f"clamp {node.clamp}")
    terms = [(node.x_multiplier, magnitude(x)), (node.y_multiplier, magnitude(y))]
    _scalar(node.shift, terms, require)


def _requantise(node: Requantised, graph: Graph, require: Require) -> None:
    q, channels = node.requantise, graph.tensors[node.name].shape[0]
    residual = ops.residual(node)
    require(len(q.multiplier) == len(q.bias) == channels, f"{len(q.multiplier)} multipliers for {channels} channels")
    require(all(abs(m) <= LEVELS for m in q.multiplier), f"a multiplier is outside -{LEVELS}..{LEVELS}")
    require(all(-LANE <= b < LANE for b in q.bias), "a bias is outside 16 bits")
    require(all(0 <= s <= 31 for s in (q.shift, q.bias_shift, q.residual_shift)), "a shift is outside 0..31")
    require(q.clamp in (ops.RELU, ops.SIGNED), f"clamp {q.clamp}")
    require(0 <= q.residual_multiplier <= 255, "the residual multiplier is outside 0..255")
    require((q.residual_multiplier > 0) <= (residual is not None), "a residual multiplier without a residual")
    sums = bound(node, graph)
    require(bool((sums < WORD).all()), "an accumulator needs more than 32 bits")
    largest = 0 if residual is None else magnitude(graph.tensors[residual])
    require(bool((reach(q, sums, largest) < WORD).all()), "requantisation needs more than 32 bits (R1)")


def _scalar(shift: int, terms: list[tuple[int, int]], require: Require) -> None:
    require(0 <= shift <= 31, "a shift is outside 0..31")
    require(all(1 <= m < LANE for m, _ in terms), "a multiplier is outside 1..32767")
    require(sum(m * x for m, x in terms) + (1 << shift >> 1) < WORD, "requantisation needs more than 32 bits (R1)")


def _weights(graph: Graph) -> None:
    names: set[str] = set()
    numbers: dict[int, Supermask] = {}
    for weight in graph.weights:
        if weight.name in names:
            raise GraphError(f"weight {weight.name}: another weight has the same name")
        names.add(weight.name)
        _weight(weight, graph.seed)
        if isinstance(weight, Supermask):
            first = numbers.setdefault(weight.tensor, weight)
            same_signs = weight.signs is first.signs or np.array_equal(weight.signs, first.signs)  # type: ignore[arg-type]
            same_places = (weight.shape, weight.pruned, weight.locked) == (first.shape, first.pruned, first.locked)
            if not (same_signs and same_places):
                raise GraphError(
                    f"weight {weight.name}: {first.name} has the number {weight.tensor} too, but another shape or "
                    "signs or frozen positions of its own"
                )


def _stored(graph: Graph) -> None:
    """Topologies and features, before anything is computed from them."""
    names: dict[str, object] = {}
    for stored in (*graph.topologies, *graph.features):
        if names.setdefault(stored.name, stored) is not stored:
            raise GraphError(f"{stored.name}: another topology, or features, have the same name")
        gnn_rules.check_stored(stored, _require(stored.name))


def _weight(weight: Weight, seed: int) -> None:
    require = _require(f"weight {weight.name}")
    match weight:
        case QuantisedWeight():
            _quantised(weight, require)
        case Supermask():
            _supermask(weight, seed, require)
        case _:
            assert_never(weight)


def _quantised(weight: QuantisedWeight, require: Require) -> None:
    require(weight.bits in LARGEST, f"{weight.bits} bits (8, 4, 2 or 1)")
    largest = LARGEST[weight.bits]
    within = weight.values.dtype == np.int8 and bool((abs(weight.values.astype(np.int16)) <= largest).all())
    require(within, f"values must be int8, -{largest}..{largest}")
    require(weight.bits > 1 or bool(weight.values.all()), "a weight of one bit is 0")


def _supermask(weight: Supermask, seed: int, require: Require) -> None:
    require(weight.seed == seed, f"seed {weight.seed}, the graph has {seed}")
    require(0 <= weight.tensor < 2**32 - 1 and 0 <= seed < 2**32, "number or seed outside 32 bits")
    require(1 <= weight.coats <= MOST_COATS, f"{weight.coats} coats (1..{MOST_COATS})")
    require(weight.counts.size == prod(weight.shape), f"{weight.counts.size} counts for the shape {weight.shape}")
    require(int(weight.counts.max(initial=0)) <= weight.coats, "a count exceeds the coats")
    require(
        0 <= weight.pruned <= weight.pruned + weight.locked <= FROZEN_UNIT,
        f"frozen thresholds outside 0..{FROZEN_UNIT}",
    )
    if weight.signs is not None:
        words = -(-weight.counts.size // 32)
        require(weight.signs.dtype == np.uint32 and weight.signs.shape == (words,), f"signs are not {words} words")
        spare = 32 * words - weight.counts.size
        require(not spare or int(weight.signs[-1]) >> 32 - spare == 0, "unused sign bits are not 0")
    if weight.pruned or weight.locked:
        gone, kept = masks.frozen(seed, weight.tensor, weight.counts.size, weight.pruned, weight.locked)
        require(not weight.counts[gone].any(), "a pruned position is kept")
        require(bool(weight.counts[kept].all()), "a locked position is not kept")
