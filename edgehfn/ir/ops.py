"""The operations of the integer graph: a closed union of frozen dataclasses (docs/SPEC.md sections 2 to 5).

A new operation is added here first: docs/EXTENDING.md. Every ``match`` over the union ends in ``assert_never``, so the
type checker names those that lack it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.ir.topology import Features, InputTopology, Topology
from edgehfn.ir.weights import QuantisedWeight as QuantisedWeight
from edgehfn.ir.weights import Shape as Shape
from edgehfn.ir.weights import Supermask as Supermask
from edgehfn.ir.weights import Weight as Weight
from edgehfn.spec.limits import LEVELS
from edgehfn.spec.raw import LARGEST_RAW as LARGEST_RAW
from edgehfn.spec.raw import Affine as Affine
from edgehfn.spec.raw import RawType as RawType
from edgehfn.spec.raw import Unit as Unit
from edgehfn.spec.window import Padding, Pair, Sides, sides

RELU, SIGNED = (0, LEVELS), (-LEVELS, LEVELS)


@dataclass(frozen=True)
class Requantise:
    """SPEC section 4. ``multiplier`` and ``bias`` have one entry a channel."""

    multiplier: tuple[int, ...]
    bias: tuple[int, ...]
    bias_shift: int
    shift: int
    clamp: tuple[int, int]
    residual_multiplier: int = 0
    residual_shift: int = 0


@dataclass(frozen=True)
class Input:
    """Raw samples of a sensor to a ``(C, H, W)`` or ``(C,)`` tensor; with a ``topology``, which they then bring along,
    to a map over its nodes. A ``table`` has what each of 256 raw bytes becomes, a row a channel; ``maps`` are one a
    channel; so are ``units``, with which nothing is computed."""

    name: str
    shape: Shape
    order: Literal["chw", "hwc"] = "chw"
    dtype: RawType = "u8"
    topology: InputTopology | None = None
    table: tuple[tuple[int, ...], ...] | None = None
    maps: tuple[Affine, ...] | None = None
    units: tuple[Unit, ...] | None = None

    @property
    def signed(self) -> bool:
        """Whether an element may be below 0."""
        return self.dtype != "u8" or self.table is not None or self.maps is not None

    @property
    def sample(self) -> int:
        """The bytes of a raw sample."""
        return 2 if self.dtype == "s16" else 1


@dataclass(frozen=True)
class Constant:
    """A stored map ``(C, R, 4)`` over ``nodes`` nodes."""

    name: str
    values: npt.NDArray[np.int8]
    nodes: int


@dataclass(frozen=True)
class SparseLinear:
    """Stored features to a map over their nodes: a weight ``(O, F)`` at every node."""

    name: str
    features: Features
    weight: Weight
    requantise: Requantise


@dataclass(frozen=True)
class _Windowed:
    """What slides a window over a map."""

    name: str
    x: str
    weight: Weight
    requantise: Requantise
    stride: Pair = 1
    padding: Padding = 0
    residual: str | None = None
    dilation: Pair = 1

    @property
    def sides(self) -> Sides:
        """Its window along rows and along columns."""
        return sides(self.weight.shape[2:], self.stride, self.padding, self.dilation)


@dataclass(frozen=True)
class Conv(_Windowed):
    """A convolution, and what one requantisation covers behind it."""


@dataclass(frozen=True)
class Depthwise(_Windowed):
    """A convolution of each channel by a kernel of its own: a weight ``(C, 1, k, k)``."""


@dataclass(frozen=True)
class Linear:
    """A fully connected layer."""

    name: str
    x: str
    weight: Weight
    requantise: Requantise


@dataclass(frozen=True)
class MaxPool:
    """The largest element of each square window."""

    name: str
    x: str
    kernel: int
    stride: int
    padding: int = 0


@dataclass(frozen=True)
class AvgPool:
    """Global average over the map: ``(C, H, W)`` to ``(C,)``."""

    name: str
    x: str
    multiplier: int
    shift: int


@dataclass(frozen=True)
class MeanPool:
    """The average of each window, zeros outside the map counted; kernel and stride are of rows and columns."""

    name: str
    x: str
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding
    multiplier: int
    shift: int

    @property
    def sides(self) -> Sides:
        """Its window along rows and along columns."""
        return sides(self.kernel, self.stride, self.padding)


@dataclass(frozen=True)
class Concat:
    """The channels of one map and behind them those of another, each times a factor, shifted right and clamped."""

    name: str
    x: str
    y: str
    x_multiplier: int
    y_multiplier: int
    shift: int
    clamp: tuple[int, int]


@dataclass(frozen=True)
class Add:
    """The sum of two tensors, each times a factor, shifted right and clamped."""

    name: str
    x: str
    y: str
    x_multiplier: int
    y_multiplier: int
    shift: int
    clamp: tuple[int, int]


@dataclass(frozen=True)
class Aggregate:
    """Each node's sum over its neighbours and itself, each term weighted by degrees: of the neighbour (``neighbour``),
    of the node (``own`` for itself, ``whole`` for the sum). Tables have an entry for each degree from 0."""

    name: str
    x: str
    topology: Topology
    neighbour: tuple[int, ...]
    own: tuple[int, ...]
    whole: tuple[int, ...]
    shift: int  # of the sum, before requantisation
    requantise: Requantise
    residual: str | None = None


@dataclass(frozen=True)
class Attention:
    """Each node's mean over its neighbours and itself, weighted by a softmax of scores, head by head.

    ``scores`` names a map of 2·heads channels: what each node says as a neighbour, then as a listener. ``slope`` is the
    leaky ReLU's in 1/256, ``exponential`` the softmax's table of 256 entries, the first 255.
    """

    name: str
    x: str
    scores: str
    topology: Topology
    heads: int
    slope: int
    exponential: tuple[int, ...]
    requantise: Requantise
    residual: str | None = None


@dataclass(frozen=True)
class NodePool:
    """Over the nodes that there are, or the ``first`` alone: ``(C, R, 4)`` to ``(C,)``. ``multiplier`` has an entry for
    each number of nodes from 0 (a mean), or one for all (a sum, or the first)."""

    name: str
    x: str
    topology: Topology
    multiplier: tuple[int, ...]
    shift: int
    first: bool = False

    @property
    def most(self) -> int:
        """Nodes that are added up, at most."""
        return 1 if self.first else self.topology.nodes


Pool = MaxPool | AvgPool | MeanPool
Pixels = Conv | Depthwise | Linear | Pool | Add | Concat  # read images or vectors
Node = Input | Constant | SparseLinear | Pixels | Aggregate | Attention | NodePool
GraphNode = Constant | SparseLinear | Aggregate | Attention | NodePool
Weighted = Conv | Depthwise | Linear | SparseLinear  # have a weight
Requantised = Weighted | Aggregate | Attention  # have a requantisation


def residual(node: Requantised) -> str | None:
    """The name of the tensor that a node adds."""
    match node:
        case Linear() | SparseLinear():
            return None
        case Conv() | Depthwise() | Aggregate() | Attention():
            return node.residual
        case _:
            assert_never(node)


def topology(node: Node) -> Topology | None:
    """Whose neighbours, or number of nodes, a node reads or brings along."""
    match node:
        case Input() | Aggregate() | Attention() | NodePool():
            return node.topology
        case Constant() | SparseLinear() | Conv() | Depthwise() | Linear() | MaxPool() | AvgPool() | MeanPool():
            return None
        case Add() | Concat():
            return None
        case _:
            assert_never(node)


def inputs(node: Node) -> tuple[str, ...]:
    """The names of the tensors a node reads."""
    match node:
        case Input() | Constant() | SparseLinear():
            return ()
        case Conv(x=x, residual=residual) | Depthwise(x=x, residual=residual) | Aggregate(x=x, residual=residual):
            return (x,) if residual is None else (x, residual)
        case Attention(x=x, scores=scores, residual=residual):
            return (x, scores) if residual is None else (x, scores, residual)
        case Add(x=x, y=y) | Concat(x=x, y=y):
            return (x, y)
        case Linear(x=x) | MaxPool(x=x) | AvgPool(x=x) | MeanPool(x=x) | NodePool(x=x):
            return (x,)
        case _:
            assert_never(node)
