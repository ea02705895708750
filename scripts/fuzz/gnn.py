"""Graphs that come at run time, changed at random: every status, and every byte of those that are legal, sanitized."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
from support import gnn_nets, many, nodes, oracle_gnn
from support.many import Given
from support.narrow import entry, there

from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, gnn_bytes
from edgehfn.ir.inputs import Raw
from scripts.fuzz.campaign import Failure, Tally

COUNT, INPUTS = 12, 60  # nets of a turn, graphs of each
ON = "host-sanitized"


def turn(seed: int, place: Path, tally: Tally, count: int = COUNT) -> None:
    """So many nets over graphs, in one program."""
    rng = Random(seed)
    seeds = [rng.randrange(2**32) for _ in range(count)]
    cases = [case(one) for one in seeds]
    for one, given, answers in zip(seeds, cases, many.run(cases, ON, "speed"), strict=True):
        tally["nets over graphs"] += 1
        tally["run-time graphs"] += len(answers)
        wrong = [n for n, (a, b) in enumerate(zip(answers, expected(given), strict=True)) if a != b]
        if wrong:
            raw = given.raw[wrong[0]].tobytes()
            call = f'gnn.hold({one}, (HERE / "graph").read_bytes())'
            raise Failure(f"graph {wrong[0]} differs", "from scripts.fuzz import gnn", call, {"graph": raw})
        tally["run-time graphs refused"] += sum(answer.status > 0 for answer in answers)


def hold(seed: int, content: bytes) -> None:
    """Assert that the sanitized host does with one graph what the oracle says."""
    net = case(seed).graph
    raw = np.frombuffer(content, np.uint8)[None]
    given = Given(net, raw.view(np.int8) if entry(net).dtype == "s8" else raw)
    (found,) = many.run([given], ON, "speed")
    assert found == expected(given)


def case(seed: int) -> Given:
    """A net, and legal graphs of which most are changed."""
    net = gnn_nets.legal(gnn_nets.variable, seed)
    return Given(net, _changed(net, Random(seed), gnn_nets.graphs(net, seed, INPUTS)))


def expected(given: Given) -> list[many.Answer]:
    """Statuses by the oracle, which Python's must equal, and the emulator's bytes of what is legal."""
    node = entry(given.graph)
    statuses = [oracle_gnn.status(node, raw.view(np.uint8).tolist()) for raw in given.raw]
    assert statuses == [gnn_bytes.graph_status(node, raw.view(np.uint8)) for raw in given.raw]
    legal = given.raw[[status == 0 for status in statuses]]
    tensors = nodes.observed(emulate, given.graph, legal) if len(legal) else {}
    return many.wanted(tensors, statuses)


def _changed(net: Graph, rng: Random, raw: Raw) -> Raw:
    node = entry(net)
    topology, made = there(node.topology), raw.copy()
    bounds = [topology.nodes, topology.edges, topology.degree]
    values = [0, 1, 2, 0x7FFF, 0x8000, 0xFFFF, *bounds, *(n + 1 for n in bounds), *(n - 1 for n in bounds)]
    for row in made[len(made) // 4 :]:
        words = row.view(np.uint8)[int(np.prod(node.shape)) :].view("<u2")
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(words)) if rng.random() < 0.7 else rng.randrange(2)
            near = rng.choice(values) if rng.random() < 0.6 else rng.randrange(topology.nodes + 1)
            words[at] = near & 0xFFFF
        if rng.random() < 0.1:
            row.view(np.uint8)[:] = np.frombuffer(rng.randbytes(row.nbytes), np.uint8)
    return made
