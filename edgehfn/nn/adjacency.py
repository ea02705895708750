"""Graphs as tensors: edges between nodes and features over nodes, ready for the layers.

Values over N nodes are a node map (1, C, R, 4), R = ceil(N / 4), node v at element v of each channel (docs/SPEC.md
section 5.1); the up to three elements behind the last node are nodes without edges. Memory is channels last, so that
the map is a matrix of nodes by channels too, without a copy. Several graphs are one map, node behind node.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from edgehfn.data.gnn_sets import Features, Structure
from edgehfn.spec.limits import COLUMNS, LEVELS

DENSE = 0.25  # fraction of features that are not 0 from which on a matrix of all is faster, and smaller in flash


def rows(nodes: int) -> int:
    """Return the height of a node map of so many nodes."""
    return -(-nodes // COLUMNS)


def nodewise(x: Tensor) -> Tensor:
    """Return a node map (1, C, R, 4) as (4·R, C), the same memory."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def as_map(values: Tensor) -> Tensor:
    """Return values (4·R, C) as a node map (1, C, R, 4), the same memory."""
    return values.reshape(1, -1, COLUMNS, values.shape[1]).permute(0, 3, 1, 2)


@dataclass(frozen=True, eq=False)
class Links:
    """The edges of one or more graphs, each edge in both directions, sorted by target."""

    starts: Tensor  # (4·R,) where each node's neighbours begin in source
    source: Tensor  # (2·E,)
    target: Tensor  # (2·E,)
    degree: Tensor  # (4·R,) float, neighbours without the node itself
    graph: Tensor  # (4·R,) of each node; the number of graphs for those behind the last
    sizes: Tensor  # (G,) float, nodes of each graph

    @staticmethod
    def of(structure: Structure, device: torch.device | str = "cpu") -> Links:
        """Return the links of a structure."""
        places = COLUMNS * rows(structure.nodes)
        starts, source = (torch.from_numpy(part) for part in structure.neighbours)
        starts = F.pad(starts, (0, places - structure.nodes), value=len(source))
        degree = starts.diff()
        sizes = torch.from_numpy(structure.sizes)
        graph = torch.repeat_interleave(sizes)
        return Links(
            starts[:-1].to(device),
            source.to(device),
            torch.repeat_interleave(degree).to(device),
            degree.float().to(device),
            F.pad(graph, (0, places - len(graph)), value=structure.graphs).to(device),
            sizes.float().to(device),
        )

    def neighbours(self, x: Tensor) -> Tensor:
        """Return the sum over each node's neighbours, (4·R, C) to (4·R, C)."""
        total: Tensor = _Neighbours.apply(x, self.source, self.starts)  # type: ignore[no-untyped-call]
        return total


class _Neighbours(torch.autograd.Function):
    """Since edges go both ways, the gradient is the same sum over the neighbours' gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, source: Tensor, starts: Tensor) -> Tensor:
        ctx.save_for_backward(source, starts)
        return F.embedding_bag(source, x, starts, mode="sum")

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        source, starts = ctx.saved_tensors
        return F.embedding_bag(source, grads[0].contiguous(), starts, mode="sum"), None, None


@dataclass(frozen=True, eq=False)
class SparseMap:
    """A map over nodes of which few values are not 0, node by node and channel by channel (CSR)."""

    starts: Tensor  # (4·R,) where each node's channels begin in channel
    channel: Tensor
    by_channel: Tensor  # (C,) where each channel's nodes begin in node
    node: Tensor
    order: Tensor  # of the values, that sorts them by channel
    values: Tensor  # float, node by node

    @staticmethod
    def of(features: Features, device: torch.device | str = "cpu") -> SparseMap:
        """Return features in real units: ones, or whole steps of 1/127."""
        starts = torch.from_numpy(features.indptr)[:-1]
        starts = F.pad(starts, (0, -features.nodes % COLUMNS), value=len(features.indices))
        by_channel, node, order = (torch.from_numpy(part) for part in features.by_feature)
        channel = torch.from_numpy(features.indices)
        stored = np.ones(len(channel), np.int8) if features.values is None else features.values
        values = torch.from_numpy(stored).float() / (1 if features.values is None else LEVELS)
        parts = (starts, channel, by_channel[:-1], node, order, values)
        return SparseMap(*(part.to(device) for part in parts))


class _SparseLinear(torch.autograd.Function):
    """``X·W``, W (C, O); the gradient ``Xᵀ·g`` is such a product too."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, x: SparseMap) -> Tensor:
        ctx.x = x
        return F.embedding_bag(x.channel, weight, x.starts, mode="sum", per_sample_weights=x.values)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        x: SparseMap = ctx.x
        values = x.values[x.order]
        return F.embedding_bag(x.node, grads[0].contiguous(), x.by_channel, mode="sum", per_sample_weights=values), None


Map = Tensor | SparseMap


def linear(x: Map, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Apply a 1x1 convolution (O, C, 1, 1): returns a node map (1, O, R, 4)."""
    if isinstance(x, Tensor):
        return as_map(F.linear(nodewise(x), weight.flatten(1), bias))
    made: Tensor = _SparseLinear.apply(weight.flatten(1).t().contiguous(), x)  # type: ignore[no-untyped-call]
    return as_map(made if bias is None else made + bias)


def dropped(x: Map, fraction: float, draw: np.random.Generator) -> Map:
    """Set a fraction of the values to 0, in steps of 1/256, and enlarge the others (Srivastava et al. 2014)."""
    values = x if isinstance(x, Tensor) else x.values
    gone = min(255, round(256 * fraction))
    flat = nodewise(values) if values.dim() == 4 else values
    bytes_ = np.frombuffer(draw.bytes(flat.numel()), np.uint8) >= gone
    factor = torch.from_numpy(bytes_).to(flat.device).reshape(flat.shape).float() * (256 / (256 - gone))
    left = flat * factor
    return as_map(left) if isinstance(x, Tensor) else replace(x, values=left)


@dataclass(frozen=True, eq=False)
class Nodes:
    """What a GNN reads: features over the nodes of one or more graphs, and the links between these."""

    x: Map
    links: Links

    @staticmethod
    def of(features: Features, structure: Structure, device: torch.device | str = "cpu") -> Nodes:
        """Return the nodes of graphs. Sparse features stay sparse; others become a node map of whole steps."""
        links = Links.of(structure, device)
        if is_sparse(features):
            return Nodes(SparseMap.of(features, device), links)
        dense = F.pad(torch.from_numpy(features.dense()).float(), (0, 0, 0, -features.nodes % COLUMNS))
        return Nodes(as_map((dense if features.values is None else dense / LEVELS).to(device)), links)

    def __len__(self) -> int:
        return len(self.links.sizes)


def is_sparse(features: Features) -> bool:
    """Return whether few enough features are not 0."""
    return len(features.indices) < DENSE * features.nodes * features.count
