"""Memory of networks over graphs: no two living buffers meet, and what each takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import gnn_nets, nets, tools
from support.small_graphs import STAR, conv, over, plain

from benchmarks.kernels import gnn as graphs
from edgehfn.backends import c
from edgehfn.cost import code_size
from edgehfn.cost.footprint import footprint
from edgehfn.ir import ops, plan, verify
from edgehfn.ir.lives import Buffer
from edgehfn.ir.ops import (
    SIGNED,
    Attention,
    QuantisedWeight,
    Requantise,
)


@pytest.mark.parametrize("seed", range(40))
def test_living_buffers_never_meet(seed: int) -> None:
    net = (gnn_nets.stored if seed % 2 else gnn_nets.variable)(seed, layers=9)
    made, index = plan(verify(net), scratch_limit=1000), {node.name: i for i, node in enumerate(net)}
    buffers = {**made.tensors, **{f"{n} workspace": b for n, b in made.workspaces.items()}}
    for name, scratch in made.scratch.items():
        buffers[f"{name} scratch"] = Buffer(scratch.offset, scratch.size, index[name], index[name])
    if made.neighbours:
        buffers["neighbours"] = made.neighbours
        users = [i for i, node in enumerate(net) if ops.topology(node)]
        assert (made.neighbours.first, made.neighbours.last) == (0, users[-1])
    for name, a in buffers.items():
        assert a.offset % 4 == 0
        assert a.end <= made.size
        for other, b in buffers.items():
            apart = a.end <= b.offset or b.end <= a.offset
            if name < other and a.first <= b.last and b.first <= a.last and not apart:
                writer, read = sorted((name, other), key=lambda n: index.get(n, 0), reverse=True)
                assert a.offset == b.offset
                assert read in ops.inputs(net.nodes[index[writer]])
                assert buffers[read].last == buffers[writer].first


def test_convolutions_over_nodes_are_in_place() -> None:
    net = graphs.citation(16, 4, nodes=100, edges=200, features=50)
    planned = plan(net)
    assert planned.activations == 16 * 100
    assert len({buffer.offset for buffer in planned.tensors.values()}) == 1


def test_a_wider_output_is_not_in_place() -> None:
    wide = conv()
    wide = replace(wide, weight=QuantisedWeight("w", np.ones((3, 2, 1, 1), np.int8)), requantise=plain(3))
    planned = plan(verify(over(STAR, wide)))
    assert planned.tensors["x"].offset != planned.tensors["y"].offset


def test_scores_that_are_the_features_stay() -> None:
    """Every head reads the scores, so no head may overwrite them."""
    scores = Attention("y", "x", "x", STAR, 1, 51, (255,) * 256, Requantise((1, 1), (0, 0), 0, 15, SIGNED))
    planned = plan(verify(over(STAR, scores)))
    assert planned.tensors["x"].offset != planned.tensors["y"].offset


def test_topologies_and_tables_are_stored_once() -> None:
    net = graphs.citation(8, 4, nodes=60, edges=100, features=30)
    graph = [part for part in c.layout(net, plan(net)) if part.origin == "graph"]
    found = net.features[0]
    assert sum(len(part.data) for part in graph) == 2 * 60 + 2 * 200 + 4 * 31 + 2 * len(found.members)
    tables = [part for part in c.layout(net, plan(net)) if part.member.startswith("table_")]
    entries = net.topologies[0].degree + 1
    assert sum(len(part.data) for part in tables) == entries + 2 * entries  # `own` is `neighbour`


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m7"])
def test_footprints(core: str) -> None:
    """Predicted, and measured in a linked program."""
    tools.fitted_to(code_size.table()[0].compiler, None)
    for net in (graphs.gin(), graphs.citation(16, 2), verify(nets.random_graph(3))):
        found = footprint(net, core)
        assert found.measured is not None
        predicted, measured = found.predicted.to_json(), found.measured.sizes.to_json()
        for exact in ("weights_flash", "activation_ram", "runtime_ram", "total_ram"):
            assert predicted[exact] == measured[exact], exact
        assert predicted["code_flash"] == pytest.approx(measured["code_flash"], rel=0.02)
        assert measured["stack"] <= found.measured.stack_bound
        assert abs(predicted["stack"] - found.measured.stack_bound) <= 8
