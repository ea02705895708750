"""What docs/SPEC.md sections 5.1 to 5.3 ask of topologies, features and the nodes that read them, and their bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.ir import ops
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.ops import Aggregate, Attention, Node, NodePool, Weight
from edgehfn.ir.topology import Features, InputTopology, Ints, StoredTopology, Topology, rows
from edgehfn.spec.limits import BYTE, COLUMNS, HALF, LEVELS, MOST_EDGES, MOST_NODES, WORD
from edgehfn.spec.window import square

Require = Callable[[bool, str], None]


def sparse_accumulators(weight: Weight, features: Features) -> Ints:
    """The largest magnitude of each channel's accumulator, or of a part of it, over all nodes: ``(O,)``."""
    magnitudes = np.abs(np.asarray(weight.values, np.int64))
    which = np.repeat(np.arange(features.count), np.diff(features.starts))
    values = np.ones(len(which), np.int64) if features.values is None else np.abs(features.values.astype(np.int64))
    found = np.zeros(len(magnitudes), np.int64)
    for channel, magnitude in enumerate(magnitudes):  # one after another, as all at once take gigabytes
        found[channel] = np.bincount(features.members, magnitude[which] * values, features.nodes).max()
    return found


def lanes(node: ops.SparseLinear) -> int:
    """Channels whose accumulators share a word on the device, where the largest of all fits a lane of it."""
    largest = int(sparse_accumulators(node.weight, node.features).max())
    return 4 if largest < BYTE // 2 else 2 if largest < HALF // 2 else 1


def summed(topology: Topology, neighbour: Sequence[int], own: Sequence[int], x: Tensor) -> tuple[Ints, Ints]:
    """Degrees that nodes can have, and for each the largest magnitude of an aggregated sum: ``(n,)`` both."""
    q, r = np.array(neighbour, np.int64), np.array(own, np.int64)
    if isinstance(topology, StoredTopology):
        degrees = topology.degrees
        ends = np.cumsum(degrees)
        running = np.concatenate([[0], np.cumsum(q[degrees[topology.sources]])])
        arriving = running[ends] - running[ends - degrees]
    else:
        degrees = np.arange(topology.degree + 1)
        arriving = degrees * q.max()
    return degrees, (r[degrees] + arriving) * max(x.hi, -x.lo)


def aggregated(
    topology: Topology,
    neighbour: Sequence[int],
    own: Sequence[int],
    whole: Sequence[int],
    shift: int,
    x: Tensor,
) -> int:
    """The largest magnitude of an accumulator of Aggregate, ``A`` of section 5.3. Raises OverflowError if a product on
    the way takes more than 32 bits: ``whole`` or ``neighbour`` and ``own`` must have smaller entries."""
    degrees, sums = summed(topology, neighbour, own, x)
    terms = np.array(whole, np.int64)[degrees] * sums + (1 << shift >> 1)
    if int(terms.max()) >= WORD:
        raise OverflowError
    return int(terms.max()) >> shift


def attended(x: Tensor) -> int:
    """The same of Attention."""
    j = np.arange(128, 256)
    return max(x.hi, -x.lo) * int(((j + 1) * ((2**16 + j) // (2 * j + 1))).max())


def check_map(node: Node, graph: Graph, require: Require) -> None:
    """Images and graphs do not mix, and maps over nodes are read by what reads each node alone or by its edges."""
    for name in (*ops.inputs(node), node.name):
        x = graph.tensors[name]
        if not x.nodes:
            mixed = any(t.nodes for t in graph.tensors.values()) and len(x.shape) == 3
            require(not mixed, f"{name} is a map of pixels in a net over graphs; take one or the other")
        else:
            _over_nodes(node, name, require)


def _over_nodes(node: Node, name: str, require: Require) -> None:
    """Which nodes may read, or make, the map ``name`` over nodes."""
    match node:
        case ops.Conv():
            plain = square(node.sides) == (1, 1, 0)
            require(plain, f"{name} is over nodes: use a 1x1 kernel, stride 1 and no padding")
        case ops.Input() | ops.Constant() | ops.SparseLinear() | ops.Add() | Aggregate() | Attention() | NodePool():
            pass
        case ops.Depthwise() | ops.Linear() | ops.MaxPool() | ops.AvgPool() | ops.MeanPool() | ops.Concat():
            require(False, f"{name} is over nodes: read it by 1x1 convolutions, or pool its nodes by NodePool")
        case _:
            assert_never(node)


def check_node(node: Aggregate | Attention | NodePool, graph: Graph, require: Require) -> None:
    """What SPEC section 5.3 demands of a node over nodes, told to ``require``."""
    x, topology = graph.tensors[node.x], node.topology
    require(x.nodes == topology.nodes, f"{node.x} is over {x.nodes} nodes, {topology.name} has {topology.nodes}")
    source = graph.input.topology if graph.input else None
    if isinstance(topology, InputTopology):
        require(topology is source, f"topology {topology.name} does not come with the input")
    match node:
        case Aggregate():
            _aggregate(node, x, require)
        case Attention():
            _attention(node, graph, require)
        case NodePool():
            several = (1,) if node.first else (1, topology.nodes + 1)
            require(len(node.multiplier) in several, f"{len(node.multiplier)} multipliers")
            require(all(0 <= m < HALF for m in node.multiplier), "a multiplier is outside 0..65535")
            require(0 <= node.shift <= 31, "a shift is outside 0..31")
            mean = len(node.multiplier) > 1
            most = max(n * m for n, m in enumerate(node.multiplier)) if mean else node.most * node.multiplier[0]
            require(most * max(x.hi, -x.lo) + (1 << node.shift >> 1) < WORD, "the sum needs more than 32 bits (R1)")
    if not isinstance(node, NodePool) and node.residual is not None:
        found = graph.tensors[node.residual].shape
        require(found == x.shape, f"residual {node.residual} is {found}, the output {x.shape}")


def _aggregate(node: Aggregate, x: Tensor, require: Require) -> None:
    entries = node.topology.degree + 1
    for name, table, limit in (
        ("neighbour", node.neighbour, BYTE),
        ("own", node.own, BYTE),
        ("whole", node.whole, HALF),
    ):
        require(len(table) == entries, f"{name} has {len(table)} entries, degrees take {entries}")
        require(all(0 <= entry < limit for entry in table), f"an entry of {name} is outside 0..{limit - 1}")
    require(0 <= node.shift <= 31, "a shift is outside 0..31")
    try:
        aggregated(node.topology, node.neighbour, node.own, node.whole, node.shift, x)
    except OverflowError:
        require(False, "a sum over neighbours needs more than 32 bits; give the tables smaller entries")


def _attention(node: Attention, graph: Graph, require: Require) -> None:
    x, scores = graph.tensors[node.x], graph.tensors[node.scores]
    require(node.heads >= 1 and x.shape[0] % node.heads == 0, f"{node.heads} heads do not divide {x.shape[0]} channels")
    wanted = (2 * node.heads, *x.shape[1:])
    require(scores.shape == wanted, f"scores {node.scores} are {scores.shape}, {node.heads} heads take {wanted}")
    require(0 <= node.slope < BYTE, f"slope {node.slope} is outside 0..255")
    table = node.exponential
    require(len(table) == BYTE and table[0] == BYTE - 1, "the exponential needs 256 entries, the first 255")
    require(all(0 <= entry < BYTE for entry in table), "an entry of the exponential is outside 0..255")


def check_input(node: ops.Input, require: Require) -> None:
    """What it demands of an input that brings a graph."""
    if node.topology is not None:
        shape, nodes = (rows(node.topology.nodes), COLUMNS), node.topology.nodes
        require(node.shape[1:] == shape, f"shape {node.shape} is not (C, {shape[0]}, {shape[1]}) for {nodes} nodes")
        require(node.order == "chw", "features of a graph come channel by channel (chw)")


def check_constant(values: npt.NDArray[np.int8], nodes: int, require: Require) -> None:
    """What it demands of a stored map."""
    fits = values.ndim == 3 and values.shape[1:] == (rows(nodes), COLUMNS) and values.shape[0] >= 1
    require(fits, f"values of shape {values.shape} are not (C, {rows(nodes)}, {COLUMNS}) for {nodes} nodes")
    require(values.dtype == np.int8 and bool((values >= -LEVELS).all()), f"values must be int8, -{LEVELS}..{LEVELS}")


def check_stored(stored: Topology | Features, require: Require) -> None:
    """What it demands of a topology or of sparse features."""
    require(1 <= stored.nodes <= MOST_NODES, f"{stored.nodes} nodes (1..{MOST_NODES})")
    match stored:
        case Features():
            _features(stored, require)
        case StoredTopology():
            _stored_topology(stored, require)
        case InputTopology():
            require(1 <= stored.edges <= MOST_EDGES, f"up to {stored.edges} edges (1..{MOST_EDGES})")
            require(2 <= stored.degree < HALF, f"a degree of up to {stored.degree} (2..{HALF - 1})")
        case _:
            assert_never(stored)


def _features(features: Features, require: Require) -> None:
    _lists("feature", features.starts, features.members, features.nodes, require)
    if features.values is not None:
        right = features.values.shape == features.members.shape and features.values.dtype == np.int8
        require(
            right and bool((features.values >= -LEVELS).all()),
            f"values must be one int8, -{LEVELS}..{LEVELS}, for each member",
        )


def _stored_topology(topology: StoredTopology, require: Require) -> None:
    require(len(topology.starts) == topology.nodes + 1, f"{len(topology.starts)} starts for {topology.nodes} nodes")
    _lists("node", topology.starts, topology.sources, topology.nodes, require)
    target = np.repeat(np.arange(topology.nodes), np.diff(topology.starts))
    loops = np.flatnonzero(target == topology.sources)
    require(
        not len(loops), f"node {target[loops[:1]].tolist()} is its own neighbour: leave self loops to the table `own`"
    )


def _lists(kind: str, starts: Ints, members: Ints, nodes: int, require: Require) -> None:
    """Lists of node numbers, each ascending."""
    rising = len(starts) >= 1 and starts[0] == 0 and bool((np.diff(starts) >= 0).all())
    require(rising and starts[-1] == len(members), f"starts do not rise from 0 to {len(members)}")
    outside = np.flatnonzero((members < 0) | (members >= nodes))
    require(not len(outside), f"entry {outside[:1].tolist()} is outside 0..{nodes - 1}")
    owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    wrong = np.flatnonzero((np.diff(members) <= 0) & (np.diff(owner) == 0))
    require(not len(wrong), f"the nodes of {kind} {owner[wrong[:1]].tolist()} do not ascend, or one is there twice")
