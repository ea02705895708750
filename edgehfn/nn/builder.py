"""A net being written, step by step: it numbers the weights, infers the shapes and names the iterations of folds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Literal, TypedDict

import torch
from torch import nn

from edgehfn.errors import GraphError, InputError
from edgehfn.nn.gnn_layers import Aggregate, Attention, NodePool, Pool, Weighting
from edgehfn.nn.initial import Initial, check_initial
from edgehfn.nn.net import INPUT, ITERATION, Input, Net, Op, Step, Weighted, output_shape
from edgehfn.nn.pool import AvgPool, Concat, GlobalAvgPool, MaxPool
from edgehfn.nn.quantised import FLOAT, QuantisedConv2d, QuantisedLinear
from edgehfn.nn.shapes import Shape, Window
from edgehfn.nn.supermask import (
    SCORE_STREAM,
    Source,
    SupermaskConv2d,
    SupermaskLinear,
    check_densities,
    check_seed,
    magnitude,
)
from edgehfn.spec import generator
from edgehfn.spec.window import Padding, Pair, Side, pair, sides

Kind = Literal["supermask", "int8", "int4", "ternary", "binary"]
Weights = Kind | Literal["float"]  # of a float net; only a Kind is for a device
BITS: dict[Weights, int] = {"float": FLOAT, "int8": 8, "int4": 4, "ternary": 2, "binary": 1}  # of trained weights
Sharing = Literal["shared", "unshared"]  # by the iterations of a fold
Norms = Literal[Sharing, "none"]
Around = Padding | Literal["same", "causal"]  # what a convolution is padded with
Relu = bool | float  # a number is what it lets through at most, 6 of a ReLU6
Affine = bool | Literal["folded"]  # which norms have learned factors and offsets: all, none, or those of folds
INITIAL_STREAM = SCORE_STREAM + 1  # seeds the initial values of trained weights; nothing on the device depends on it


class Latent(TypedDict):
    """The initial values of a trained weight."""

    seed: int
    initial: Initial


@dataclass
class Builder:
    """Steps so far, and what all of them share. ``x`` is the tensor that the next step reads.

    Every method adds one step that reads ``x``, makes it the new ``x`` and returns its name. A name met again (in the
    next iteration of a fold) means the same op, or with ``masks="unshared"`` another mask over the same weight (Yan et
    al. 2023). GraphError is raised for a step that does not fit the shape of ``x``.
    """

    input: Input
    seed: int = 0
    densities: tuple[float, ...] = (0.5,)
    affine: Affine = True
    masks: Sharing = "shared"
    norms: Norms = "unshared"
    weights: Weights = "supermask"  # of layers that name no kind
    score_init: Initial = "torch"
    weight_init: Initial = "torch"  # of trained weights
    scale: float = 1.0  # of the constants of masks
    x: str = INPUT
    iteration: int = 0
    folded: bool = False  # whether the present steps are iterated
    steps: list[Step] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    ops: dict[str, Op] = field(default_factory=dict)
    normed: dict[str, nn.BatchNorm2d] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_initial("score_init", self.score_init)
        check_initial("weight_init", self.weight_init)
        self.densities = check_densities(self.densities)
        self.shapes[INPUT] = self.input.shape

    @property
    def shape(self) -> Shape:
        """Of the tensor that the next step reads."""
        return self.shapes[self.x]

    def conv(
        self,
        name: str,
        channels: int,
        kernel: Pair,
        stride: Pair = 1,
        *,
        padding: Around | None = None,
        dilation: Pair = 1,
        kind: Weights | None = None,
        norm: bool = True,
        relu: Relu = True,
        residual: str | None = None,
        gain: float = 1.0,
    ) -> str:
        """Add a convolution, a norm, then the residual's addition and ReLU if wanted.

        Kernel, stride and dilation are one number, or two of rows and columns. ``padding``: places on every side, or
        above, below, left, right; "same" as TensorFlow pads, "causal" on the left alone; by default half of what the
        kernel spans on every side, as is usual in PyTorch. A trained one without a norm has a bias. ``gain``: factor of
        a supermask's magnitude.
        """
        slid = self._window(kernel, stride, padding, dilation)
        made = self._convolution(name, channels, slid, False, BITS.get(kind or self.weights), norm, gain)
        return self._step(name, made, self._norm(name, channels) if norm else None, relu, residual)

    def depthwise(
        self,
        name: str,
        kernel: Pair = 3,
        stride: Pair = 1,
        *,
        padding: Around | None = None,
        dilation: Pair = 1,
        kind: Weights | None = None,
        norm: bool = True,
        relu: Relu = True,
        residual: str | None = None,
        gain: float = 1.0,
    ) -> str:
        """Add a convolution of each channel by a kernel of its own, and what follows one of all channels."""
        channels, slid = self.shape[0], self._window(kernel, stride, padding, dilation)
        made = self._convolution(name, channels, slid, True, BITS.get(kind or self.weights), norm, gain)
        return self._step(name, made, self._norm(name, channels) if norm else None, relu, residual)

    def linear(
        self, name: str, features: int, *, kind: Weights | None = None, norm: bool = False, relu: Relu = False
    ) -> str:
        """Add a linear layer over all elements, by default without norm or ReLU; a trained one without has a bias."""
        inputs, bits = prod(self.shape), BITS.get(kind or self.weights)
        weight = self._weight(name, bits)
        if weight not in self.ops:
            self.ops[weight] = (
                SupermaskLinear(inputs, features, **self._source(name, self.scale * magnitude(inputs, self.densities)))
                if bits is None
                else QuantisedLinear(
                    inputs, features, bias=not norm or self.norms == "none", bits=bits, **self._latent()
                )
            )
        return self._step(name, weight, self._norm(name, features) if norm else None, relu)

    def max_pool(self, name: str, kernel: int, stride: int, padding: int = 0) -> str:
        """Add a max pool: the largest element of each window."""
        self.ops.setdefault(name, MaxPool(kernel, stride, padding))
        return self._step(name, name)

    def avg_pool(self, name: str, kernel: Pair, stride: Pair | None = None, padding: Padding = 0) -> str:
        """Add an average pool: the average of each window, by default side by side, zeros outside the map counted."""
        self.ops.setdefault(name, AvgPool(kernel, stride, padding))
        return self._step(name, name)

    def concat(self, name: str, other: str) -> str:
        """Put the channels of ``other`` behind those of ``x``."""
        self.ops.setdefault(name, Concat())
        return self._step(name, name, other=other)

    def global_avg_pool(self, name: str) -> str:
        """Add a global average pool: the average of each channel."""
        self.ops.setdefault(name, GlobalAvgPool())
        return self._step(name, name)

    def aggregate(
        self,
        name: str,
        kind: Weighting,
        *,
        norm: bool = True,
        relu: Relu = True,
        residual: str | None = None,
        learned: bool = False,
    ) -> str:
        """Add a sum over each node's neighbours and, ``learned`` times, itself; then norm, residual and ReLU."""
        self.ops.setdefault(name, Aggregate(kind, 1.0 if learned else None))
        return self._step(name, name, self._norm(name, self.shape[0]) if norm else None, relu, residual)

    def attention(
        self, name: str, heads: int, scores: str, *, norm: bool = True, relu: Relu = True, residual: str | None = None
    ) -> str:
        """Add a mean over each node's neighbours and itself, weighted by ``scores``, then what a convolution has."""
        self.ops.setdefault(name, Attention(heads))
        return self._step(name, name, self._norm(name, self.shape[0]) if norm else None, relu, residual, scores)

    def node_pool(self, name: str, kind: Pool) -> str:
        """Add the mean or sum over all nodes of a graph, or the first of them."""
        self.ops.setdefault(name, NodePool(kind))
        return self._step(name, name)

    @contextmanager
    def iterate(self, iteration: int, iterations: int) -> Iterator[None]:
        """Let steps added inside belong to one iteration of a fold. The numbers of folds within folds multiply."""
        outer = self.iteration, self.folded
        self.iteration, self.folded = outer[0] * iterations + iteration, outer[1] or iterations > 1
        yield
        self.iteration, self.folded = outer

    def net(self, classes: tuple[str, ...] = ()) -> Net:
        """Return the net written so far."""
        initial = {"score_init": self.score_init, "weight_init": self.weight_init}
        return Net(self.input, self.steps, classes, self.seed, {k: v for k, v in initial.items() if v != "torch"})

    def _step(
        self,
        name: str,
        key: str,
        norm: nn.BatchNorm2d | None = None,
        relu: Relu = False,
        residual: str | None = None,
        scores: str | None = None,
        other: str | None = None,
    ) -> str:
        """``key``: of its op, whose weight has that name."""
        op, tensor = self.ops[key], self._tensor(name)
        try:
            self.shapes[tensor] = output_shape(op, self.shapes, self.x, other)
        except GraphError as error:
            raise GraphError(f"step {tensor}: {error}") from None
        weight = key if isinstance(op, Weighted) else ""
        cap = None if isinstance(relu, bool) else float(relu)
        self.steps.append(Step(tensor, self.x, op, weight, norm, bool(relu), residual, scores, other, cap))
        self.x = tensor
        return tensor

    def _window(self, kernel: Pair, stride: Pair, padding: Around | None, dilation: Pair) -> Window:
        """How a convolution slides over ``x``, its padding in numbers."""
        if not isinstance(padding, str | None):
            return Window(kernel, stride, padding, dilation)
        sizes = (*self.shape[1:], 1, 1)  # of a vector, which its shape then refuses
        slid = sides(pair(kernel), stride, 0, dilation)
        rows = _around(slid[0], sizes[0], None if padding == "causal" else padding)
        return Window(kernel, stride, (*rows, *_around(slid[1], sizes[1], padding)), dilation)

    def _convolution(
        self, name: str, outputs: int, slid: Window, each: bool, bits: int | None, norm: bool, gain: float
    ) -> str:
        """The name of the weight of a convolution, which is made unless it is there."""
        inputs = self.shape[0]
        weight = self._weight(name, bits)
        if weight not in self.ops:
            shape = (inputs, outputs, slid.kernel, slid.stride, slid.padding, slid.dilation, each)
            real = gain * self.scale * magnitude((1 if each else inputs) * prod(slid.taps), self.densities)
            self.ops[weight] = (
                SupermaskConv2d(*shape, **self._source(name, real))
                if bits is None
                else QuantisedConv2d(*shape, bits=bits, bias=not norm or self.norms == "none", **self._latent())
            )
        return weight

    def _tensor(self, name: str) -> str:
        """What the present iteration calls the tensor of this name."""
        return f"{name}{ITERATION}{self.iteration}" if self.iteration else name

    def _weight(self, name: str, bits: int | None) -> str:
        """The name of the weight that the present iteration uses, ``bits`` those of a trained one."""
        return self._tensor(name) if bits is None and self.masks == "unshared" else name

    def _norm(self, name: str, channels: int) -> nn.BatchNorm2d | None:
        """A norm of the present iteration's own, or that of the iterations before it, or none."""
        if self.norms == "none":
            return None
        key = name if self.norms == "shared" else self._tensor(name)
        affine = self.folded if self.affine == "folded" else self.affine
        return self.normed.setdefault(key, nn.BatchNorm2d(channels, affine=affine, dtype=torch.float32))

    def _source(self, name: str, magnitude: float | None = None) -> Source:
        """Of a new mask: over the weight of the iterations before it, or over the next weight (SPEC section 1)."""
        tensors = {key: op.tensor for key, op in self.ops.items() if isinstance(op, SupermaskConv2d | SupermaskLinear)}
        tensor = tensors.get(name, len(set(tensors.values())))
        return {
            "tensor": tensor,
            "seed": self.seed,
            "densities": self.densities,
            "mask": self.iteration,
            "initial": self.score_init,
            "magnitude": magnitude,
        }

    def _latent(self) -> Latent:
        """What the next trained weight begins with."""
        return {"seed": generator.key(self.seed, len(self.ops), INITIAL_STREAM), "initial": self.weight_init}


def _around(side: Side, size: int, padding: str | None) -> tuple[int, int]:
    """Zeros before and behind so many places."""
    if padding == "same":
        all_of_them = max(0, (-(-size // side.stride) - 1) * side.stride + side.extent - size)
        return all_of_them // 2, all_of_them - all_of_them // 2
    if padding == "causal":
        return side.extent - 1, 0
    if padding is not None:
        raise InputError(f"padding {padding!r}: give a number, four, same or causal")
    return side.extent // 2, side.extent // 2
