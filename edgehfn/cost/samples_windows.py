"""Random nodes whose windows are not square, or that slide over each channel alone, and what joins maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from math import prod
from random import Random

from edgehfn.backends.c import Function, function
from edgehfn.cost.samples import Maker
from edgehfn.ir import Graph, ops, verify
from edgehfn.ir.graph import Tensor
from edgehfn.ir.ops import Concat, Conv, Depthwise, Input, MeanPool
from edgehfn.ir.scratch import FAR_LIMIT, OFFSET_LIMIT, plane_bytes
from edgehfn.spec.window import Side

KINDS = (
    *(Function.RECT_NARROW, Function.RECT_WIDE, Function.RECT_TRAINED),
    *(Function.DEPTHWISE_SUPERMASK, Function.DEPTHWISE_DENSE, Function.DEPTHWISE_INT4),
    *(Function.MEAN_POOL, Function.CONCAT),
)
GRAPHS, EACH = 20, 2  # nodes of each kind in a graph
FAR_GRAPHS, FAR_NODES = 8, 3
LONG = 0.4  # of the graphs have an input of one row
MACS = 200_000  # of one layer at most
SIDES = (5, 8, 10, 12, 16, 20, 24, 32)
LENGTHS = (20, 33, 64, 100, 128, 200)  # of a map of one row
KERNELS = ((1, 3), (1, 5), (1, 9), (3, 1), (10, 4), (3, 5), (2, 3), (3, 3), (4, 4), (1, 2))
DEPTHWISE = ((3, 3), (3, 3), (3, 3), (1, 3), (1, 9), (5, 5), (3, 1), (2, 2))
FAR_KERNELS, FAR_COLUMNS = ((1, 3), (1, 5), (3, 2)), (30, 64, 100)
CHANNELS = (1, 3, 4, 8, 16, 24, 32, 64)


def window_layers(called: Function) -> tuple[Graph, ...]:
    """Graphs in which nodes that a function runs read the input; but for far layers one set serves all functions."""
    return _far_layers() if called == Function.RECT_FAR_TRAINED else _layers()


@cache
def _layers() -> tuple[Graph, ...]:
    return tuple(_graph(KINDS * EACH, Random(seed)) for seed in range(GRAPHS))


@cache
def _far_layers() -> tuple[Graph, ...]:
    return tuple(_graph((Function.RECT_FAR_TRAINED,) * FAR_NODES, Random(seed)) for seed in range(FAR_GRAPHS))


def _graph(kinds: Sequence[Function], random: Random) -> Graph:
    maker = Maker(random)
    shape = (random.choice(CHANNELS), *random.choices(SIDES, k=2))
    if Function.RECT_FAR_TRAINED in kinds:
        shape = _far(random)
    elif random.random() < LONG:
        shape = (random.choice(CHANNELS), 1, random.choice(LENGTHS))
    maker.nodes = [Input("input", shape, dtype=random.choice(("u8", "s8")))]
    x = maker.graph.tensors["input"]
    for kind in kinds:
        maker.nodes.append(next(node for node in _drawn(maker, kind, x) if _fits(node, maker, kind)))
    return verify(maker.graph)


def _fits(node: ops.Node, maker: Maker, called: Function) -> bool:
    graph = Graph((*maker.nodes, node), seed=1)
    placed = not isinstance(node, Conv) or plane_bytes(node, graph, 1) <= FAR_LIMIT
    return placed and function(node, graph) == called


def _drawn(maker: Maker, called: Function, x: Tensor) -> Iterator[ops.Node]:
    """Nodes without end, of the kind that the function runs or much like it."""
    random, name = maker.random, f"y{len(maker.nodes)}"
    while True:
        match called:
            case Function.CONCAT:
                alike = [t.name for t in maker.graph.tensors.values() if t.shape[1:] == x.shape[1:]]
                yield Concat(name, "input", random.choice(alike), 3, 5, 3, ops.SIGNED)
            case Function.MEAN_POOL:
                (rows, columns), (down, across) = random.choices((1, 2, 3, 4, 5), k=2), random.choices((1, 2, 3), k=2)
                kernel = min(rows, x.shape[1]), min(columns, x.shape[2])
                padding = random.choice((0, 0, (kernel[0] // 2, 0, 0, kernel[1] // 2)))
                yield MeanPool(name, "input", kernel, (down, across), padding, 9, prod(kernel).bit_length() + 2)
            case Function.DEPTHWISE_SUPERMASK | Function.DEPTHWISE_DENSE | Function.DEPTHWISE_INT4:
                yield _conv(maker, name, x, random.choice(DEPTHWISE), depthwise=True)
            case Function.RECT_FAR_TRAINED:
                yield _conv(maker, name, x, random.choice(FAR_KERNELS), outputs=random.randint(2, 6))
            case _:
                yield _conv(maker, name, x, random.choice(KERNELS), outputs=random.choice(CHANNELS))


def _conv(
    maker: Maker, name: str, x: Tensor, kernel: tuple[int, int], outputs: int = 1, depthwise: bool = False
) -> Conv | Depthwise:
    """One padded as TensorFlow or as PyTorch would, or with all zeros in front."""
    random = maker.random
    same = random.choice((True, False))
    sides = [_side(random, taps, size, same) for taps, size in zip(kernel, x.shape[1:], strict=True)]
    made = tuple(side.made(size) for side, size in zip(sides, x.shape[1:], strict=True))
    taps = tuple(side.kernel for side in sides)
    channels = x.shape[0] if depthwise else max(1, min(outputs, MACS // (x.shape[0] * prod(taps) * prod(made))))
    weight = maker.weight((channels, 1 if depthwise else x.shape[0], *taps))
    shape = (channels, *made)
    residuals = [tensor.name for tensor in maker.graph.tensors.values() if tensor.shape == shape]
    residual = random.choice(residuals) if residuals and random.random() < 0.5 else None
    requantise = maker.requantise(weight, x, residual is not None)
    stride, dilation = ((sides[0].stride, sides[1].stride), (sides[0].dilation, sides[1].dilation))
    padding = (sides[0].before, sides[0].after, sides[1].before, sides[1].after)
    kind = Depthwise if depthwise else Conv
    return kind(name, x.name, weight, requantise, stride, padding, residual, dilation)


def _side(random: Random, taps: int, size: int, same: bool) -> Side:
    """A direction of a window that fits."""
    taps, stride, dilation = min(taps, size), random.choice((1, 1, 1, 2)), random.choice((1, 1, 1, 2, 4))
    extent = (taps - 1) * dilation + 1
    behind = max(0, (-(-size // stride) - 1) * stride + extent - size) if same else extent - 1
    before = random.choice((behind // 2, behind // 2, behind))
    after = max(behind - before, extent - size - before)
    return Side(taps, stride, min(before, extent - 1), min(after, extent - 1), dilation)


def _far(random: Random) -> ops.Shape:
    """A map a row of which needs far planes, with the least kernel of those that are drawn."""
    columns = random.choice(FAR_COLUMNS)
    return OFFSET_LIMIT // (3 * columns) + random.randint(1, 40), 1 + random.randint(1, 2), columns
