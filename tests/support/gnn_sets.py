"""Small graphs for tests: random ones, and known ones as arrays of the file layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from edgehfn.data.gnn_files import from_arrays
from edgehfn.data.gnn_sets import GraphSet


def arrays(**changed: Any) -> dict[str, Any]:
    """A path of four nodes and a node alone, two features, the last node without a label."""
    return {
        "feat_indptr": np.array([0, 1, 2, 4, 4, 5]),
        "feat_indices": np.array([0, 1, 0, 1, 0]),
        "feat_shape": np.array([5, 2]),
        "edges": np.array([[0, 1, 3], [1, 2, 2]]),
        "labels": np.array([0, 1, 0, 1, -1]),
        "train_idx": np.array([0, 1]),
        "val_idx": np.array([2]),
        "test_idx": np.array([3]),
        **changed,
    }


def random(nodes: int = 60, features: int = 20, classes: int = 3, seed: int = 0, values: bool = False) -> GraphSet:
    """Nodes whose features and neighbours tend to be of their own class."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(classes, size=nodes)
    has = draw.random((nodes, features)) < np.where(np.arange(features) % classes == labels[:, None], 0.35, 0.05)
    pairs = np.array([(a, b) for a in range(nodes) for b in range(a)])
    alike = labels[pairs[:, 0]] == labels[pairs[:, 1]]
    edges = pairs[draw.random(len(pairs)) < np.where(alike, 6, 1) / nodes].T
    order = draw.permutation(nodes)
    parts = {"train_idx": order[:20], "val_idx": order[20:40], "test_idx": order[40:]}
    row, column = np.nonzero(has)
    data: dict[str, Any] = {
        "feat_indptr": np.concatenate([[0], np.cumsum(np.bincount(row, minlength=nodes))]),
        "feat_indices": column,
        "feat_shape": np.array([nodes, features]),
        "edges": edges,
        "labels": labels,
        **parts,
    }
    if values:
        data["feat_data"] = draw.normal(size=len(column)).astype(np.float32)
    return from_arrays("random", data)


def matrix(data: GraphSet) -> torch.Tensor:
    """Which node hears which, 0 or 1, with the places behind the last node."""
    nodes = 4 * -(-data.structure.nodes // 4)
    whole = torch.zeros(nodes, nodes)
    a, b = torch.from_numpy(data.structure.edges)
    whole[a, b] = whole[b, a] = 1
    return whole
