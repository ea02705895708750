"""The raw inputs a graph reads: samples as a sensor gives them, ``(N, C, H, W)``, ``(N, H, W, C)`` or ``(N, C)``;
graphs as ``edgehfn.ir.gnn_bytes`` packs them, ``(N, bytes)``; ``(N, 0)`` where features are stored."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError
from edgehfn.ir import gnn_bytes
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Shape
from edgehfn.spec import generator
from edgehfn.spec.raw import TYPES

Raw = npt.NDArray[np.uint8] | npt.NDArray[np.int8] | npt.NDArray[np.int16]


def raw_shape(graph: Graph) -> Shape:
    """The shape of one raw input, in the order the sensor delivers it."""
    match graph.input:
        case None:
            return (0,)
        case node if node.topology is not None:
            return (gnn_bytes.size(node.shape, node.topology),)
        case node:
            return (*node.shape[1:], node.shape[0]) if node.order == "hwc" else node.shape


def raw_dtype(graph: Graph) -> np.dtype[Any]:
    """uint8, int8 or int16; uint8 where nothing is read."""
    return TYPES["u8" if graph.input is None else graph.input.dtype]


def raw_bytes(graph: Graph) -> int:
    """The bytes of one raw input."""
    return prod(raw_shape(graph)) * raw_dtype(graph).itemsize


def checked(graph: Graph, raw: Raw) -> Raw:
    """``raw`` in plain memory if it is a batch of this graph's inputs, graphs among them legal. Raises InputError."""
    plain = fitting(graph, raw)
    if graph.input is not None and graph.input.topology is not None:
        for index, sample in enumerate(plain):
            gnn_bytes.check(graph.input, sample, f"graph {index}")
    return plain


def fitting(graph: Graph, raw: Raw) -> Raw:
    """``raw`` in plain memory if it is of the shape and type. Raises InputError."""
    plain: npt.NDArray[Any] = np.ascontiguousarray(raw)
    shape, dtype = raw_shape(graph), raw_dtype(graph)
    if plain.shape[1:] != shape or plain.dtype != dtype or plain.ndim == 0:
        raise InputError(
            f"input: needs {dtype} of shape (N, {', '.join(map(str, shape))}), got {plain.dtype} {plain.shape}; "
            "give a batch of these"
        )
    return plain


def by_rows(graph: Graph, images: Raw) -> Raw:
    """A batch of images as they come row by row: ``(N, H, W·C)`` or ``(N, H, C·W)``, a row's samples as they lie."""
    lie_by_rows = graph.input is not None and graph.input.order == "hwc"
    plain: npt.NDArray[Any] = images if lie_by_rows else images.transpose(0, 2, 1, 3)
    return np.ascontiguousarray(plain.reshape(*plain.shape[:2], prod(plain.shape[2:])))


def golden(graph: Graph) -> Raw:
    """The raw input of the self-test (SPEC section 8)."""
    data = generator.golden_input(graph.seed, raw_bytes(graph))
    if graph.input is not None and graph.input.topology is not None:
        data = gnn_bytes.golden(graph.input, data)
    return data.view(raw_dtype(graph)).reshape(raw_shape(graph))
