"""Random layers of every kind and of the sizes that nets have, to fit costs to."""

from __future__ import annotations

from math import prod
from random import Random

import numpy as np

from edgehfn.ir import Graph, ops
from edgehfn.ir.bounds import accumulators
from edgehfn.ir.graph import Tensor
from edgehfn.ir.ops import (
    RELU,
    SIGNED,
    Add,
    AvgPool,
    Conv,
    Input,
    Linear,
    MaxPool,
    QuantisedWeight,
    Requantise,
    Shape,
    Supermask,
)
from edgehfn.ir.validate import verify
from edgehfn.spec import masks
from edgehfn.spec.limits import LARGEST

NODES = 14
CHANNELS = (4, 8, 10, 16, 24, 32, 48, 64)
SIDES = (7, 8, 14, 16, 16, 20, 24, 28, 32, 32)
DENSITIES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
MACS = 3_000_000  # of one layer at most


def layers(seed: int) -> Graph:
    """A graph of random layers, each reading any earlier tensor. The same seed gives the same graph."""
    maker = Maker(Random(seed))
    while len(maker.nodes) < NODES:
        maker.step()
    return verify(maker.graph)


class Maker:
    """Grows a graph of random layers."""

    def __init__(self, random: Random) -> None:
        self.random, self.weights = random, 0
        channels, side = random.choice((1, 3, 16, 32)), random.choice(SIDES)
        order, dtype = random.choice((("chw", "u8"), ("hwc", "u8"), ("chw", "s8"), ("hwc", "s8")))
        self.nodes: list[ops.Node] = [Input("input", (channels, side, side), order, dtype)]  # type: ignore[arg-type]

    @property
    def graph(self) -> Graph:
        """Return the nodes so far."""
        return Graph(tuple(self.nodes), seed=1)

    def step(self) -> None:
        """Add a node that reads one of the last tensors."""
        tensors = list(self.graph.tensors.values())
        x = self.random.choice(tensors[-6:])
        name = f"y{len(self.nodes)}"
        if len(x.shape) == 1:
            self.nodes.append(self.linear(name, x))
            return
        kinds = (self.conv,) * 10 + (self.pool, self.average, self.add, self.linear)
        self.nodes.append(self.random.choice(kinds)(name, x))

    def conv(self, name: str, x: Tensor) -> ops.Node:
        """Draw a convolution."""
        kernel = min(self.random.choice((1, 1, 3, 3, 3, 3, 5)), *x.shape[1:])
        stride, padding = self.random.choice((1, 1, 1, 2)), kernel // 2
        made = tuple((side + 2 * padding - kernel) // stride + 1 for side in x.shape[1:])
        each = x.shape[0] * kernel * kernel * prod(made)
        most = max(1, MACS // each)
        channels = min(self.random.choice((x.shape[0], *CHANNELS)), most)
        shape = (channels, *made)
        same = [t.name for t in self.graph.tensors.values() if t.shape == shape]
        residual = self.random.choice(same) if same and self.random.random() < 0.6 else None
        weight = self.weight((channels, x.shape[0], kernel, kernel))
        return Conv(name, x.name, weight, self.requantise(weight, x, residual is not None), stride, padding, residual)

    def linear(self, name: str, x: Tensor) -> ops.Node:
        """Draw a fully connected layer."""
        weight = self.weight((min(self.random.choice(CHANNELS), 200_000 // x.size), x.size))
        return Linear(name, x.name, weight, self.requantise(weight, x, False))

    def pool(self, name: str, x: Tensor) -> ops.Node:
        """Draw a pool, or a convolution where none fits."""
        kernel = self.random.choice((2, 3))
        return (
            MaxPool(name, x.name, kernel, 2, kernel // 2 if kernel > 2 else 0)
            if min(x.shape[1:]) >= kernel
            else self.conv(name, x)
        )

    def average(self, name: str, x: Tensor) -> ops.Node:
        """Average a map."""
        return AvgPool(name, x.name, 1, prod(x.shape[1:]).bit_length() - 1)

    def add(self, name: str, x: Tensor) -> ops.Node:
        """Add a tensor of the same shape."""
        same = [t.name for t in self.graph.tensors.values() if t.shape == x.shape]
        return Add(name, x.name, self.random.choice(same), 3, 5, 3, self.random.choice((RELU, SIGNED)))

    def weight(self, shape: Shape) -> ops.Weight:
        """Draw a mask, or trained weights."""
        self.weights += 1
        name, draw = f"w{self.weights}", np.random.default_rng(self.random.randrange(2**32))
        if self.random.random() < 0.3:
            bits = self.random.choice((8, 8, 4, 2, 1))
            values = draw.integers(-LARGEST[bits], LARGEST[bits] + 1, shape)
            return QuantisedWeight(name, np.where((values == 0) & (bits == 1), 1, values).astype(np.int8), bits)
        coats, density = self.random.choice((1, 1, 1, 2, 3)), self.random.choice(DENSITIES)
        kept = draw.random((coats, prod(shape))) < np.array([density, *[0.5] * (coats - 1)])[:, None]
        counts = np.logical_and.accumulate(kept).sum(0).astype(np.uint8)
        pruned, locked, signs = 0, 0, None
        if self.random.random() < 0.2:
            pruned, locked = (
                self.random.randrange(0, 129, self.random.choice((1, 16, 64))),
                self.random.randrange(1, 120),
            )
            gone, held = masks.frozen(1, self.weights, counts.size, pruned, locked)
            counts = np.where(gone, 0, np.maximum(counts, held)).astype(np.uint8)
        if self.random.random() < 0.1:
            words = draw.integers(0, 2**32, -(-counts.size // 32), np.uint32)
            words[-1] &= np.uint32(2**32 - 1 >> -counts.size % 32)
            signs = words
        return Supermask(name, self.weights, shape, coats, counts, 1, pruned, locked, signs)

    def requantise(self, weight: ops.Weight, x: Tensor, residual: bool) -> Requantise:
        """Multipliers of 1 or 64, and the shift that brings the largest sum to seven bits."""
        largest = int(accumulators(weight, x).max())
        multiplier = self.random.choice((1, 64)) if largest < 2**24 else 1  # SPEC section 4, R1
        shift = max(4, (multiplier * largest).bit_length() - 7)
        if self.random.random() < 0.15:
            shift = 17  # too much for 16-bit lanes
        clamp = self.random.choice((RELU, RELU, SIGNED))
        multipliers, biases = (multiplier,) * weight.shape[0], (0,) * weight.shape[0]
        return Requantise(multipliers, biases, 0, shift, clamp, int(residual), max(0, shift - 8) if residual else 0)
