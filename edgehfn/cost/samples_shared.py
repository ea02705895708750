"""Random layers whose channels share sums."""

from __future__ import annotations

from random import Random

from edgehfn.cost.samples import Maker
from edgehfn.ir import Graph, Plan, verify
from edgehfn.ir.arena import Schedule, arrange
from edgehfn.ir.ops import Conv, Input
from edgehfn.ir.scratch import ways
from edgehfn.ir.shared import can_share

CHANNELS = (1, 3, 8, 16, 32)
SIDES = (8, 12, 16, 20, 28, 32)
LAYERS = 2


def shared_plans(graph: Graph) -> list[Plan]:
    """Plans in which all channels share sums: maps in one band, in two with lists kept, and in bands of few rows."""
    found = []
    for pick in (-1, len(graph.nodes), 0):
        chosen = {}
        for node in graph:
            if isinstance(node, Conv):
                known = ways(node, graph, graph.tensors[node.name].shape[1], shared=True)
                chosen[node.name] = known[min(pick, len(known) - 1)]
        found.append(arrange(graph, "speed", Schedule((), chosen)))
    return found


def shared_layers(seed: int, most: int = SIDES[-1]) -> Graph:
    """A graph of convolutions whose channels can share sums, of maps with sides up to ``most``. The same seed gives the
    same graph."""
    random = Random(seed)
    side = random.choice([side for side in SIDES if side <= most])
    maker = Maker(random)
    maker.nodes[:] = [Input("input", (random.choice(CHANNELS), side, side), "chw", "u8")]
    while len(maker.nodes) <= LAYERS:
        name = f"y{len(maker.nodes)}"
        node = maker.conv(name, random.choice([*maker.graph.tensors.values()]))
        if isinstance(node, Conv) and can_share(node, Graph((*maker.nodes, node), seed=1)):
            maker.nodes.append(node)
    return verify(maker.graph)
