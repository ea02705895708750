"""Where the emulator keeps tensors: frames stay zero, and no tensor is written over while one reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import nets

from edgehfn.backends.emulator.images import _run
from edgehfn.backends.emulator.kernels import LANES
from edgehfn.backends.emulator.layout import LINE, Layout, lay_out
from edgehfn.backends.emulator.program import divided, prepare
from edgehfn.ir import ops


def test_places_skip_the_frame() -> None:
    layout = Layout((2, 3, 4), (2, 2))
    assert layout.framed == (2, 7, 8)
    assert layout.places[0, 0].tolist() == [18, 19, 20, 21]
    assert layout.places[1, 2, 3] == 56 + 4 * 8 + 5
    assert Layout((5,)).places.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(20))
def test_a_buffer_holds_one_living_tensor(seed: int) -> None:
    graph = nets.random_graph(seed, nodes=20)
    lanes = lay_out(graph)
    last = {name: i for i, node in enumerate(graph) for name in (node.name, *ops.inputs(node))}
    names = [node.name for node in graph]
    for i, name in enumerate(names):
        for later, other in enumerate(names[i + 1 :], i + 1):
            if lanes.buffers[name] == lanes.buffers[other]:
                assert last[name] < later
                assert lanes.layouts[name] == lanes.layouts[other]
    for node in graph:
        if isinstance(node, ops.Conv):
            frame = lanes.layouts[node.x].frame
            assert all(f >= max(side.before, side.after) for f, side in zip(frame, node.sides, strict=True))


@pytest.mark.parametrize(("images", "alone"), [(LANES, False), (1, True)])
def test_frames_stay_zero_and_lines_are_whole(images: int, alone: bool) -> None:
    graph = nets.folded_resnet(5, width=4, size=12)
    program = prepare(graph, lay_out(graph), alone)
    memory = program.lanes.allocate(images)
    for seed in (1, 2):
        _run(program, nets.random_input(graph, seed, images), memory, {})
    for name, buffer in memory.buffers.items():
        assert buffer.ctypes.data % LINE == 0
        tensor = memory.tensors[name].copy()
        program.lanes.layouts[name].inside(tensor)[...] = 0
        assert not tensor.any()
        assert not buffer[tensor.size :].any()
    assert len({id(buffer) for buffer in memory.buffers.values()}) < len(memory.buffers)


def test_lists_are_summed_as_written() -> None:
    """Against plain sums; products with the largest numbers that there are, an odd and an even number of them."""
    from edgehfn.backends.emulator import kernels

    draw = np.random.default_rng(0)
    x = draw.integers(-127, 128, (40, LANES)).astype(np.int16)
    x[:, 0], x[:, 1] = 127, -127
    offsets = draw.integers(0, 30, 25).astype(np.uint32)
    weights = draw.integers(-127, 128, 25).astype(np.int16)
    weights[:6] = 127

    add_lists: Any = kernels._sum_lists  # Numba passes the first parameter of an intrinsic itself
    add_products: Any = kernels._sum_products

    @kernels.COMPILED
    def summed(part, x, offsets, base, first, middle, last):  # type: ignore[no-untyped-def]
        add_lists(part, x, base, offsets, first, middle, last)

    @kernels.COMPILED
    def multiplied(acc, x, offsets, base, weights, first, last):  # type: ignore[no-untyped-def]
        add_products(acc, x, base, offsets, weights, first, last)

    given = x.ravel(), offsets * LANES, np.uint64(10 * LANES)
    for first, middle, last in ((0, 0, 0), (3, 4, 4), (5, 5, 6), (0, 13, 25), (0, 0, 24)):
        part, acc = np.full(LANES, 99, np.int16), np.full(LANES, 99, np.int32)
        summed(part, *given, first, middle, last)
        plus, minus = x[10 + offsets[first:middle]].sum(0), x[10 + offsets[middle:last]].sum(0)
        assert (part == plus - minus).all()
        multiplied(acc, *given, weights, first, last)
        assert (acc == weights[first:last].astype(np.int64) @ x[10 + offsets[first:last]].astype(np.int64)).all()


@pytest.mark.parametrize(
    ("images", "wanted"),
    [
        (0, []),
        (1, [(slice(1), 1, True)]),
        (LANES, [(slice(LANES), LANES, False)]),
        (LANES + 1, [(slice(LANES), LANES, False), (slice(LANES, LANES + 1), 1, True)]),
        (2 * LANES - 1, [(slice(2 * LANES - 1), LANES, False)]),
    ],
)
def test_few_images_run_alone(images: int, wanted: list[tuple[slice, int, bool]]) -> None:
    """A map of 12 by 12 in a frame of one takes three passes of 64 places, and a group a pass for each of 144."""
    graph = nets.folded_resnet(5, width=4, size=12)
    found = [(range(images)[part], together, alone) for part, together, alone in divided(graph, lay_out(graph), images)]
    assert found == [(range(images)[part], together, alone) for part, together, alone in wanted]
