"""Graphs as data: what a file may hold, what is refused by name, and how sets of graphs are cut."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.gnn_sets import arrays, random
from support.narrow import there

import edgehfn as hfn
from edgehfn.data.gnn_files import from_arrays, to_arrays
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.motifs import motifs
from edgehfn.errors import InputError


def adjacency(data: GraphSet) -> np.ndarray:
    whole = np.zeros((data.structure.nodes,) * 2, int)
    whole[data.structure.edges[0], data.structure.edges[1]] = 1
    return whole + whole.T


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "mine.npz", **arrays(classes=np.array(["a", "b"])))
    data = hfn.data.load(tmp_path / "mine.npz")
    assert isinstance(data, GraphSet)
    assert (data.name, data.of, data.classes) == ("mine", "nodes", ("a", "b"))
    assert data.features.dense().tolist() == [[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]]
    assert data.features.values is None
    assert data.structure.degree.tolist() == [1, 2, 2, 1, 0]
    starts, sources = data.structure.neighbours
    assert [sources[a:b].tolist() for a, b in pairwise(starts)] == [[1], [0, 2], [1, 3], [2], []]
    assert len(data.sha256) == 16


def test_graphs_are_refused_where_images_are_wanted(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **arrays())
    with pytest.raises(InputError, match="holds graphs"):
        hfn.data.images(tmp_path / "mine.npz")


def test_float_features_become_bytes_of_one_step() -> None:
    data = from_arrays("x", arrays(feat_data=np.array([0.5, -2.0, 1.0, 0.25, 2.0])))
    assert data.features.step == pytest.approx(2 / 127)
    assert data.features.values is not None
    assert data.features.values.tolist() == [32, -127, 64, 16, 127]
    again = from_arrays("x", to_arrays(data))
    assert again.features.values is not None
    assert again.features.values.tolist() == data.features.values.tolist()


def test_features_are_scaled_by_node_by_feature_or_by_sum(tmp_path: Path) -> None:
    """Nodes 0 to 4 have: 0.5; -2; 1, 0.25; nothing; 2."""
    given = arrays(feat_data=np.array([0.5, -2.0, 1.0, 0.25, 2.0]))
    wanted = {
        "nodes": [127, -127, 127, 32, 127],
        "features": [32, -127, 64, 16, 127],
        "sums": [127, -127, 102, 25, 127],
    }
    for scale, values in wanted.items():
        found = there(from_arrays("x", given, scale=scale).features.values)
        assert found.tolist() == values, scale
    halves = there(from_arrays("x", arrays(), scale="sums").features.values)
    assert halves.tolist() == [127, 127, 64, 64, 127]
    np.savez(tmp_path / "mine.npz", **given)
    loaded, plain = (hfn.data.load(f"{tmp_path / 'mine.npz'}{end}") for end in (":scale=nodes:hops=2", ":hops=2"))
    assert isinstance(loaded, GraphSet)
    assert there(loaded.features.values).tolist() == wanted["nodes"]
    assert loaded.sha256 != plain.sha256
    with pytest.raises(InputError, match="use nodes, features or sums"):
        hfn.data.load(f"{tmp_path / 'mine.npz'}:scale=rows")
    with pytest.raises(InputError, match="holds no graphs in a file"):
        hfn.data.load("motifs:scale=nodes")


def test_features_in_any_order_are_sorted_with_their_values() -> None:
    data = from_arrays("x", arrays(feat_indices=np.array([0, 1, 1, 0, 0]), feat_data=np.array([1, 2, 3, 4, 5.0])))
    assert data.features.indices.tolist() == [0, 1, 0, 1, 0]
    assert np.rint(data.features.dense() * data.features.step).tolist() == [[1, 0], [0, 2], [4, 3], [0, 0], [5, 0]]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"edges": np.array([[0, 1], [1, 5]])}, "edges has 5 at 1; there are 5 nodes, numbered 0 to 4"),
    ({"edges": np.array([[0, -1], [1, 2]])}, "edges has -1 at 1"),
    ({"edges": np.array([[0, 2], [1, 2]])}, "edge 1 joins node 2 to itself"),
    ({"edges": np.array([[0, 1, 1], [1, 2, 0]])}, "nodes 0 and 1 are joined by more than one edge"),
    ({"edges": np.zeros((3, 1), int)}, "edges has shape"),
    ({"edges": np.array([[0.0], [1.0]])}, "edges is float64; it must be integers"),
    ({"feat_indices": np.array([0, 1, 0, 2, 0])}, "feat_indices has 2 at 3; there are 2 features"),
    ({"feat_indices": np.array([0, 1, 1, 1, 0])}, "node 2 has feature 1 twice"),
    ({"feat_indptr": np.array([0, 1, 2, 4, 5])}, "feat_indptr has 5 entries; it needs 6"),
    ({"feat_indptr": np.array([0, 1, 3, 2, 4, 5])}, "feat_indptr must rise from 0 to the 5 feat_indices"),
    ({"feat_indptr": np.array([0, 1, 2, 4, 4, 4])}, "feat_indptr must rise"),
    ({"feat_shape": np.array([5])}, "feat_shape is"),
    ({"feat_data": np.ones(4)}, "give one number for each of the 5 feat_indices"),
    ({"feat_data": np.array([1, 2, np.nan, 3, 4])}, "not finite"),
    ({"labels": np.array([0, 1, 0, 1])}, "labels has 4 entries for 5 nodes"),
    ({"labels": np.array([0, 1, 0, 1, -2])}, "labels go from -2"),
    ({"labels": np.array([0, 1, 0, 9, -1])}, "labels has 9 in 5 nodes"),
    ({"labels": np.array([0, 0, 0, 0, -1])}, "of one class"),
    ({"labels": np.array([0, 1, 2, 1, -1]), "classes": np.array(["a", "b"])}, "labels go from -1 to 2, 2 classes"),
    ({"classes": np.array([1.0, 2.0])}, "classes is float64"),
    ({"classes": np.array([["a", "b"]])}, "classes is <U1 of shape"),
    ({"labels": np.array(["a", "b", "a", "c", ""]), "classes": np.array(["a", "b"])}, "label 'c' is none of the 2"),
    ({"labels": np.array(["a", "a", "a", "a", ""])}, "of one class"),
    ({"labels": np.array(["a", "b", "a", ""])}, "labels has 4 entries for 5 nodes"),
    ({"labels": np.array(["a", "b", "a", "", ""])}, "node 3 in test_idx has no label"),
    ({"labels": np.eye(5, 3, dtype=int) * 2}, "labels has shape"),
    ({"labels": np.eye(5, 3, dtype=int)}, "node 3 in test_idx has no label"),
    ({"labels": np.eye(5), "classes": np.array(["a", "b"])}, "have .2, 5. columns"),
    ({"train_idx": np.array([0, 5])}, "train_idx has 5 at 1; there are 5 nodes"),
    ({"train_idx": np.array([], int)}, "train_idx is empty"),
    ({"train_idx": np.array([0, 0])}, "train_idx names nodes more than once"),
    ({"test_idx": np.array([3, 4])}, "node 4 in test_idx has no label"),
    ({"val_idx": np.array([0])}, "node 0 is in train_idx and in val_idx"),
    ({"graph_indptr": np.array([0, 2, 5])}, "edge 1 joins graph 0 to graph 1"),
    ({"graph_indptr": np.array([0, 4, 4, 5])}, "graph 1 has no nodes"),
    ({"graph_indptr": np.array([0, 4, 6])}, "graph_indptr must rise from 0 to the 5 nodes"),
    ({"graph_indptr": np.array([0])}, "graph_indptr has 1 entries"),
]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array(["no", "yes", "no", "yes", ""]), ("no", "yes")),
        (np.array(["no", "yes", "no", "yes", ""], object), ("no", "yes")),
        (np.array([b"no", b"yes", b"no", b"yes", b""]), ("no", "yes")),
        (np.eye(2)[[0, 1, 0, 1]], None),
        (np.eye(2, dtype=bool)[[0, 1, 0, 1]], ("no", "yes")),
        (np.eye(2, dtype=np.uint8)[[0, 1, 0, 1]], (3, 17)),
    ],
)
def test_labels_may_be_text_or_a_column_a_class(labels: Any, classes: Any, tmp_path: Path) -> None:
    if labels.ndim == 2:
        labels = np.concatenate([labels, np.zeros((1, 2), labels.dtype)])
    given = arrays(labels=labels, **({} if classes is None else {"classes": np.array(classes)}))
    data = from_arrays("x", given)
    assert data.labels.tolist() == [0, 1, 0, 1, -1]
    assert data.classes == tuple(map(str, classes or (0, 1)))
    assert data.sha256 == from_arrays("x", {**given, "labels": labels.copy()}).sha256
    if labels.dtype != object:
        np.savez(tmp_path / "x.npz", **given)
        read = hfn.data.load(tmp_path / "x.npz")
        assert isinstance(read, GraphSet)
        assert read.digest() == data.digest()


GRAPHS = {"graph_indptr": np.array([0, 1, 2, 3, 4, 5]), "edges": np.zeros((2, 0), int)}
BOTH = np.array([[0, 1, 1], [1, 0, 0], [0, np.nan, 0], [1, 1, 1], [np.nan, np.nan, np.nan]])


@pytest.mark.parametrize(
    ("labels", "task", "names"),
    [
        (np.array([0, 1, 0, 1, -1]), "class", ("0", "1")),
        (np.eye(3)[[0, 1, 2, 1, 1]], "class", ("0", "1", "2")),
        (np.array([0.5, 1, 2, 3, np.nan]), "regression", ("value",)),
        (np.array([[0.5], [1], [2], [3], [4]]), "regression", ("value",)),
        (np.arange(10).reshape(5, 2) / 7, "regression", ("0", "1")),
        (BOTH, "labels", ("0", "1", "2")),
        (np.nan_to_num(BOTH, nan=-1).astype(int), "labels", ("0", "1", "2")),
    ],
)
def test_labels_of_graphs_say_what_they_are_for(labels: Any, task: Any, names: tuple[str, ...]) -> None:
    """As those of images do, and what is in no part need not be known."""
    found = from_arrays("x", arrays(**GRAPHS, labels=labels))
    assert (found.task, found.classes) == (task, names)
    assert bool(found.guessed_by) == (task != "class")
    given = from_arrays("x", arrays(**GRAPHS, labels=labels), task=task)
    assert given.guessed_by == ""
    assert np.array_equal(given.labels, found.labels, equal_nan=task == "regression")
    if task == "labels":
        assert found.labels.tolist() == [[0, 1, 1], [1, 0, 0], [0, -1, 0], [1, 1, 1], [-1] * 3]
    x = np.zeros((2, 3, 4), np.uint8)
    image = {"x_train": x, "x_test": x, "y_train": labels[:2], "y_test": labels[2:4]}
    assert hfn.data.from_arrays("images", image).task == task


@pytest.mark.parametrize(
    ("labels", "task", "says"),
    [
        (BOTH[[1, 1, 0, 3, 4]], "labels", r"label 0 of labels.train_idx. is never 0"),
        (BOTH + 1, "labels", r"labels.train_idx. is float64 of shape .2, 3.; labels are N,K"),
        (np.array([1.0, 1, 2, 3, 4]), "regression", r"target 0 of labels.train_idx. is 1.0 always"),
        (np.array([0.5, 1, np.nan, 3, 4]), "regression", r"labels.val_idx..0. is .nan."),
        (np.array([0.5, 1, 2]), "regression", "labels has 3 entries for 5 graphs"),
        (np.array([0.5, 1, 2, 3, 4]), "class", "labels is float64; it must be integers"),
        (np.array([0, 1, 0, 1, 1]), "pixels", "task pixels is not for graphs"),
        (np.array([0, 1, 0, 1, 1]), "colour", "task 'colour' is unknown"),
    ],
)
def test_labels_of_graphs_of_another_form_are_refused(labels: Any, task: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        from_arrays("x", arrays(**GRAPHS, labels=labels), task=task)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(("changed", "says"), WRONG)
def test_what_is_wrong_is_named(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        from_arrays("mine", arrays(**changed))
    assert str(error.value).startswith("mine: ")


def test_a_missing_array_is_named() -> None:
    with pytest.raises(InputError, match="has no labels; a graph needs"):
        from_arrays("x", {key: value for key, value in arrays().items() if key != "labels"})


def test_small_graphs_are_cut_out_whole() -> None:
    data = motifs({"train": 6, "val": 3, "test": 3})
    whole = adjacency(data)
    structure, nodes = data.structure.select([4, 0, 9])
    assert structure.graphs == 3
    assert (np.diff(structure.starts) == data.structure.sizes[[4, 0, 9]]).all()
    part = np.zeros((structure.nodes,) * 2, int)
    part[structure.edges[0], structure.edges[1]] = 1
    assert (part + part.T == whole[np.ix_(nodes, nodes)]).all()
    assert (data.features.select(nodes).dense() == data.features.dense()[nodes]).all()


def test_motifs_are_balanced_connected_the_same_each_time_and_hold_a_clique_where_they_say_so() -> None:
    data, again = motifs(), motifs()
    assert data.sha256 == again.sha256
    assert abs(data.labels.mean() - 0.5) < 1e-9
    small = motifs({"train": 20, "val": 2, "test": 2})
    for graph, label in enumerate(small.labels):
        edges = small.structure.select([graph])[0]
        near = np.zeros((edges.nodes,) * 2, bool)
        near[edges.edges[0], edges.edges[1]] = True
        near |= near.T
        paths = np.linalg.matrix_power(near.astype(float) + np.eye(edges.nodes), edges.nodes)
        assert (paths > 0).all()
        found = any(
            near[a, b] and near[a, c] and near[b, c] and (near[a] & near[b] & near[c]).any()
            for a in range(edges.nodes)
            for b in range(a)
            for c in range(b)
        )
        assert found or not label


def test_features_by_feature_are_the_transpose() -> None:
    data = random(values=True)
    starts, nodes, order = data.features.by_feature
    again = np.zeros((data.features.count, data.features.nodes), np.int8)
    assert data.features.values is not None
    for feature in range(data.features.count):
        at = slice(starts[feature], starts[feature + 1])
        assert (np.diff(nodes[at]) > 0).all()
        again[feature, nodes[at]] = data.features.values[order[at]]
    assert (data.features.dense() == again.T).all()
