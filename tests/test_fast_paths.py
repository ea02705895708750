"""The assembly: proven to be what runs, and held against the emulator at every node."""

from __future__ import annotations

from functools import partial

import nets
import numpy as np
import pytest
from nodes import assert_same, observed

from edgehfn.backends.emulate import emulate
from edgehfn.graph import Graph, ops
from edgehfn.graph.verify import narrow
from edgehfn.target.board import board
from edgehfn.target.build import build
from edgehfn.target.execute import emitted, run
from edgehfn.target.toolchain import ARM_GCC, call

OBJDUMP = ARM_GCC.replace("gcc", "objdump")
MARKS = {"cortex-m4": "uxtab16", "cortex-m7": "uxtab16", "cortex-m33": "uxtab16"}


def narrow_convs(graph: Graph) -> int:
    return sum(isinstance(n, ops.Conv) and isinstance(n.weight, ops.Supermask) and narrow(n, graph) for n in graph)


@pytest.mark.parametrize("core", MARKS)
def test_the_fast_path_is_what_is_linked(core: str) -> None:
    program = build(emitted(nets.folded_resnet(1)), board(core))
    code = call([OBJDUMP, "-d", "--disassemble=hfn_channel_narrow", str(program)], timeout=60)
    assert code.count(MARKS[core]) >= 64


@pytest.mark.parametrize("core", MARKS)
def test_fast_paths_agree_with_the_emulator(core: str) -> None:
    met = 0
    for seed in range(1000, 1000 + (40 if core == "cortex-m4" else 6)):
        graph = nets.random_graph(seed, channels=24)
        raw = nets.random_input(graph, seed, 3)
        assert_same(observed(emulate, graph, raw), observed(partial(run, on=core), graph, raw))
        met += narrow_convs(graph)
    assert met >= 5


def test_folded_resnets_agree() -> None:
    graph = nets.folded_resnet(5, width=12, size=20)
    raw = nets.random_input(graph, 5, 4)
    assert np.array_equal(emulate(graph, raw), run(graph, raw, "cortex-m4"))
