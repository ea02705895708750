"""What a convolution's kernels build on: planes and lists of taps, as firmware/src/conv/conv.h defines them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from support import draws
from support.c_batch import LEAST, SANITIZED, WARNINGS, call

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.ir import plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import SIGNED, Conv, Input, Requantise, Supermask
from edgehfn.ir.scratch import Scratch
from edgehfn.ir.validate import verify

pytestmark = pytest.mark.gcc

Bytes = npt.NDArray[np.uint8]

DRIVER = """
#include "conv_supermask.h"
#include <stdio.h>
#include <stdlib.h>

static uint32_t get(void) {
    uint32_t word;
    return fread(&word, 4, 1, stdin) == 1 ? word : 0;
}

int main(void) {
    for (uint32_t arena_size; (arena_size = get()) != 0;) {
        uint32_t model_size = get(), node_at = get(), planes_size = get(), list_size = get();
        uint32_t *arena = malloc(arena_size), *model = malloc(model_size);
        if (fread(arena, 1, arena_size, stdin) != arena_size || fread(model, 1, model_size, stdin) != model_size) {
            return 1;
        }
        const struct hfn_conv *node = (const void *)((const char *)model + node_at);
        const struct hfn_planes planes = hfn_planes(node);
        const uint32_t weights = (uint32_t)node->inputs * node->kernel * node->kernel;
        struct hfn_taps taps;
        hfn_taps(&taps, node, &planes);
        for (uint32_t first = 0; first < node->rows; first += node->band) {
            struct hfn_mask mask;
            hfn_planes_fill(node, &planes, arena, first);
            fwrite((const char *)arena + node->planes, 1, planes_size, stdout);
            hfn_mask_open(&mask, model, node->weight);
            for (uint32_t output = 0; output < node->requantise.channels; output++) {
                struct hfn_channel channel;
                hfn_channel_open(&channel, model, node, &planes, arena, first, output);
                channel.list = hfn_in_arena(arena, node->list);
                channel.list_end = hfn_in_arena(arena, node->list_end);
                hfn_build_lists(&channel, &mask, &taps, weights);
                const uint32_t plus = (uint32_t)(channel.plus_end - channel.list);
                const uint32_t minus = (uint32_t)(channel.list_end - channel.minus);
                fwrite(&plus, 4, 1, stdout);
                fwrite(&minus, 4, 1, stdout);
                fwrite(channel.list, 1, list_size, stdout);
            }
        }
        free(arena);
        free(model);
    }
    return 0;
}
"""


def conv(
    seed: int, shape: tuple[int, int, int], dtype: Literal["u8", "s8"], kernel: int, stride: int, padding: int
) -> Graph:
    made = Input("input", shape, dtype=dtype)
    weight = draws.supermask(Random(seed), seed, 0, (2, shape[0], kernel, kernel), 40)
    q = Requantise((1, 1), (0, 0), 0, 9, SIGNED)
    return verify(Graph((made, Conv("y", "input", weight, q, stride, padding)), seed))


def expected_planes(graph: Graph, x: npt.NDArray[np.int8], band: int, first: int) -> tuple[Bytes, int]:
    """Element by element from the definition; a plane's bytes."""
    node = graph.nodes[1]
    assert isinstance(node, Conv)
    side, _ = node.sides
    k, d, p = side.kernel, side.stride, side.before
    (inputs, height, width), (_, rows, columns) = x.shape, graph.output.shape
    zero = 128 if graph.tensors["input"].lo < 0 else 0
    pitch, phases, reach = -(-columns // 4) * 4, min(d, k), (k - 1) // d
    planes = np.full((k, inputs, phases, band + reach, pitch), zero, np.uint8)
    used = min(band, rows - first) + reach
    for ci, b, f, r, j in product(range(inputs), range(k), range(phases), range(used), range(columns)):
        i, column = (first + r) * d + f - p, j * d + b - p
        if 0 <= i < height and 0 <= column < width:
            planes[b, ci, f, r, j] = int(x[ci, i, column]) + zero
    return planes[:, :, :, :used], (band + reach) * pitch


def expected_lists(weight: Supermask, stride: int, pitch: int, size: int) -> list[tuple[list[int], list[int]]]:
    """Offsets of each channel's taps, plus and minus, in any order."""
    k = weight.shape[2]
    phases, lists = min(stride, k), []
    for channel in weight.values:
        found: tuple[list[int], list[int]] = ([], [])
        for (ci, a, b), value in np.ndenumerate(channel):
            offset = ((b * weight.shape[1] + ci) * phases + a % stride) * size + a // stride * pitch
            found[int(value < 0)].extend([offset] * abs(int(value)))
        lists.append((sorted(found[0]), sorted(found[1])))
    return lists


def cases() -> list[tuple[Graph, int]]:
    """Graphs and the scratch they may take."""
    found = []
    for number, ((h, w), k, d) in enumerate(product([(1, 1), (5, 7), (6, 8), (9, 4)], range(1, 8), range(1, 5))):
        for p in {0, k // 2, k - 1}:
            if k <= min(h, w) + 2 * p:
                graph = conv(number, (1 + number % 3, h, w), "s8" if number % 2 else "u8", k, d, p)
                found.append((graph, (LEAST, 400, 16384)[number % 3]))
    return [*found, (conv(1, (40, 3, 3), "u8", 1, 1, 0), 300), (conv(2, (9, 4, 5), "s8", 3, 1, 1), 600)]


@pytest.mark.slow
def test_planes_and_lists_are_what_the_header_says(tmp_path: Path) -> None:
    (tmp_path / "driver.c").write_text(DRIVER)
    sources = [str(path) for path in firmware.runtime(assembly=False)]
    include = firmware.includes()
    call(["gcc", *WARNINGS, *SANITIZED, *include, "driver.c", *sources, "-o", "driver"], tmp_path)
    rng = np.random.default_rng(1)
    written, wanted = [], []
    for graph, limit in cases():
        planned = plan(graph, scratch_limit=limit)
        x = rng.integers(graph.tensors["input"].lo, 128, graph.tensors["input"].shape).astype(np.int8)
        arena = rng.integers(0, 256, planned.size).astype(np.uint8)
        arena[planned.tensors["input"].offset :][: x.size] = x.ravel().view(np.uint8)
        parts = c.layout(graph, planned)
        node = sum(len(part.data) for part in parts[: [part.member for part in parts].index("node_y")])
        model, scratch = b"".join(part.data for part in parts), planned.scratch["y"]
        numbers = (planned.size, len(model), node, scratch.planes, 2 * scratch.list_entries)
        written.append(np.array(numbers, np.uint32).tobytes() + arena.tobytes() + model)
        wanted.append((graph, x, scratch))
    (tmp_path / "in").write_bytes(b"".join(written))
    call(["sh", "-c", "./driver < in > out"], tmp_path)
    made = np.fromfile(tmp_path / "out", np.uint8)
    for graph, x, scratch in wanted:
        made = compare(graph, x, made, scratch)
    assert not made.size


def compare(graph: Graph, x: npt.NDArray[np.int8], made: Bytes, scratch: Scratch) -> Bytes:
    """Takes a graph's bands from what the driver made."""
    node, entries = graph.nodes[1], scratch.list_entries
    assert isinstance(node, Conv)
    assert isinstance(node.weight, Supermask)
    for first in range(0, graph.output.shape[1], scratch.band):
        wanted, size = expected_planes(graph, x, scratch.band, first)
        pitch, columns = wanted.shape[-1], graph.output.shape[2]
        held = made[: scratch.planes - 16].reshape(*wanted.shape[:3], -1, pitch)
        zero = 128 if graph.tensors["input"].lo < 0 else 0
        reached = made[: scratch.planes].astype(int) - zero  # whatever lies there, it is in the input's range
        assert reached.min() >= -127
        assert reached.max() <= 127
        assert np.array_equal(held[:, :, :, : wanted.shape[3], :columns], wanted[..., :columns]), graph
        made = made[scratch.planes :]
        for plus, minus in expected_lists(node.weight, node.sides[0].stride, pitch, size):
            counts = made[:8].view(np.uint32).tolist()
            listed = made[8 : 8 + 2 * entries].view(np.uint16).tolist()
            made = made[8 + 2 * entries :]
            assert counts == [len(plus), len(minus)]
            assert sorted(listed[: counts[0]]) == plus
            assert sorted(listed[entries - counts[1] :]) == minus
    return made
