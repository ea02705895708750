"""Graphs of nets that were never trained, for measuring what only their shapes and densities decide."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import torch

import calibrate
from edgehfn.data.gnn_sets import Features, Structure
from edgehfn.ir import Graph
from edgehfn.lowering.lower import lower
from edgehfn.nn import GraphSpec, InputSpec, Net, Nodes, StoredGraph
from edgehfn.spec.limits import LEVELS
from edgehfn.spec.raw import TYPES

IMAGES = 64  # random ones, that set norms and scales


def untrained(net: Net, count: int = IMAGES) -> Graph:
    """The graph of a net with the masks it was made with, its norms and scales set by ``count`` random images, by the
    graph it stores, or by a path through random nodes."""
    draw = np.random.default_rng(net.seed)
    match net.input:
        case StoredGraph():
            seen: Nodes | torch.Tensor = net.input.nodes()
        case GraphSpec():
            seen = _path(net.input, draw)
        case InputSpec():
            kind = TYPES[net.input.dtype]
            ends, shape = np.iinfo(kind), (count, *net.input.shape)
            seen = torch.from_numpy(draw.integers(ends.min, ends.max, shape, dtype=kind, endpoint=True))
        case _:
            assert_never(net.input)
    with torch.no_grad():
        for norm in (step.norm for step in net.steps if step.norm is not None):
            norm.momentum = None  # the batch's own statistics, not a running mean with the initial ones
        net.train()(seen)
    return lower(net.eval(), calibrate.calibrate(net, [seen]).scales)


def _path(limits: GraphSpec, draw: np.random.Generator) -> Nodes:
    nodes, count = min(limits.most_nodes, limits.most_edges + 1), limits.features
    values = draw.integers(-LEVELS, LEVELS + 1, nodes * count, np.int8)
    features = Features(np.arange(nodes + 1) * count, np.tile(np.arange(count), nodes), values, count)
    edges = np.stack([np.arange(nodes - 1), np.arange(1, nodes)])
    return Nodes.of(features, Structure(edges, np.array([0, nodes])))
