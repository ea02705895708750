"""Requantisations at the ends of what is legal."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from edgehfn.errors import GraphError
from edgehfn.ir import Graph, ops, verify
from edgehfn.ir.ops import RELU, SIGNED, Requantise

TRIES = 30


def pushed(graph: Graph, rng: Random, percent: int = 50) -> Graph:
    """The graph with about so many of its requantisations at limits, as far as docs/SPEC.md has them legal."""
    for index, node in enumerate(graph.nodes):
        if not isinstance(node, ops.Requantised) or rng.randrange(100) >= percent:
            continue
        for _ in range(TRIES):
            changed = replace(node, requantise=_drawn(rng, node))
            try:
                graph = verify(Graph((*graph.nodes[:index], changed, *graph.nodes[index + 1 :]), graph.seed))
                break
            except GraphError:
                continue
    return graph


def _drawn(rng: Random, node: ops.Requantised) -> Requantise:
    channels, residual = len(node.requantise.multiplier), ops.residual(node) is not None
    multipliers = rng.choice(((127, -127), (127,), (1, -1), (0,), (0, 1, -1, 127, -127)))
    biases = rng.choice(((32767, -32768), (127, -128), (128, -129), (0,), (0, 1, -1, 32767, -32768)))
    return Requantise(
        tuple(rng.choice(multipliers) for _ in range(channels)),
        tuple(rng.choice(biases) for _ in range(channels)),
        rng.choice((0, 1, 7, 8, 15, 16, 31)),
        rng.choice((0, 1, 7, 8, 9, 15, 16, 17, 24, 30, 31)),
        rng.choice((RELU, SIGNED)),
        rng.choice((1, 127, 255)) if residual and rng.randrange(8) else 0,
        rng.choice((0, 1, 8, 15, 16, 22)) if residual else 0,
    )
