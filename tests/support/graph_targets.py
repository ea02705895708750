"""Small graphs with numbers or several labels each, made of the motifs: how many triangles, edges and nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgehfn.data.gnn_files import to_arrays
from edgehfn.data.motifs import motifs

NAMES = ("triangles", "edges", "nodes")


def numbers(train: int = 300, others: int = 60) -> dict[str, Any]:
    """Arrays of the file layout with three numbers a graph."""
    made = motifs({"train": train, "val": others, "test": others}, seed=3)
    arrays: dict[str, Any] = to_arrays(made)
    counts = []
    for graph in range(made.structure.graphs):
        one = made.structure.select([graph])[0]
        near = np.zeros((one.nodes, one.nodes), np.int64)
        near[one.edges[0], one.edges[1]] = 1
        near += near.T
        counts.append((np.trace(near @ near @ near) // 6, one.edges.shape[1], one.nodes))
    return {**arrays, "labels": np.array(counts, np.float64), "classes": np.array(NAMES)}


def labels(train: int = 300, others: int = 60) -> dict[str, Any]:
    """The same with three labels a graph, whether it has more of each than usual; a third of them nobody knows."""
    arrays = numbers(train, others)
    counts = arrays["labels"]
    known = np.random.default_rng(0).random(counts.shape) > 1 / 3
    return {**arrays, "labels": np.where(known, counts > np.median(counts, axis=0), np.nan)}
