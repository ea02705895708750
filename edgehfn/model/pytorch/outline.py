"""What a module's operators become: layers that read layers, with what is fused behind them, and how the module sees
what a layer makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from torch import Tensor, fx, nn

from edgehfn.model.pytorch.program import Program, path_of, refuse, shape_of
from edgehfn.nn.pool import AvgPool, Concat, GlobalAvgPool, MaxPool
from edgehfn.nn.shapes import Shape, Window

Plain = MaxPool | AvgPool | GlobalAvgPool | Concat


@dataclass(frozen=True)
class Weight:
    """A weight in floats; ``window`` is that of a convolution. Layers of the same ``origin`` and window share it."""

    values: Tensor
    bias: Tensor | None
    window: Window | None = None
    depthwise: bool = False
    path: str = ""  # of its module
    origin: tuple[object, ...] = ()
    fixed: bool = False  # ones, to carry a norm, a ReLU or a sum

    @property
    def key(self) -> object:
        """Equal of calls that share a weight."""
        return self.origin, self.window, self.depthwise


@dataclass(eq=False)
class Layer:
    """A step to be. ``reads`` is empty of the input."""

    name: str
    shape: Shape
    reads: list[Layer] = field(default_factory=list)
    op: Weight | Plain | None = None
    norm: nn.BatchNorm2d | None = None
    relu: bool = False
    cap: float | None = None
    residual: Layer | None = None
    sole_input: bool = False  # whether nothing else reads what it reads


@dataclass(frozen=True)
class Value:
    """What a call makes: a layer's tensor, of the ``shape`` (without the batch) that the module sees it in.

    ``sole``: nothing else reads the layer's tensor as it is now. ``around``: zeros put round it, above, below, left and
    right.
    """

    layer: Layer
    shape: Shape
    sole: bool = True
    around: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass
class Source:
    """The net's input, whose shape is open until a layer reads it."""

    layer: Layer
    example: Shape  # that the module is called with, without the batch
    order: tuple[int, ...] = ()  # of the dimensions, where the module swaps them first
    mapped: bool = False  # read as a map

    def seen(self, x: Tensor) -> Tensor:
        """A batch ``(N, C, H, W)`` of what the net reads as the module is called with it."""
        if not self.order:
            return x.reshape(len(x), *self.example)
        back = [self.order.index(dim) for dim in range(len(self.order))]
        whole = (len(x), *self.example)
        return x.reshape([whole[dim] for dim in self.order]).permute(back)


@dataclass
class Outline:
    """The layers of a program so far, by the calls that make them."""

    program: Program
    source: Source
    values: dict[fx.Node, Value]
    norms: dict[tuple[object, ...], nn.BatchNorm2d]

    def value(self, node: fx.Node, read: object) -> Value:
        """What an argument is. Refuses constants."""
        if not isinstance(read, fx.Node) or read not in self.values:
            refuse(node, "takes a constant where a layer's output is needed")
        found = self.values[read]
        return replace(found, sole=found.sole and len(read.users) == 1)

    def constant(self, node: fx.Node, read: object) -> Tensor | None:
        """A parameter, or None. Refuses what depends on the input."""
        if read is None:
            return None
        if not isinstance(read, fx.Node) or read not in self.program.constants:
            refuse(node, "its weights depend on the input")
        found: Tensor = self.program.constants[read]
        return found.detach().cpu().float()

    def path(self, node: fx.Node, read: object) -> str:
        """The module that has a weight."""
        name = self.program.names.get(read, "") if isinstance(read, fx.Node) else ""
        return name.rpartition(".")[0] or path_of(node)


def as_map(shape: Shape) -> Shape:
    """``C, H, W`` of a map or a series."""
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape


def order_of(last: Layer) -> list[Layer]:
    """The layers that a layer is made of, itself last, without the input: each after those it reads."""
    found: dict[Layer, None] = {}

    def visit(layer: Layer) -> Iterator[Layer]:
        yield from layer.reads
        if layer.residual is not None:
            yield layer.residual

    waiting: list[tuple[Layer, Iterator[Layer]]] = [(last, visit(last))]
    while waiting:
        layer, rest = waiting[-1]
        following = next((read for read in rest if read not in found and read.op is not None), None)
        if following is None:
            waiting.pop()
            found.setdefault(layer)
        else:
            waiting.append((following, visit(following)))
    return list(found)


def read_map(value: Value, source: Source, node: fx.Node) -> Shape:
    """The shape ``C, H, W`` in which a layer reads a value; of the input it is settled here. Refuses vectors."""
    shape = as_map(value.shape)
    if value.layer is source.layer:
        if len(shape) != 3 or (source.mapped and value.layer.shape != shape):
            refuse(node, f"reads the input as {value.shape}; give channels and places")
        source.mapped, value.layer.shape = True, shape
    if len(shape) != 3 or value.layer.shape not in (shape, shape[:1] if shape[1:] == (1, 1) else shape):
        refuse(node, f"reads {value.shape}, which is no map of channels here")
    return shape


def read_flat(value: Value, source: Source, node: fx.Node) -> int:
    """The number of elements of a vector that a linear layer reads."""
    if len(value.shape) != 1:
        refuse(
            node, f"reads {value.shape}: a linear layer is over all elements, behind flatten, or is a 1x1 convolution"
        )
    if value.layer is source.layer and not source.mapped:
        value.layer.shape = (1, 1, *source.example)[-3:]
    return value.shape[0]


def reshaped(value: Value, shape: Shape, source: Source, node: fx.Node) -> Value:
    """A value in another shape whose elements are in the same order. Refuses what would mix a map's channels."""
    layer, mapped = value.layer, as_map(shape)
    held = prod(shape) == prod(value.shape)
    fits = len(shape) == 1 or (len(mapped) == 3 and layer.shape in (mapped, mapped[:1]))
    if not held or any(value.around) or not (fits or (layer is source.layer and not source.mapped)):
        refuse(node, f"reshapes {value.shape} to {shape}; only what follows is read flat, or a map as it is")
    return replace(value, shape=shape)


Arguments = dict[str, Any]  # of a call, by name
Translation = Callable[[Outline, fx.Node, Arguments], Value]


def made_by(node: fx.Node, layer: Layer) -> Value:
    """What a call makes as a new layer."""
    return Value(layer, shape_of(node)[1:])


def listed(value: int | Sequence[int]) -> list[int]:
    """One number, or several, as a list."""
    return [value] if isinstance(value, int) else list(value)


def pair_of(value: int | Sequence[int], line: bool, other: int = 1) -> tuple[int, int]:
    """Of rows and columns; of a series of the columns alone."""
    *first, last = listed(value)
    return (other, last) if line else (first[0] if first else last, last)
