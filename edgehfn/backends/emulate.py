"""The graph run on this machine, bit-exact and fast: docs/SPEC.md in NumPy and Numba, integers only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import assert_never

import numba
import numpy as np
import numpy.typing as npt

from edgehfn.backends import kernels
from edgehfn.backends.kernels import LANES
from edgehfn.graph import ops
from edgehfn.graph.graph import Graph, Tensor
from edgehfn.graph.ops import Conv, Linear
from edgehfn.graph.raw import Raw, checked
from edgehfn.graph.verify import LANE, bound

Int8 = npt.NDArray[np.int8]
Ints = npt.NDArray[np.integer]
Observe = Callable[[str, Int8], None]
Progress = Callable[[int, int], None]


def emulate(graph: Graph, raw: Raw, observe: Observe | None = None, progress: Progress | None = None) -> Int8:
    """Run raw images ``(N, *raw_shape)`` through a verified graph and return the outputs ``(N, *output.shape)``.

    ``observe`` receives each node's name and tensor ``(N, *shape)`` in execution order, after the run; without it only
    the outputs are kept. ``progress`` hears how many of how many images are done. As many groups of images run at once
    as Numba has threads. Raises InputError if ``raw`` does not fit the graph's input.
    """
    checked(graph, raw)
    program = {node.name: _prepare(node, graph) for node in graph if isinstance(node, Conv | Linear)}
    wanted = graph.tensors if observe else {graph.output.name: graph.output}
    made = {name: np.empty((len(raw), *tensor.shape), np.int8) for name, tensor in wanted.items()}

    def run(start: int) -> int:
        images = raw[start : start + LANES]
        _run(graph, program, images, {name: tensor[start : start + LANES] for name, tensor in made.items()})
        return len(images)

    done = 0
    threads: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    with ThreadPoolExecutor(threads) as pool:
        for group in as_completed([pool.submit(run, start) for start in range(0, len(raw), LANES)]):
            done += group.result()
            if progress:
                progress(done, len(raw))
    if observe:
        for name, tensor in made.items():
            observe(name, tensor)
    return made[graph.output.name]


@dataclass(frozen=True)
class _Sums:
    """A conv or linear node as ``kernels.weighted_sums`` takes it; ``lanes`` is the accumulators' type."""

    lanes: type[np.int16] | type[np.int32]
    bases: Ints
    offsets: Ints
    weights: Ints
    starts: Ints
    multiplier: Ints
    fixed: Ints
    ratio: int


def _prepare(node: Conv | Linear, graph: Graph) -> _Sums:
    bases, taps = _geometry(node, graph)
    rows = np.asarray(node.weight.values).reshape(node.weight.shape[0], -1)
    channel, tap = np.nonzero(rows)
    lanes = np.int16 if (bound(node, graph) < LANE).all() else np.int32
    q = node.requantise
    return _Sums(
        lanes,
        bases.ravel().astype(np.uint64),
        taps.ravel()[tap].astype(np.uint64),
        rows[channel, tap].astype(lanes),
        np.searchsorted(channel, np.arange(len(rows) + 1)),
        np.array(q.multiplier, np.int32),
        (np.array(q.bias, np.int64) * 2**q.bias_shift + (1 << q.shift >> 1)).astype(np.int32),
        q.residual_multiplier << q.residual_shift,
    )


def _geometry(node: Conv | Linear, graph: Graph) -> tuple[Ints, Ints]:
    """In places of the padded input: where each output pixel's window begins, and where each tap lies from there."""
    x, y = graph.tensors[node.x], graph.tensors[node.name]
    if isinstance(node, Linear):
        return np.zeros(1, np.int64), np.arange(x.size)
    channels, height, width = x.shape
    pitch = width + 2 * node.padding
    bases = np.add.outer(np.arange(y.shape[1]) * pitch, np.arange(y.shape[2])) * node.stride
    k = np.arange(node.weight.shape[2])
    planes = np.arange(channels) * (height + 2 * node.padding) * pitch
    return bases, np.add.outer(planes, np.add.outer(k * pitch, k))


def _run(graph: Graph, program: dict[str, _Sums], images: Raw, wanted: dict[str, Int8]) -> None:
    """One group of up to LANES images through the net; wanted tensors are written in place."""
    last = {name: i for i, node in enumerate(graph) for name in ops.inputs(node)}
    made: dict[str, Int8] = {}
    for index, node in enumerate(graph):
        tensor = graph.tensors[node.name]
        made[node.name] = y = _node(node, tensor, program, images, made)
        if node.name in wanted:
            wanted[node.name][...] = np.moveaxis(y, -1, 0)[: len(images)]
        for name in [name for name in made if last.get(name, 0) <= index]:
            del made[name]


def _node(node: ops.Node, tensor: Tensor, program: dict[str, _Sums], images: Raw, made: dict[str, Int8]) -> Int8:
    match node:
        case ops.Input():
            return _input(node, images)
        case Conv(x=x, padding=p):
            padded = np.pad(made[x], ((0, 0), (p, p), (p, p), (0, 0))) if p else made[x]
            residual = made[node.residual] if node.residual is not None else None
            return _requantised(node, tensor, program[node.name], padded, residual)
        case Linear(x=x):
            return _requantised(node, tensor, program[node.name], made[x], None)
        case ops.MaxPool(x=x):
            y = np.empty((*tensor.shape, LANES), np.int8)
            kernels.max_pool(made[x], node.kernel, node.stride, node.padding, y)
            return y
        case ops.AvgPool(x=x):
            return _scaled(node.multiplier * made[x].sum((1, 2), np.int32), node.shift, tensor)
        case ops.Add():
            terms = [np.int32(m) * made[x] for m, x in ((node.x_multiplier, node.x), (node.y_multiplier, node.y))]
            return _scaled(terms[0] + terms[1], node.shift, tensor)
        case _:
            assert_never(node)


def _input(node: ops.Input, images: Raw) -> Int8:
    lanes = np.zeros((*node.shape, LANES), np.int8)
    channels_first = np.moveaxis(images, -1, 1) if node.order == "hwc" else images
    mapped = channels_first >> 1 if node.dtype == "u8" else np.maximum(channels_first, -127)
    lanes[..., : len(images)] = np.moveaxis(mapped, 0, -1)
    return lanes


def _requantised(node: Conv | Linear, tensor: Tensor, sums: _Sums, x: Int8, residual: Int8 | None) -> Int8:
    y = np.empty((*tensor.shape, LANES), np.int8)
    flat = y.reshape(-1, LANES)
    kernels.weighted_sums(
        x.astype(sums.lanes).reshape(-1, LANES),
        sums.bases,
        sums.offsets,
        sums.weights,
        sums.starts,
        sums.multiplier,
        sums.fixed,
        sums.ratio,
        flat if residual is None else residual.reshape(-1, LANES),
        node.requantise.shift,
        tensor.lo,
        tensor.hi,
        flat,
    )
    return y


def _scaled(terms: npt.NDArray[np.int32], shift: int, tensor: Tensor) -> Int8:
    """SPEC's rounding shift and clamp; R1 keeps ``terms`` and the sum within 32 bits."""
    y: Int8 = np.clip((terms + (1 << shift >> 1)) >> shift, tensor.lo, tensor.hi).astype(np.int8)
    return y
