"""Graphs that are not legal: every status, from Python, from the oracle and from every machine."""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from support import c_batch, gnn_nets, oracle_gnn, tools

from edgehfn import target
from edgehfn.backends.c.write import write_c, write_runtime
from edgehfn.backends.emulator.images import emulate
from edgehfn.errors import InputError
from edgehfn.evaluation import machines
from edgehfn.ir import Graph, gnn_bytes, verify
from edgehfn.ir.ops import SIGNED, Aggregate, Input, Requantise
from edgehfn.ir.topology import DEGREE, DUPLICATE, EDGES, LOOP, NODES, OK, RANGE, InputTopology

Bytes = npt.NDArray[np.uint8]

TOPOLOGY = InputTopology("graph", 7, 6, 3)
INPUT = Input("input", (2, 2, 4), topology=TOPOLOGY)


def net() -> Graph:
    ones, q = (1,) * 4, Requantise((1, 1), (0, 0), 0, 2, SIGNED)
    return verify(Graph((INPUT, Aggregate("y", "input", TOPOLOGY, ones, ones, ones, 0, q)), 1))


def raw(nodes: int, edges: list[tuple[int, int]], count: int | None = None) -> Bytes:
    """Bytes of a graph, whatever it is; behind its edges lies what would be wrong there."""
    words = np.full(2 + 2 * TOPOLOGY.edges, 0xFFFF, "<u2")
    words[:2] = nodes, len(edges) if count is None else count
    words[2 : 2 + 2 * len(edges)] = np.array(edges, np.int64).ravel()
    features = np.arange(16, dtype=np.uint8)
    return np.concatenate([features, words.view(np.uint8)])


CASES = {
    "no node at all": (raw(0, []), OK),
    "nodes without an edge": (raw(7, []), OK),
    "as many as there may be": (raw(7, [(0, 1), (2, 1), (1, 3), (4, 3), (5, 6), (6, 0)]), OK),
    "one node too many": (raw(8, []), NODES),
    "as many nodes as a word can say": (raw(65535, [(0, 1)]), NODES),
    "one edge too many": (raw(7, [(0, 1)], 7), EDGES),
    "as many edges as a word can say": (raw(7, [], 65535), EDGES),
    "too many of both": (raw(9, [], 9), NODES),
    "the first end is not there": (raw(3, [(0, 1), (3, 1)]), RANGE),
    "the second end is not there": (raw(3, [(1, 65535)]), RANGE),
    "an edge without a node": (raw(0, [(0, 0)]), RANGE),
    "a loop": (raw(3, [(0, 1), (2, 2)]), LOOP),
    "a loop, and an end that is not there": (raw(3, [(1, 1), (2, 3)]), RANGE),
    "four neighbours": (raw(5, [(0, 1), (2, 0), (0, 3), (4, 0)]), DEGREE),
    "four neighbours, one twice": (raw(5, [(0, 1), (2, 0), (0, 3), (0, 1)]), DEGREE),
    "an edge twice": (raw(5, [(3, 1), (2, 0), (3, 1)]), DUPLICATE),
    "an edge both ways": (raw(5, [(3, 1), (2, 0), (1, 3)]), DUPLICATE),
}


@pytest.mark.parametrize("name", CASES)
def test_python_and_the_oracle(name: str) -> None:
    given, wanted = CASES[name]
    assert gnn_bytes.graph_status(INPUT, given) == wanted == oracle_gnn.status(INPUT, given.tolist())


@pytest.mark.parametrize("on", tools.machines("host-sanitized", *target.CORES))
def test_every_machine(on: str) -> None:
    assert target.check(net(), np.array([given for given, _ in CASES.values()]), on) == [s for _, s in CASES.values()]


@pytest.mark.gcc
def test_noise() -> None:
    """Of small numbers, so that every status occurs, and is the lowest that applies."""
    rng = np.random.default_rng(1)
    words = rng.integers(0, rng.integers(2, 10, (3000, 1)), (3000, 2 + 2 * TOPOLOGY.edges)).astype("<u2")
    words[::2, 2::2] = 0  # many edges of one node
    graphs = np.concatenate([np.zeros((3000, 16), np.uint8), words.view(np.uint8)], 1)
    wanted = [oracle_gnn.status(INPUT, given.tolist()) for given in graphs]
    assert set(wanted) == {OK, NODES, EDGES, RANGE, LOOP, DEGREE, DUPLICATE}
    assert [gnn_bytes.graph_status(INPUT, given) for given in graphs] == wanted
    assert target.check(net(), graphs) == wanted


@pytest.mark.parametrize("seed", range(10))
def test_legal_graphs_of_random_nets(seed: int) -> None:
    model = verify(gnn_nets.variable(seed))
    assert model.input is not None
    for given in gnn_nets.graphs(model, seed, 6):
        assert gnn_bytes.graph_status(model.input, given) == oracle_gnn.status(model.input, given.tolist()) == OK


@pytest.mark.parametrize("on", tools.machines("pytorch", "emulator", "host-sanitized"))
def test_bad_graphs_never_run(on: str) -> None:
    graphs = np.array([CASES["no node at all"][0], CASES["an edge twice"][0]])
    with pytest.raises(InputError, match="graph 1: two edges join the same nodes"):
        machines.run(net(), graphs, on)


def test_packing_names_what_is_wrong() -> None:
    features = np.zeros((2, 5), np.uint8)
    for edges, message in (
        ([(0, 5)], "edges: need up to 6 of nodes 0..4"),
        ([(0, -1)], "edges: need up to 6 of nodes 0..4"),
        ([(0, 1)] * 7, "edges: need up to 6"),
        ([(2, 2)], "an edge joins a node to itself"),
        ([(0, 1), (0, 2), (0, 3), (0, 4)], "more than the 3 neighbours"),
        ([(0, 1), (1, 0)], "two edges join the same nodes"),
    ):
        with pytest.raises(InputError, match=message):
            gnn_bytes.pack(INPUT, features, edges)
    for wrong in (np.zeros((3, 5), np.uint8), np.zeros((2, 8), np.uint8), np.zeros((2, 5), np.int8)):
        with pytest.raises(InputError, match="features: need uint8 of shape"):
            gnn_bytes.pack(INPUT, wrong, [])


USER = """
#include "net.h"

#include <stdio.h>

static NET_ARENA(arena);

int main(void) {
    static const uint16_t bonds[][2] = {{0, 1}, {2, 1}, {1, 3}, {4, 3}};
    struct net_graph *graph = NET_INPUT(arena);
    for (int v = 0; v < 5; v++) {
        graph->features[0][v] = (uint8_t)(10 * v);
        graph->features[1][v] = (uint8_t)(255 - v);
    }
    graph->nodes = 5;
    graph->edges = 4;
    for (int i = 0; i < 4; i++) {
        graph->edge[i][0] = bonds[i][0];
        graph->edge[i][1] = bonds[i][1];
    }
    if (net_check_graph(arena) != NET_GRAPH_OK) {
        return 1;
    }
    net_run(arena);
    for (int i = 0; i < NET_OUTPUT_SIZE; i++) {
        printf("%d ", NET_OUTPUT(arena)[i]);
    }
    graph->nodes = 9;
    printf("%d %d", net_check_graph(arena), NET_GRAPH_NODES);
    return 0;
}
"""


@pytest.mark.slow
@pytest.mark.gcc
def test_a_users_program(tmp_path: Path) -> None:
    """The header's struct is the packing, and filling it needs no cast."""
    model = net()
    write_c(model, "net", tmp_path)
    write_runtime(tmp_path)
    (tmp_path / "main.c").write_text(USER)
    sources = [path.name for path in tmp_path.glob("*.c")]
    c_batch.call(["gcc", *c_batch.WARNINGS, *c_batch.SANITIZED, *sources, "-o", "main"], tmp_path)
    features = np.array([[10 * v for v in range(5)], [255 - v for v in range(5)]], np.uint8)
    raw = gnn_bytes.pack(INPUT, features, [(0, 1), (2, 1), (1, 3), (4, 3)])
    wanted = [*emulate(model, raw[None])[0].ravel().tolist(), NODES, NODES]
    done = subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = list(map(int, done.stdout.split()))
    behind = [i for i in range(16) if i % 8 >= 5]  # nodes that are not there, whose features nobody set
    assert [v for i, v in enumerate(found) if i not in behind] == [v for i, v in enumerate(wanted) if i not in behind]


@pytest.mark.gcc
def test_the_order_of_edges_and_ends_changes_nothing() -> None:
    edges = [(0, 1), (2, 1), (1, 3), (4, 3), (5, 6), (6, 0)]
    rng, features = Random(3), np.arange(14, dtype=np.uint8).reshape(2, 7) * 9
    shuffled = [rng.choice(((a, b), (b, a))) for a, b in rng.sample(edges, len(edges))]
    graphs = np.array([gnn_bytes.pack(INPUT, features, given) for given in (edges, shuffled)])
    for on in ("pytorch", "emulator", "host-sanitized"):
        first, second = machines.run(net(), graphs, on)
        assert np.array_equal(first, second)
