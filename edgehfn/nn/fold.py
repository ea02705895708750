"""Blocks: recipes that add steps to a draft of a net, alone or folded (Hidden-Fold Networks, López García-Arias et al. 2021).

A folded block is walked once for each iteration; every walk meets the same names, so the draft hands out the same weights again, while each
iteration gets norms of its own ("unshared batch norm").
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from torch import nn

from edgehfn import generator
from edgehfn.errors import GraphError
from edgehfn.nn.dense import DenseConv2d, DenseLinear
from edgehfn.nn.net import INPUT, ITERATION, InputSpec, Net, Op, Step, check_input, check_seed
from edgehfn.nn.pool import GlobalAvgPool, MaxPool
from edgehfn.nn.supermask import SCORE_STREAM, SupermaskConv2d, SupermaskLinear, check_densities
from edgehfn.nn.window import Shape

Kind = Literal["masked", "dense"]
WEIGHTED = (SupermaskConv2d, SupermaskLinear, DenseConv2d, DenseLinear)


@dataclass
class Draft:
    """A net being written: its steps so far, and what every block shares. ``x`` is the tensor that the next block reads."""

    input: InputSpec
    seed: int = 0
    densities: tuple[float, ...] = (0.5,)
    affine: bool = True
    steps: list[Step] = field(default_factory=list)
    x: str = INPUT
    iteration: int = 0
    folds: int = 1

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_densities(self.densities)
        self.shapes: dict[str, Shape] = {INPUT: check_input(self.input)}
        self.ops: dict[str, Op] = {}

    @property
    def shape(self) -> Shape:
        """Of the tensor that the next block reads."""
        return self.shapes[self.x]

    def conv(
        self,
        name: str,
        channels: int,
        kernel: int,
        stride: int = 1,
        *,
        kind: Kind = "masked",
        relu: bool = True,
        residual: str | None = None,
    ) -> str:
        """A convolution that keeps the map's size (or divides it by the stride), its norm, a residual if any and ReLU if wanted."""
        if name not in self.ops:
            geometry = (self.shape[0], channels, kernel, stride, kernel // 2)
            self.ops[name] = (
                self._supermask_conv(*geometry) if kind == "masked" else DenseConv2d(*geometry, seed=self._draw())
            )
        norm = nn.BatchNorm2d(channels, affine=self.affine)
        return self._step(name, self.ops[name], norm=norm, relu=relu, residual=residual)

    def linear(self, name: str, features: int, *, kind: Kind = "masked") -> str:
        """A linear layer without norm or ReLU; a dense one has a bias."""
        if name not in self.ops:
            inputs = 1
            for size in self.shape:
                inputs *= size
            if kind == "masked":
                numbers = {"tensor": self._tensors(), "seed": self.seed}
                self.ops[name] = SupermaskLinear(inputs, features, densities=self.densities, **numbers)
            else:
                self.ops[name] = DenseLinear(inputs, features, seed=self._draw())
        return self._step(name, self.ops[name])

    def max_pool(self, name: str, kernel: int = 2, stride: int = 2, padding: int = 0) -> str:
        return self._step(name, self.ops.setdefault(name, MaxPool(kernel, stride, padding)))

    def global_avg_pool(self, name: str) -> str:
        return self._step(name, self.ops.setdefault(name, GlobalAvgPool()))

    @contextmanager
    def iterate(self, iteration: int, iterations: int) -> Iterator[None]:
        """Inside, steps belong to one iteration of a fold; folds in folds multiply."""
        outer = self.iteration, self.folds
        self.iteration, self.folds = self.iteration * iterations + iteration, self.folds * iterations
        yield
        self.iteration, self.folds = outer

    def net(self, classes: tuple[str, ...] = ()) -> Net:
        """The net written so far."""
        return Net(self.input, self.steps, classes, self.seed)

    def _step(
        self, name: str, op: Op, *, norm: nn.BatchNorm2d | None = None, relu: bool = False, residual: str | None = None
    ) -> str:
        tensor = f"{name}{ITERATION}{self.iteration}" if self.iteration else name
        weight = name if isinstance(op, WEIGHTED) else ""
        try:
            self.shapes[tensor] = op.output_shape(self.shape)
        except GraphError as error:
            raise GraphError(f"step {tensor}: {error}") from None
        self.steps.append(Step(tensor, self.x, op, weight, norm, relu, residual))
        self.x = tensor
        return tensor

    def _supermask_conv(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> SupermaskConv2d:
        tensor = self._tensors()
        return SupermaskConv2d(
            inputs, outputs, kernel, stride, padding, tensor=tensor, seed=self.seed, densities=self.densities
        )

    def _tensors(self) -> int:
        return sum(isinstance(op, SupermaskConv2d | SupermaskLinear) for op in self.ops.values())

    def _draw(self) -> int:
        """A seed for the initial values of the next dense weight; nothing on the device depends on it."""
        return generator.key(self.seed, len(self.ops), SCORE_STREAM + 1)


class Block(Protocol):
    """Anything that can add its steps to a draft under a name."""

    def add(self, draft: Draft, name: str) -> None: ...


@dataclass(frozen=True)
class ConvNorm:
    """Convolution, norm, ReLU."""

    channels: int
    kernel: int = 3
    stride: int = 1
    kind: Kind = "masked"

    def add(self, draft: Draft, name: str) -> None:
        draft.conv(name, self.channels, self.kernel, self.stride, kind=self.kind)


@dataclass(frozen=True)
class BasicBlock:
    """Two 3x3 convolutions and a shortcut (He et al. 2016), a 1x1 projection where the shape changes."""

    channels: int
    stride: int = 1

    def add(self, draft: Draft, name: str) -> None:
        x = draft.x
        shortcut = _shortcut(draft, name, self.channels, self.stride)
        draft.x = x
        draft.conv(f"{name}.conv1", self.channels, 3, self.stride)
        draft.conv(f"{name}.conv2", self.channels, 3, residual=shortcut)


@dataclass(frozen=True)
class Bottleneck:
    """1x1 to ``width``, 3x3, 1x1 to ``channels``, and a shortcut (He et al. 2016); the stride is in the 3x3."""

    channels: int
    stride: int = 1
    width: int = 0  # 0 = a quarter of the channels

    def add(self, draft: Draft, name: str) -> None:
        x, width = draft.x, self.width or max(1, self.channels // 4)
        shortcut = _shortcut(draft, name, self.channels, self.stride)
        draft.x = x
        draft.conv(f"{name}.conv1", width, 1)
        draft.conv(f"{name}.conv2", width, 3, self.stride)
        draft.conv(f"{name}.conv3", self.channels, 1, residual=shortcut)


@dataclass(frozen=True)
class Fold:
    """A block iterated: the same weights every time, other norms. The block must give back the shape it takes."""

    block: Block
    iterations: int

    def add(self, draft: Draft, name: str) -> None:
        before = draft.shape
        for iteration in range(self.iterations):
            with draft.iterate(iteration, self.iterations):
                self.block.add(draft, name)
            if self.iterations > 1 and draft.shape != before:
                raise GraphError(
                    f"fold {name}: its block makes {draft.shape} of {before}; only a block that keeps the shape iterates"
                )


def _shortcut(draft: Draft, name: str, channels: int, stride: int) -> str:
    if stride == 1 and draft.shape[0] == channels:
        return draft.x
    return draft.conv(f"{name}.shortcut", channels, 1, stride, relu=False)
