"""The file layout of graphs: a ``.npz`` with sparse features, edges, labels and a split (docs/GRAPHS.md).

| array | type | shape |
|---|---|---|
| ``feat_indptr`` | integers | ``(nodes + 1,)``: where each node's features begin in the next array |
| ``feat_indices`` | integers | the numbers of the features that a node has |
| ``feat_data`` (optional) | any numbers | their values; without it all are 1 |
| ``feat_shape`` | integers | ``(2,)``: nodes, features |
| ``edges`` | integers | ``(2, E)``: each undirected edge once |
| ``graph_indptr`` (many graphs) | integers | ``(graphs + 1,)``: each graph's first node, and the number of nodes |
| ``labels`` | integers from 0, -1 = none | one a node, or one a graph |
| or | text, empty = none | the same |
| or | 0 and 1, no 1 = none | ``(N, classes)`` |
| or, of labels and numbers | as ``edgehfn.data.targets`` has them | ``(N,)`` or ``(N, K)`` |
| ``train_idx``, ``val_idx``, ``test_idx`` | integers | the nodes, or graphs, of each part |
| ``classes`` (optional) | text, or whole numbers | one name a class |
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import get_args

import numpy as np
import numpy.typing as npt

from edgehfn.data import gnn_labels, targets
from edgehfn.data.gnn_labels import Of, integers
from edgehfn.data.gnn_sets import Features, GraphSet, Index, Part, Structure
from edgehfn.data.image_files import Array, as_arrays, others
from edgehfn.data.labels import stored_names
from edgehfn.errors import InputError
from edgehfn.spec.limits import LEVELS
from edgehfn.spec.task import Kind

BARE = ("feat_indptr", "feat_indices", "feat_shape", "edges")  # what graphs without labels have
NEEDED = (*BARE, "labels", "train_idx", "val_idx", "test_idx")
PIECE = 2**20  # values that are rounded at once
OPTIONAL = ("feat_data", "graph_indptr", "classes")


def from_arrays(
    name: str,
    arrays: Mapping[str, npt.ArrayLike],
    *,
    place: str = "",
    sha256: str = "",
    scale: str = "set",
    task: Kind | None = None,
) -> GraphSet:
    """Return a set from arrays in memory, named as in the file layout. Float features become -127..127 of one step.

    Before, ``scale`` divides them by the largest magnitude of each of the ``nodes`` or ``features``, or by the ``sums``
    of the magnitudes of each node. ``place`` (by default ``name``) is what an InputError names. ``task``: what labels
    are for; those of graphs say it without, those of nodes are then classes.
    """
    place = place or name
    found = as_arrays(arrays, NEEDED, place, "a graph")
    features, joined = unlabelled(found, place, scale)
    count = found["labels"].size and len(found["labels"])
    of: Of = "graphs" if "graph_indptr" in found and not count == joined.nodes > joined.graphs else "nodes"
    if of == "nodes":  # to which it is one where a graph ends: no edge goes on
        joined = Structure(joined.edges, np.array([0, joined.nodes]))
    wanted = joined.nodes if of == "nodes" else joined.graphs
    if count != wanted:
        raise InputError(f"{place}: labels has {count} entries for {wanted} {of}; give one each, -1 for none")
    split = {part: _part(integers(found, f"{part}_idx", place), part, wanted, of, place) for part in get_args(Part)}
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        both = np.intersect1d(split[one], split[other])
        if both.size:
            raise InputError(f"{place}: {of[:-1]} {both[0]} is in {one}_idx and in {other}_idx; leave it in one")
    names = stored_names(found.get("classes"), place)
    told = gnn_labels.read(found["labels"], names, of, split, targets.checked(task), place)
    unread = others(found, (*NEEDED, *OPTIONAL))
    digest = sha256 or _digest({**found, "labels": told.raw})
    made = GraphSet(name, features, joined, of, told.labels, split, told.names, digest, unread)
    return replace(made, task=told.task, guessed_by=told.why)


def unlabelled(found: Mapping[str, Array], place: str, scale: str = "set") -> tuple[Features, Structure]:
    """Return the graphs of a file's arrays, whatever labels they have. Raises InputError."""
    whole = {key: integers(found, key, place) for key in (*BARE, "graph_indptr") if key in found}
    features = _features(whole, found.get("feat_data"), place, scale)
    starts = whole.get("graph_indptr", np.array([0, features.nodes]))
    return features, structure(whole["edges"], starts, features.nodes, place)


def to_arrays(data: GraphSet) -> dict[str, Array]:
    """Return what :func:`from_arrays` reads, for ``numpy.savez_compressed``; values are in the user's own unit."""
    features = data.features
    arrays: dict[str, Array] = {
        "feat_indptr": features.indptr,
        "feat_indices": features.indices,
        "feat_shape": np.array([features.nodes, features.count]),
        "edges": data.structure.edges,
        "labels": data.labels,
        "classes": np.array(data.classes),
        **{f"{part}_idx": nodes for part, nodes in data.split.items()},
    }
    if features.values is not None:
        arrays["feat_data"] = features.values.astype(np.float32) * np.float32(features.step)
    if data.of == "graphs":
        arrays["graph_indptr"] = data.structure.starts
    return arrays


def _features(whole: Mapping[str, Index], data: Array | None, place: str, scale: str) -> Features:
    indptr, indices, shape = whole["feat_indptr"], whole["feat_indices"], whole["feat_shape"]
    if shape.shape != (2,) or shape.min() < 1:
        raise InputError(f"{place}: feat_shape is {shape.tolist()}; it must be (nodes, features), each at least 1")
    nodes, count = map(int, shape)
    order = row_order(indptr, indices, nodes, count, place)
    indices = indices if order is None else indices[order]
    if data is None and scale != "sums":
        return Features(indptr, indices, None, count)
    if data is None:
        data = np.ones(len(indices))
    if data.shape != indices.shape or data.dtype.kind not in "iufb":
        raise InputError(
            f"{place}: feat_data is {data.dtype} of shape {data.shape}; give one number for each of the "
            f"{len(indices)} feat_indices"
        )
    real = data if order is None else data[order]
    if not np.isfinite(real).all():
        raise InputError(f"{place}: feat_data has a value that is not finite; replace it, by 0 for example")
    if scale != "set":
        real = _scaled(real, np.repeat(np.arange(nodes), np.diff(indptr)), indices, scale, place)
    if (real == 1).all():
        return Features(indptr, indices, None, count)
    step = max(float(real.max(initial=0)), -float(real.min(initial=0))) / LEVELS or 1.0
    values = np.concatenate([np.rint(part / np.float64(step)).astype(np.int8) for part in _pieces(real)])
    return Features(indptr, indices, values, count, step)


def _scaled(real: Array, node: Index, feature: Index, scale: str, place: str) -> Array:
    """Features in units of their own node or feature."""
    unit: Array
    match scale:
        case "sums":
            unit = np.bincount(node, np.abs(real))[node]
        case "nodes" | "features":
            which = node if scale == "nodes" else feature
            largest = np.zeros(int(which.max(initial=0)) + 1)
            np.maximum.at(largest, which, np.abs(real.astype(np.float64)))
            unit = largest[which]
        case _:
            raise InputError(f"{place}: scale {scale!r:.60} is unknown; use nodes, features or sums")
    return np.asarray(real / np.where(unit > 0, unit, 1))


def _pieces(values: Array) -> Iterator[Array]:
    """One after another, as doubles, which would be too many at once."""
    for at in range(0, max(1, len(values)), PIECE):
        yield values[at : at + PIECE].astype(np.float64)


def row_order(indptr: Index, indices: Index, nodes: int, count: int, place: str) -> Index | None:
    """Return the order that sorts each node's features, None if they are. Raises InputError unless these are rows of a
    sparse matrix."""
    _indptr(indptr, nodes, len(indices), "feat_indptr", "feat_indices", place)
    _within(indices, count, "feat_indices", "features", place)
    rising = np.diff(indices) > 0
    begins = indptr[1:-1]
    rising[begins[(begins > 0) & (begins < len(indices))] - 1] = True
    if rising.all():
        return None
    rows = np.repeat(np.arange(nodes), np.diff(indptr))
    order = np.lexsort((indices, rows))
    rows, columns = rows[order], indices[order]
    twice = np.flatnonzero((np.diff(rows) == 0) & (np.diff(columns) == 0))
    if twice.size:
        raise InputError(
            f"{place}: node {rows[twice[0]]} has feature {columns[twice[0]]} twice in feat_indices; "
            "add its values up (scipy's sum_duplicates)"
        )
    return order


def structure(edges: Index, starts: Index, nodes: int, place: str) -> Structure:
    """Return edges over the nodes of one or more graphs. Raises InputError unless each is there once and legal."""
    if len(starts) < 2:
        raise InputError(f"{place}: graph_indptr has {len(starts)} entries; a set needs at least one graph")
    _indptr(starts, len(starts) - 1, nodes, "graph_indptr", "nodes", place)
    empty = np.flatnonzero(np.diff(starts) == 0)
    if empty.size:
        raise InputError(f"{place}: graph {empty[0]} has no nodes in graph_indptr; leave it out")
    _within(edges.ravel(), nodes, "edges", "nodes", place)
    loops = np.flatnonzero(edges[0] == edges[1])
    if loops.size:
        raise InputError(
            f"{place}: edge {loops[0]} joins node {edges[0, loops[0]]} to itself; save edges[:, edges[0] != edges[1]], "
            "since layers count a node itself anyway"
        )
    low, high = np.sort(edges, axis=0)
    numbers, times = np.unique(low * nodes + high, return_counts=True)
    twice = numbers[times > 1]
    if twice.size:
        raise InputError(
            f"{place}: nodes {twice[0] // nodes} and {twice[0] % nodes} are joined by more than one edge; give each "
            "undirected edge once: save np.unique(np.sort(edges, axis=0), axis=1)"
        )
    graph = np.searchsorted(starts, edges, "right") - 1
    across = np.flatnonzero(graph[0] != graph[1])
    if across.size:
        raise InputError(
            f"{place}: edge {across[0]} joins graph {graph[0, across[0]]} to graph {graph[1, across[0]]}; nodes are "
            "numbered through all graphs, each from its graph_indptr"
        )
    return Structure(edges, starts)


def _part(chosen: Index, part: str, count: int, of: str, place: str) -> Index:
    key = f"{part}_idx"
    if not chosen.size:
        raise InputError(f"{place}: {key} is empty; give at least one of the {of}")
    _within(chosen, count, key, of, place)
    if len(np.unique(chosen)) != len(chosen):
        raise InputError(f"{place}: {key} names {of} more than once; save np.unique({key})")
    return chosen


def _indptr(indptr: Index, rows: int, total: int, key: str, what: str, place: str) -> None:
    if len(indptr) != rows + 1:
        raise InputError(f"{place}: {key} has {len(indptr)} entries; it needs {rows + 1}, one more than there are rows")
    if indptr[0] != 0 or indptr[-1] != total or (np.diff(indptr) < 0).any():
        raise InputError(f"{place}: {key} must rise from 0 to the {total} {what}, not from {indptr[0]} to {indptr[-1]}")


def _within(numbers: Index, count: int, key: str, what: str, place: str) -> None:
    """Raises InputError unless all are 0..count-1."""
    wrong = np.flatnonzero((numbers < 0) | (numbers >= count))
    if wrong.size:
        at = int(wrong[0] % max(1, len(numbers) // 2)) if key == "edges" else int(wrong[0])
        raise InputError(
            f"{place}: {key} has {numbers[wrong[0]]} at {at}; there are {count} {what}, numbered 0 to {count - 1}"
        )


def _digest(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for key in (*NEEDED, *OPTIONAL):
        if key in arrays:
            digest.update(f"{key} {arrays[key].dtype} {arrays[key].shape}\n".encode())
            digest.update(np.ascontiguousarray(arrays[key]).data)
    return digest.hexdigest()[:16]
