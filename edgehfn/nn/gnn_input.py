"""What GNNs read: a stored graph, which is part of the model, or small graphs, which come at run time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch

from edgehfn.data.gnn_sets import Features, GraphSet, Structure
from edgehfn.data.sampling import limits
from edgehfn.errors import InputError
from edgehfn.nn.adjacency import Nodes, rows
from edgehfn.spec.limits import COLUMNS, LEVELS, MOST_EDGES, MOST_NODES


@dataclass(frozen=True, eq=False)
class StoredGraph:
    """A graph with the features of its nodes, stored in the model: such a net has no input at run time.

    It may have any number of nodes; a device, and so lowering, takes ``MOST_NODES``.
    """

    features: Features
    structure: Structure

    def __str__(self) -> str:
        edges = self.structure.edges.shape[1]
        return f"a stored graph of {self.features.nodes:,} nodes, {edges:,} edges and {self.features.count:,} features"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(features, R, 4), as a map over the nodes."""
        return self.features.count, rows(self.features.nodes), COLUMNS

    @property
    def step(self) -> float:
        """The real value of one integer step of a feature."""
        return 1.0 if self.features.values is None else 1 / LEVELS

    def same(self, other: StoredGraph) -> bool:
        """Return whether both are the same graph with the same features."""
        ours, theirs = self.features, other.features
        if (ours.values is None) != (theirs.values is None) or ours.count != theirs.count:
            return False
        pairs = [(ours.indptr, theirs.indptr), (ours.indices, theirs.indices)]
        pairs += zip(self.structure.neighbours, other.structure.neighbours, strict=True)
        if ours.values is not None and theirs.values is not None and not np.array_equal(ours.values, theirs.values):
            return False
        return all(np.array_equal(one, another) for one, another in pairs)

    def nodes(self, device: torch.device | str = "cpu") -> Nodes:
        """Return the features and links that the net is run on."""
        return Nodes.of(self.features, self.structure, device)


@dataclass(frozen=True)
class GraphSpec:
    """Graphs that come at run time, with feature bytes -127..127 that stand for -1..1, and the most there is of each.

    ``asked``: the first node alone is what a net tells about; presets read it so. Raises InputError for limits out of
    range.
    """

    features: int  # of a node
    most_nodes: int
    most_edges: int  # each counted once
    most_degree: int  # neighbours of a node
    asked: bool = field(default=False, compare=False, kw_only=True)
    step: ClassVar[float] = 1 / LEVELS  # the real value of one integer step of a feature

    def __post_init__(self) -> None:
        if self.features < 1 or not 1 <= self.most_nodes <= MOST_NODES or not 1 <= self.most_edges <= MOST_EDGES:
            raise InputError(
                f"graphs of {self.features} features, {self.most_nodes} nodes, {self.most_edges} edges: give 1 or more "
                f"features, 1..{MOST_NODES} nodes and 1..{MOST_EDGES} edges"
            )
        if not 2 <= self.most_degree < 2**16:
            raise InputError(f"graphs of {self.most_degree} neighbours a node: give 2..{2**16 - 1}")

    def __str__(self) -> str:
        most = f"{self.most_nodes} nodes, {self.most_edges} edges and {self.most_degree} neighbours a node"
        return f"graphs of {self.features} features and up to {most}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(features, R, 4) of the largest graph."""
        return self.features, rows(self.most_nodes), COLUMNS

    def holds(self, other: GraphSpec) -> bool:
        """Return whether graphs of the other's limits fit these."""
        limits = ((s.most_nodes, s.most_edges, s.most_degree) for s in (self, other))
        return self.features == other.features and all(ours >= theirs for ours, theirs in zip(*limits, strict=True))


def graph_input(data: GraphSet, max_graph: Sequence[int] | None = None) -> StoredGraph | GraphSpec:
    """Return what a net for this set reads: its one graph, or small ones, or samples, up to the largest.

    ``max_graph``: nodes, edges and neighbours of a node, where larger graphs than those of the set may come. Raises
    InputError if these are fewer, or for one stored graph, and for a stored graph of another task than classes.
    """
    if not data.small:
        if data.task != "class":
            raise InputError(
                f"{data.name}: nodes of a stored graph have classes alone, and task {data.task} is for sets of graphs; "
                "give :hops= behind the name, which asks node by node, or --task class"
            )
        if max_graph is not None:
            raise InputError(
                f"{data.name} is one graph, which the model stores; limits are for small graphs and :hops="
            )
        return StoredGraph(data.features, data.structure)
    whole = data.structure
    if data.hops:
        most = limits(whole, data.hops)
        found = GraphSpec(data.features.count, most.nodes, most.edges, most.degree, asked=True)
    else:
        nodes, edges, degree = (int(many.max()) for many in (whole.sizes, whole.edge_counts, whole.degree))
        found = GraphSpec(data.features.count, nodes, max(1, edges), max(2, degree))
    if max_graph is None:
        return found
    given = GraphSpec(data.features.count, *max_graph, asked=found.asked)
    if not given.holds(found):
        raise InputError(f"limits of {given}: {data.name} has {found}; give at least these")
    return given
