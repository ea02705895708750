"""Graph networks as members of the generated struct: topologies, features, tables and the records of their nodes.

The records mirror the structs of firmware/include/edgehfn_gnn.h, field by field.
"""

from __future__ import annotations

from math import prod
from typing import assert_never

import numpy as np

from edgehfn.backends.c.data import Field, Member, Record, Ref, identifiers
from edgehfn.ir import gnn_memory, gnn_rules, ops
from edgehfn.ir.arena import Plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.topology import Features, InputTopology, StoredTopology, Topology

Tables = dict[tuple[str, tuple[int, ...]], str]  # the member of each type and content

NUMPY = {"uint8_t": np.uint8, "uint16_t": np.uint16}


def names(graph: Graph) -> dict[str, str]:
    """Topologies and features as parts of C names, by their own."""
    found = [stored.name for stored in (*graph.topologies, *graph.features)]
    return dict(zip(found, identifiers(found), strict=True))


def topology_member(graph: Graph, topology: Topology) -> str:
    """The member that describes a topology."""
    return f"topology_{names(graph)[topology.name]}"


def _first_member(graph: Graph, topology: Topology) -> str:
    """The member that describes its first node alone, in a map over all."""
    return f"first_{names(graph)[topology.name]}"


def members(graph: Graph, plan: Plan) -> list[Member]:
    """What the records refer to."""
    found = [m for t in graph.topologies for m in _topology(t, topology_member(graph, t), graph, plan)]
    firsts = {n.topology.name: n.topology for n in graph if isinstance(n, ops.NodePool) and n.first}
    found += [_first(topology, _first_member(graph, topology)) for topology in firsts.values()]
    found += [m for f in graph.features for m in _features(f, names(graph)[f.name])]
    for (ctype, content), name in tables(graph).items():
        found.append(Member(name, "tables", ctype, np.array(content, NUMPY[ctype])))
    for node in graph:
        if isinstance(node, ops.Constant):
            found.append(Member(_constants(graph)[node.name], "graph", "int8_t", node.values.ravel()))
    return found


def _constants(graph: Graph) -> dict[str, str]:
    found = [node.name for node in graph if isinstance(node, ops.Constant)]
    return {name: f"constant_{part}" for name, part in zip(found, identifiers(found), strict=True)}


def tables(graph: Graph) -> Tables:
    """Each table once, whichever nodes use it."""
    found: Tables = {}
    for node in graph:
        for content in _tables(node):
            found.setdefault(content, f"table_{len(found)}")
    return found


def _tables(node: ops.Node) -> list[tuple[str, tuple[int, ...]]]:
    match node:
        case ops.Aggregate():
            return [("uint8_t", node.neighbour), ("uint8_t", node.own), ("uint16_t", node.whole)]
        case ops.Attention():
            return [("uint8_t", node.exponential)]
        case ops.NodePool():
            return [("uint16_t", node.multiplier)]
        case ops.Input() | ops.Constant() | ops.Conv() | ops.Depthwise() | ops.Linear() | ops.SparseLinear():
            return []
        case ops.MaxPool() | ops.AvgPool() | ops.MeanPool() | ops.Add() | ops.Concat():
            return []
        case _:
            assert_never(node)


def _topology(topology: Topology, member: str, graph: Graph, plan: Plan) -> list[Member]:
    slots = gnn_memory.slots(topology.nodes)
    match topology:
        case StoredTopology():
            degrees, sources = f"degrees_{member}", f"sources_{member}"
            places: Record = (
                Field("degrees", "I", Ref(degrees)),
                Field("sources", "I", Ref(degrees, 2 * slots)),
            )
            stored = [
                Member(degrees, "graph", "uint16_t", topology.degrees.astype(np.uint16)),
                Member(sources, "graph", "uint16_t", topology.sources.astype(np.uint16)),
            ]
            edges = 0
            places += tuple(Field(name, "I", 0) for name in ("count", "raw", "scratch"))
        case InputTopology(edges=edges):
            assert graph.input is not None
            assert plan.neighbours is not None
            count, stored = plan.neighbours.offset, []
            places = (
                Field("degrees", "I", count + 4),
                Field("sources", "I", count + 4 + 2 * slots),
                Field("count", "I", count),
                Field("raw", "I", plan.raw.offset + prod(graph.input.shape)),
                Field("scratch", "I", plan.workspaces[graph.input.name].offset),
            )
        case _:
            assert_never(topology)
    sizes = zip(("nodes", "edges", "degree", "slots"), (topology.nodes, edges, topology.degree, slots), strict=True)
    record = (*places, *(Field(name, "H", size) for name, size in sizes))
    return [*stored, Member(member, "tables", "struct hfn_topology", record)]


def _first(topology: Topology, member: str) -> Member:
    """One stored node without neighbours, whose channels are as far apart as those of the whole topology."""
    none = (Field(name, "I", 0) for name in ("degrees", "sources", "count", "raw", "scratch"))
    sizes = {"nodes": 1, "edges": 0, "degree": 0, "slots": gnn_memory.slots(topology.nodes)}
    record = (*none, *(Field(name, "H", size) for name, size in sizes.items()))
    return Member(member, "tables", "struct hfn_topology", record)


def _features(features: Features, name: str) -> list[Member]:
    values = np.zeros(0, np.int8) if features.values is None else features.values
    return [
        Member(f"starts_{name}", "graph", "uint32_t", features.starts.astype(np.uint32)),
        Member(f"members_{name}", "graph", "uint16_t", features.members.astype(np.uint16)),
        Member(f"present_{name}", "graph", "int8_t", values),
    ]


def constant(node: ops.Constant, graph: Graph, plan: Plan) -> Record:
    """A ``struct hfn_constant``."""
    return (
        Field("values", "I", Ref(_constants(graph)[node.name])),
        Field("y", "I", plan.tensors[node.name].offset),
        Field("size", "I", node.values.size),
    )


def sparse(node: ops.SparseLinear, weight: Ref, requantise: Record, graph: Graph, plan: Plan) -> Record:
    """A ``struct hfn_sparse_linear``."""
    name, given = names(graph)[node.features.name], node.features
    there = given.values is not None and given.values.size
    return (
        Field("y", "I", plan.tensors[node.name].offset),
        Field("sums", "I", plan.workspaces[node.name].offset),
        Field("weights", "I", plan.workspaces[node.name].offset + 4 * gnn_memory.slots(given.nodes)),
        Field("weight", "I", weight),
        Field("starts", "I", Ref(f"starts_{name}")),
        Field("members", "I", Ref(f"members_{name}") if given.members.size else 0),
        Field("values", "I", Ref(f"present_{name}") if there else 0),
        Field("inputs", "I", given.count),
        Field("slots", "H", gnn_memory.slots(given.nodes)),
        Field("lanes", "H", gnn_rules.lanes(node)),
        *requantise,
    )


def by_edges(node: ops.Aggregate | ops.Attention, requantise: Record, graph: Graph, plan: Plan) -> tuple[str, Record]:
    """The function of a node that gathers from neighbours, and its struct."""
    table = tables(graph)
    x, y, residual = (plan.tensors[name].offset for name in (node.x, node.name, node.residual or node.name))
    places = (Field("x", "I", x), Field("y", "I", y), Field("residual", "I", residual))
    scratch = Field("scratch", "I", plan.workspaces[node.name].offset)
    topology = Field("topology", "I", Ref(topology_member(graph, node.topology)))
    refs = [Ref(table[content]) for content in _tables(node)]
    match node:
        case ops.Aggregate():
            each = (Field(n, "I", ref) for n, ref in zip(("neighbour", "own", "whole"), refs, strict=True))
            return "struct hfn_aggregate", (
                *places,
                scratch,
                topology,
                *each,
                *requantise,
                Field("shift", "I", node.shift),
            )
        case ops.Attention():
            return "struct hfn_attention", (
                *places,
                Field("scores", "I", plan.tensors[node.scores].offset),
                scratch,
                topology,
                Field("exponential", "I", refs[0]),
                *requantise,
                Field("heads", "H", node.heads),
                Field("each", "H", graph.tensors[node.x].shape[0] // node.heads),
                Field("slope", "I", node.slope),
            )
        case _:
            assert_never(node)


def pool(node: ops.NodePool, graph: Graph, plan: Plan) -> Record:
    """A ``struct hfn_node_pool``."""
    x = graph.tensors[node.x]
    over = (_first_member if node.first else topology_member)(graph, node.topology)
    return (
        Field("x", "I", plan.tensors[node.x].offset),
        Field("y", "I", plan.tensors[node.name].offset),
        Field("topology", "I", Ref(over)),
        Field("multiplier", "I", Ref(tables(graph)[_tables(node)[0]])),
        Field("channels", "H", x.shape[0]),
        Field("is_mean", "H", int(len(node.multiplier) > 1)),
        Field("shift", "H", node.shift),
        Field("lo", "h", x.lo),
    )
