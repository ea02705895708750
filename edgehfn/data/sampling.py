"""Samples round asked nodes: a few neighbours of each node, hop by hop, as a small graph whose first node is asked.

A sample depends on the node that is asked, on the set and on a seed only, not on what else is sampled beside it. So one
node always has the same bytes, in whatever batch and process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from edgehfn.data.gnn_sets import Features, GraphSet, Index, Structure
from edgehfn.errors import InputError
from edgehfn.spec.jit import compiled

EDGES = 3  # of a sample, for each node that it may have


@dataclass(frozen=True)
class Limits:
    """The most that a sample has of each."""

    nodes: int
    edges: int
    degree: int


def hops_of(given: object) -> tuple[int, ...]:
    """Return how many neighbours of a node are taken, one number a hop. Raises InputError."""
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, Sequence):
        raise InputError(f"hops {given!r:.60}: give neighbours of a node for each hop, such as 10,5")
    try:
        hops = tuple(int(part) for part in parts)
    except (TypeError, ValueError):
        raise InputError(f"hops {given!r:.60}: give neighbours of a node for each hop, such as 10,5") from None
    if not hops or min(hops) < 1:
        raise InputError(f"hops {given!r:.60}: give one hop or more, each of 1 or more neighbours, such as 10,5")
    return hops


def reference(given: object, word: str) -> tuple[str, str | None]:
    """Return a name or path of data without the ``:word=…`` that it ends in, and what stands there."""
    name, found, end = str(given).rpartition(f":{word}=")
    return (name, end) if found else (str(given), None)


def sampled(data: object, hops: Sequence[int] | str) -> GraphSet:
    """Return a set of labelled nodes as one of samples round them. Raises InputError for any other set."""
    if not isinstance(data, GraphSet) or data.of == "graphs":
        name = getattr(data, "name", data)
        raise InputError(f"{name}: has no labels of nodes, and hops are of samples round these; leave out :hops=")
    chosen = hops_of(hops)
    digest = hashlib.sha256(f"{data.sha256} hops {chosen}".encode()).hexdigest()[:16]
    return replace(data, hops=chosen, sha256=digest)


def cut(data: GraphSet, chosen: Index, seed: int = 0) -> tuple[Features, Structure]:
    """Return some small graphs of a set, by their numbers, or samples round some of its nodes."""
    if data.hops:
        structure, nodes = sample(data.structure, chosen, data.hops, seed)
    else:
        structure, nodes = data.structure.select(chosen)
    return data.features.select(nodes), structure


def limits(structure: Structure, hops: Sequence[int]) -> Limits:
    """Return the most that samples of so many neighbours have: of nodes, edges and neighbours of a node."""
    wanted = 1 + sum(prod(hops[: hop + 1]) for hop in range(len(hops)))
    nodes = min(structure.nodes, wanted)
    degree = min(int(structure.degree.max(initial=0)), nodes - 1)
    edges = min(structure.edges.shape[1], nodes * (nodes - 1) // 2, EDGES * nodes)
    return Limits(nodes, max(1, edges), max(2, degree))


def sample(structure: Structure, asked: Index, hops: Sequence[int], seed: int) -> tuple[Structure, Index]:
    """Return one small graph for each asked node, which is its first, and which nodes those of all graphs are.

    From the asked node, ``hops[0]`` of its neighbours are taken, then ``hops[1]`` of those of each new node, and so on;
    all where there are no more. Edges are all between them, those of nodes that were taken first, up to the limit.
    """
    most, (starts, sources) = limits(structure, hops), structure.neighbours
    sizes, counts = (np.zeros(len(asked), np.int64) for _ in range(2))
    nodes = np.empty((len(asked), most.nodes), np.int64)
    edges = np.empty((len(asked), most.edges, 2), np.int64)
    where = np.full(structure.nodes, -1, np.int64)
    _sample(starts, sources, asked, np.array(hops, np.int64), np.uint64(seed), where, nodes, sizes, edges, counts)
    first = np.concatenate([[0], np.cumsum(sizes)])
    chosen = nodes[np.arange(most.nodes) < sizes[:, None]]
    there = np.arange(most.edges) < counts[:, None]
    joined = (edges + first[:-1, None, None])[there]
    return Structure(np.ascontiguousarray(joined.T), first), chosen


@compiled()
def _mixed(x: Any) -> Any:
    """The mixing function of SplitMix64 (Steele et al. 2014)."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled()
def _sample(
    starts: Any,
    sources: Any,
    asked: Any,
    hops: Any,
    seed: Any,
    where: Any,
    nodes: Any,
    sizes: Any,
    edges: Any,
    counts: Any,
) -> None:
    picked = np.empty(hops.max(), np.int64)
    for graph in range(len(asked)):
        state = _mixed(_mixed(seed) ^ np.uint64(asked[graph]))
        mine, joined = nodes[graph], edges[graph]
        mine[0], where[asked[graph]] = asked[graph], 0
        size, ring = 1, 0
        for take in hops:
            end = size
            for at in range(ring, end):
                first = starts[mine[at]]
                degree = starts[mine[at] + 1] - first
                taken = min(degree, take)
                for k in range(taken):  # Floyd's choice of so many of the neighbours, each as likely
                    state = _mixed(state)
                    last = degree - taken + k
                    pick = np.int64(state % np.uint64(last + 1))
                    for before in range(k):
                        if picked[before] == pick:
                            pick = last
                            break
                    picked[k] = pick
                    node = sources[first + pick]
                    if where[node] < 0:
                        where[node] = size
                        mine[size] = node
                        size += 1
            ring = end
        count = 0
        for at in range(size):
            for place in range(starts[mine[at]], starts[mine[at] + 1]):
                other = where[sources[place]]
                if other > at and count < len(joined):
                    joined[count, 0], joined[count, 1] = at, other
                    count += 1
        sizes[graph], counts[graph] = size, count
        for at in range(size):
            where[mine[at]] = -1
