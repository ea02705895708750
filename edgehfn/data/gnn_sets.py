"""Graphs as data: nodes with features, undirected edges, labels and splits; one large graph or a set of small ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from edgehfn.data.image_files import arrays_digest
from edgehfn.spec.task import Kind

Index = npt.NDArray[np.int64]
Part = Literal["train", "val", "test"]


@dataclass(frozen=True, eq=False)
class Structure:
    """Undirected edges ``(2, E)``, each held once, none from a node to itself, over ``nodes`` nodes.

    ``starts`` ``(G + 1,)`` is the first node of each graph, and ``nodes`` at its end; one graph has ``[0, nodes]``. No
    edge joins two graphs.
    """

    edges: Index
    starts: Index

    @property
    def nodes(self) -> int:
        """The number of nodes of all graphs."""
        return int(self.starts[-1])

    @property
    def graphs(self) -> int:
        """The number of graphs."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> Index:
        """Nodes of each graph, ``(G,)``."""
        return np.diff(self.starts)

    @property
    def edge_counts(self) -> Index:
        """Edges of each graph, ``(G,)``."""
        return np.bincount(self._edge_graph, minlength=self.graphs)

    @cached_property
    def degree(self) -> Index:
        """Neighbours of each node, itself not counted, ``(nodes,)``."""
        return np.bincount(self.edges.ravel(), minlength=self.nodes)

    @cached_property
    def neighbours(self) -> tuple[Index, Index]:
        """As CSR: ``(nodes + 1,)`` where each node's neighbours begin, and ``(2·E,)`` the neighbours, rising."""
        source, target = np.concatenate([self.edges, self.edges[::-1]], axis=1)
        order = np.lexsort((source, target))
        return np.concatenate([[0], np.cumsum(self.degree)]), source[order]

    def select(self, graphs: Sequence[int] | Index) -> tuple[Structure, Index]:
        """Return some of the graphs, their nodes renumbered in this order, and which nodes these were."""
        chosen = np.asarray(graphs, np.int64)
        sizes = self.sizes[chosen]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        nodes = np.repeat(self.starts[chosen] - starts[:-1], sizes) + np.arange(starts[-1])
        first = np.searchsorted(self._edge_graph, chosen)
        many = np.searchsorted(self._edge_graph, chosen, "right") - first
        ends = np.cumsum(many)
        edges = np.repeat(first - (ends - many), many) + np.arange(ends[-1] if len(ends) else 0)
        moved = np.repeat(starts[:-1] - self.starts[chosen], many)
        return Structure(self._sorted_edges[:, edges] + moved, starts), nodes

    @cached_property
    def _sorted_edges(self) -> Index:
        """The edges graph by graph."""
        return self.edges[:, np.argsort(self.edges[0], kind="stable")]

    @cached_property
    def _edge_graph(self) -> Index:
        found: Index = np.searchsorted(self.starts, self._sorted_edges[0], "right") - 1
        return found


@dataclass(frozen=True, eq=False)
class Features:
    """A sparse matrix of integers, one row a node, in CSR form.

    ``values`` are -127..127, or None where all that is stored is 1. ``step`` is what the value 1 stands for in the
    user's own unit.
    """

    indptr: Index
    indices: Index
    values: npt.NDArray[np.int8] | None
    count: int  # features of a node
    step: float = 1.0

    @property
    def nodes(self) -> int:
        """The number of nodes, which are rows."""
        return len(self.indptr) - 1

    @property
    def by_feature(self) -> tuple[Index, Index, Index]:
        """As CSR by feature: ``(count + 1,)`` where each feature's nodes begin, the nodes, and the order of values."""
        order = np.argsort(self.indices, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.indices, minlength=self.count))])
        return starts, np.repeat(np.arange(self.nodes), np.diff(self.indptr))[order], order

    def select(self, nodes: Index) -> Features:
        """Return the features of some of the nodes, in this order."""
        sizes = np.diff(self.indptr)[nodes]
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        at = np.repeat(self.indptr[nodes] - indptr[:-1], sizes) + np.arange(indptr[-1])
        return Features(indptr, self.indices[at], None if self.values is None else self.values[at], self.count)

    def dense(self) -> npt.NDArray[np.int8]:
        """Return all values, zeros included, int8 ``(nodes, count)``."""
        values = np.zeros((self.nodes, self.count), np.int8)
        rows = np.repeat(np.arange(self.nodes), np.diff(self.indptr))
        values[rows, self.indices] = 1 if self.values is None else self.values
        return values


@dataclass(frozen=True, eq=False)
class GraphSet:
    """Graphs for training and measuring. ``labels`` is the index of the class, one a node or one a graph; -1 has none.
    For another ``task``, they are what ``edgehfn.data.targets`` says, ``(N, K)``, and ``classes`` the names of columns;
    ``guessed_by``: what the task was guessed by, if it was.

    ``split`` holds, for each part, the labelled nodes or graphs in it. With ``hops``, nodes are asked about one by one,
    each with a sample of the nodes round it: so many neighbours of a node for each hop.
    """

    name: str
    features: Features
    structure: Structure
    of: Literal["nodes", "graphs"]
    labels: npt.NDArray[Any]
    split: dict[Part, Index]
    classes: tuple[str, ...]
    sha256: str  # of the source, its first 16 hex digits
    unread: tuple[str, ...] = ()  # arrays of the source that mean nothing here
    hops: tuple[int, ...] = ()
    task: Kind = "class"
    guessed_by: str = ""

    @property
    def y_train(self) -> npt.NDArray[Any]:
        """The labels of the training part."""
        return self.labels[self.split["train"]]

    @property
    def small(self) -> bool:
        """Whether it is one small graph after another that has a label, and not nodes of one graph."""
        return self.of == "graphs" or bool(self.hops)

    def digest(self) -> str:
        """Return SHA-256 of all arrays as they are here, whatever file they came in: 64 hex digits."""
        stored, joined = self.features, self.structure
        values = () if stored.values is None else (stored.values,)
        features = (np.array([stored.count]), stored.indptr, stored.indices, *values)
        parts = (self.split[part] for part in get_args(Part))
        hops = (np.array(self.hops),) if self.hops else ()
        return arrays_digest(*features, joined.edges, joined.starts, self.labels, *parts, *hops)
