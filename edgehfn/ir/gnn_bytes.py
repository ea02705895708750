"""A graph as raw bytes (docs/SPEC.md section 5.2): its features, its size and its edges."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgehfn.errors import GraphError, InputError
from edgehfn.ir import topology as status
from edgehfn.ir.ops import Input, Shape
from edgehfn.ir.topology import InputTopology, Ints

Bytes = npt.NDArray[np.uint8] | npt.NDArray[np.int8]


class Unpacked(NamedTuple):
    """``features``: ``(C, R, 4)`` as they came; ``edges``: ``(E, 2)``, the first ``edge_count`` of which count."""

    features: Bytes
    nodes: int
    edge_count: int
    edges: Ints


def size(shape: Shape, topology: InputTopology) -> int:
    """Bytes of a graph."""
    return prod(shape) + 4 + 4 * topology.edges


def pack(node: Input, features: npt.ArrayLike, edges: npt.ArrayLike) -> Bytes:
    """The raw bytes of a graph of ``features`` ``(C, n)`` and ``edges`` ``(e, 2)``, each given once. Raises InputError
    if they do not fit the input or are not legal."""
    topology, given = _topology(node), np.asarray(features)
    pairs = np.asarray(edges, np.int64).reshape(-1, 2)
    dtype = np.dtype(np.uint8 if node.dtype == "u8" else np.int8)
    wanted = f"{dtype} of shape ({node.shape[0]}, up to {topology.nodes})"
    if given.ndim != 2 or len(given) != node.shape[0] or given.shape[1] > topology.nodes or given.dtype != dtype:
        raise InputError(f"features: need {wanted}, got {given.dtype} {given.shape}")
    if len(pairs) > topology.edges or bool(((pairs < 0) | (pairs >= given.shape[1])).any()):
        raise InputError(f"edges: need up to {topology.edges} of nodes 0..{given.shape[1] - 1}; compile for more")
    words = np.zeros(2 + 2 * topology.edges, "<u2")
    words[:2] = given.shape[1], len(pairs)
    words[2 : 2 + pairs.size] = pairs.ravel()
    planes = np.zeros((node.shape[0], prod(node.shape[1:])), dtype)
    planes[:, : given.shape[1]] = given
    raw = np.concatenate([planes.ravel().view(np.uint8), words.view(np.uint8)])
    check(node, raw, "graph")
    return raw if node.dtype == "u8" else raw.view(np.int8)


def golden(node: Input, data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The self-test's bytes of a graph: features as they are in ``data``, and a path through the nodes."""
    topology, words = _topology(node), np.zeros(2 + 2 * _topology(node).edges, "<u2")
    edges = min(topology.edges, topology.nodes - 1)
    words[:2] = topology.nodes, edges
    words[2 : 2 + 2 * edges] = np.repeat(np.arange(edges + 1), 2)[1:-1]
    return np.concatenate([data[: prod(node.shape)], words.view(np.uint8)])


def unpack(node: Input, raw: npt.NDArray[Any]) -> Unpacked:
    """The parts of one graph's raw bytes."""
    where = prod(node.shape)
    words = np.ascontiguousarray(raw[where:]).view("<u2").astype(np.int64)
    return Unpacked(raw[:where].reshape(node.shape), int(words[0]), int(words[1]), words[2:].reshape(-1, 2))


def neighbour_lists(node: Input, raw: npt.NDArray[Any]) -> tuple[Ints, Ints, int]:
    """A legal graph's neighbours as ``StoredTopology`` has them: how many each node has ``(4·R,)`` and who they are;
    and the number of nodes."""
    _, nodes, count, edges = unpack(node, raw)
    target, source = np.concatenate([edges[:count], edges[:count, ::-1]]).T
    order = np.lexsort((source, target))
    return np.bincount(target, minlength=prod(node.shape[1:])), source[order], nodes


def check(node: Input, raw: npt.NDArray[Any], name: str) -> None:
    """Raises InputError that calls the graph by name if its status is not 0."""
    topology = _topology(node)
    _, nodes, count, _ = unpack(node, raw)
    reasons = {
        status.NODES: f"has {nodes} nodes, more than the {topology.nodes} compiled for",
        status.EDGES: f"has {count} edges, more than the {topology.edges} compiled for",
        status.RANGE: f"an edge joins a node outside 0..{nodes - 1}",
        status.LOOP: "an edge joins a node to itself; leave it out",
        status.DEGREE: f"a node has more than the {topology.degree} neighbours compiled for",
        status.DUPLICATE: "two edges join the same nodes; give each once",
    }
    if found := graph_status(node, raw):
        raise InputError(f"{name}: {reasons[found]}")


def graph_status(node: Input, raw: npt.NDArray[Any]) -> int:
    """What NAME_check_graph says of a graph's raw bytes: 0, or the lowest status that applies."""
    topology = _topology(node)
    _, nodes, count, pairs = unpack(node, raw)
    edges = np.sort(pairs[:count], axis=1)
    if nodes > topology.nodes:
        return status.NODES
    if count > topology.edges:
        return status.EDGES
    if (edges >= nodes).any():
        return status.RANGE
    if (edges[:, 0] == edges[:, 1]).any():
        return status.LOOP
    if count and np.bincount(edges.ravel()).max() > topology.degree:
        return status.DEGREE
    return status.DUPLICATE if len(np.unique(edges, axis=0)) < count else status.OK


def _topology(node: Input) -> InputTopology:
    if node.topology is None:
        raise GraphError(f"node {node.name}: reads images, not graphs")
    return node.topology
