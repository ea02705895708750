"""Instructions predicted from the graph alone, against those counted of nets that nothing was fitted to."""

from __future__ import annotations

from functools import cache

import pytest
from support import nets, tools

from benchmarks.kernels.references import references, resnet8
from edgehfn import nn
from edgehfn.cost import instructions
from edgehfn.cost.instructions import TOLERANCE, predict
from edgehfn.cost.samples import layers
from edgehfn.cost.terms import terms
from edgehfn.errors import InputError
from edgehfn.ir import Graph, plan
from edgehfn.ir.ops import Conv, MaxPool, Supermask
from edgehfn.ir.scratch import SLACK
from edgehfn.lowering.untrained import untrained
from edgehfn.spec.objective import OBJECTIVES
from edgehfn.target import CORES, bench

LARGE = 0.05  # of all instructions: nodes that are held one by one
NEAR = 0.06
NODE = {  # blocks of pixels of three sizes are not all in the terms; others: NEAR
    "cortex-m55": 0.125,
    **dict.fromkeys(("rv32imc", "rv32imc-zbb", "rv32ec"), 0.08),
}
FEW_ROWS = {
    core: 0.2 if core == "cortex-m55" else 0.125 for core in CORES
}  # nor is all that bands of a row or two take
TOTAL = {("sparse", "ram"): 0.06}


@cache
def graphs() -> dict[str, Graph]:
    frozen: nn.Options = {"coats": (0.6, 0.25), "frozen": 0.5, "fold": 2, "masks": "unshared"}
    more = {
        "sparse": resnet8(0.1),
        "tiny": nn.preset("tiny", (3, 32, 32), 10),
        "frozen": nn.preset("tiny", (1, 28, 28), 10, **frozen),
    }
    return {**references(), **{name: untrained(net) for name, net in more.items()}}


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
def test_prediction_is_close(core: str) -> None:
    tools.fitted_to(instructions.table()[0].compiler)
    for name, graph in graphs().items():
        for objective in OBJECTIVES if name in ("resnet8", "sparse") else OBJECTIVES[:1]:
            counted = bench(graph, core, objective=objective)
            predicted = predict(graph, plan(graph, objective), core)
            assert predicted.predicted
            assert abs(predicted.total / counted.total - 1) < TOTAL.get((name, objective), TOLERANCE), (name, objective)
            for (node, count), (same, guess) in zip(counted.nodes, predicted.nodes, strict=True):
                assert node == same
                near = abs(guess / count - 1) < (FEW_ROWS if objective == "ram" else NODE).get(core, NEAR)
                assert count < LARGE * counted.total or near, (name, objective, node)


def test_a_core_without_coefficients_is_named() -> None:
    with pytest.raises(InputError, match="cortex-a53: no fitted instructions; there are cortex-m0, "):
        predict(nets.random_graph(1), plan(nets.random_graph(1)), "cortex-a53")


@pytest.mark.parametrize("seed", range(30))
def test_terms_add_up(seed: int) -> None:
    graph = nets.random_graph(seed)
    planned = plan(graph)
    for node in graph:
        found = terms(node, graph, planned, 16)
        assert min(found.values()) >= 0
        if isinstance(node, Conv):
            _planes_are_the_plans(node, graph)
            if isinstance(node.weight, Supermask):
                assert found["kept"] == abs(node.weight.values).sum() * found["bands"]
                assert found["takes"] >= found["words"] >= found["kept words"] / node.weight.coats


def _planes_are_the_plans(node: Conv, graph: Graph) -> None:
    """With the whole map as one band, words of planes are those that the plan makes room for."""
    planned = plan(graph, scratch_limit=2**16)
    scratch, y = planned.scratch[node.name], graph.tensors[node.name]
    if scratch.band < y.shape[1]:
        return
    found = terms(node, graph, planned, 16)
    kinds = ("moved words", "copied words", "shifted words", "halved words")
    words = sum(found.get(kind, 0) for kind in kinds)
    planes = found.get("moved planes", 0) + found["read planes"]
    assert planes == node.weight.shape[1] * node.weight.shape[2] * min(node.stride, node.weight.shape[2])
    if not found.get("read bytes"):
        assert 4 * words + SLACK == scratch.planes


@pytest.mark.parametrize("seed", range(10))
def test_taps_of_a_pool_are_what_lies_in_the_map(seed: int) -> None:
    graph = layers(seed)
    for node in graph:
        if isinstance(node, MaxPool):
            _, height, width = graph.tensors[node.x].shape
            channels, rows, columns = graph.tensors[node.name].shape
            taps = sum(
                0 <= i * node.stride + a - node.padding < height and 0 <= j * node.stride + b - node.padding < width
                for i in range(rows)
                for j in range(columns)
                for a in range(node.kernel)
                for b in range(node.kernel)
            )
            assert terms(node, graph, plan(graph), 1)["taps"] == channels * taps


def test_layers_are_the_same_every_time() -> None:
    first, again = layers(3), layers(3)
    assert str(first) == str(again)
    assert str(first) != str(layers(4))
