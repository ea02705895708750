"""Random graphs of all operations, with requantisations at their limits, on every machine and for every objective."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from support import extremes, gnn_nets, many, nets, nodes
from support.many import Given

from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph
from edgehfn.spec.objective import OBJECTIVES, Objective
from scripts.fuzz.campaign import Failure, Tally

MACHINES = ("host-sanitized", "cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imc", "rv32imc-zbb", "rv32ec")
COUNT, INPUTS = 24, 3  # graphs of a turn, inputs of each
NODES = 8


def turn(seed: int, place: Path, tally: Tally, count: int = COUNT, machines: tuple[str, ...] = MACHINES) -> None:
    """So many graphs: oracle, emulator, then all of them at once on each machine."""
    rng = Random(seed)
    seeds = [rng.randrange(2**32) for _ in range(count)]
    cases = [case(one) for one in seeds]
    for one, given in zip(seeds, cases, strict=True):
        tally["graphs"] += 1
        tally["layers"] += len(given.graph.nodes)
        try:
            nodes.assert_same(*_both(given))
        except Exception as error:
            call = f"graphs.hold_emulator({one}, {_smallest(partial(hold_emulator, one))})"
            raise Failure(f"emulator: {error}", "from scripts.fuzz import graphs", call) from error
    tally["machines"] = max(tally["machines"], len(machines) + 2)  # with oracle and emulator
    for objective in OBJECTIVES:
        for on in machines:
            found = many.run(cases, on, objective)
            for one, given, answers in zip(seeds, cases, found, strict=True):
                if answers != expected(given):
                    raise _failure(one, objective, on)
            tally["programs"] += 1
            tally["runs"] += sum(len(given.raw) for given in cases)


def case(seed: int, size: int = NODES) -> Given:
    """A graph of about so many nodes, and a few inputs."""
    rng = Random(seed)
    match rng.randrange(10):
        case 0:
            graph: Graph = gnn_nets.legal(gnn_nets.stored, seed, layers=size)
        case 1:
            graph = gnn_nets.legal(gnn_nets.variable, seed, layers=size)
            return Given(graph, gnn_nets.graphs(graph, seed, INPUTS))
        case _:
            graph = nets.random_graph(seed, macs=60_000, nodes=size, channels=40)
    graph = extremes.pushed(graph, rng)
    return Given(graph, nets.random_input(graph, seed, INPUTS) if graph.input else np.zeros((INPUTS, 0), np.uint8))


def hold(seed: int, size: int, objective: Objective, on: str) -> None:
    """Assert that one machine answers as the emulator does."""
    given = case(seed, size)
    (found,) = many.run([given], on, objective)
    assert found == expected(given)


def expected(given: Given) -> list[many.Answer]:
    """What the emulator makes of the inputs, all of which are legal."""
    return many.wanted(nodes.observed(emulate, given.graph, given.raw), [0] * len(given.raw))


def _both(given: Given) -> tuple[nodes.Tensors, nodes.Tensors]:
    return nodes.by_oracle(given.graph, given.raw), nodes.observed(emulate, given.graph, given.raw)


def hold_emulator(seed: int, size: int) -> None:
    """Assert that the emulator computes what the oracle does."""
    nodes.assert_same(*_both(case(seed, size)))


def _failure(seed: int, objective: Objective, on: str) -> Failure:
    size = _smallest(lambda size: hold(seed, size, objective, on))
    call = f"graphs.hold({seed}, {size}, {objective!r}, {on!r})"
    return Failure(f"{on}, compiled for {objective}, differs", "from scripts.fuzz import graphs", call)


def _smallest(check: Callable[[int], None]) -> int:
    """The fewest nodes with which it fails."""
    for size in range(1, NODES):
        try:
            check(size)
        except Exception:
            return size
    return NODES
