"""Random legal ways to run a graph: nodes in groups or whole, bands and kept lists as they come."""

from __future__ import annotations

from random import Random

from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, Plan
from edgehfn.ir.arena import Schedule, arrange, by_node
from edgehfn.ir.groups import Group, fed, group
from edgehfn.ir.inputs import Raw
from edgehfn.ir.ops import Conv
from edgehfn.ir.scratch import Scratch, ways
from edgehfn.spec.objective import Objective
from edgehfn.target.execute import run_planned
from support.nodes import Tensors, assert_same


def random_plan(graph: Graph, seed: int, objective: Objective = "speed", longest: int = 6, rows: bool = False) -> Plan:
    """A plan of a random schedule, for an image that comes whole or in rows. The same seed gives the same plan."""
    random = Random(seed)
    groups = random_groups(graph, random, longest, rows)
    inside, chosen = by_node(groups), dict[str, Scratch]()
    for i, node in enumerate(graph):
        if isinstance(node, Conv):
            height = graph.tensors[node.name].shape[1]
            most = min(height, inside[i].rows[node.name].step) if i in inside else height
            chosen[node.name] = _way(node, graph, most, i not in inside, random)
    return arrange(graph, objective, Schedule(tuple(groups), chosen))


def _way(node: Conv, graph: Graph, rows: int, last: bool, random: Random) -> Scratch:
    """Half of them with shared sums, where there are such."""
    found = [ways(node, graph, rows, last, shared) for shared in (False, True)]
    return random.choice(random.choice([some for some in found if some]))


def random_groups(graph: Graph, random: Random, longest: int, rows: bool = False) -> list[Group]:
    """Some groups, one behind another; the first one is fed if the image comes in rows."""
    found, at = list[Group](), 0
    if rows:
        last = min(len(graph.nodes) - 1, random.randrange(longest))
        found.append(group(graph, 0, last, random.choice((1, 1, 2, 3, 4)), fed=True) or fed(graph))
        at = found[0].last + 1
    while at < len(graph.nodes):
        last = min(len(graph.nodes) - 1, at + random.randrange(longest))
        made = group(graph, at, last, random.choice((1, 1, 2, 3, 4))) if last > at or random.random() < 0.2 else None
        if made is None and last > at + 1:
            last = at + 1
            made = group(graph, at, last, random.choice((1, 2)))
        found += [made] if made else []
        at = (last if made else at) + 1
    return found


def grouped(graph: Graph, seed: int, objective: Objective = "speed", rows: bool = False) -> Plan | None:
    """The first of some random plans in which a map is never whole; None if there is none among them."""
    for attempt in range(8):
        found = random_plan(graph, 100 * seed + attempt, objective, rows=rows)
        if any(made.windows for made in found.groups):
            return found
    return None


def check(graph: Graph, planned: Plan, raw: Raw, machine: str) -> None:
    """Holds every byte of a machine's run by a plan, traced and not, to the emulator's."""
    wanted: Tensors = {}
    found: Tensors = {}
    emulate(graph, raw, wanted.__setitem__)
    outputs = run_planned(graph, planned, raw, machine, found.__setitem__)
    assert_same(wanted, found)
    assert (outputs == run_planned(graph, planned, raw, machine)).all()
