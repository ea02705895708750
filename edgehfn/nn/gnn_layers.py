"""Layers of GNNs without weights: sums over neighbours, attention, and pooling over nodes."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgehfn.errors import GraphError, InputError
from edgehfn.nn.adjacency import Links, as_map, nodewise
from edgehfn.nn.shapes import Shape
from edgehfn.spec.limits import COLUMNS

Weighting = Literal["gcn", "mean", "sum", "neighbours", "own"]
MOST_OWN = 4.0  # a quarter of the entries of a table of bytes is then left for a neighbour
Pool = Literal["mean", "sum", "first"]


class Aggregate(nn.Module):
    """Over each node's neighbours and itself: the sum weighted by ``1/sqrt((d_u + 1)(d_v + 1))`` (``gcn``: Kipf and
    Welling 2017), the mean, or the plain sum (GIN with ε = 0: Xu et al. 2019); d is the number of neighbours.
    ``neighbours`` is the mean without the node itself (Hamilton et al. 2017), 0 where it has none; ``own`` the
    node alone, for a norm and ReLU before a layer. With ``own``, the node itself counts so often in a ``sum``: 1 + ε,
    to be learned, between 0 and ``MOST_OWN``."""

    def __init__(self, norm: Weighting, own: float | None = None) -> None:
        super().__init__()
        if norm not in get_args(Weighting):
            raise InputError(f"aggregation {norm!r}: choose {' or '.join(get_args(Weighting))}")
        if own is not None and (norm != "sum" or not 0 <= own <= MOST_OWN):
            raise InputError(f"aggregation {norm!r} of {own} times the node: a sum learns it, in 0..{MOST_OWN}")
        self.norm = norm
        self.learned = None if own is None else nn.Parameter(torch.tensor(float(own)))

    @property
    def own(self) -> float:
        """How often the node itself counts in a sum."""
        return 1.0 if self.learned is None else min(max(float(self.learned.detach()), 0.0), MOST_OWN)

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape (C, R, 4) made of (C, R, 4). Raises GraphError for anything but a node map."""
        return check_nodes(x)

    def forward(self, x: Tensor, links: Links) -> Tensor:
        """Each node's own and its neighbours' values, ``(1, C, R, 4)``."""
        values = nodewise(x)
        several = links.degree.unsqueeze(1) + 1
        match self.norm:
            case "gcn":
                factor = several.rsqrt()
                values = values * factor
                return as_map((links.neighbours(values) + values) * factor)
            case "mean":
                return as_map((links.neighbours(values) + values) / several)
            case "sum":
                own = values if self.learned is None else values * self.learned.clamp(0.0, MOST_OWN)
                return as_map(links.neighbours(values) + own)
            case "neighbours":
                return as_map(links.neighbours(values) / (several - 1).clamp(min=1))
            case "own":
                return as_map(values.clone())  # which a step may overwrite


class Attention(nn.Module):
    """Each node's mean over its neighbours and itself, weighted by a softmax of scores (Veličković et al. 2018).

    The score of u at v in head k is ``leaky_relu(scores[k, u] + scores[heads + k, v])``. The channels are split evenly
    among the heads.
    """

    def __init__(self, heads: int, slope: float = 0.2) -> None:
        super().__init__()
        if heads < 1 or not 0 <= slope < 1:
            raise InputError(f"heads {heads}, slope {slope}: give at least one head, and a slope in [0, 1)")
        self.heads, self.slope = heads, slope

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape itself. Raises GraphError unless it is (C, R, 4), C a multiple of the heads."""
        if check_nodes(x)[0] % self.heads:
            raise GraphError(f"attention of {self.heads} heads reads {x[0]} channels; make them a multiple")
        return x

    def forward(self, x: Tensor, scores: Tensor, links: Links) -> Tensor:
        """Maps ``x`` (1, C, R, 4) and ``scores`` (1, 2·heads, R, 4) to the weighted means (1, C, R, 4)."""
        values, score_of = nodewise(x), nodewise(scores)
        places = torch.arange(len(values), device=x.device)
        source, target = torch.cat([links.source, places]), torch.cat([links.target, places])
        score = F.leaky_relu(
            score_of[source, : self.heads] + score_of[target, self.heads :], self.slope
        )  # (2E + 4R, heads)
        index = target.unsqueeze(1).expand_as(score)
        highest = torch.full_like(score_of[:, : self.heads], -torch.inf).scatter_reduce(
            0, index, score.detach(), "amax"
        )
        weight = (score - highest[target]).exp()
        total = torch.zeros_like(highest).index_add(0, target, weight)
        split = values.reshape(len(values), self.heads, -1)
        part = (weight / total[target]).unsqueeze(2) * split[source]
        return as_map(torch.zeros_like(split).index_add(0, target, part).reshape(values.shape))


class NodePool(nn.Module):
    """The mean or sum over each graph's nodes, or its first node alone: (1, C, R, 4) to (graphs, C)."""

    def __init__(self, kind: Pool) -> None:
        super().__init__()
        if kind not in get_args(Pool):
            raise InputError(f"pooling {kind!r}: choose {' or '.join(get_args(Pool))}")
        self.kind = kind

    def output_shape(self, x: Shape) -> Shape:
        """Return the shape (C,) made of (C, R, 4). Raises GraphError for anything but a node map."""
        return check_nodes(x)[:1]

    def forward(self, x: Tensor, links: Links) -> Tensor:
        """A row of channels for each graph."""
        values = nodewise(x)
        if self.kind == "first":
            return values[(links.sizes.cumsum(0) - links.sizes).long()]
        graphs = len(links.sizes)
        total = values.new_zeros(graphs + 1, values.shape[1]).index_add(0, links.graph, values)[:graphs]
        return total if self.kind == "sum" else total / links.sizes.unsqueeze(1)


def check_nodes(x: Shape) -> Shape:
    """Return the shape of a node map, (C, R, 4). Raises GraphError for any other."""
    if len(x) != 3 or x[2] != COLUMNS:
        raise GraphError(f"a layer over nodes reads maps (C, R, {COLUMNS}), not {x}; put it before the pooling")
    return x
