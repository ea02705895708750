"""The instructions of a graph that comes with the input depend on its numbers of nodes and edges alone (SPEC 5.2)."""

from __future__ import annotations

from itertools import combinations, islice
from random import Random

import numpy as np
import pytest
from support import compilers, gnn_nets

from edgehfn.ir import Graph, gnn_bytes, verify
from edgehfn.ir.ops import SIGNED, Aggregate, Attention, Conv, Input, QuantisedWeight, Requantise
from edgehfn.ir.topology import InputTopology
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import bench
from edgehfn.target.toolchain import ARM_GCC

pytestmark = pytest.mark.qemu

Edges = list[tuple[int, int]]

CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55")
RISCV = ("rv32imc", "rv32ec")
NODES = 10
TOPOLOGY = InputTopology("edges", NODES, 12, NODES - 1)
INPUT = Input("input", (3, 3, 4), "chw", "s8", TOPOLOGY)


def scaled(channels: int, shift: int) -> Requantise:
    return Requantise((64,) * channels, (0,) * channels, 0, shift, SIGNED)


def summed() -> Graph:
    """Tables of every kind: of neighbours, of a node's own, of the whole."""
    degrees = range(TOPOLOGY.degree + 1)
    q, r, p = (tuple(most // (d + 1) for d in degrees) for most in (200, 100, 255))
    return verify(Graph((INPUT, Aggregate("y", "input", TOPOLOGY, q, r, p, 6, scaled(3, 9))), 1))


def attentive() -> Graph:
    scores = QuantisedWeight("scores", np.arange(-9, 9).reshape(6, 3, 1, 1).astype(np.int8))
    table = tuple(round(255 * 2.718281828 ** (-0.02 * j)) for j in range(256))
    y = Attention("y", "input", "scores", TOPOLOGY, 3, 51, table, Requantise((1,) * 3, (0,) * 3, 0, 15, SIGNED))
    return verify(Graph((INPUT, Conv("scores", "input", scores, scaled(6, 8)), y), 1))


# Of as many edges in each list. A clique leaves most nodes alone, a star has one end everywhere, pairs leave few alone.
ALIKE: dict[str, list[Edges]] = {
    "three edges": [
        [(0, 1), (0, 2), (1, 2)],
        [(7, 8), (7, 9), (8, 9)],
        [(0, 1), (2, 3), (4, 5)],
        [(9, 0), (9, 4), (9, 5)],
        [(3, 4), (4, 5), (5, 6)],
    ],
    "one edge": [[(0, 1)], [(8, 9)], [(9, 0)], [(4, 5)]],
    "nine edges": [
        [(v, v + 1) for v in range(9)],
        [(0, v) for v in range(1, 10)],
        [(9, v) for v in range(9)],
        list(combinations(range(5), 2))[:9],
    ],
}


def random_edges(rng: Random, count: int, among: int) -> Edges:
    return rng.sample(list(combinations(range(among), 2)), count)


def counts(net: Graph, core: str, graphs: list[Edges], objective: Objective = "speed") -> set[int]:
    """Of whole runs, features and the order of ends and edges drawn anew."""
    node, rng, draw = net.input, np.random.default_rng(3), Random(3)
    assert node is not None
    found = set()
    for edges in graphs:
        turned = [draw.choice(((a, b), (b, a))) for a, b in draw.sample(edges, len(edges))]
        dtype = np.uint8 if node.dtype == "u8" else np.int8
        features = rng.integers(0, 128, (node.shape[0], NODES)).astype(dtype)
        found.add(bench(net, core, gnn_bytes.pack(node, features, turned), objective).total)
    return found


@pytest.mark.parametrize("core", [*CORES, *RISCV])
@pytest.mark.parametrize("net", [summed(), attentive()], ids=["sum", "attention"])
def test_who_is_joined_changes_nothing(net: Graph, core: str) -> None:
    each = {name: counts(net, core, graphs) for name, graphs in ALIKE.items()}
    assert {len(found) for found in each.values()} == {1}, each
    assert len(set.union(*each.values())) == len(ALIKE)  # the number of edges does change it


@pytest.mark.slow
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_random_graphs(core: str, objective: Objective) -> None:
    """Some among few nodes, so that most have no neighbour."""
    graphs = [random_edges(Random(4), 9, among) for among in (5, 7, NODES)]
    for net in (summed(), attentive()):
        assert len(counts(net, core, graphs, objective)) == 1, graphs


@pytest.mark.slow
@pytest.mark.parametrize("core", CORES)
def test_random_nets(core: str) -> None:
    drawn = (verify(gnn_nets.variable(seed, nodes=30, layers=6)) for seed in range(300, 400))
    for net in islice(filter(takes_the_graphs, drawn), 4):
        assert len(counts(net, core, ALIKE["three edges"])) == 1, net


def takes_the_graphs(net: Graph) -> bool:
    topology = net.input.topology if net.input is not None else None
    return topology is not None and topology.nodes >= NODES and min(topology.edges, topology.degree) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "cortex-m55"])
@pytest.mark.parametrize(("compiler", "level"), compilers.LEVELS)
def test_other_compilers_and_levels(compiler: str, level: str, core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source allows no compiler another way; not only the one whose counts are published."""
    compilers.use(monkeypatch, compiler, level)
    for net in (summed(), attentive()):
        assert len(counts(net, core, ALIKE["nine edges"])) == 1


def test_the_levels_are_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    before = counts(summed(), "cortex-m4", ALIKE["one edge"])
    compilers.use(monkeypatch, ARM_GCC, "-O0")
    assert min(counts(summed(), "cortex-m4", ALIKE["one edge"])) > max(before)
