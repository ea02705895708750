"""docs/SPEC.md sections 5.1 to 5.3 a second time, as ``oracle`` has the rest of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgehfn.ir import ops
from edgehfn.ir.topology import InputTopology, StoredTopology, Topology
from support import oracle, oracle_weights

Neighbours = list[list[int]]  # of each element of a channel


def half(raw: Sequence[int], word: int) -> int:
    return (raw[2 * word] & 0xFF) + 256 * (raw[2 * word + 1] & 0xFF)


def parts(shape: Sequence[int], raw: Sequence[int]) -> tuple[int, int, list[tuple[int, int]]]:
    """Section 5.2: the numbers of nodes and edges, and the edges."""
    words = raw[shape[0] * shape[1] * shape[2] :]
    n, e = half(words, 0), half(words, 1)
    given = min(e, len(words) // 4 - 1)
    return n, e, [(half(words, 2 + 2 * i), half(words, 3 + 2 * i)) for i in range(given)]


def status(node: ops.Input, raw: Sequence[int]) -> int:
    """Section 5.2, the table."""
    limits = node.topology
    assert limits is not None
    n, e, edges = parts(node.shape, raw)
    degrees = [sum((a == v) + (b == v) for a, b in edges) for v in range(n)]
    found = {
        1: n > limits.nodes,
        2: e > limits.edges,
        3: any(a >= n or b >= n for a, b in edges),
        4: any(a == b for a, b in edges),
        5: any(degree > limits.degree for degree in degrees),
        6: len({frozenset(edge) for edge in edges}) < len(edges),
    }
    return min((code for code, applies in found.items() if applies), default=0)


def heard(topology: Topology, slots: int, shape: Sequence[int], raw: Sequence[int]) -> Neighbours:
    found: Neighbours = [[] for _ in range(slots)]
    if isinstance(topology, StoredTopology):
        for v in range(topology.nodes):
            found[v] = [int(u) for u in topology.sources[topology.starts[v] : topology.starts[v + 1]]]
        return found
    assert isinstance(topology, InputTopology)
    _, _, edges = parts(shape, raw)
    for a, b in edges:
        found[a].append(b)
        found[b].append(a)
    return found


def node(
    node: ops.Node, made: Mapping[str, oracle.Tensor], raw: Sequence[int], source: ops.Input | None
) -> oracle.Tensor:
    if isinstance(node, ops.Constant):
        data = [int(value) for value in node.values.ravel().tolist()]
        return oracle.Tensor(node.values.shape, data, -127 if min(data) < 0 else 0, 127)
    if isinstance(node, ops.SparseLinear):
        return _sparse(node)
    assert isinstance(node, ops.Aggregate | ops.Attention | ops.NodePool)
    x, shape = made[node.x], source.shape if source else ()
    slots = x.shape[1] * 4
    if isinstance(node, ops.NodePool):
        stored = isinstance(node.topology, StoredTopology)
        every = node.topology.nodes if stored else parts(shape, raw)[0]
        return _pooled(node, x, 1 if node.first else every)
    residual = made[node.residual].data if node.residual is not None else [0] * len(x.data)
    neighbours = heard(node.topology, slots, shape, raw)
    if isinstance(node, ops.Aggregate):
        accumulators = _aggregated(node, x, neighbours)
    else:
        accumulators = _attended(node, x, made[node.scores], neighbours)
    data = [oracle.requantise(node.requantise, i // slots, a, residual[i]) for i, a in enumerate(accumulators)]
    return oracle.Tensor(x.shape, data, *node.requantise.clamp)


def _pooled(node: ops.NodePool, x: oracle.Tensor, count: int) -> oracle.Tensor:
    m = node.multiplier[count if len(node.multiplier) > 1 else 0]
    slots = x.shape[1] * 4
    planes = [x.data[c * slots : c * slots + count] for c in range(x.shape[0])]
    sums = [m * sum(plane) + 2**node.shift // 2 for plane in planes]
    assert all(abs(t) < 2**31 for t in sums), "R1"
    return oracle.Tensor(x.shape[:1], [oracle.clamp(t // 2**node.shift, x.lo, x.hi) for t in sums], x.lo, x.hi)


def _sparse(node: ops.SparseLinear) -> oracle.Tensor:
    features, channels = node.features, node.weight.shape[0]
    rows = -(-features.nodes // 4)
    weights = oracle_weights.weight(node.weight)
    accumulators = [0] * (channels * rows * 4)
    for f in range(features.count):
        for at in range(features.starts[f], features.starts[f + 1]):
            value = 1 if features.values is None else int(features.values[at])
            for o in range(channels):
                accumulators[o * rows * 4 + int(features.members[at])] += weights[o * features.count + f] * value
    data = [oracle.requantise(node.requantise, i // (rows * 4), a) for i, a in enumerate(accumulators)]
    return oracle.Tensor((channels, rows, 4), data, *node.requantise.clamp)


def _aggregated(node: ops.Aggregate, x: oracle.Tensor, neighbours: Neighbours) -> list[int]:
    slots, found = len(neighbours), []
    for i in range(len(x.data)):
        c, v = divmod(i, slots)
        d = len(neighbours[v])
        total = node.own[d] * x.data[i]
        for u in neighbours[v]:
            total += node.neighbour[len(neighbours[u])] * x.data[c * slots + u]
        product = node.whole[d] * total + 2**node.shift // 2
        assert abs(product) < 2**31, "the sum over neighbours needs 32 bits"
        found.append(product // 2**node.shift)
    return found


def _attended(node: ops.Attention, x: oracle.Tensor, scores: oracle.Tensor, neighbours: Neighbours) -> list[int]:
    slots, each = len(neighbours), x.shape[0] // node.heads

    def score(k: int, u: int, v: int) -> int:
        e = scores.data[k * slots + u] + scores.data[(node.heads + k) * slots + v]
        return e if e >= 0 else (node.slope * e + 128) // 256

    found = []
    for i in range(len(x.data)):
        c, v = divmod(i, slots)
        k = c // each
        heard = [*neighbours[v], v]
        top = max(score(k, u, v) for u in heard)
        weights = [node.exponential[min(top - score(k, u, v), 255)] for u in heard]
        shift = 0
        while sum(weights) >> shift >= 256:
            shift += 1
        j = sum(weights) >> shift
        assert 128 <= j <= 255
        total = sum(w * x.data[c * slots + u] for w, u in zip(weights, heard, strict=True))
        assert abs(total) < 2**31
        found.append((total >> shift) * ((2**16 + j) // (2 * j + 1)))
    return found
