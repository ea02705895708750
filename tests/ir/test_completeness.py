"""Whatever can be named is known everywhere: each operation, each function of the runtime, each layer.

The type checker finds a ``match`` that lacks an operation. This finds what it cannot see; docs/EXTENDING.md has the
whole way. A failure says what to write, and where.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from support import far_nets, gnn_nets, gnn_sets, nets, oracle, schedules, window_nets

from edgehfn import nn
from edgehfn.backends import c
from edgehfn.backends.c import Function
from edgehfn.backends.c.functions import function
from edgehfn.cost import code_size, instructions
from edgehfn.cost.instructions import NODES
from edgehfn.data.gnn_sets import Features
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, Plan, ops
from edgehfn.ir.groups import group
from edgehfn.ir.inputs import golden
from edgehfn.lowering.untrained import untrained
from edgehfn.model import modelfile
from edgehfn.nn.gnn_layers import Pool, Weighting
from edgehfn.nn.structure import describe
from edgehfn.spec import limits
from edgehfn.spec.objective import OBJECTIVES
from edgehfn.target.board import CORES

ROOT = Path(__file__).parents[2]
SEEDS = 60

INTEGER_ONLY = {ops.Add}  # no layer becomes one: a residual is a part of the node before
EVERY_OP = get_args(ops.Node)
EVERY_LAYER = get_args(nn.Op)


def sampled(seed: int) -> Graph:
    """A net of samples of every type, by maps."""
    return nets.random_graph(seed, maps=get_args(ops.RawType)[seed % 3])


@cache
def drawn() -> tuple[Graph, ...]:
    """What the random nets of the tests draw."""
    makers = nets.random_graph, partial(nets.random_graph, table=True), sampled, window_nets.random_graph
    graphs = gnn_nets.stored, gnn_nets.variable
    known = nets.folded_resnet(1), far_nets.layers(1), far_nets.layers(2, (700, 2, 32), (1, 3))
    return (*known, *(make(seed) for make in (*makers, *graphs) for seed in range(SEEDS)))


@cache
def run() -> tuple[tuple[Graph, Plan | None], ...]:
    """These nets whole, and those of images in random groups, come they whole or in rows."""
    whole = tuple((graph, None) for graph in drawn())
    images = [(seed, graph) for seed, graph in enumerate(drawn()[: 4 * SEEDS + 3]) if group(graph, 0, 0, 1)]
    plans = ((graph, schedules.random_plan(graph, seed, rows=rows)) for seed, graph in images for rows in (False, True))
    return (*whole, *plans)


@cache
def layered() -> dict[str, nn.Net]:
    """Nets that have every layer between them; a new one joins a net here, or brings its own."""
    image, densities = (1, 14, 14), (0.6, 0.25)
    made: dict[str, nn.Net] = {}
    for kind in ("supermask", "int8", "int4", "ternary", "binary"):
        builder = nn.Builder(nn.InputSpec(image), seed=5, weights=kind, densities=densities)
        builder.conv("stem", 4, 3)
        builder.max_pool("pool", 2, 2)
        builder.conv("second", 4, 3, residual="pool")
        builder.conv("tall", 6, (3, 2), (2, 1), padding="same")
        builder.depthwise("each", 3, dilation=(1, 2))
        builder.concat("both", "tall")
        builder.avg_pool("mean", (2, 1))
        builder.conv("first", 4, 1)
        builder.global_avg_pool("average")
        builder.linear("hidden", 5, norm=True, relu=True)
        builder.linear("logits", 3)
        made[kind] = builder.net(("a", "b", "c"))
    pools: dict[Weighting, Pool] = {"gcn": "first", "mean": "mean", "sum": "sum"}
    for norm in pools:
        builder = nn.Builder(nn.GraphSpec(6, 9, 20, 5), seed=6)
        builder.conv("first", 4, 1)
        x = builder.aggregate("gathered", norm)
        scores = builder.conv("scores", 4, 1, norm=False, relu=False)
        builder.x = x
        builder.attention("attention", 2, scores)
        builder.node_pool("pool", pools[norm])
        builder.linear("logits", 2)
        made[f"graphs, {norm}"] = builder.net()
    sparse = gnn_sets.random()
    nodes, count = sparse.features.nodes, 8
    values = np.random.default_rng(1).integers(-127, 128, nodes * count, np.int8)
    every = Features(count * np.arange(nodes + 1), np.tile(np.arange(count), nodes), values, count)
    full = replace(sparse, features=every)
    for name, data in (("one graph", sparse), ("one graph of dense features", full)):
        builder = nn.Builder(nn.graph_input(data), seed=7)
        builder.conv("first", 4, 1)
        builder.aggregate("gathered", "gcn")
        made[name] = builder.net()
    return made


def named(kind: type[Any]) -> str:
    return kind.__name__


# Operations.


@pytest.mark.parametrize("op", EVERY_OP, ids=named)
def test_random_nets_draw_every_operation(op: type[Any]) -> None:
    found = any(isinstance(node, op) for graph in drawn() for node in graph)
    assert found, f"no random net has a {op.__name__}: let tests/support/nets.py or gnn_nets.py draw some"


@pytest.mark.parametrize("op", EVERY_OP, ids=named)
def test_the_oracle_knows_every_operation(op: type[Any]) -> None:
    having = [graph for graph in drawn()[3:] if any(isinstance(node, op) for node in graph)]
    if not having:
        pytest.skip("none is drawn, which another test says")
    graph = min(having, key=lambda graph: sum(graph.macs.values()))
    try:
        made = oracle.run(graph, golden(graph).ravel().tolist())
    except (AssertionError, AttributeError, KeyError) as error:
        pytest.fail(f"the oracle cannot run a {op.__name__} ({error!r}): write it in tests/support/oracle.py, by SPEC")
    assert list(made) == list(graph.tensors)


@pytest.mark.parametrize("op", EVERY_OP, ids=named)
def test_every_operation_has_a_place_in_the_specification(op: type[Any]) -> None:
    nodes = (
        (ROOT / "docs" / "SPEC.md").read_text(encoding="utf-8").partition("\n## 5. Nodes")[2].partition("\n## 6.")[0]
    )
    assert f"\n- **{op.__name__}** (" in nodes, f"docs/SPEC.md section 5 lacks `- **{op.__name__}** (…): …`: define it"


@pytest.mark.parametrize("op", EVERY_OP, ids=named)
def test_an_operation_is_in_the_unions_that_its_fields_tell(op: type[Any]) -> None:
    """Else its weight would not be stored, and its channels not be scaled."""
    given = {field.name for field in fields(op)}
    for name, union, label in (
        ("weight", ops.Weighted, "ops.Weighted"),
        ("requantise", ops.Requantised, "ops.Requantised"),
    ):
        assert (name in given) == (op in get_args(union)), f"{op.__name__} has a field {name}: put it into {label}"


@pytest.mark.parametrize("op", EVERY_OP, ids=named)
def test_a_layer_becomes_every_operation(op: type[Any]) -> None:
    made = {type(node) for net in layered().values() for node in untrained(net, 8)}
    if op in INTEGER_ONLY:
        assert op not in made, f"{op.__name__} comes from a layer now: take it off INTEGER_ONLY"
    else:
        assert op in made, (
            f"lowering made no {op.__name__} of the nets in layered(): add its layer there and to "
            "edgehfn/lowering/lower.py, or name it in INTEGER_ONLY if only integer graphs have it"
        )


# Functions.


@pytest.mark.parametrize("called", Function)
def test_random_nets_call_every_function(called: Function) -> None:
    found = any(called in c.functions(graph, planned) for graph, planned in run())
    assert found, f"no random net calls {called}: let tests/support/nets.py or gnn_nets.py draw a node that it runs"


@pytest.mark.parametrize("op", [ops.Conv, ops.Linear, ops.SparseLinear])
def test_weights_of_a_new_number_of_bits_need_a_function(op: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """And fall to none that is there."""
    monkeypatch.setitem(limits.LARGEST, 3, 3)
    for bits, ends in ((8, "dense"), (4, "int4"), (3, None)):
        weight = ops.QuantisedWeight("w", np.ones((2, 2, 1, 1), np.int8), bits)
        found = ((node, graph) for graph in drawn() for node in graph if isinstance(node, op))
        node, graph = next(found)
        changed = replace(node, weight=weight)
        if ends:
            assert function(changed, graph).endswith(ends)
        else:
            with pytest.raises(GraphError, match=r"w: no function .* weights of 3 bits"):
                function(changed, graph)


@pytest.mark.parametrize("called", Function)
def test_every_function_is_priced(called: Function) -> None:
    remedy = f"run: make budget F={called}"
    code = {(row.core, row.objective) for row in code_size.table() if row.function == called}
    assert code == {(core, objective) for core in CORES for objective in OBJECTIVES}, remedy
    counted = {(row.core, row.small) for row in instructions.table() if row.function == called}
    assert counted == {(core, small) for core in CORES for small in (False, True) if called in NODES}, remedy


def test_no_function_is_priced_that_is_not_there() -> None:
    priced = {row.function for row in code_size.table()} | {row.function for row in instructions.table()}
    assert priced == {*Function, code_size.RUN}, "run: make budget"


def test_functions_are_those_of_the_header() -> None:
    """Their names, and which of them take the model. What makes sound into rows runs no node."""
    headers = sorted((ROOT / "firmware" / "include").glob("edgehfn*.h"))
    header = "\n".join(path.read_text(encoding="utf-8") for path in headers if path.name != "edgehfn_sound.h")
    declared = re.findall(r"^\w+ (hfn_\w+)\((const void \*model, )?const struct hfn_\w+ \*(\w+),", header, re.MULTILINE)
    found = {name: bool(model) for name, model, argument in declared if name != "hfn_golden_graph"}
    known = {str(called): called.facts.takes_model for called in Function}
    assert found == known, "edgehfn.h and edgehfn/backends/c/functions.py differ"


def test_functions_run_the_nodes_that_they_say() -> None:
    nodes = {function(node, graph, planned) for graph, planned in run() for node in graph}
    assert nodes == {called for called in Function if called.facts.runs_a_node}, "see Facts.runs_a_node"


# Layers.


@pytest.mark.parametrize("layer", EVERY_LAYER, ids=named)
def test_a_net_here_has_every_layer(layer: type[Any]) -> None:
    found = any(isinstance(step.op, layer) for net in layered().values() for step in net.steps)
    assert found, f"add a {layer.__name__} to a net of layered(), so that its way through the model file is tested"


@pytest.mark.parametrize("name", layered())
def test_every_layer_is_what_it_was_behind_the_model_file(name: str, tmp_path: Path) -> None:
    net = layered()[name]
    modelfile.save(net, tmp_path / "net.hfn")
    loaded = modelfile.load(tmp_path / "net.hfn")
    assert describe(loaded) == describe(net)
    if isinstance(net.input, nn.InputSpec):
        raw = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (4, *net.input.shape), np.uint8))
        assert torch.equal(loaded(raw), net.eval()(raw))
    assert str(untrained(loaded, 8)) == str(untrained(net, 8))
