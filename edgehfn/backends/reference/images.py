"""The graph run in PyTorch integers: operations on whole tensors, nearly one a line of docs/SPEC.md.

It shares nothing with the emulator. Convolutions go through float64: every product and partial sum is an integer of
magnitude at most A < 2^31 (SPEC section 5), far below 2^53, so each is exact in whatever order they are added. All else
is int64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from edgehfn.backends.reference import gnn as graphs
from edgehfn.ir import ops
from edgehfn.ir.graph import Graph
from edgehfn.ir.inputs import Raw, checked
from edgehfn.ir.ops import Requantise
from edgehfn.spec.window import Sides

Int8 = npt.NDArray[np.int8]

BATCH = 256  # images whose tensors are held at once


def run(graph: Graph, raw: Raw, observe: Callable[[str, Int8], None] | None = None) -> Int8:
    """Run raw images ``(N, *raw_shape)`` through a verified graph and return the outputs ``(N, *output.shape)``.

    ``observe`` receives each node's name and tensor ``(N, *shape)`` in execution order, after the run. Raises
    InputError if ``raw`` does not fit the graph's input.
    """
    raw = checked(graph, raw)
    wanted = graph.tensors if observe else {graph.output.name: graph.output}
    made = {name: np.empty((len(raw), *tensor.shape), np.int8) for name, tensor in wanted.items()}
    for start in range(0, len(raw), BATCH):
        tensors: dict[str, Tensor] = {}
        images = torch.from_numpy(raw[start : start + BATCH].astype(np.int64))
        for node in graph:
            tensors[node.name] = _node(node, tensors, images, graph.input).clamp(*_range(graph, node))
        for name, values in made.items():
            values[start : start + BATCH] = tensors[name].numpy()
    if observe:
        for name, values in made.items():
            observe(name, values)
    return made[graph.output.name]


def _range(graph: Graph, node: ops.Node) -> tuple[int, int]:
    tensor = graph.tensors[node.name]
    return tensor.lo, tensor.hi


def _node(node: ops.Node, made: dict[str, Tensor], images: Tensor, source: ops.Input | None) -> Tensor:
    """A node's tensor, int64 ``(N, *shape)``, before its clamp."""
    topology = ops.topology(node)
    neighbours = [graphs.neighbours(topology, source, image) for image in images] if topology else []
    match node:
        case ops.Input(order=order, dtype=dtype):
            ordered = images.movedim(-1, 1) if order == "hwc" else images
            given = graphs.features(node, images) if topology else ordered
            if node.table is not None:
                each = zip(node.table, ordered.unbind(1), strict=True)
                return torch.stack([torch.tensor(row)[raw] for row, raw in each], 1)
            if node.maps is not None:
                by_channel = zip(node.maps, ordered.unbind(1), strict=True)
                return torch.stack([(m * raw + offset) >> shift for (m, offset, shift), raw in by_channel], 1)
            return given >> 1 if dtype == "u8" else given
        case ops.Constant(values=stored):
            return torch.tensor(stored).long().expand(len(images), *stored.shape)
        case ops.SparseLinear(requantise=q):
            return _requantised(graphs.sparse(node), q).expand(len(images), -1, -1, -1)
        case ops.Conv(x=x, requantise=q):
            acc = _slid(made[x], _weight(node.weight), node.sides)
            return _requantised(acc, q, 0 if node.residual is None else made[node.residual])
        case ops.Depthwise(x=x, requantise=q):
            acc = _slid(made[x], _weight(node.weight), node.sides, made[x].shape[1])
            return _requantised(acc, q, 0 if node.residual is None else made[node.residual])
        case ops.Linear(x=x, requantise=q):
            return _requantised(functional.linear(made[x].flatten(1).double(), _weight(node.weight)), q)
        case ops.MaxPool(x=x):
            return functional.max_pool2d(made[x].double(), node.kernel, node.stride, node.padding).long()
        case ops.AvgPool(x=x):
            return _rounded(node.multiplier * made[x].sum((2, 3)), node.shift)
        case ops.MeanPool(x=x, kernel=kernel):
            channels = made[x].shape[1]
            sums = _slid(made[x], torch.ones(channels, 1, *kernel, dtype=torch.float64), node.sides, channels)
            return _rounded(node.multiplier * sums.long(), node.shift)
        case ops.Concat(x=x, y=y):
            return _rounded(torch.cat([node.x_multiplier * made[x], node.y_multiplier * made[y]], 1), node.shift)
        case ops.Add(x=x, y=y):
            return _rounded(
                node.x_multiplier * made[x] + node.y_multiplier * made[y].reshape(made[x].shape), node.shift
            )
        case ops.Aggregate(requantise=q) | ops.Attention(requantise=q):
            acc = graphs.accumulators(node, made, neighbours)
            return _requantised(acc, q, 0 if node.residual is None else made[node.residual])
        case ops.NodePool(x=x):
            return _rounded(graphs.pooled(node, made[x], neighbours), node.shift)
        case _:
            assert_never(node)


def _slid(x: Tensor, weight: Tensor, window: Sides, groups: int = 1) -> Tensor:
    """Sums under a window, in doubles, which hold them exactly."""
    rows, columns = window
    padded = functional.pad(x.double(), (columns.before, columns.after, rows.before, rows.after))
    strides, apart = (rows.stride, columns.stride), (rows.dilation, columns.dilation)
    return functional.conv2d(padded, weight, stride=strides, dilation=apart, groups=groups)


def _weight(weight: ops.Weight) -> Tensor:
    return torch.tensor(weight.values, dtype=torch.float64)


def _requantised(acc: Tensor, q: Requantise, residual: Tensor | int = 0) -> Tensor:
    """SPEC section 4 up to the clamp, for accumulators ``(N, C, …)``."""
    per_channel = (-1, *[1] * (acc.dim() - 2))
    multiplier = torch.tensor(q.multiplier).view(per_channel)
    bias = torch.tensor(q.bias).view(per_channel)
    terms = multiplier * acc.long() + bias * 2**q.bias_shift
    return _rounded(terms + q.residual_multiplier * 2**q.residual_shift * residual, q.shift)


def _rounded(terms: Tensor, shift: int) -> Tensor:
    return (terms + (1 << shift >> 1)) >> shift
