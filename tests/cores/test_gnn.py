"""Graph networks on the cores: the same bytes, in the memory that they are meant for, and the time that sizes take."""

from __future__ import annotations

import numpy as np
import pytest
from support import gnn_nets

from benchmarks.kernels import gnn as graphs
from edgehfn import nn, target
from edgehfn.data.communities import communities
from edgehfn.data.sampling import sampled
from edgehfn.evaluation import agreement
from edgehfn.evaluation.accuracy import packed
from edgehfn.ir import Graph, gnn_bytes, plan, verify
from edgehfn.lowering.untrained import untrained
from edgehfn.target import CORES, bench, elf
from edgehfn.target.board import board
from edgehfn.target.build import build
from edgehfn.target.execute import emitted

pytestmark = pytest.mark.qemu

KB = 1024
NOTHING = np.zeros((1, 0), np.uint8)


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55"])
def test_random_nets(core: str) -> None:
    for seed in range(200, 210):
        stored, variable = verify(gnn_nets.stored(seed)), verify(gnn_nets.variable(seed))
        assert agreement.verify(stored, NOTHING, (core,)).first is None
        assert agreement.verify(variable, gnn_nets.graphs(variable, seed, 5), (core,)).first is None


def test_a_citation_graph_on_the_m7() -> None:
    """2,708 nodes, 10,556 directed edges, 1,433 features, 128 channels: 512 KB of RAM and 1 MB of flash."""
    net = graphs.citation(128, 2)
    assert agreement.verify(net, NOTHING, ("pytorch", "cortex-m7")).first is None
    found = elf.sections(build(emitted(net), board("cortex-m7")))
    assert found[".arena"] == plan(net).size <= 512 * KB - 4 * KB  # and a stack
    assert found[".model"] + found[".code"] <= 1024 * KB


def test_a_deep_one_on_the_m7() -> None:
    """192 channels, three layers, in place: little more than one map of features."""
    net = graphs.citation(192, 3)
    assert plan(net).activations == 192 * 2708
    assert agreement.verify(net, NOTHING, ("cortex-m7",)).first is None
    found = elf.sections(build(emitted(net), board("cortex-m7")))
    assert found[".arena"] <= 1024 * KB - 4 * KB
    assert found[".model"] + found[".code"] <= 1024 * KB


@pytest.mark.parametrize("core", CORES)
def test_a_classifier_of_graphs_on_every_core(core: str) -> None:
    net = graphs.gin()
    found = elf.sections(build(emitted(net), board(core)))
    assert found[".arena"] + found[".stack"] <= 64 * KB
    assert agreement.verify(net, gnn_nets.graphs(net, 1, 6), (core,)).first is None
    assert target.selftest(net, core)


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "cortex-m55"])
def test_instructions_depend_on_sizes_alone(core: str) -> None:
    """Not on features, nor on who hears whom."""
    drawn = (verify(gnn_nets.variable(seed, nodes=30, layers=8)) for seed in range(100))
    for net in (graphs.gin(), next(net for net in drawn if takes_a_star(net))):
        node, rng = net.input, np.random.default_rng(2)
        assert node is not None
        nodes, path = 9, [(v, v + 1) for v in range(7)]
        channels, dtype = node.shape[0], np.uint8 if node.dtype == "u8" else np.int8
        order = rng.permutation(nodes)
        samples = [(np.zeros((channels, nodes)), path), (np.full((channels, nodes), 127), path)]
        noise = rng.integers(0, 128, (channels, nodes))
        samples += [(noise, path), (noise, [(order[a], order[b]) for a, b in path])]
        samples.append((noise, [(0, v) for v in range(1, 8)]))
        counts = [bench(net, core, gnn_bytes.pack(node, given.astype(dtype), edges)) for given, edges in samples]
        assert len({count.total for count in counts}) == 1, net


def takes_a_star(net: Graph) -> bool:
    """Of seven edges, among nine nodes."""
    topology = net.input.topology if net.input is not None else None
    return topology is not None and min(topology.nodes - 2, topology.edges, topology.degree) >= 7


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m7"])
def test_sizes_change_instructions(core: str) -> None:
    """So that the counts above do not come from a run that never looks at the graph."""
    net = graphs.gin()
    assert net.input is not None
    features = np.zeros((7, 20), np.uint8)
    few, many = (gnn_bytes.pack(net.input, features, [(v, v + 1) for v in range(count)]) for count in (3, 12))
    assert bench(net, core, few).total < bench(net, core, many).total


@pytest.mark.gcc
def test_stored_graphs_pass_their_self_test() -> None:
    net: Graph = verify(gnn_nets.stored(3))
    assert target.selftest(net, "host-sanitized")
    assert target.selftest(net, "cortex-m4")


@pytest.mark.parametrize("core", CORES)
def test_a_node_is_asked_about_by_a_sample_on_every_core(core: str) -> None:
    data = sampled(communities(400, 2500, 32, 4), (6, 3))
    graph = untrained(nn.graph_preset("sage", nn.graph_input(data), data.classes, hidden=16, layers=2))
    assert graph.output.shape == (4,)
    raw = packed(graph, data, data.split["test"][:6])
    assert agreement.verify(graph, raw, (core,)).first is None
    assert target.selftest(graph, core)
