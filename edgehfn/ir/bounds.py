"""How large the numbers of a node can become (docs/SPEC.md sections 4 and 5)."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.ir import gnn_rules, ops
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.ops import Conv, Linear, Requantise, Requantised, Weight
from edgehfn.spec.limits import LANE

Bounds = npt.NDArray[np.int64]


def bound(node: Requantised, graph: Graph) -> Bounds:
    """The largest magnitude each channel's accumulator can take, shape ``(O,)`` (SPEC section 5, and 5.3)."""
    match node:
        case Conv() | ops.Depthwise() | Linear():
            return accumulators(node.weight, graph.tensors[node.x])
        case ops.SparseLinear():
            return gnn_rules.sparse_accumulators(node.weight, node.features)
        case ops.Aggregate(x=x):
            tables = (node.neighbour, node.own, node.whole)
            largest = gnn_rules.aggregated(node.topology, *tables, node.shift, graph.tensors[x])
        case ops.Attention(x=x):
            largest = gnn_rules.attended(graph.tensors[x])
        case _:
            assert_never(node)
    return np.full(graph.tensors[node.name].shape[0], largest, np.int64)


def accumulators(weight: Weight, x: Tensor) -> Bounds:
    """The same for a weight and the tensor it reads."""
    plus, minus = weight.lists
    return np.asarray(np.maximum(plus * x.hi - minus * x.lo, minus * x.hi - plus * x.lo))


def reach(q: Requantise, accumulators: Bounds, residual: int = 0) -> Bounds:
    """The left side of R1, per channel: no partial sum of the requantisation exceeds it in magnitude."""
    m, b = np.abs(np.array(q.multiplier, np.int64)), np.abs(np.array(q.bias, np.int64))
    fixed = (q.residual_multiplier * residual << q.residual_shift) + (1 << q.shift >> 1)
    return np.asarray(m * accumulators + (b << q.bias_shift) + fixed)


def sums_fit_16_bits(node: Conv | Linear, graph: Graph) -> bool:
    """Whether 16-bit lanes compute this node exactly: N1, N2 and N3 of SPEC section 4."""
    q, sums = node.requantise, bound(node, graph)
    residual = ops.residual(node)
    largest = 0 if residual is None else magnitude(graph.tensors[residual])
    fits = bool((sums << max(0, 8 - q.shift) < LANE).all()) and q.shift <= 16
    fits = fits and bool((reach(q, sums, largest) < LANE << q.shift).all())
    if q.residual_multiplier:
        spare = q.residual_shift + 8 - q.shift
        fits = fits and spare >= 0 and q.residual_multiplier << spare < LANE
    return fits


def magnitude(tensor: Tensor) -> int:
    """The largest magnitude that an element can have."""
    return max(tensor.hi, -tensor.lo)
