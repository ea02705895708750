"""The graph run on this machine, bit-exact and fast: docs/SPEC.md in NumPy and Numba, integers only."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from queue import SimpleQueue
from typing import assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.backends.emulator import gnn as graphs
from edgehfn.backends.emulator import kernels
from edgehfn.backends.emulator.kernels import LANES
from edgehfn.backends.emulator.layout import Int16, Lanes, Layout, lay_out
from edgehfn.errors import ToolError
from edgehfn.ir import ops
from edgehfn.ir.bounds import bound
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.inputs import Raw, checked, golden
from edgehfn.ir.ops import Conv, Depthwise, Linear
from edgehfn.spec.jit import DISABLED, THREADS
from edgehfn.spec.limits import LANE, LEVELS

Int8 = npt.NDArray[np.int8]
Ints = npt.NDArray[np.integer]
Observe = Callable[[str, Int8], None]
Memory = dict[str, Int16]
Summed = Conv | Depthwise | Linear  # have a weight


def emulate(graph: Graph, raw: Raw, observe: Observe | None = None) -> Int8:
    """Run raw images ``(N, *raw_shape)`` through a verified graph and return the outputs ``(N, *output.shape)``.

    ``observe`` receives each node's name and tensor ``(N, *shape)`` in execution order, after the run; without it only
    the outputs are kept. As many groups of images run at once as Numba has threads. Raises InputError if ``raw`` does
    not fit the graph's input.
    """
    if DISABLED:
        raise ToolError("NUMBA_DISABLE_JIT is set, and the emulator's loops run compiled only; unset it")
    raw = checked(graph, raw)
    program = _prepare(graph)
    wanted = graph.tensors if observe else {graph.output.name: graph.output}
    made = {name: np.empty((len(raw), *tensor.shape), np.int8) for name, tensor in wanted.items()}
    together = 1 if program.lanes.over_nodes else LANES
    groups = range(0, len(raw), together)
    memories: SimpleQueue[Memory] = SimpleQueue()
    for _ in range(min(THREADS, len(groups))):
        memories.put(program.lanes.allocate())

    def run(start: int) -> None:
        images, memory = raw[start : start + together], memories.get()
        try:
            _run(program, images, memory, {name: tensor[start : start + together] for name, tensor in made.items()})
        finally:
            memories.put(memory)  # others wait for it, whatever happened

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, groups))  # raises what a group raised
    if observe:
        for name, tensor in made.items():
            observe(name, tensor)
    return made[graph.output.name]


def golden_checksum(graph: Graph) -> int:
    """CRC-32 of the output of the golden inference (SPEC section 8)."""
    return zlib.crc32(emulate(graph, golden(graph)[None]).tobytes())


@dataclass(frozen=True)
class _Sums:
    """A conv or linear node as ``kernels.weighted_sums`` takes it."""

    bases: Ints
    offsets: Ints
    cuts: Ints
    weights: Ints
    zero: Ints
    multiplier: Ints
    fixed: Ints
    ratio: int
    residual_places: Ints
    places: Ints


@dataclass(frozen=True)
class _Program:
    graph: Graph
    lanes: Lanes
    sums: dict[str, _Sums]


def _prepare(graph: Graph) -> _Program:
    lanes = lay_out(graph)
    return _Program(graph, lanes, {n.name: _sums(n, graph, lanes) for n in graph if isinstance(n, Summed)})


def _sums(node: Summed, graph: Graph, lanes: Lanes) -> _Sums:
    bases, taps = _geometry(node, lanes)
    rows = np.asarray(node.weight.values).reshape(node.weight.shape[0], -1).astype(np.int32)
    short = bool((bound(node, graph) < LANE).all())
    zero: Ints = np.zeros(0, np.int16) if short else np.zeros(0, np.int32)
    index_list = node.weight.uses_index_list
    signs = np.stack([np.maximum(rows, 0), np.maximum(-rows, 0)], 1) if index_list else np.stack([rows, 0 * rows], 1)
    times = signs.reshape(-1) if index_list else signs.reshape(-1) != 0
    lists, tap = np.divmod(np.repeat(np.arange(times.size), times), rows.shape[1])
    q = node.requantise
    places = taps.reshape(len(rows), -1)[lists // 2, tap] if isinstance(node, Depthwise) else taps.ravel()[tap]
    return _Sums(
        bases.ravel().astype(np.uint64),
        places.astype(np.uint32),
        np.searchsorted(lists, np.arange(2 * len(rows) + 1)),
        np.zeros(0, zero.dtype) if index_list else rows[lists // 2, tap].astype(zero.dtype),
        zero,
        np.array(q.multiplier, np.int32),
        (np.array(q.bias, np.int64) * 2**q.bias_shift + (1 << q.shift >> 1)).astype(np.int32),
        q.residual_multiplier << q.residual_shift,
        *(lanes.layouts[name].places[0].reshape(-1) for name in (ops.residual(node) or node.name, node.name)),
    )


def _geometry(node: Summed, lanes: Lanes) -> tuple[Ints, Ints]:
    """In places of the input: where each output pixel's window begins, and where each tap lies from there."""
    x, y = lanes.layouts[node.x], lanes.layouts[node.name]
    if isinstance(node, Linear):
        return np.zeros(1, np.int64), x.places
    channels, height, pitch = x.framed
    sides = list(zip(node.sides, y.shape[1:], x.frame, strict=True))
    rows, columns = (np.arange(size) * side.stride + frame - side.before for side, size, frame in sides)
    down, across = (np.arange(side.kernel) * side.dilation for side in node.sides)
    planes = np.arange(channels) * height * pitch
    return np.add.outer(rows * pitch, columns), np.add.outer(planes, np.add.outer(down * pitch, across))


def _run(program: _Program, images: Raw, memory: Memory, wanted: dict[str, Int8]) -> None:
    """One group of up to LANES images, or one graph, through the net; wanted tensors are written in place."""
    given = graphs.sample(program.graph, images[0]) if program.lanes.over_nodes else None
    for node in program.graph:
        _node(node, program, images, given, memory)
        if node.name in wanted and given is None:
            y = program.lanes.layouts[node.name].inside(memory[node.name])
            wanted[node.name][...] = np.moveaxis(y, -1, 0)[: len(images)]
        elif node.name in wanted:
            wanted[node.name][0] = graphs.taken(memory[node.name], program.graph.tensors[node.name])


def _node(node: ops.Node, program: _Program, images: Raw, given: graphs.Sample | None, memory: Memory) -> None:
    """Makes the node's tensor in its buffer."""
    tensor, layouts = program.graph.tensors[node.name], program.lanes.layouts
    y = layouts[node.name].inside(memory[node.name])
    x = {name: layouts[name].inside(memory[name]) for name in ops.inputs(node)}
    match node:
        case ops.Input(topology=None):
            _input(node, images, y)
        case Conv() | Depthwise() | Linear():
            _weighted(node, tensor, program.sums[node.name], memory)
        case ops.MaxPool():
            frames = layouts[node.x].frame, layouts[node.name].frame
            kernels.max_pool(memory[node.x], node.kernel, node.stride, node.padding, *frames, memory[node.name])
        case ops.AvgPool():
            y[...] = _scaled(node.multiplier * x[node.x].sum((1, 2), np.int32), node.shift, tensor)
        case ops.MeanPool():
            y[...] = _scaled(node.multiplier * _window_sums(node, layouts[node.x], memory), node.shift, tensor)
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
            graphs.make(node, tensor, given, memory)
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


def _window_sums(node: ops.MeanPool, x: Layout, memory: Memory) -> npt.NDArray[np.int32]:
    """Of all windows, whose places outside the map are the frame's zeros."""
    found: npt.NDArray[np.int32] = np.zeros((), np.int32)
    for a, b in product(*(range(side.kernel) for side in node.sides)):
        parts = [
            slice(start := frame - side.before + tap, start + (side.made(size) - 1) * side.stride + 1, side.stride)
            for side, size, frame, tap in zip(node.sides, x.shape[1:], x.frame, (a, b), strict=True)
        ]
        found = found + memory[node.x][(slice(None), *parts)]
    return found


def _weighted(node: Summed, tensor: Tensor, sums: _Sums, memory: Memory) -> None:
    x, r, y = (memory[name].reshape(-1, LANES) for name in (node.x, ops.residual(node) or node.name, node.name))
    kernels.weighted_sums(
        x,
        sums.bases,
        sums.offsets,
        sums.cuts,
        sums.weights,
        sums.zero,
        sums.multiplier,
        sums.fixed,
        sums.ratio,
        r,
        sums.residual_places,
        node.requantise.shift,
        tensor.lo,
        tensor.hi,
        y,
        sums.places,
    )


def _scaled(terms: npt.NDArray[np.int32], shift: int, tensor: Tensor) -> npt.NDArray[np.int32]:
    """SPEC's rounding shift and clamp; R1 keeps ``terms`` and the sum within 32 bits."""
    y: npt.NDArray[np.int32] = np.clip((terms + (1 << shift >> 1)) >> shift, tensor.lo, tensor.hi)
    return y
