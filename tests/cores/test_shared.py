"""Sums that three channels share: the same bytes on every core, with kernels for it or without, in any band, and fewer
instructions where there are kernels."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from support import many, nets, schedules, tools

from edgehfn.backends.c import Function, functions
from edgehfn.cost.samples_shared import shared_layers
from edgehfn.ir import Graph, Plan, ops, plan, verify
from edgehfn.ir.arena import Schedule, arrange
from edgehfn.ir.ops import Conv
from edgehfn.ir.scratch import ways
from edgehfn.spec.objective import Objective
from edgehfn.target.board import board
from edgehfn.target.build import build
from edgehfn.target.count import counted
from edgehfn.target.execute import emitted
from edgehfn.target.toolchain import call

CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55")
LARGEST = 12_000  # bytes of an arena: for the smallest board


def drawn(first: int, count: int) -> list[Graph]:
    return [graph for graph in (shared_layers(seed, 16) for seed in range(first, first + count)) if _fits(graph)]


def _fits(graph: Graph) -> bool:
    return plan(graph, "ram").size < LARGEST // 2


def sharing(graph: Graph, seed: int, shared: bool = True) -> Plan:
    """A plan in which all convolutions share sums, or none does, by random bands."""
    random, chosen = Random(seed), {}
    for node in graph:
        if isinstance(node, Conv):
            chosen[node.name] = random.choice(ways(node, graph, graph.tensors[node.name].shape[1], shared=shared)[:4])
    return arrange(graph, "speed", Schedule((), chosen))


def check(core: str, objective: Objective, first: int, count: int) -> None:
    cases = []
    for seed, graph in enumerate(drawn(first, count), first):
        planned = sharing(graph, seed) if objective == "speed" else schedules.random_plan(graph, seed, objective)
        cases.append(many.Given(graph, nets.random_input(graph, seed, 2), planned))
    assert any(Function.CONV_SHARED in functions(case.graph, case.own) for case in cases)
    many.hold(cases, core, objective)


@pytest.mark.parametrize("core", tools.machines(*CORES))
def test_a_few_random_nets(core: str) -> None:
    check(core, "speed", 700, 6)


@pytest.mark.slow
@pytest.mark.parametrize("core", tools.machines(*CORES))
@pytest.mark.parametrize(("objective", "first"), [("speed", 0), ("ram", 100), ("flash", 200)])
def test_random_nets(core: str, objective: Objective, first: int) -> None:
    check(core, objective, first, 40)


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_the_fast_path_is_what_is_linked(core: str) -> None:
    graph = half()
    program = build(emitted(graph), board(core))
    code = call([board(core).architecture.objdump, "-d", "--disassemble=hfn_trio_narrow", str(program)], timeout=60)
    assert code.count("sxtab16") >= 24


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
def test_every_input_takes_the_same_instructions(core: str) -> None:
    for seed, graph in enumerate(drawn(800, 4)):
        planned = sharing(graph, seed)
        assert len({counted(graph, planned, core, raw) for raw in nets.random_input(graph, 3, 4)}) == 1


@pytest.mark.qemu
def test_the_planner_shares_where_it_pays() -> None:
    """At half density, and of few weights or thin masks not."""
    graph = half()
    chosen, alone = plan(graph), sharing(graph, 1, shared=False)
    assert chosen.scratch["y"].shared
    assert counted(graph, chosen, "cortex-m4").total < 0.85 * counted(graph, alone, "cortex-m4").total
    assert not plan(half(density=0.1)).scratch["y"].shared
    assert not plan(half(inputs=1)).scratch["y"].shared
    assert not plan(graph, "flash").scratch["y"].shared


def half(inputs: int = 32, density: float = 0.5) -> Graph:
    """A convolution of 24 channels over a map of 16x16."""
    draw, shape = np.random.default_rng(1), (24, inputs, 3, 3)
    counts = (draw.random(24 * inputs * 9) < density).astype(np.uint8)
    given = ops.Input("input", (inputs, 16, 16), "chw", "u8")
    scale = ops.Requantise((1,) * 24, (0,) * 24, 0, 9, ops.RELU)
    return verify(Graph((given, Conv("y", "input", ops.Supermask("w", 1, shape, 1, counts, 1), scale, 1, 1)), seed=1))
