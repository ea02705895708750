"""The graph run on this machine, bit-exact and fast: docs/SPEC.md in NumPy and Numba, integers only."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from queue import SimpleQueue
from typing import assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.backends.emulator import gnn as graphs
from edgehfn.backends.emulator import kernels
from edgehfn.backends.emulator.kernels import LANES
from edgehfn.backends.emulator.layout import Int16, Layout, Memory, lay_out
from edgehfn.backends.emulator.program import Program, Summed, divided, prepare
from edgehfn.errors import ToolError
from edgehfn.ir import ops
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.inputs import Raw, checked, golden
from edgehfn.ir.ops import Conv, Depthwise, Linear
from edgehfn.spec.jit import DISABLED, THREADS
from edgehfn.spec.limits import LEVELS

Int8 = npt.NDArray[np.int8]
Observe = Callable[[str, Int8], None]


def emulate(graph: Graph, raw: Raw, observe: Observe | None = None) -> Int8:
    """Run raw images ``(N, *raw_shape)`` through a verified graph and return the outputs ``(N, *output.shape)``.

    ``observe`` receives each node's name and tensor ``(N, *shape)`` in execution order, after the run; without it only
    the outputs are kept. As many groups of images run at once as Numba has threads. Raises InputError if ``raw`` does
    not fit the graph's input.
    """
    if DISABLED:
        raise ToolError("NUMBA_DISABLE_JIT is set, and the emulator's loops run compiled only; unset it")
    raw = checked(graph, raw)
    lanes = lay_out(graph)
    wanted = graph.tensors if observe else {graph.output.name: graph.output}
    made = {name: np.empty((len(raw), *tensor.shape), np.int8) for name, tensor in wanted.items()}
    for part, together, alone in divided(graph, lanes, len(raw)):
        found = {name: tensor[part] for name, tensor in made.items()}
        _by_groups(prepare(graph, lanes, alone), raw[part], together, found)
    if observe:
        for name, tensor in made.items():
            observe(name, tensor)
    return made[graph.output.name]


def golden_checksum(graph: Graph) -> int:
    """CRC-32 of the output of the golden inference (SPEC section 8)."""
    return zlib.crc32(emulate(graph, golden(graph)[None]).tobytes())


def _by_groups(program: Program, raw: Raw, together: int, made: dict[str, Int8]) -> None:
    groups = range(0, len(raw), together)
    memories: SimpleQueue[Memory] = SimpleQueue()
    for _ in range(min(THREADS, len(groups))):
        memories.put(program.lanes.allocate(1 if program.alone else LANES))

    def run(start: int) -> None:
        part, memory = slice(start, start + together), memories.get()
        try:
            _run(program, raw[part], memory, {name: tensor[part] for name, tensor in made.items()})
        finally:
            memories.put(memory)  # others wait for it, whatever happened

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, groups))  # raises what a group raised


def _run(program: Program, images: Raw, memory: Memory, wanted: dict[str, Int8]) -> None:
    """One group of images, or one graph, through the net; wanted tensors are written in place."""
    given = graphs.sample(program.graph, images[0]) if program.lanes.over_nodes else None
    for node in program.graph:
        _node(node, program, images, given, memory)
        if node.name in wanted and given is None:
            y = program.lanes.layouts[node.name].inside(memory.tensors[node.name])
            wanted[node.name][...] = np.moveaxis(y, -1, 0)[: len(images)]
        elif node.name in wanted:
            wanted[node.name][0] = graphs.taken(memory.tensors[node.name], program.graph.tensors[node.name])


def _node(node: ops.Node, program: Program, images: Raw, given: graphs.Sample | None, memory: Memory) -> None:
    """Makes the node's tensor in its buffer."""
    tensor, layouts = program.graph.tensors[node.name], program.lanes.layouts
    made = memory.tensors
    y = layouts[node.name].inside(made[node.name])
    x = {name: layouts[name].inside(made[name]) for name in ops.inputs(node)}
    match node:
        case ops.Input(topology=None):
            _input(node, images, y)
        case Conv() | Depthwise() | Linear():
            _weighted(node, program, memory)
        case ops.MaxPool():
            frames = layouts[node.x].frame, layouts[node.name].frame
            kernels.max_pool(made[node.x], node.kernel, node.stride, node.padding, *frames, made[node.name])
        case ops.AvgPool():
            y[...] = _scaled(node.multiplier * x[node.x].sum((1, 2), np.int32), node.shift, tensor)
        case ops.MeanPool():
            y[...] = _scaled(node.multiplier * _window_sums(node, layouts[node.x], made[node.x]), node.shift, tensor)
        case ops.Concat():
            factors = (node.x_multiplier, node.x), (node.y_multiplier, node.y)
            parts = [factor * x[name].astype(np.int32) for factor, name in factors]
            y[...] = _scaled(np.concatenate(parts), node.shift, tensor)
        case ops.Add():
            y[...] = _scaled(
                node.x_multiplier * x[node.x].astype(np.int32)
                + node.y_multiplier * x[node.y].astype(np.int32).reshape(x[node.x].shape),
                node.shift,
                tensor,
            )
        case ops.Input() | ops.Constant() | ops.SparseLinear() | ops.Aggregate() | ops.Attention() | ops.NodePool():
            assert given is not None
            graphs.make(node, tensor, given, made)
        case _:
            assert_never(node)


def _input(node: ops.Input, images: Raw, y: Int16) -> None:
    channels_first = np.moveaxis(images, -1, 1) if node.order == "hwc" else images
    if node.table is not None:
        rows = np.arange(node.shape[0]).reshape(-1, *[1] * (len(node.shape) - 1))
        mapped = np.array(node.table, np.int8)[rows, channels_first]
    elif node.maps is not None:
        each = np.array(node.maps, np.int32).T.reshape(3, -1, *[1] * (len(node.shape) - 1))
        multiplier, offset, shift = each
        mapped = np.clip((multiplier * channels_first.astype(np.int32) + offset) >> shift, -LEVELS, LEVELS)
    else:
        mapped = channels_first >> 1 if node.dtype == "u8" else np.maximum(channels_first, -LEVELS)
    y[..., : len(images)] = np.moveaxis(mapped, 0, -1)


def _window_sums(node: ops.MeanPool, x: Layout, framed: Int16) -> npt.NDArray[np.int32]:
    """Of all windows, whose places outside the map are the frame's zeros."""
    found: npt.NDArray[np.int32] = np.zeros((), np.int32)
    for a, b in product(*(range(side.kernel) for side in node.sides)):
        parts = [
            slice(start := frame - side.before + tap, start + (side.made(size) - 1) * side.stride + 1, side.stride)
            for side, size, frame, tap in zip(node.sides, x.shape[1:], x.frame, (a, b), strict=True)
        ]
        found = found + framed[(slice(None), *parts)]
    return found


def _weighted(node: Summed, program: Program, memory: Memory) -> None:
    sums, tensor = program.sums[node.name], program.graph.tensors[node.name]
    channels, r = len(sums.multiplier), ops.residual(node)
    if program.alone:
        inside = {
            name: program.lanes.layouts[name].inside(memory.tensors[name])[..., 0] for name in (node.name, r) if name
        }
        y = residual = np.zeros((channels, len(sums.places) * LANES), np.int16)
        if r:
            residual[:, sums.grid] = inside[r]
    else:
        y, residual = (memory.tensors[name].reshape(channels, -1) for name in (node.name, r or node.name))
    kernels.weighted_sums(
        memory.buffers[node.x],
        sums.bases,
        sums.offsets,
        sums.cuts,
        sums.weights,
        sums.multiplier,
        sums.fixed,
        sums.ratio,
        residual,
        sums.residual_places,
        node.requantise.shift,
        tensor.lo,
        tensor.hi,
        y,
        sums.places,
    )
    if program.alone:
        inside[node.name][...] = y[:, sums.grid]


def _scaled(terms: npt.NDArray[np.int32], shift: int, tensor: Tensor) -> npt.NDArray[np.int32]:
    """SPEC's rounding shift and clamp; R1 keeps ``terms`` and the sum within 32 bits."""
    y: npt.NDArray[np.int32] = np.clip((terms + (1 << shift >> 1)) >> shift, tensor.lo, tensor.hi)
    return y
