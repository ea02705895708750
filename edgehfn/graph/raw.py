"""The raw images a graph reads, as a sensor gives them: ``(N, C, H, W)``, ``(N, H, W, C)`` or ``(N, C)`` bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError
from edgehfn.graph.graph import Graph
from edgehfn.graph.ops import Shape

Raw = npt.NDArray[np.uint8] | npt.NDArray[np.int8]


def raw_shape(graph: Graph) -> Shape:
    """The shape of one raw image, in the order the sensor delivers it."""
    node = graph.input
    return (*node.shape[1:], node.shape[0]) if node.order == "hwc" else node.shape


def checked(graph: Graph, raw: Raw) -> Raw:
    """``raw`` itself if it is a batch of this graph's raw images. Raises InputError."""
    shape, dtype = raw_shape(graph), np.dtype(np.uint8 if graph.input.dtype == "u8" else np.int8)
    if raw.shape[1:] != shape or raw.dtype != dtype:
        raise InputError(
            f"input: needs {dtype} of shape (N, {', '.join(map(str, shape))}), got {raw.dtype} {raw.shape}"
        )
    return raw
