"""A made-up graph of communities, for tests and as an example: to which one does a node belong?

A node's features are its community's, with noise of its own; most of its neighbours are of its community. Some nodes
know many, as in graphs of citations. ``communities`` makes graphs of any size.
"""

from __future__ import annotations

import numpy as np

from edgehfn.data.gnn_files import from_arrays
from edgehfn.data.gnn_sets import GraphSet, Index
from edgehfn.data.image_files import Array

PARTS = {"train": 0.54, "val": 0.17, "test": 0.29}  # of the nodes, as in ogbn-arxiv (Hu et al. 2020)
ALIKE = 0.65  # of the edges, those within a community
SKEW = 2.0  # 1 would give all nodes as many neighbours
NOISE = 5.0  # of a feature, in parts of what tells communities apart


def communities(
    nodes: int = 3000, edges: int = 20_000, features: int = 128, classes: int = 10, seed: int = 0
) -> GraphSet:
    """Make a graph of this size; by default, the set that ``load("communities")`` gives."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(classes, size=nodes)
    centres = draw.standard_normal((classes, features), np.float32)
    values = NOISE * draw.standard_normal((nodes, features), np.float32)
    values += centres[labels]
    order = draw.permutation(nodes)
    ends = np.round(nodes * np.cumsum([0.0, *PARTS.values()])).astype(int)
    arrays: dict[str, Array] = {
        "feat_indptr": features * np.arange(nodes + 1),
        "feat_indices": np.tile(np.arange(features), nodes),
        "feat_data": np.clip(values, -3 * NOISE, 3 * NOISE).ravel(),
        "feat_shape": np.array([nodes, features]),
        "edges": _edges(draw, labels, edges, classes),
        "labels": labels,
        **{f"{part}_idx": np.sort(order[a:b]) for part, a, b in zip(PARTS, ends, ends[1:], strict=False)},
    }
    return from_arrays("communities", arrays)


def _edges(draw: np.random.Generator, labels: Index, count: int, classes: int) -> Index:
    """So many pairs of nodes ``(2, count)``, the first ones of each community being the best known."""
    nodes = len(labels)
    by_class = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels, minlength=classes)
    first = np.cumsum(sizes) - sizes
    found = np.zeros(0, np.int64)
    while len(found) < count:
        one = draw.integers(nodes, size=2 * count)
        other = labels[one]
        other = np.where(draw.random(len(one)) < ALIKE, other, draw.integers(classes, size=len(one)))
        place = (draw.random(len(one)) ** SKEW * sizes[other]).astype(np.int64)
        two = by_class[np.minimum(first[other] + place, nodes - 1)]
        low, high = np.minimum(one, two), np.maximum(one, two)
        found = np.unique(np.concatenate([found, (low * nodes + high)[low != high]]))
    chosen = draw.choice(found, count, replace=False)
    return np.stack([chosen // nodes, chosen % nodes])
