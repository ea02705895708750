"""Random legal graphs, integers from end to end, for holding every machine against every other.

The same seed gives the same graph.
"""

from __future__ import annotations

from math import prod
from random import Random
from typing import Literal

import numpy as np

from edgehfn.ir import ops
from edgehfn.ir.graph import Graph, Tensor, pooled
from edgehfn.ir.inputs import Raw, raw_dtype, raw_shape
from edgehfn.ir.ops import RELU, SIGNED, Add, AvgPool, Conv, Input, Linear, MaxPool, Shape
from edgehfn.spec.window import sides
from support import draws, samples


def random_graph(
    seed: int,
    *,
    macs: int = 200_000,
    nodes: int = 8,
    size: int = 13,
    channels: int = 70,
    density: int | None = None,
    table: bool = False,
    maps: ops.RawType | None = None,
) -> Graph:
    """A legal graph of about ``nodes`` nodes, all of SPEC's limits on the way.

    At most ``macs`` dense multiply-accumulates, maps up to ``size x size``, up to ``channels`` channels; ``density``:
    percent of weights kept, by default anything from 2 to 100, each weight its own; ``table``: the input is mapped by
    one; ``maps``: by maps from samples of this type. The defaults suit the oracle (0.01 s an image, rarely 0.2 s).
    """
    maker = Maker(seed, macs, channels, density)
    maker.input(size, table, maps)
    while len(maker.nodes) < nodes:
        maker.step()
    maker.head()
    return maker.graph()


def folded_resnet(seed: int, *, width: int = 16, size: int = 28, iterations: int = 2, density: int = 30) -> Graph:
    """What people build: dense stem, max pool, folded block, strided block with projection, folded block, classifier.

    4.4 million multiply-accumulates as it stands: too many for the oracle, the right number for timing.
    """
    maker = Maker(seed, 10**9, 2 * width, density)
    maker.add(Input("input", (1, size, size)))
    maker.convolve(maker.weight((width, 1, 3, 3), dense=True), 1, 1, RELU)
    maker.pool(2, 2, 0)
    maker.block(iterations, 3, 2)
    start = maker.current
    maker.convolve(maker.weight((2 * width, width, 1, 1), dense=False), 2, 0, SIGNED)
    shortcut, maker.current = maker.current, start
    maker.convolve(maker.weight((2 * width, width, 3, 3), dense=False), 2, 1, RELU)
    maker.convolve(maker.weight((2 * width, 2 * width, 3, 3), dense=False), 1, 1, RELU, shortcut)
    maker.block(iterations, 3, 2)
    maker.average()
    maker.linear(10)
    return maker.graph()


def random_input(graph: Graph, seed: int, n: int) -> Raw:
    """``n`` raw images, ``(n, *raw_shape)``: noise, all largest, all smallest, zero, flat grey, then noise again."""
    draw, limits = np.random.default_rng(seed), np.iinfo(raw_dtype(graph))
    raw: Raw = draw.integers(limits.min, limits.max, (n, *raw_shape(graph)), raw_dtype(graph), endpoint=True)
    for image, value in zip(raw[1:], (limits.max, limits.min, 0, limits.max // 2 + 1), strict=False):
        image[...] = value
    return raw


class Maker:
    """Grows a graph node by node; ``current`` names what the next node reads, ``macs`` is what is left to spend."""

    def __init__(self, seed: int, macs: int, channels: int, density: int | None) -> None:
        self.rng = Random(seed)
        self.seed = self.rng.choice((0, 2**32 - 1, self.rng.randrange(2**32), self.rng.randrange(2**32)))
        self.nodes: list[ops.Node] = []
        self.tensors: dict[str, Tensor] = {}
        self.samples: dict[str, samples.Ints] = {}
        self.current = ""
        self.macs, self.channels, self.density = macs, channels, density
        self.weights = 0

    def graph(self) -> Graph:
        return Graph(tuple(self.nodes), self.seed)

    def add(self, node: ops.Node) -> None:
        self.nodes.append(node)
        self.tensors = self.graph().tensors
        self.samples[node.name] = samples.values(node, self.samples)
        self.current = node.name

    @property
    def x(self) -> Tensor:
        return self.tensors[self.current]

    def name(self, kind: str) -> str:
        return f"{kind}{len(self.nodes)}"

    def chance(self, percent: int) -> bool:
        return draws.chance(self.rng, percent)

    # What comes next.

    def input(self, size: int, table: bool = False, maps: ops.RawType | None = None) -> None:
        plain: ops.RawType = "u8" if table or maps else self.rng.choice(("u8", "u8", "s8"))
        dtype = maps or plain
        order: Literal["chw", "hwc"] = "chw"
        shape: Shape
        if self.chance(8):
            shape = (self.rng.randint(1, 4 * self.channels),)
        else:
            shape = (self.rng.choice((1, 1, 2, 3, 4, 5)), self.rng.randint(1, size), self.rng.randint(1, size))
            order = self.rng.choice(("chw", "hwc"))
        rows = self.table(shape[0]) if table else None
        mapped = tuple(draws.affine(self.rng, maps) for _ in range(shape[0])) if maps else None
        self.add(Input("input", shape, order, dtype, table=rows, maps=mapped))

    def table(self, channels: int) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(self.rng.randint(*SIGNED) for _ in range(256)) for _ in range(channels))

    def step(self) -> None:
        if self.chance(15):
            self.current = self.rng.choice(list(self.tensors))  # branch: read an older tensor
        choice = self.rng.randrange(100)
        if len(self.x.shape) == 1:
            self.linear(self.width()) if choice < 75 else self.sum()
        elif choice < 55:
            self.conv(self.width(), *self.window((1, 1, 3, 3, 3, 3, 2, 5, 4, 7)))
        elif choice < 75:
            self.block(self.rng.choice((1, 2, 2, 3)), self.rng.choice((1, 3, 3)), self.rng.choice((1, 2, 2)))
        elif choice < 87:
            kernel, stride, padding = self.window((2, 2, 3, 3, 4))
            self.pool(kernel, stride, min(padding, kernel // 2))
        else:
            self.sum()

    def head(self) -> None:
        if len(self.x.shape) == 3 and self.chance(70):
            self.average()
        if len(self.x.shape) == 1 or self.chance(50):
            self.linear(self.rng.randint(2, 12))

    def width(self) -> int:
        few, some, many = self.rng.randint(1, 4), self.rng.randint(4, 16), self.rng.randint(8, self.channels)
        return self.rng.choice((few, some, some, many))

    def window(self, kernels: tuple[int, ...]) -> tuple[int, int, int]:
        """A kernel that fits the map, a stride and a padding below the kernel."""
        kernel, side = self.rng.choice(kernels), min(self.x.shape[1:])
        padding = self.rng.choice((kernel // 2, kernel // 2, self.rng.randrange(kernel)))
        while kernel > side + 2 * padding:
            kernel -= 1
            padding = min(padding, kernel - 1)
        return kernel, self.rng.choice((1, 1, 1, 1, 2, 2, 3, 4)), padding

    # Nodes.

    def conv(self, channels: int, kernel: int, stride: int, padding: int) -> None:
        """A conv with a weight of its own and as many channels as the budget allows, or a pool."""
        inputs, *sides = self.x.shape
        each = inputs * kernel * kernel * prod(pooled(side, kernel, stride, padding) for side in sides)
        if each > self.macs:
            self.pool(min(2, *sides), 2, 0)
            return
        weight = self.weight((min(channels, self.macs // each), inputs, kernel, kernel))
        self.convolve(weight, stride, padding, residual="any" if self.chance(40) else None)

    def block(self, iterations: int, kernel: int, convs: int) -> None:
        """A folded residual block: its weights are the same objects in every iteration."""
        channels = self.x.shape[0]
        shape = (channels, channels, kernel, kernel)
        if prod(shape) * prod(self.x.shape[1:]) * convs * iterations > self.macs:
            return
        weights = [self.weight(shape, dense=False if self.density else None) for _ in range(convs)]
        for _ in range(iterations):
            start = self.current
            for weight in weights[:-1]:
                self.convolve(weight, 1, kernel // 2)
            self.convolve(weights[-1], 1, kernel // 2, residual=start)

    def convolve(
        self,
        weight: ops.Weight,
        stride: int,
        padding: int,
        clamp: tuple[int, int] | None = None,
        residual: str | None = None,
    ) -> None:
        """``residual`` is a tensor's name or "any" of the right shape."""
        shape = (weight.shape[0], *(pooled(side, weight.shape[2], stride, padding) for side in self.x.shape[1:]))
        if residual == "any":
            residual = self.rng.choice([n for n, tensor in self.tensors.items() if tensor.shape == shape] or [None])
        sums = samples.accumulators(self.samples[self.current], weight, sides(weight.shape[2:], stride, padding))
        requantise = draws.requantise(self.rng, weight, self.x, sums, residual is not None, clamp)
        self.macs -= prod(weight.shape) * prod(shape[1:])
        self.add(Conv(self.name("conv"), self.current, weight, requantise, stride, padding, residual))

    def linear(self, channels: int) -> None:
        weight = self.weight((max(1, min(channels, self.macs // self.x.size)), self.x.size))
        self.macs -= prod(weight.shape)
        sums = samples.accumulators(self.samples[self.current], weight)
        requantise = draws.requantise(self.rng, weight, self.x, sums, False, None)
        self.add(Linear(self.name("linear"), self.current, weight, requantise))

    def pool(self, kernel: int, stride: int, padding: int) -> None:
        self.add(MaxPool(self.name("pool"), self.current, kernel, stride, padding))

    def average(self) -> None:
        count = prod(self.x.shape[1:])
        shift = count.bit_length() + self.rng.randint(1, 6)
        multiplier = min(32767, max(1, (self.rng.choice((1, 2, 4, 8)) << shift) // count))
        while multiplier * 127 * count + (1 << shift >> 1) >= draws.LIMIT:
            multiplier //= 2
        self.add(AvgPool(self.name("average"), self.current, multiplier, shift))

    def sum(self) -> None:
        """Add two tensors of one shape, which may be the same tensor."""
        other = self.rng.choice([name for name, tensor in self.tensors.items() if tensor.shape == self.x.shape])
        shift = self.rng.randint(0, 15)
        mx, my = (max(1, min(32767, (self.rng.randint(1, 12) << shift) // 8)) for _ in range(2))
        self.add(Add(self.name("add"), self.current, other, mx, my, shift, self.rng.choice((RELU, SIGNED))))

    def weight(self, shape: ops.Shape, dense: bool | None = None) -> ops.Weight:
        self.weights += 1
        if dense if dense is not None else self.chance(25):
            return draws.dense(self.rng, f"weight{self.weights}", shape)
        if self.density is not None:
            return draws.supermask(self.rng, self.seed, self.weights, shape, self.density)
        if self.chance(12):
            return draws.one_sided(self.rng, self.seed, self.weights, shape)
        density = self.rng.choice((2, 10, 30, 50, 80, 100))
        weight = draws.supermask(self.rng, self.seed, self.weights, shape, density)
        weight = draws.frozen(self.rng, weight) if self.chance(20) else weight
        return draws.signed(self.rng, weight) if self.weights % 8 == 5 else weight
