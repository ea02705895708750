"""Samples round asked nodes: what is in them, that they are the same in any company, and how they are asked for."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.gnn_sets import random

import edgehfn as hfn
from edgehfn.data import sampling
from edgehfn.data.gnn_files import from_arrays, to_arrays
from edgehfn.data.gnn_sets import GraphSet, Structure
from edgehfn.data.motifs import motifs
from edgehfn.errors import InputError

DATA = random(nodes=200, seed=4)
PAIRS = {tuple(sorted(pair)) for pair in DATA.structure.edges.T.tolist()}
HOPS = (3, 2)


def heard(node: int) -> set[int]:
    return {a + b - node for a, b in PAIRS if node in (a, b)}


def test_a_sample_is_a_walk_of_so_many_neighbours_hop_by_hop() -> None:
    structure, nodes = sampling.sample(DATA.structure, np.arange(200), HOPS, seed=1)
    assert structure.graphs == 200
    for number, (first, end) in enumerate(pairwise(structure.starts.tolist())):
        mine = nodes[first:end].tolist()
        assert mine[0] == number
        assert len(set(mine)) == len(mine) <= 1 + 3 + 6
        near = heard(number) & set(mine)
        assert len(near) >= min(3, len(heard(number)))
        for far in set(mine) - near - {number}:
            assert heard(far) & near
    joined = nodes[structure.edges]
    assert {tuple(sorted(pair)) for pair in joined.T.tolist()} <= PAIRS


def test_all_edges_between_its_nodes_are_there() -> None:
    most = sampling.limits(DATA.structure, HOPS)
    structure, nodes = sampling.sample(DATA.structure, np.arange(200), HOPS, seed=1)
    for number, (first, end) in enumerate(pairwise(structure.starts.tolist())):
        mine = set(nodes[first:end].tolist())
        wanted = sum(a in mine and b in mine for a, b in PAIRS)
        assert structure.edge_counts[number] == min(wanted, most.edges)
    assert structure.sizes.max() <= most.nodes
    assert structure.degree.max() <= most.degree


def test_of_too_many_edges_those_of_the_first_nodes_stay() -> None:
    everyone = np.array([(a, b) for a in range(40) for b in range(a)]).T
    whole = Structure(everyone, np.array([0, 40]))
    most = sampling.limits(whole, (6, 1))
    structure, _ = sampling.sample(whole, np.array([7]), (6, 1), seed=0)
    count = int(structure.sizes[0])
    assert most == sampling.Limits(13, 39, 12)
    assert structure.edges.shape[1] == 39 < count * (count - 1) // 2
    assert structure.degree[0] == count - 1


def test_a_node_has_the_same_sample_in_any_company() -> None:
    alone, nodes = sampling.sample(DATA.structure, np.array([17]), HOPS, seed=5)
    both, more = sampling.sample(DATA.structure, np.array([3, 17]), HOPS, seed=5)
    first = int(both.starts[1])
    assert more[first:].tolist() == nodes.tolist()
    assert (both.edges[:, both.edges[0] >= first] - first).tolist() == alone.edges.tolist()
    others = {tuple(sampling.sample(DATA.structure, np.array([17]), HOPS, seed=s)[1].tolist()) for s in range(20)}
    assert len(others) > 1 or len(heard(17)) <= 3


def test_each_neighbour_is_as_likely() -> None:
    star = Structure(np.array([[0] * 8, range(1, 9)]), np.array([0, 9]))
    seen = Counter(int(n) for s in range(4000) for n in sampling.sample(star, np.array([0]), (3,), seed=s)[1][1:])
    assert sum(seen.values()) == 12000
    assert max(abs(count - 1500) for count in seen.values()) < 5 * (4000 * 3 / 8 * 5 / 8) ** 0.5


def test_a_node_alone_is_a_graph_of_one() -> None:
    structure, nodes = sampling.sample(Structure(np.zeros((2, 0), np.int64), np.array([0, 3])), np.array([2]), (4,), 0)
    assert (nodes.tolist(), structure.starts.tolist(), structure.edges.shape) == ([2], [0, 1], (2, 0))


def test_labels_of_nodes_of_many_graphs_are_read(tmp_path: Path) -> None:
    stored: dict[str, Any] = to_arrays(motifs({"train": 3, "val": 2, "test": 2}))
    starts = stored["graph_indptr"]
    stored["labels"] = np.arange(starts[-1]) % 2
    parts = [np.arange(a, b) for a, b in pairwise(starts)]
    stored |= {"train_idx": np.concatenate(parts[:3]), "val_idx": parts[3], "test_idx": parts[5]}
    np.savez(tmp_path / "many.npz", **stored)
    data = hfn.data.load(f"{tmp_path / 'many.npz'}:hops=4,2")
    assert isinstance(data, GraphSet)
    assert (data.of, data.hops, data.small) == ("nodes", (4, 2), True)
    structure, nodes = sampling.sample(data.structure, parts[5], data.hops, 0)
    assert set(nodes.tolist()) <= set(parts[5].tolist())
    assert structure.graphs == len(parts[5])


def test_what_hops_are_not_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="motifs: has no labels of nodes"):
        hfn.data.load("motifs:hops=3")
    np.savez(tmp_path / "mine.npz", **to_arrays(DATA))  # type: ignore[arg-type]
    for hops in ("", "3,x", "0", "3,-1"):
        with pytest.raises(InputError, match="such as 10,5"):
            hfn.data.load(f"{tmp_path / 'mine.npz'}:hops={hops}")


def test_another_sampling_is_another_set() -> None:
    one, other = sampling.sampled(DATA, (3,)), sampling.sampled(DATA, "3,2")
    assert len({DATA.sha256, one.sha256, other.sha256}) == 3
    assert len({DATA.digest(), one.digest(), other.digest()}) == 3


def test_as_many_labels_as_nodes_and_graphs_are_of_graphs() -> None:
    alone: dict[str, Any] = {**to_arrays(DATA), "graph_indptr": np.arange(201), "edges": np.zeros((2, 0), np.int64)}
    assert from_arrays("x", alone).of == "graphs"
