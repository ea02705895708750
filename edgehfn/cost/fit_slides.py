"""What moving windows takes (:func:`edgehfn.cost.terms.slid`): counted runs of a map that is pooled by rows."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from edgehfn.cost.terms import Terms, slid
from edgehfn.ir import Graph, Plan, verify
from edgehfn.ir.arena import Schedule, arrange
from edgehfn.ir.groups import group
from edgehfn.ir.ops import Input, MaxPool
from edgehfn.spec.objective import Objective
from edgehfn.target.count import counted

SAMPLES = 12


def slides(core: str, objective: Objective) -> list[tuple[Terms, int]]:
    """The terms and counted instructions of some windows. Raises ToolError if a tool is missing."""
    found = []
    for graph, planned in _samples(objective):
        ((name, count),) = counted(graph, planned, core).slides
        found.append((slid(name, graph, planned.groups[0]), count))
    return found


def _samples(objective: Objective) -> Iterator[tuple[Graph, Plan]]:
    for seed in range(SAMPLES):
        random = Random(seed)
        shape = (random.choice((1, 3, 16)), random.choice((16, 24)), random.choice((5, 8, 14, 16, 28, 32)))
        stride, step = random.choice((1, 2)), random.choice((1, 2, 3))
        nodes = (Input("input", shape), MaxPool("pool", "input", 3, stride, 1))
        graph = verify(Graph(nodes, seed=1))
        made = group(graph, 0, 1, step)
        assert made is not None
        yield graph, arrange(graph, objective, Schedule((made,), {}))
