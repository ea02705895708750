"""Weights over stored sparse features keep their bits: what is stored, and what the first layer is."""

from __future__ import annotations

import numpy as np
import pytest

import calibrate
from edgehfn import footprint
from edgehfn.backends import c
from edgehfn.data.gnn_sets import Features, Structure
from edgehfn.ir import Graph, ops, plan
from edgehfn.lowering.lower import lower
from edgehfn.nn import StoredGraph, graph_preset
from edgehfn.nn.builder import BITS, Kind

COUNT, HIDDEN, CLASSES = 500, 32, 5


def over_sparse_features(kind: Kind, arch: str) -> Graph:
    rng = np.random.default_rng(0)
    there = rng.random((40, COUNT)) < 0.05
    starts = np.concatenate([[0], np.cumsum(there.sum(1))])
    stored = StoredGraph(
        Features(starts, np.nonzero(there)[1].astype(np.int64), None, COUNT),
        Structure(np.array([[0, 1], [1, 2]]), np.array([0, 40])),
    )
    net = graph_preset(arch, stored, CLASSES, hidden=HIDDEN, layers=2, weights=kind)
    return lower(net, calibrate.calibrate(net, [stored.nodes()]).scales)


@pytest.mark.parametrize("arch", ["gcn", "gin", "gat", "sage"])
@pytest.mark.parametrize("kind", [kind for kind in BITS if kind != "float"])
def test_the_first_layer_has_the_bits_that_were_asked_for(kind: Kind, arch: str) -> None:
    graph = over_sparse_features(kind, arch)
    weights = [node.weight for node in graph if isinstance(node, ops.Weighted)]
    assert {weight.bits for weight in weights if isinstance(weight, ops.QuantisedWeight)} == {BITS[kind]}
    packed = sum(weight.values.size * BITS[kind] for weight in weights) / 8
    stored = sum(len(part.data) for part in c.layout(graph, plan(graph)) if part.origin == "dense")
    assert packed <= stored < packed + 64 * len(weights)
    assert footprint(graph).predicted.weights_flash >= stored


def test_the_fixture_reads_sparse_features() -> None:
    assert any(isinstance(node, ops.SparseLinear) for node in over_sparse_features("int4", "gcn"))
