"""The emulator's nodes of graph networks. Nodes of the graph lie innermost there, 64 of them a row of lanes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.backends.emulator import gnn_kernels
from edgehfn.backends.emulator.layout import Int16
from edgehfn.ir import gnn_bytes, ops
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.inputs import Raw
from edgehfn.ir.topology import Ints, StoredTopology
from edgehfn.spec.limits import LEVELS

Planes = npt.NDArray[np.int16]  # (C, places)


@dataclass(frozen=True)
class Sample:
    """One graph: the number of its nodes and who hears whom (``graph_kernels``), of each topology by its name."""

    features: Raw | None
    neighbours: dict[str, tuple[Ints, Ints, int]]


def sample(graph: Graph, raw: Raw) -> Sample:
    """A graph from its raw bytes, and those that are stored."""
    found = {t.name: (t.degrees, t.sources, t.nodes) for t in graph.topologies if isinstance(t, StoredTopology)}
    entry = graph.input
    if entry is None or entry.topology is None:
        return Sample(None, found)
    return Sample(
        gnn_bytes.unpack(entry, raw).features, {**found, entry.topology.name: gnn_bytes.neighbour_lists(entry, raw)}
    )


def planes(memory: Int16) -> Planes:
    """A tensor's memory ``(C, …, LANES)`` as ``(C, places)``: node v at place v, or a vector at place 0."""
    return memory.reshape(len(memory), -1)


def taken(memory: Int16, tensor: Tensor) -> Planes:
    """A tensor of one graph from its memory, in its shape."""
    return planes(memory)[:, : prod(tensor.shape[1:])].reshape(tensor.shape)


def make(node: ops.Input | ops.GraphNode, tensor: Tensor, given: Sample, made: dict[str, Int16]) -> None:
    """Makes a node's tensor in its memory, from those in theirs."""
    y = planes(made[node.name])
    size = prod(tensor.shape[1:])
    match node:
        case ops.Input(dtype=dtype):
            assert given.features is not None
            flat = given.features.reshape(len(y), size)
            y[:, :size] = flat >> 1 if dtype == "u8" else np.maximum(flat, -LEVELS)
        case ops.Constant(values=values):
            y[:, :size] = values.reshape(len(y), size)
        case ops.SparseLinear(features=features, weight=weight):
            values = np.zeros(0, np.int8) if features.values is None else features.values
            sums = (features.starts, features.members, values, np.asarray(weight.values, np.int32))
            gnn_kernels.sparse_sums(*sums, *_scale(node, tensor, y), y[:, :size])
        case ops.Aggregate(x=x, topology=topology):
            tables = (np.array(table, np.int64) for table in (node.neighbour, node.own, node.whole))
            lists = given.neighbours[topology.name][:2]
            residual = planes(made[node.residual or node.name])
            gnn_kernels.aggregate(planes(made[x]), *lists, *tables, node.shift, *_scale(node, tensor, residual), y)
        case ops.Attention(x=x, topology=topology):
            maps = (planes(made[x]), planes(made[node.scores]), node.heads)
            lists = given.neighbours[topology.name][:2]
            softmax = (node.slope, np.array(node.exponential, np.int64))
            residual = planes(made[node.residual or node.name])
            gnn_kernels.attend(*maps, *lists, *softmax, *_scale(node, tensor, residual), y)
        case ops.NodePool(x=x, topology=topology):
            count = 1 if node.first else given.neighbours[topology.name][2]
            multiplier = node.multiplier[count if len(node.multiplier) > 1 else 0]
            t = multiplier * planes(made[x])[:, :count].sum(1, np.int64) + (1 << node.shift >> 1)
            y[:, 0] = np.clip(t >> node.shift, tensor.lo, tensor.hi)
        case _:
            assert_never(node)


def _scale(node: ops.Requantised, tensor: Tensor, residual: Planes) -> tuple[Any, ...]:
    """Requantisation as the kernels take it."""
    q = node.requantise
    multiplier, bias = np.array(q.multiplier, np.int64), np.array(q.bias, np.int64)
    fixed = bias * 2**q.bias_shift + (1 << q.shift >> 1)
    ratio = q.residual_multiplier << q.residual_shift
    return multiplier, fixed, ratio, residual, q.shift, tensor.lo, tensor.hi
