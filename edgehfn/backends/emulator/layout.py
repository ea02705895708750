"""How the emulator keeps tensors: images innermost, each map inside the frame of zeros that its readers' padding needs,
in buffers that later tensors of the same layout take over. Maps over nodes have the nodes of one graph innermost."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeVar, assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.backends.emulator.kernels import LANES
from edgehfn.ir import ops
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.ops import Shape

Int16 = npt.NDArray[np.int16]
Places = npt.NDArray[np.int64]
Frame = tuple[int, int]

T = TypeVar("T", bound=np.generic)

LINE = 64  # bytes of a cache line, from which vectors are loaded fastest


@dataclass(frozen=True)
class Layout:
    """A tensor of ``shape`` lies in ``(places, images)``; so many rows and columns of zeros surround each map."""

    shape: Shape
    frame: Frame = (0, 0)

    @property
    def framed(self) -> Shape:
        """The shape with its frame."""
        sides = zip(self.shape[1:], self.frame, strict=False)
        return (self.shape[0], *(side + 2 * frame for side, frame in sides))

    @property
    def places(self) -> Places:
        """The place of every element, in ``shape``."""
        inside: Places = self.inside(np.arange(prod(self.framed), dtype=np.int64).reshape(self.framed))
        return inside

    def inside(self, framed: npt.NDArray[T]) -> npt.NDArray[T]:
        """The part within the frame; further axes stay."""
        sides = zip(self.shape[1:], self.frame, strict=False)
        return framed[(slice(None), *(slice(frame, frame + side) for side, frame in sides))]


@dataclass(frozen=True)
class Memory:
    """Every tensor ``(*framed, images)``, and the flat buffer that it begins."""

    tensors: dict[str, Int16]
    buffers: dict[str, Int16]


@dataclass(frozen=True)
class Lanes:
    """The layout of every tensor of a graph, and the number of the buffer it lies in.

    ``over_nodes``: lanes are nodes of one graph, and vectors have one lane.
    """

    layouts: dict[str, Layout]
    buffers: dict[str, int]
    over_nodes: bool

    def allocate(self, images: int) -> Memory:
        """Memory for so many images. Nodes write inside the frames only. Of an image alone, windows of places behind
        the last are read, too, and come to nothing: by less than a plane and LANES."""
        sizes = {number: prod(self.layouts[name].framed) * images for name, number in self.buffers.items()}
        spare = {number: prod(self.layouts[name].framed[1:]) + LANES for name, number in self.buffers.items()}
        made = {number: _zeros(size + spare[number]) for number, size in sizes.items()}
        buffers = {name: made[number] for name, number in self.buffers.items()}
        shapes = {name: (*self.layouts[name].framed, images) for name in buffers}
        return Memory(
            {name: flat[: prod(shapes[name])].reshape(shapes[name]) for name, flat in buffers.items()}, buffers
        )


def lay_out(graph: Graph) -> Lanes:
    """Tensors of one shape have one frame, so that they can follow each other in a buffer: the widest that a node which
    reads any of them wants."""
    shapes = {name: _by_lanes(tensor) for name, tensor in graph.tensors.items()}
    frames: dict[Shape, Frame] = dict.fromkeys(shapes.values(), (0, 0))
    last = dict.fromkeys(graph.tensors, 0)
    for index, node in enumerate(graph):
        for name in ops.inputs(node):
            last[name] = index
        for name in ops.inputs(node)[:1]:
            (above, before), (rows, columns) = frames[shapes[name]], _frame(node)
            frames[shapes[name]] = max(above, rows), max(before, columns)
    layouts = {name: Layout(shape, frames[shape]) for name, shape in shapes.items()}
    return Lanes(layouts, _buffers(graph, layouts, last), any(tensor.nodes for tensor in graph.tensors.values()))


def _frame(node: ops.Node) -> Frame:
    """Rows and columns of zeros that a node reads around its first input."""
    match node:
        case ops.Conv() | ops.Depthwise() | ops.MeanPool():
            rows, columns = node.sides
            return max(rows.before, rows.after), max(columns.before, columns.after)
        case ops.Input() | ops.Constant() | ops.Linear() | ops.MaxPool() | ops.AvgPool() | ops.Add() | ops.Concat():
            return 0, 0  # of a padded pool, places outside the map do not count
        case ops.SparseLinear() | ops.Aggregate() | ops.Attention() | ops.NodePool():
            return 0, 0
        case _:
            assert_never(node)


def _by_lanes(tensor: Tensor) -> Shape:
    """A map over nodes is one of rows of LANES nodes, which no operation tells from images: each reads a node alone, or
    is not the lanes' business."""
    return (tensor.shape[0], -(-prod(tensor.shape[1:]) // LANES), 1) if tensor.nodes else tensor.shape


def _buffers(graph: Graph, layouts: dict[str, Layout], last: dict[str, int]) -> dict[str, int]:
    """A buffer is free when no later node reads its tensor; none is an input and the output of one node."""
    holders: list[str] = []  # the latest tensor in each buffer
    found: dict[str, int] = {}
    for index, name in enumerate(node.name for node in graph):
        free = (n for n, old in enumerate(holders) if last[old] < index and layouts[old] == layouts[name])
        number = next(free, len(holders))
        holders[number : number + 1] = [name]
        found[name] = number
    return found


def _zeros(size: int) -> Int16:
    """Zeros that begin with a cache line."""
    spare = LINE // np.dtype(np.int16).itemsize
    memory = np.zeros(size + spare, np.int16)
    start = -memory.ctypes.data % LINE // memory.itemsize
    return memory[start : start + size]
