"""What a traced run hands out, put together: tensors that run whole, and rows of those that run in groups."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
import numpy.typing as npt

from edgehfn.ir import Graph, Plan

Int8 = npt.NDArray[np.int8]


def tensors(graph: Graph, plan: Plan, rows: Int8) -> dict[str, Int8]:
    """Every node's tensor ``(N, *shape)`` from the bytes ``(N, bytes)`` of traced runs, in execution order."""
    found = {name: np.empty((len(rows), *tensor.shape), np.int8) for name, tensor in graph.tensors.items()}
    at = 0
    for name, piece in _pieces(graph, plan):
        place = found[name] if piece is None else found[name][:, :, piece]
        size = prod(place.shape[1:])
        place[...] = rows[:, at : at + size].reshape(place.shape)
        at += size
    return found


def _pieces(graph: Graph, plan: Plan) -> Iterator[tuple[str, slice | None]]:
    for index, group, tick in plan.order(graph):
        name = graph.nodes[index].name
        if group is None:
            yield name, None
        else:
            yield name, slice(*group.rows[name].calls(graph.tensors[name].shape[1], group.ticks)[tick])
