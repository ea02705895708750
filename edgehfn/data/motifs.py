"""A made-up set of small graphs, for tests and as an example: does a motif hide in a random graph?

Each graph is a random tree with random edges added. In half of them, the edges added first make four nodes know each
other (a clique); in the others the same number lies anywhere. A node's features are its degree, as one of eight (7 and
more is the last).
"""

from __future__ import annotations

import numpy as np

from edgehfn.data.gnn_files import from_arrays
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.image_files import Array

GRAPHS = {"train": 1200, "val": 300, "test": 500}
NODES = (10, 24)  # of a graph, at least and at most
EXTRA = 6  # edges beyond the tree's, besides those of the motif
DEGREES = 8


def motifs(graphs: dict[str, int] | None = None, seed: int = 0) -> GraphSet:
    """Make so many graphs for each part; by default, the set that ``load("motifs")`` gives."""
    sizes = graphs or GRAPHS
    total = sum(sizes.values())
    draw = np.random.default_rng(seed)
    labels = draw.permutation(np.arange(total) % 2)
    made = [_graph(draw, bool(label)) for label in labels]
    starts = np.concatenate([[0], np.cumsum([nodes for nodes, _ in made])])
    edges = np.concatenate([links + start for (_, links), start in zip(made, starts[:-1], strict=True)], axis=1)
    degrees = np.bincount(edges.ravel(), minlength=starts[-1])
    ends = np.cumsum(list(sizes.values()))
    parts = zip(sizes, ends - list(sizes.values()), ends, strict=True)
    arrays: dict[str, Array] = {
        "feat_indptr": np.arange(starts[-1] + 1),
        "feat_indices": np.minimum(degrees, DEGREES) - 1,  # a node of a tree has a neighbour
        "feat_shape": np.array([starts[-1], DEGREES]),
        "edges": edges,
        "graph_indptr": starts,
        "labels": labels,
        "classes": np.array(["plain", "clique"]),
        **{f"{part}_idx": np.arange(first, end) for part, first, end in parts},
    }
    return from_arrays("motifs", arrays)


def _graph(draw: np.random.Generator, motif: bool) -> tuple[int, Array]:
    """A number of nodes, and edges ``(2, E)``."""
    nodes = int(draw.integers(NODES[0], NODES[1] + 1))
    names = draw.permutation(nodes)
    joined = {_pair(names[node], names[draw.integers(node)]) for node in range(1, nodes)}
    clique = draw.choice(nodes, 4, replace=False)
    wanted = {_pair(a, b) for a in clique for b in clique if a != b} - joined
    several = len(joined) + len(wanted) + int(draw.integers(EXTRA + 1))
    if motif:
        joined |= wanted
    while len(joined) < several:
        a, b = draw.choice(nodes, 2, replace=False)
        joined.add(_pair(a, b))
    return nodes, np.array(sorted(joined)).T


def _pair(a: int, b: int) -> tuple[int, int]:
    return (int(min(a, b)), int(max(a, b)))
