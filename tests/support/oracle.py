"""docs/SPEC.md a second time, in plain Python integers and lists: slow, obvious, and sharing no code with ``edgehfn``.

Only the graph's dataclasses come in, as data: weights are decoded here from the stored mask words and the seed. Section
numbers are SPEC's. The assertions are its REQUIRE clauses, checked on the values that actually occur.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import mul
from typing import NamedTuple

from edgehfn.ir import ops
from edgehfn.ir.graph import Graph
from support import oracle_gnn
from support.oracle_weights import key, weight, word


class Tensor(NamedTuple):
    shape: tuple[int, ...]
    data: list[int]  # row-major
    lo: int
    hi: int


# Section 4.


def requantise(q: ops.Requantise, c: int, acc: int, x: int = 0) -> int:
    m, b, r = q.multiplier[c], q.bias[c], q.residual_multiplier
    terms = [m * acc, b * 2**q.bias_shift, r * x * 2**q.residual_shift, 2**q.shift // 2]
    assert abs(acc) < 2**31, "the accumulator needs 32 bits"
    assert sum(map(abs, terms)) < 2**31, "R1"
    return clamp(sum(terms) // 2**q.shift, *q.clamp)


def clamp(value: int, lo: int, hi: int) -> int:
    return min(max(value, lo), hi)


# Section 5.


def run(graph: Graph, image: Sequence[int]) -> dict[str, list[int]]:
    """Every node's tensor, row-major, for one image: its raw bytes (0..255 or -128..127) in the order they arrive."""
    made: dict[str, Tensor] = {}
    for node in graph.nodes:
        tensor = _node(node, made, image, graph.input)
        assert all(tensor.lo <= value <= tensor.hi for value in tensor.data), node.name
        made[node.name] = tensor
    return {name: tensor.data for name, tensor in made.items()}


def _node(node: ops.Node, made: dict[str, Tensor], image: Sequence[int], source: ops.Input | None) -> Tensor:
    if isinstance(node, ops.Input):
        return _input(node, image)
    if not isinstance(node, ops.Pixels):
        return oracle_gnn.node(node, made, image, source)
    x = made[node.x]
    if isinstance(node, ops.Conv):
        return _conv(node, x, made[node.residual].data if node.residual is not None else None)
    if isinstance(node, ops.Depthwise):
        return _depthwise(node, x, made[node.residual].data if node.residual is not None else None)
    if isinstance(node, ops.Linear):
        rows = _rows(weight(node.weight), node.weight.shape[0])
        data = [requantise(node.requantise, o, sum(map(mul, row, x.data))) for o, row in enumerate(rows)]
        return Tensor((len(rows),), data, *node.requantise.clamp)
    if isinstance(node, ops.MaxPool):
        return _max_pool(node, x)
    if isinstance(node, ops.AvgPool):
        maps = _rows(x.data, x.shape[0])
        data = [clamp((node.multiplier * sum(m) + 2**node.shift // 2) // 2**node.shift, x.lo, x.hi) for m in maps]
        return Tensor(x.shape[:1], data, x.lo, x.hi)
    if isinstance(node, ops.MeanPool):
        return _mean_pool(node, x)
    half = 2**node.shift // 2
    if isinstance(node, ops.Concat):
        y = made[node.y]
        parts = [node.x_multiplier * v + half for v in x.data] + [node.y_multiplier * v + half for v in y.data]
        shape = (x.shape[0] + y.shape[0], *x.shape[1:])
        return Tensor(shape, [clamp(t // 2**node.shift, *node.clamp) for t in parts], *node.clamp)
    pairs = zip(x.data, made[node.y].data, strict=True)
    sums = [node.x_multiplier * a + node.y_multiplier * b + half for a, b in pairs]
    return Tensor(x.shape, [clamp(t // 2**node.shift, *node.clamp) for t in sums], *node.clamp)


def _rows(flat: list[int], count: int) -> list[list[int]]:
    length = len(flat) // count
    assert length * count == len(flat)
    return [flat[i * length : (i + 1) * length] for i in range(count)]


def _input(node: ops.Input, image: Sequence[int]) -> Tensor:
    lo, hi = (0, 127) if node.dtype == "u8" else (-127, 127)
    if node.topology is not None:
        image = image[: node.shape[0] * node.shape[1] * node.shape[2]]
    mapped = [v >> 1 if node.dtype == "u8" else max(v, -127) for v in image]
    channels, hwc = node.shape[0], node.order == "hwc" and len(node.shape) == 3
    places = [i % channels if hwc else i * channels // len(image) for i in range(len(image))]
    if node.table is not None:
        lo = -127
        mapped = [node.table[c][v] for c, v in zip(places, image, strict=True)]
    if node.maps is not None:
        lo = -127
        each = [(*node.maps[c], v) for c, v in zip(places, image, strict=True)]
        mapped = [clamp((m * v + a) // 2**s, -127, 127) for m, a, s, v in each]
    if node.order == "hwc" and len(node.shape) == 3:
        channels = node.shape[0]
        mapped = [value for c in range(channels) for value in mapped[c::channels]]
    return Tensor(node.shape, mapped, lo, hi)


Window = Callable[[int, int, int], list[int | None]]


def _two(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _window(
    x: Tensor,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: int | tuple[int, int, int, int],
    dilation: int | tuple[int, int] = 1,
) -> tuple[Window, int, int]:
    """The elements under the window of output place (i, j) in channel c, row-major; None outside the map. And how many
    rows and columns of places there are."""
    _, height, width = x.shape
    (k_h, k_w), (d_h, d_w), (e_h, e_w) = _two(kernel), _two(stride), _two(dilation)
    p_t, p_b, p_l, p_r = padding if isinstance(padding, tuple) else (padding,) * 4

    def at(c: int, i: int, j: int) -> int | None:
        inside = 0 <= i < height and 0 <= j < width
        return x.data[(c * height + i) * width + j] if inside else None

    def window(c: int, i: int, j: int) -> list[int | None]:
        top, left = i * d_h - p_t, j * d_w - p_l
        return [at(c, top + a * e_h, left + b * e_w) for a in range(k_h) for b in range(k_w)]

    rows = (height + p_t + p_b - (k_h - 1) * e_h - 1) // d_h + 1
    return window, rows, (width + p_l + p_r - (k_w - 1) * e_w - 1) // d_w + 1


def _conv(node: ops.Conv, x: Tensor, residual: list[int] | None) -> Tensor:
    channels, inputs, k_h, k_w = node.weight.shape
    rows = _rows(weight(node.weight), channels)
    window, height, width = _window(x, (k_h, k_w), node.stride, node.padding, node.dilation)
    data = [0] * (channels * height * width)
    for i in range(height):
        for j in range(width):
            patch = [value or 0 for c in range(inputs) for value in window(c, i, j)]
            for o, row in enumerate(rows):
                place = (o * height + i) * width + j
                acc = sum(map(mul, row, patch))
                data[place] = requantise(node.requantise, o, acc, residual[place] if residual is not None else 0)
    return Tensor((channels, height, width), data, *node.requantise.clamp)


def _depthwise(node: ops.Depthwise, x: Tensor, residual: list[int] | None) -> Tensor:
    channels, _, k_h, k_w = node.weight.shape
    rows = _rows(weight(node.weight), channels)
    window, height, width = _window(x, (k_h, k_w), node.stride, node.padding, node.dilation)
    data = []
    for place, (c, i, j) in enumerate((c, i, j) for c in range(channels) for i in range(height) for j in range(width)):
        acc = sum(map(mul, rows[c], (value or 0 for value in window(c, i, j))))
        data.append(requantise(node.requantise, c, acc, residual[place] if residual is not None else 0))
    return Tensor((channels, height, width), data, *node.requantise.clamp)


def _mean_pool(node: ops.MeanPool, x: Tensor) -> Tensor:
    window, height, width = _window(x, node.kernel, node.stride, node.padding)
    places = [(c, i, j) for c in range(x.shape[0]) for i in range(height) for j in range(width)]
    sums = [sum(value or 0 for value in window(*place)) for place in places]
    data = [clamp((node.multiplier * acc + 2**node.shift // 2) // 2**node.shift, x.lo, x.hi) for acc in sums]
    return Tensor((x.shape[0], height, width), data, x.lo, x.hi)


def _max_pool(node: ops.MaxPool, x: Tensor) -> Tensor:
    window, height, width = _window(x, node.kernel, node.stride, node.padding)
    places = [(c, i, j) for c in range(x.shape[0]) for i in range(height) for j in range(width)]
    data = [max(value for value in window(*place) if value is not None) for place in places]
    return Tensor((x.shape[0], height, width), data, x.lo, x.hi)


def best(output: Sequence[int]) -> int:
    """The class: the smallest index among the largest elements."""
    return min(i for i, value in enumerate(output) if value == max(output))


# Section 8.


def golden_input(seed: int, size: int) -> list[int]:
    k = key(seed, 0xFFFFFFFF, 0)
    return [word(k, j // 4) >> (8 * (j % 4)) & 0xFF for j in range(size)]


def crc32(data: Sequence[int]) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte & 0xFF
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
