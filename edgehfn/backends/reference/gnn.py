"""The nodes of graph networks in PyTorch integers: docs/SPEC.md section 5.3, one graph after another.

Neighbours are pairs of node numbers, a target and one that it edges, in no order.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

import numpy as np
import torch
from torch import Tensor

from edgehfn.ir import gnn_bytes, ops
from edgehfn.ir.topology import StoredTopology, Topology, rows
from edgehfn.spec.limits import BYTE, COLUMNS


class Neighbours(NamedTuple):
    """``nodes`` there are; pair ``i`` is ``target[i]`` and its neighbour ``source[i]``; ``degree``: ``(4·R,)``."""

    nodes: int
    target: Tensor
    source: Tensor
    degree: Tensor


def neighbours(topology: Topology, entry: ops.Input | None, raw: Tensor) -> Neighbours:
    """Of one graph, whose raw bytes may be signed."""
    nodes = topology.nodes
    if isinstance(topology, StoredTopology):
        target = torch.repeat_interleave(torch.arange(nodes), torch.tensor(np.diff(topology.starts)))
        source = torch.tensor(topology.sources)
    else:
        assert entry is not None
        _, nodes, count, edges = gnn_bytes.unpack(entry, raw.numpy().astype(np.uint8))
        target, source = torch.tensor(np.concatenate([edges[:count], edges[:count, ::-1]]).T.copy())
    degree = torch.bincount(target, minlength=COLUMNS * rows(topology.nodes))
    return Neighbours(nodes, target, source, degree)


def features(node: ops.Input, raw: Tensor) -> Tensor:
    """Those of graphs ``(N, bytes)``, as ``(N, C, R, 4)``."""
    return raw[:, : np.prod(node.shape)].view(-1, *node.shape)


def sparse(node: ops.SparseLinear) -> Tensor:
    """Accumulators ``(1, O, R, 4)``."""
    given = node.features
    dense = torch.zeros(given.count, COLUMNS * rows(given.nodes), dtype=torch.float64)
    which = torch.repeat_interleave(torch.arange(given.count), torch.tensor(np.diff(given.starts)))
    dense[which, torch.tensor(given.members)] = torch.tensor(
        np.ones(len(which)) if given.values is None else given.values.astype(np.float64)
    )
    return (torch.tensor(node.weight.values, dtype=torch.float64) @ dense).view(1, -1, rows(given.nodes), COLUMNS)


def accumulators(node: ops.Aggregate | ops.Attention, made: dict[str, Tensor], graphs: list[Neighbours]) -> Tensor:
    """``(N, C, R, 4)``"""
    x = made[node.x].flatten(2)
    match node:
        case ops.Aggregate():
            found = [_aggregated(node, values, edges) for values, edges in zip(x, graphs, strict=True)]
        case ops.Attention():
            scores = made[node.scores].flatten(2)
            found = [_attended(node, *each) for each in zip(x, scores, graphs, strict=True)]
        case _:
            assert_never(node)
    return torch.stack(found).view_as(made[node.x])


def pooled(node: ops.NodePool, x: Tensor, graphs: list[Neighbours]) -> Tensor:
    """``(N, C)``, before rounding."""
    table = node.multiplier if len(node.multiplier) > 1 else node.multiplier * (node.topology.nodes + 1)
    counts = [1 if node.first else edges.nodes for edges in graphs]
    sums = [table[count] * values[:, :count].sum(1) for values, count in zip(x.flatten(2), counts, strict=True)]
    return torch.stack(sums)


def _aggregated(node: ops.Aggregate, x: Tensor, edges: Neighbours) -> Tensor:
    neighbour, own, whole = (torch.tensor(table)[edges.degree] for table in (node.neighbour, node.own, node.whole))
    total = (own * x).index_add(1, edges.target, (neighbour * x)[:, edges.source])
    return (whole * total + (1 << node.shift >> 1)) >> node.shift


def _attended(node: ops.Attention, x: Tensor, scores: Tensor, edges: Neighbours) -> Tensor:
    every = torch.arange(x.shape[1])
    target, source = torch.cat([edges.target, every]), torch.cat([edges.source, every])
    as_source, as_target = scores.split(node.heads)
    e = as_source[:, source] + as_target[:, target]  # (K, pairs)
    e = torch.where(e >= 0, e, (node.slope * e + 128) >> 8)
    top = torch.full_like(as_source, -(2**15)).scatter_reduce(1, target.expand_as(e), e, "amax")
    weight = torch.tensor(node.exponential)[(top[:, target] - e).clamp(max=BYTE - 1)]
    total = torch.zeros_like(as_source).index_add(1, target, weight)
    shift = torch.zeros_like(total)
    while bool((total >> shift >= BYTE).any()):
        shift += total >> shift >= BYTE
    j = total >> shift
    multiplier = (2**16 + j) // (2 * j + 1)
    weight, shift, multiplier = (t.repeat_interleave(len(x) // node.heads, 0) for t in (weight, shift, multiplier))
    sums = torch.zeros_like(x).index_add(1, target, weight * x[:, source])
    return (sums >> shift) * multiplier
