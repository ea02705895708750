"""Fully connected layers by every kernel: hostile sizes and inputs, on the host and on the cores."""

from __future__ import annotations

from functools import partial
from itertools import cycle, product
from pathlib import Path
from random import Random
from typing import Literal, get_args

import numpy as np
import pytest
from support import c_batch, draws, nets
from support.c_batch import Case
from support.narrow import entry
from support.nodes import assert_same, by_oracle, observed

from edgehfn.backends import c
from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, plan
from edgehfn.ir.inputs import Raw
from edgehfn.ir.ops import SIGNED, Input, Linear, Node, QuantisedWeight, Requantise, Supermask, Weight
from edgehfn.ir.validate import verify
from edgehfn.spec import generator
from edgehfn.target.board import board
from edgehfn.target.build import build
from edgehfn.target.execute import emitted, run
from edgehfn.target.toolchain import ARM_OBJDUMP, call

RawType = Literal["u8", "s8"]
SEED = 9
SIZES = (1, 2, 7, 8, 31, 32, 33, 63, 64, 65, 96, 100, 160, 257)
CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55")  # others run the code of one of these


def plain(number: int, outputs: int, inputs: int, density: float) -> Supermask:
    kept = np.random.default_rng(number).random(outputs * inputs) < density
    return Supermask(f"w{number}", number, (outputs, inputs), 1, kept.astype(np.uint8), SEED)


def layer(name: str, weight: Weight, rng: Random) -> Node:
    shift = max(0, weight.shape[1].bit_length() + (7 if isinstance(weight, QuantisedWeight) else 0) - 1)
    each = [rng.choice((1, -1, 2, -2)) for _ in range(weight.shape[0])]
    return Linear(name, "input", weight, Requantise(tuple(each), (3,) * len(each), 2, shift, SIGNED))


def graphs(inputs: int, dtype: RawType) -> Graph:
    """Layers that read one vector: every density, outputs below and above where tables begin."""
    rng, made = Random(inputs), list[Node]([Input("input", (inputs,), dtype=dtype)])
    for outputs, density in ((16, 0.0), (16, 1.0), (17, 0.3), (35, 0.5), (15, 0.5)):
        made.append(layer(f"y{len(made)}", plain(len(made), outputs, inputs, density), rng))
    for outputs in (1, 2, 3, 4, 7):
        made.append(layer(f"y{len(made)}", draws.dense(rng, f"w{len(made)}", (outputs, inputs)), rng))
    return verify(Graph(tuple(made), SEED))


def hostile(graph: Graph) -> Raw:
    """Noise, extremes, and for some rows the largest and the smallest sum that there is."""
    raw = nets.random_input(graph, 3, 8)
    signs = generator.signs(SEED, 2, entry(graph).shape[0])
    low = 0 if entry(graph).dtype == "u8" else -127
    raw[6] = np.where(signs > 0, raw.max(), low)
    raw[7] = np.where(signs > 0, low, raw.max())
    return raw


@pytest.mark.gcc
@pytest.mark.slow
def test_every_size_on_the_host(tmp_path: Path) -> None:
    made = [graphs(inputs, dtype) for inputs, dtype in product(SIZES, get_args(RawType))]
    used = {c.function(node, graph) for graph in made for node in graph}
    assert used >= {"hfn_linear_plain", "hfn_linear_supermask", "hfn_linear_dense"}
    raw = [hostile(graph) for graph in made]
    found = c_batch.run([Case(graph, x) for graph, x in zip(made, raw, strict=True)], tmp_path)
    for graph, x, tensors in zip(made, raw, found, strict=True):
        assert_same(by_oracle(graph, x), tensors)


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
def test_every_size_on_cores(core: str) -> None:
    types: tuple[RawType, ...] = ("u8", "s8", "s8")
    for inputs, dtype in zip(SIZES[::2] + SIZES[1::2], cycle(types), strict=False):
        graph = graphs(inputs, dtype)
        raw = hostile(graph)
        assert_same(observed(emulate, graph, raw), observed(partial(run, on=core), graph, raw))


MARKS = {
    "cortex-m0": ("hfn_add_block", "ldrh", 8),
    "cortex-m3": ("hfn_add_block", "ldrh", 8),
    "cortex-m4": ("hfn_add_block", "ldrh", 8),
    "cortex-m55": ("hfn_row", "vmsr", 4),
}


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
def test_the_tables_are_what_is_linked(core: str) -> None:
    function, mark, times = MARKS[core]
    program = build(emitted(graphs(64, "u8")), board(core))
    code = call([ARM_OBJDUMP, "-d", f"--disassemble={function}", str(program)], timeout=60)
    assert code.count(mark) >= times


def test_tables_are_scratch_of_plain_layers_of_many_outputs() -> None:
    made: list[Node] = [Input("input", (40,))]
    counts = np.ones(16 * 40, np.uint8)
    for coats, pruned, outputs in ((1, 0, 16), (1, 0, 15), (2, 0, 16), (1, 256, 16)):
        kept = counts[: outputs * 40] * (pruned == 0)
        weight = Supermask(f"w{len(made)}", len(made), (outputs, 40), coats, kept, SEED, pruned)
        made.append(layer(f"y{len(made)}", weight, Random(0)))
    graph = verify(Graph(tuple(made), SEED))
    planned = plan(graph)
    assert {name: buffer.size for name, buffer in planned.tables.items()} == {"y1": 4 * 16 + 2048}
    assert [c.function(node, graph) for node in graph][1:] == ["hfn_linear_plain", *["hfn_linear_supermask"] * 3]
