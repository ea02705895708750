"""Every node's tensor from a runner or from the oracle, and the first place where two of them differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.ir import Graph
from support import oracle

Tensors = dict[str, npt.NDArray[np.int8]]


def observed(run: Callable[..., Any], graph: Graph, raw: npt.NDArray[Any]) -> Tensors:
    """What a runner's ``observe`` receives, in that order; the runner must return the last of it."""
    seen: Tensors = {}
    output = run(graph, raw, observe=seen.__setitem__)
    assert np.array_equal(output, seen[graph.output.name])
    return seen


def by_oracle(graph: Graph, raw: npt.NDArray[Any]) -> Tensors:
    images = [oracle.run(graph, image.ravel().tolist()) for image in raw]
    shapes = {name: tensor.shape for name, tensor in graph.tensors.items()}
    return {name: np.array([image[name] for image in images], np.int8).reshape(-1, *shapes[name]) for name in shapes}


def assert_same(wanted: Tensors, found: Tensors) -> None:
    """The same nodes in the same order, of the same shapes, and the same bytes."""
    assert list(found) == list(wanted)
    for name, tensor in wanted.items():
        assert found[name].dtype == np.int8
        assert found[name].shape == tensor.shape
        places = np.argwhere(found[name] != tensor)
        if len(places):
            at = tuple(places[0].tolist())
            raise AssertionError(f"{name}{list(at)}: {found[name][at]} instead of {tensor[at]}, {len(places)} differ")
