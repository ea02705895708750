"""Trained convolutions on the cores: every geometry, hostile inputs, tiles of one group and of many."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Literal

import numpy as np
import pytest
from support import draws, nets
from support.nodes import assert_same, observed

from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, plan
from edgehfn.ir.ops import RELU, SIGNED, Conv, Input, Node, QuantisedWeight, Requantise
from edgehfn.ir.validate import verify
from edgehfn.target.board import board
from edgehfn.target.build import build
from edgehfn.target.execute import emitted, run
from edgehfn.target.toolchain import call

RawType = Literal["u8", "s8"]
MARKS = {
    "cortex-m0": ("hfn_tile_sums", "muls", 4),
    "cortex-m3": ("hfn_tile_outputs", "mla", 8),
    "cortex-m4": ("hfn_tile_outputs", "smlad", 16),
    "cortex-m55": ("hfn_tile_sums", "letp", 1),
    "rv32imc": ("hfn_tile_sums", "mul", 16),
}
SHAPES = [  # outputs, inputs, kernel, stride: 1 to 300 taps, of every remainder by 4, 8 and 16
    *((2, inputs, 1, 1) for inputs in (1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 32, 33, 67, 300)),
    *((3, inputs, 3, stride) for inputs, stride in ((1, 1), (2, 1), (3, 2), (4, 1), (5, 3), (7, 1), (8, 2), (17, 1))),
    *(
        (1, inputs, kernel, stride)
        for inputs, kernel, stride in ((3, 2, 2), (3, 4, 1), (2, 5, 1), (5, 5, 2), (3, 7, 1))
    ),
]


def convs(dtype: RawType, height: int, width: int) -> Graph:
    rng, made = Random(height), list[Node]([Input("input", (1, height, width), dtype=dtype)])
    wide: dict[int, str] = {1: "input"}
    for number, (outputs, inputs, kernel, stride) in enumerate(SHAPES):
        if inputs not in wide:  # a map of as many channels, and as hostile as the input
            wide[inputs] = f"x{inputs}"
            copy = draws.dense(rng, f"v{inputs}", (inputs, 1, 1, 1))
            made.append(Conv(f"x{inputs}", "input", copy, scale(inputs, 1, SIGNED if dtype == "s8" else RELU)))
        if kernel <= min(height, width):
            weight = draws.dense(rng, f"w{number}", (outputs, inputs, kernel, kernel))
            q = scale(outputs, inputs * kernel**2, rng.choice((SIGNED, RELU)))
            made.append(Conv(f"y{number}", wide[inputs], weight, q, stride, rng.choice((0, kernel // 2, kernel - 1))))
    for number, clamp in enumerate((RELU, SIGNED)):  # residuals apart, then in the same place
        x, weight = ("input", "r0")[number], draws.dense(rng, f"u{number}", (1, 1, 3, 3))
        q = Requantise((1,), (5,), 3, 8, clamp, 3, 6)
        made.append(Conv(f"r{number}", "input", weight, q, 1, 1, x))
    return verify(Graph(tuple(made), 3))


def scale(outputs: int, taps: int, clamp: tuple[int, int]) -> Requantise:
    return Requantise(
        (1, -1, 2) * (outputs // 3) + (1,) * (outputs % 3), (5,) * outputs, 3, 6 + taps.bit_length() // 2, clamp
    )


@pytest.mark.qemu
@pytest.mark.parametrize("core", MARKS)
@pytest.mark.parametrize(("dtype", "height", "width"), [("s8", 9, 11), ("u8", 7, 8)])
def test_every_number_of_taps(core: str, dtype: RawType, height: int, width: int) -> None:
    graph = convs(dtype, height, width)
    raw = nets.random_input(graph, 3, 5)
    assert_same(observed(emulate, graph, raw), observed(partial(run, on=core), graph, raw))


@pytest.mark.qemu
@pytest.mark.parametrize("core", MARKS)
def test_the_fast_path_is_what_is_linked(core: str) -> None:
    function, mark, times = MARKS[core]
    program = build(emitted(convs("u8", 7, 8)), board(core))
    code = call([board(core).architecture.objdump, "-d", f"--disassemble={function}", str(program)], timeout=60)
    assert code.count(f"\t{mark}") >= times


@pytest.mark.parametrize(("bits", "sizes"), [(8, (2048, 1152, 4800)), (4, (2052, 2376, 9900))])
def test_tiles_of_one_group_and_of_many(bits: int, sizes: tuple[int, ...]) -> None:
    """Groups of 64, 1152 and 4800 bytes; half bytes want two, and room for a channel."""
    made: list[Node] = [Input("input", (300, 4, 4))]
    for inputs, kernel in ((1, 1), (8, 3), (300, 1)):
        weight = QuantisedWeight(f"w{inputs}", np.ones((1, inputs, kernel, kernel), np.int8), bits)
        first = QuantisedWeight(f"v{inputs}", np.ones((inputs, 300, 1, 1), np.int8))
        made.append(Conv(f"x{inputs}", "input", first, scale(inputs, 300, RELU)))
        made.append(Conv(f"y{inputs}", f"x{inputs}", weight, scale(1, inputs, RELU)))
    graph = verify(Graph(tuple(made), 1))
    assert tuple(plan(graph).scratch[f"y{inputs}"].list_entries * 2 for inputs in (1, 8, 300)) == sizes
