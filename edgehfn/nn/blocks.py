"""Blocks of layers, alone or folded (Hidden-Fold Networks: López García-Arias et al. 2021, section 3).

A folded block is walked once for each iteration. Every walk meets the same names and so gets the same weights and
masks, while each iteration has norms of its own ("unshared batch norm").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgehfn.errors import GraphError, InputError
from edgehfn.nn.builder import Builder, Weights


class Block(Protocol):
    """Anything that can add its steps to a builder, under a name."""

    def add(self, builder: Builder, name: str) -> None:
        """Add the steps, whose names begin with ``name``."""


@dataclass(frozen=True)
class ConvNorm:
    """Convolution, norm, ReLU."""

    channels: int
    kernel: int = 3
    stride: int = 1
    kind: Weights | None = None  # the builder's

    def add(self, builder: Builder, name: str) -> None:
        """Add one convolution and its norm."""
        builder.conv(name, self.channels, self.kernel, self.stride, kind=self.kind)


@dataclass(frozen=True)
class BasicBlock:
    """Two 3x3 convolutions and a shortcut (He et al. 2016), which is a 1x1 projection where the shape changes."""

    channels: int
    stride: int = 1

    def add(self, builder: Builder, name: str) -> None:
        """Add two convolutions and what goes round them."""
        x, shortcut = builder.x, _shortcut(builder, name, self.channels, self.stride)
        builder.x = x
        builder.conv(f"{name}.conv1", self.channels, 3, self.stride)
        builder.conv(f"{name}.conv2", self.channels, 3, residual=shortcut)


@dataclass(frozen=True)
class Bottleneck:
    """1x1 to ``width`` channels, 3x3, 1x1 to ``channels``, and a shortcut (He et al. 2016); the 3x3 has the stride."""

    channels: int
    stride: int = 1
    width: int | None = None  # a quarter of the channels

    def add(self, builder: Builder, name: str) -> None:
        """Add three convolutions, the middle one narrow, and what goes round them."""
        width = max(1, self.channels // 4) if self.width is None else self.width
        x, shortcut = builder.x, _shortcut(builder, name, self.channels, self.stride)
        builder.x = x
        builder.conv(f"{name}.conv1", width, 1)
        builder.conv(f"{name}.conv2", width, 3, self.stride)
        builder.conv(f"{name}.conv3", self.channels, 1, residual=shortcut)


@dataclass(frozen=True)
class Fold:
    """A block iterated: the same weights every time, other norms.

    Raises InputError for fewer than one iteration, GraphError (when added) if the block does not keep its shape.
    """

    block: Block
    iterations: int

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise InputError(f"fold {self.iterations}: a block is iterated at least once; give 1 or more")

    def add(self, builder: Builder, name: str) -> None:
        """Add the block as often as it is iterated."""
        before = builder.shape
        for iteration in range(self.iterations):
            with builder.iterate(iteration, self.iterations):
                self.block.add(builder, name)
            if self.iterations > 1 and builder.shape != before:
                raise GraphError(f"fold {name}: makes {builder.shape} of {before}; fold a block that keeps the shape")


def _shortcut(builder: Builder, name: str, channels: int, stride: int) -> str:
    if stride == 1 and builder.shape[0] == channels:
        return builder.x
    return builder.conv(f"{name}.shortcut", channels, 1, stride, relu=False)
