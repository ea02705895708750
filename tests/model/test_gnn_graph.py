"""The graph in a model file: what is stored comes back, and what was forged is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.forge import forge, members
from support.gnn_sets import random

from edgehfn.errors import InputError
from edgehfn.model import modelfile
from edgehfn.nn import StoredGraph, graph_input, graph_preset

Numbers = npt.NDArray[Any]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = random(values=True)
    net = graph_preset("gat", graph_input(data), data.classes, hidden=8, layers=2, norms="unshared", heads=2)
    modelfile.save(net, path := tmp_path_factory.mktemp("store") / "net.hfn")
    return path


def test_the_graph_comes_back(saved: Path) -> None:
    found = modelfile.load(saved).input
    assert isinstance(found, StoredGraph)
    data = random(values=True)
    assert found.same(StoredGraph(data.features, data.structure))
    assert not found.same(StoredGraph(data.features, random(seed=1).structure))
    assert found.features.step == data.features.step


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("edges", (0, 0), 60),
        ("edges", (0, 0), 2**32 - 1),
        ("indices", (0,), 20),
        ("indptr", (1,), 2**31),
        ("values", (0,), 0.5),
        ("values", (0,), 128),
        ("values", (0,), np.nan),
    ],
)
def test_forged_numbers_are_refused(
    saved: Path, tmp_path: Path, name: str, place: tuple[int, ...], value: float
) -> None:
    def change(_: dict[str, str], tensors: dict[str, np.ndarray]) -> None:
        tensors[f"input.{name}"][place] = value

    with pytest.raises(InputError, match="no valid model"):
        modelfile.load(forge(saved, tmp_path / "x.hfn", change))


@pytest.mark.parametrize("name", ["indptr", "indices", "edges", "values"])
def test_forged_shapes_and_types_are_refused(saved: Path, tmp_path: Path, name: str) -> None:
    changes: tuple[Callable[[Numbers], Numbers], ...] = (
        lambda tensor: tensor[..., :-1],
        lambda tensor: tensor.reshape(-1, 1, 1) if tensor.size else tensor,
        lambda tensor: tensor.astype(np.uint32 if tensor.dtype == np.float32 else np.float32).reshape(1, -1),
        lambda tensor: tensor[..., ::-1] + 0,
    )
    for number, changed in enumerate(changes):

        def change(
            _: dict[str, str], tensors: dict[str, Numbers], changed: Callable[[Numbers], Numbers] = changed
        ) -> None:
            tensors[f"input.{name}"] = np.ascontiguousarray(changed(tensors[f"input.{name}"]))

        if (name, number) in (("edges", 3), ("edges", 0), ("values", 3)):
            continue  # another graph, and a legal one
        with pytest.raises(InputError, match="no valid model"):
            modelfile.load(forge(saved, tmp_path / "x.hfn", change))


def test_forged_structures_are_refused_or_whole(saved: Path, tmp_path: Path) -> None:
    """Anything in the description may be anything: a file loads, or is refused as such."""
    draw, refused = Random(0), 0
    values: tuple[Any, ...] = (
        None,
        True,
        -1,
        0,
        2,
        2**40,
        0.5,
        "",
        "sum",
        "input",
        [],
        {},
        [1, 2],
        {"op": "aggregate"},
    )
    for _ in range(150):

        def change(metadata: dict[str, str], _: dict[str, np.ndarray]) -> None:
            arch = json.loads(metadata["arch"])
            holder, key = draw.choice([*members(arch)])
            holder[key] = draw.choice(values)
            metadata["arch"] = json.dumps(arch)

        try:
            modelfile.load(forge(saved, tmp_path / "x.hfn", change))
        except InputError:
            refused += 1
    assert refused > 90
