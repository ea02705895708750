"""The graph as an int8 TFLite model, to compare with and for runtimes that take nothing else.

TFLite requantises with 31-bit multipliers and rounds twice, so it cannot give the bytes of docs/SPEC.md. Fed with the
same integers, each of its nodes is within one step of ours on its reference kernels, two where a residual is fused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from edgehfn import files
from edgehfn.backends.tflite import scales as numbers
from edgehfn.backends.tflite.file import File
from edgehfn.ir import ops
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import RELU, SIGNED, Conv, Linear, Shape
from edgehfn.spec.window import Side, Sides, sides

LEAST = -128  # below all that tensors hold


def write_tflite(graph: Graph, path: str | Path) -> Path:
    """Write the graph as an int8 ``.tflite`` file; the same graph gives the same bytes. Returns the path.

    The model reads the sensor's bytes as ``N, H, W, C`` or ``N, C``: uint8 as they are, which its first operator maps
    to exactly ``x >> 1``; int8 as they are, where -128 stays. Images inside are ``N, H, W, C`` too, N is 1 until it is
    resized, and tensors carry the names of the graph's. Raises ToolError if LiteRT's bindings are missing, InputError
    if the file cannot be written, GraphError for a node that TFLite cannot follow within the steps promised above.
    """
    path = Path(path)
    content = emit(graph)
    files.make_folder(path.parent)
    files.write(path, content)
    return path


def emit(graph: Graph) -> bytes:
    """The content of the file that ``write_tflite`` writes."""
    writer = _Writer(graph)
    for node in graph:
        writer.node(node)
    return writer.file.content([0], writer.index[graph.output.name])


class _Writer:
    """Adds a graph's nodes to a file; ``index`` is where the tensors made so far are."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.file = File()
        self.schema = self.file.schema
        self.codes, self.kinds = self.schema.BuiltinOperator, self.schema.BuiltinOptions
        self.steps = numbers.steps(graph)
        self.index: dict[str, int] = {}

    def node(self, node: ops.Node) -> None:
        match node:
            case ops.Input():
                self._input(node)
            case Conv():
                self._conv(node)
            case Linear():
                self._linear(node)
            case ops.MaxPool():
                self._max_pool(node)
            case ops.AvgPool():
                axes = self.file.constant(f"{node.name}/axes", np.array([1, 2], np.int32))
                inputs, options = [self.index[node.x], axes], self.schema.ReducerOptionsT(keepDims=False)
                self.file.operator(self.codes.MEAN, 2, inputs, self._made(node), self.kinds.ReducerOptions, options)
            case ops.Add():
                numbers.check_add(node, self.graph, self.steps)
                self._add(node, [self.index[node.x], self.index[node.y]], node.clamp)
            case ops.Depthwise() | ops.MeanPool() | ops.Concat():
                raise AssertionError("refused by steps")
            case ops.Constant() | ops.SparseLinear() | ops.Aggregate() | ops.Attention() | ops.NodePool():
                raise AssertionError("refused by steps")
            case _:
                assert_never(node)

    def _input(self, node: ops.Input) -> None:
        """Unsigned bytes with zero point 1 and half the step: ``(x - 1) / 2``, halves rounded up, is ``x >> 1``."""
        if node.dtype == "s8":
            self._made(node)
            return
        raw = self.file.tensor(f"{node.name}/raw", nhwc(node.shape), self.steps[node.name] / 2, zero=1, unsigned=True)
        options = self.schema.QuantizeOptionsT()
        self.file.operator(self.codes.QUANTIZE, 1, [raw], self._made(node), self.kinds.QuantizeOptions, options)

    def _conv(self, node: Conv) -> None:
        q, residual = node.requantise, node.residual
        source, padding = self._padded(node, node.sides, 0)
        before = numbers.sum_before(node, residual, self.graph) if residual and q.residual_multiplier else None
        inputs = [source, *self._weights(node, before)]
        if before is None:
            made = self._made(node)
        else:
            shape, step = nhwc(self.graph.tensors[node.name].shape), self.steps[node.name] * before.step
            made = self.file.tensor(f"{node.name}/sum", shape, step, before.zero)
        options = self.schema.Conv2DOptionsT(
            padding=padding,
            strideH=node.sides[0].stride,
            strideW=node.sides[1].stride,
            dilationHFactor=node.sides[0].dilation,
            dilationWFactor=node.sides[1].dilation,
            fusedActivationFunction=self._activation(q.clamp if before is None else SIGNED),
        )
        self.file.operator(self.codes.CONV_2D, 3, inputs, made, self.kinds.Conv2DOptions, options)
        if residual and before:
            self._add(node, [made, self.index[residual]], q.clamp)

    def _linear(self, node: Linear) -> None:
        options = self.schema.FullyConnectedOptionsT(fusedActivationFunction=self._activation(node.requantise.clamp))
        inputs = [self.index[node.x], *self._weights(node, None)]
        kind = self.kinds.FullyConnectedOptions
        self.file.operator(self.codes.FULLY_CONNECTED, 5, inputs, self._made(node), kind, options)

    def _max_pool(self, node: ops.MaxPool) -> None:
        source, padding = self._padded(
            node, sides((node.kernel,) * 2, node.stride, node.padding), self.graph.tensors[node.x].lo
        )
        options = self.schema.Pool2DOptionsT(
            padding=padding,
            strideH=node.stride,
            strideW=node.stride,
            filterHeight=node.kernel,
            filterWidth=node.kernel,
        )
        self.file.operator(self.codes.MAX_POOL_2D, 2, [source], self._made(node), self.kinds.Pool2DOptions, options)

    def _add(self, node: ops.Node, inputs: Sequence[int], clamp: tuple[int, int]) -> None:
        options = self.schema.AddOptionsT(fusedActivationFunction=self._activation(clamp))
        self.file.operator(self.codes.ADD, 2, inputs, self._made(node), self.kinds.AddOptions, options)

    def _padded(self, node: Conv | ops.MaxPool, window: Sides, lo: int) -> tuple[int, Any]:
        """What a window slides over and TFLite's word for how. Where its SAME is not our padding an operator pads: with
        0, or if the values go down to a ``lo`` below 0 and must not lose to it, with less than all of them."""
        x = self.graph.tensors[node.x]
        around = [(side.before, side.after) for side in window]
        if not any(map(any, around)):
            return self.index[x.name], self.schema.Padding.VALID
        if all(same(side, size) for side, size in zip(window, x.shape[1:], strict=True)):
            return self.index[x.name], self.schema.Padding.SAME
        height, width = (size + sum(each) for size, each in zip(x.shape[1:], around, strict=True))
        padded = self.file.tensor(f"{node.name}/padded", (1, height, width, x.shape[0]), self.steps[x.name])
        places = self.file.constant(f"{node.name}/sides", np.array([(0, 0), *around, (0, 0)], np.int32))
        code, inputs, kind, options = self.codes.PAD, [], self.kinds.PadOptions, self.schema.PadOptionsT()
        if lo < 0:
            step = np.array([self.steps[x.name]], np.float32)
            inputs = [self.file.constant(f"{node.name}/least", np.array([LEAST], np.int8), step)]
            code, kind, options = self.codes.PADV2, self.kinds.PadV2Options, self.schema.PadV2OptionsT()
        self.file.operator(code, 2, [self.index[x.name], places, *inputs], padded, kind, options)
        return padded, self.schema.Padding.VALID

    def _weights(self, node: Conv | Linear, before: numbers.Sum | None) -> tuple[int, int]:
        """A node's weight, ``O, k, k, I`` or ``O, I`` with the inputs in TFLite's order, and its bias."""
        found = numbers.weights(node, self.graph, self.steps, before)
        x = self.graph.tensors[node.x]
        values = found.values
        if isinstance(node, Conv):
            values = np.moveaxis(values, 1, -1)
        else:
            values = np.moveaxis(values.reshape(-1, *x.shape), 1, -1).reshape(values.shape)
        return (
            self.file.constant(f"{node.name}/weight", values, found.steps),
            self.file.constant(f"{node.name}/bias", found.bias, found.steps * np.float32(self.steps[x.name])),
        )

    def _made(self, node: ops.Node) -> int:
        """The tensor of a node."""
        shape = nhwc(self.graph.tensors[node.name].shape)
        self.index[node.name] = self.file.tensor(node.name, shape, self.steps[node.name])
        return self.index[node.name]

    def _activation(self, clamp: tuple[int, int]) -> Any:
        kinds = self.schema.ActivationFunctionType
        return kinds.RELU if clamp == RELU else kinds.NONE


def nhwc(shape: Shape) -> Shape:
    """``C, H, W`` as ``1, H, W, C``; ``C`` as ``1, C``."""
    return (1, *shape[1:], shape[0])


def same(side: Side, size: int) -> bool:
    """Whether TFLite's SAME puts as many places before ``size`` ones and makes as many outputs as the graph does."""
    outputs = -(-size // side.stride)
    before = max((outputs - 1) * side.stride + side.extent - size, 0) // 2
    return before == side.before and outputs == side.made(size)
