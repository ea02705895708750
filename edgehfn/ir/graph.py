"""The integer graph: nodes in execution order, each making the tensor that carries its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import assert_never

from edgehfn.ir import ops
from edgehfn.ir.ops import Node, Shape, Supermask, Weight, Weighted
from edgehfn.ir.topology import Features, InputTopology, StoredTopology, Topology, rows
from edgehfn.sound import FrontEnd
from edgehfn.spec.limits import COLUMNS
from edgehfn.spec.task import CLASS, Task
from edgehfn.spec.window import Padding, Pair, Sides


@dataclass(frozen=True)
class Tensor:
    """What is known of a tensor before any input: its shape and the range of its values. ``nodes``: of the graph whose
    nodes a map ``(C, R, 4)`` is over, 0 for others."""

    name: str
    shape: Shape
    lo: int
    hi: int
    nodes: int = 0

    @property
    def size(self) -> int:
        """Elements, which are bytes."""
        return prod(self.shape)


@dataclass(frozen=True)
class Graph:
    """A net of integers.

    ``scales`` (tensor name → (mantissa, exponent), the value of one step = mantissa·2^exponent), ``classes`` (or what
    else its outputs are called) and ``task`` are for people and headers; nothing is computed from them. ``sound``: what
    makes the raw input, of samples.
    """

    nodes: tuple[Node, ...]
    seed: int
    classes: tuple[str, ...] = ()
    scales: dict[str, tuple[int, int]] = field(default_factory=dict)
    sound: FrontEnd | None = None
    task: Task = CLASS

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by name, in execution order."""
        found: dict[str, Tensor] = {}
        for node in self.nodes:
            found[node.name] = infer(node, found)
        return found

    @property
    def input(self) -> ops.Input | None:
        """None for a graph whose features are stored."""
        first = self.nodes[0]
        return first if isinstance(first, ops.Input) else None

    @property
    def output(self) -> Tensor:
        """What the last node makes."""
        return self.tensors[self.nodes[-1].name]

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """Each weight object once, in order of first use."""
        seen: dict[int, Weight] = {}
        for node in self.nodes:
            if isinstance(node, Weighted):
                seen.setdefault(id(node.weight), node.weight)
        return tuple(seen.values())

    @cached_property
    def topologies(self) -> tuple[Topology, ...]:
        """Each topology once, in order of first use."""
        return tuple({id(t): t for t in map(ops.topology, self.nodes) if t is not None}.values())

    @cached_property
    def features(self) -> tuple[Features, ...]:
        """Sparse features, each once."""
        used = [node.features for node in self.nodes if isinstance(node, ops.SparseLinear)]
        return tuple({id(f): f for f in used}.values())

    @cached_property
    def macs(self) -> dict[str, int]:
        """Dense multiply-accumulates of each node that has a weight, kept or not; zeros of sparse features are none."""
        return {
            n.name: n.weight.shape[0] * n.features.members.size
            if isinstance(n, ops.SparseLinear)
            else prod(n.weight.shape) * prod(self.tensors[n.name].shape[1:])
            for n in self.nodes
            if isinstance(n, Weighted)
        }

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __str__(self) -> str:
        return "\n".join(_line(node, self.tensors[node.name]) for node in self.nodes)


def pooled(size: int, kernel: int, stride: int, padding: int) -> int:
    """Output rows (or columns) of a window sliding over ``size`` rows."""
    return (size + 2 * padding - kernel) // stride + 1


def infer(node: Node, known: dict[str, Tensor]) -> Tensor:
    """The tensor a node makes from those already known."""
    match node:
        case ops.Input(name=name, shape=shape):
            nodes = node.topology.nodes if node.topology else 0
            return Tensor(name, shape, *(ops.SIGNED if node.signed else ops.RELU), nodes)
        case ops.Constant(name=name, values=values, nodes=nodes):
            return Tensor(name, values.shape, *(ops.RELU if (values >= 0).all() else ops.SIGNED), nodes)
        case ops.SparseLinear(name=name, features=features):
            shape = (node.weight.shape[0], rows(features.nodes), COLUMNS)
            return Tensor(name, shape, *node.requantise.clamp, features.nodes)
        case ops.Conv(name=name):
            shape = (node.weight.shape[0], *_slid(node.sides, known[node.x].shape))
            return Tensor(name, shape, *node.requantise.clamp, known[node.x].nodes)
        case ops.Depthwise(name=name):
            return Tensor(name, (node.weight.shape[0], *_slid(node.sides, known[node.x].shape)), *node.requantise.clamp)
        case ops.Linear(name=name):
            return Tensor(name, (node.weight.shape[0],), *node.requantise.clamp)
        case ops.MaxPool(name=name, kernel=k, stride=s, padding=p):
            x = known[node.x]
            c, h, w = x.shape
            return Tensor(name, (c, pooled(h, k, s, p), pooled(w, k, s, p)), x.lo, x.hi)
        case ops.AvgPool(name=name):
            x = known[node.x]
            return Tensor(name, x.shape[:1], x.lo, x.hi)
        case ops.MeanPool(name=name):
            x = known[node.x]
            return Tensor(name, (x.shape[0], *_slid(node.sides, x.shape)), x.lo, x.hi)
        case ops.Concat(name=name):
            x, y = known[node.x], known[node.y]
            return Tensor(name, (x.shape[0] + y.shape[0], *x.shape[1:]), *node.clamp)
        case ops.Add(name=name):
            return Tensor(name, known[node.x].shape, *node.clamp, known[node.x].nodes)
        case ops.Aggregate(name=name) | ops.Attention(name=name):
            return Tensor(name, known[node.x].shape, *node.requantise.clamp, known[node.x].nodes)
        case ops.NodePool(name=name):
            x = known[node.x]
            return Tensor(name, x.shape[:1], x.lo, x.hi)
        case _:
            assert_never(node)


def _slid(window: Sides, shape: Shape) -> Shape:
    """Rows and columns that a window makes of a map, or no map of anything that is none."""
    return tuple(side.made(size) for side, size in zip(window, shape[1:], strict=False))


def _numbers(value: Pair | Padding) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _window(node: ops.Conv | ops.Depthwise) -> str:
    plus = f", + {node.residual}" if node.residual else ""
    apart = "" if node.dilation == 1 else f", dilation {_numbers(node.dilation)}"
    return f"{_weight(node.weight)}, stride {_numbers(node.stride)}, pad {_numbers(node.padding)}{apart}{plus}"


def _weight(weight: Weight) -> str:
    shape = "x".join(map(str, weight.shape))
    match weight:
        case Supermask():
            kept = int((weight.counts > 0).sum()) / weight.counts.size
            coats = f", {weight.coats} coats" if weight.coats > 1 else ""
            return f"supermask {weight.name} {shape} (density {kept:.2f}{coats})"
        case ops.QuantisedWeight():
            return f"dense {weight.name} {shape} ({weight.bits} bits)"
        case _:
            assert_never(weight)


def _topology(topology: Topology) -> str:
    match topology:
        case StoredTopology():
            return f"{topology.name} of {topology.nodes} nodes, degree {topology.degree}"
        case InputTopology():
            return f"{topology.name} of up to {topology.nodes} nodes, {topology.edges} edges, degree {topology.degree}"
        case _:
            assert_never(topology)


def _line(node: Node, tensor: Tensor) -> str:
    shape = "x".join(map(str, tensor.shape))
    head = f"{tensor.name:24} {shape:>10} [{tensor.lo}, {tensor.hi}] = "
    match node:
        case ops.Input(topology=topology):
            by = ", table" if node.table is not None else "" if node.maps is None else ", maps"
            return f"{head}input({node.dtype}, {_topology(topology) if topology else node.order}{by})"
        case ops.Constant():
            return f"{head}constant({node.nodes} nodes)"
        case ops.SparseLinear(features=features):
            sparse = f"{features.count} features of {features.nodes} nodes, {features.members.size} set"
            return f"{head}sparse_linear({sparse}, {_weight(node.weight)})"
        case ops.Conv():
            return f"{head}conv({node.x}, {_window(node)})"
        case ops.Depthwise():
            return f"{head}depthwise({node.x}, {_window(node)})"
        case ops.Linear():
            return f"{head}linear({node.x}, {_weight(node.weight)})"
        case ops.MaxPool():
            return f"{head}max_pool({node.x}, {node.kernel}x{node.kernel}, stride {node.stride}, pad {node.padding})"
        case ops.AvgPool():
            return f"{head}avg_pool({node.x})"
        case ops.MeanPool():
            sizes = f"{_numbers(node.kernel)}, stride {_numbers(node.stride)}, pad {_numbers(node.padding)}"
            return f"{head}mean_pool({node.x}, {sizes})"
        case ops.Concat():
            return f"{head}concat({node.x}, {node.y})"
        case ops.Add():
            return f"{head}add({node.x}, {node.y})"
        case ops.Aggregate():
            plus = f", + {node.residual}" if node.residual else ""
            return f"{head}aggregate({node.x}, {_topology(node.topology)}{plus})"
        case ops.Attention():
            plus = f", + {node.residual}" if node.residual else ""
            return f"{head}attention({node.x}, {node.scores}, {node.heads} heads, {_topology(node.topology)}{plus})"
        case ops.NodePool():
            which = "first node" if node.first else "nodes"
            return f"{head}node_pool({node.x}, {which} of {_topology(node.topology)})"
        case _:
            assert_never(node)
