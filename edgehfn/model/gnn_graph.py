"""The stored graph of a model, as tensors of its file (docs/SPEC.md section 7)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehfn.data import gnn_files
from edgehfn.data.gnn_sets import Features
from edgehfn.errors import InputError
from edgehfn.model import tensorfile
from edgehfn.model.tensorfile import Array
from edgehfn.nn import StoredGraph
from edgehfn.nn.entries import Json, field
from edgehfn.nn.net import INPUT
from edgehfn.spec.limits import LEVELS

WORDS = ("indptr", "indices", "edges")


def tensors(graph: StoredGraph) -> list[tuple[str, Array]]:
    """Return features in CSR form and edges, by name; the values of features are whole numbers."""
    features = graph.features
    numbers = (features.indptr, features.indices, graph.structure.edges)
    found: list[tuple[str, Array]] = [
        (f"{INPUT}.{name}", part.astype(np.uint32)) for name, part in zip(WORDS, numbers, strict=True)
    ]
    if features.values is not None:
        found.append((f"{INPUT}.values", features.values.astype(np.float32)))
    return found


def leave_out(model: Path, output: Path) -> None:
    """Write a copy of a model file without its graph: no model until ``put_in`` completes it."""
    metadata, stored = tensorfile.read(model)
    tensorfile.write(
        output, metadata, {name: part for name, part in stored.items() if not name.startswith(f"{INPUT}.")}
    )


def put_in(model: Path, graph: StoredGraph, output: Path) -> None:
    """Write a copy of such a file with a graph. The model's digest shows whether it is the one that was left out."""
    metadata, stored = tensorfile.read(model)
    tensorfile.write(output, metadata, {**stored, **dict(tensors(graph))})


def take(entry: Json, stored: dict[str, Array]) -> StoredGraph:
    """The graph of a description, whose tensors are taken out of ``stored`` and checked as data is.

    Raises InputError or KeyError.
    """
    nodes, count = (field(entry, name, int) for name in ("nodes", "features"))
    words = [stored.pop(f"{INPUT}.{name}") for name in WORDS]
    if [w.dtype for w in words] != [np.uint32] * 3 or [w.ndim for w in words] != [1, 1, 2] or len(words[2]) != 2:
        raise InputError(f"{INPUT}: {', '.join(WORDS)} are not the words of a graph")
    indptr, indices, edges = (w.astype(np.int64) for w in words)
    if min(nodes, count) < 1 or gnn_files.row_order(indptr, indices, nodes, count, INPUT) is not None:
        raise InputError(f"{INPUT}: no nodes or features, or features that are not in order")
    values = None
    if field(entry, "values", bool):
        real = stored.pop(f"{INPUT}.values")
        if real.shape != indices.shape or not (np.abs(real) <= LEVELS).all() or (real != np.rint(real)).any():
            raise InputError(f"{INPUT}: its values are not whole numbers of -{LEVELS} to {LEVELS}, one a feature")
        values = real.astype(np.int8)
    joined = gnn_files.structure(edges, np.array([0, nodes]), nodes, INPUT)
    return StoredGraph(Features(indptr, indices, values, count, field(entry, "step", float)), joined)
