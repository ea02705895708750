"""Inputs by maps, of all raw types: every machine against the oracle, whole and by rows, and their rules."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from support import many, nets, nodes, schedules
from support.c_batch import Case
from support.host_c import check, noise

from edgehfn.backends import reference
from edgehfn.backends.emulator import emulate
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, ops, plan, verify
from edgehfn.ir.groups import group
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target.count import counted
from edgehfn.target.execute import run_planned

RAW_TYPES: tuple[ops.RawType, ...] = get_args(ops.RawType)


@pytest.mark.parametrize("dtype", RAW_TYPES)
@pytest.mark.parametrize("seed", range(8))
def test_reference_and_emulator_equal_the_oracle(seed: int, dtype: ops.RawType) -> None:
    """The extremes of the type among them, and multipliers at their limits."""
    graph = verify(nets.random_graph(seed, maps=dtype))
    raw = nets.random_input(graph, seed, 4)
    wanted = nodes.by_oracle(graph, raw)
    nodes.assert_same(wanted, nodes.observed(emulate, graph, raw))
    nodes.assert_same(wanted, nodes.observed(reference.run, graph, raw))


@pytest.mark.gcc
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_host_equals_the_oracle(objective: Objective, tmp_path: Path) -> None:
    """Whole, in groups, and fed row by row; both orders, in place and apart."""
    made, fed = [], 0
    for seed in range(100, 110):
        graph = nets.random_graph(seed, macs=60_000, maps=RAW_TYPES[seed % 3])
        made.append(Case(graph, noise(graph, seed, 2), objective=objective))
        if group(graph, 0, 0, 1):
            for rows in (False, True):
                planned = schedules.random_plan(graph, seed, objective, rows=rows)
                made.append(Case(graph, noise(graph, seed, 2), objective=objective, own=planned))
                fed += planned.fed
    assert fed
    assert {(case.graph.input.order, case.graph.input.dtype) for case in made if case.graph.input} >= {
        (order, dtype) for order in ("chw", "hwc") for dtype in ("s8", "s16")
    }
    check(made, tmp_path)


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("core", "rows"), [("cortex-m0", True), ("cortex-m4", False), ("cortex-m55", True), ("rv32ec", False)]
)
def test_cores_equal_the_emulator_in_constant_time(core: str, rows: bool) -> None:
    dtype: ops.RawType = "s8" if core == "cortex-m0" else "s16"
    small = (nets.random_graph(seed, macs=20_000, channels=12, nodes=5, maps=dtype) for seed in range(40))
    graph = next(graph for graph in small if group(graph, 0, 0, 1) and graph.output.size > 1)
    planned = plan(graph, "ram", rows=rows)
    raw = nets.random_input(graph, 1, 4)
    assert (run_planned(graph, planned, raw, core) == emulate(graph, raw)).all()
    assert len({counted(graph, planned, core, one) for one in raw}) == 1


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "cortex-m55", "rv32imc"])
def test_many_nets_on_cores_equal_the_emulator(core: str) -> None:
    drawn = (
        verify(nets.random_graph(seed, macs=10_000, channels=8, nodes=4, size=7, maps=RAW_TYPES[seed % 3]))
        for seed in range(200, 225)
    )
    many.hold([many.Given(graph, nets.random_input(graph, 1, 2)) for graph in drawn], core, "speed")


def test_rounding_is_that_of_the_offset() -> None:
    graph = verify(Graph((ops.Input("input", (1, 1, 4), dtype="s16", maps=(ops.Affine(127, 1 << 14, 15),)),), 1))
    assert emulate(graph, np.array([[[[-32768, 129, 130, 32767]]]], np.int16)).ravel().tolist() == [-127, 0, 1, 127]


def test_samples_lie_where_their_tensor_lies() -> None:
    """A whole input of channels first is mapped in place: it takes the bytes of its samples, no more."""
    node = ops.Input("input", (3, 1, 64), dtype="s16", maps=(ops.Affine(127, 0, 15),) * 3)
    planned = plan(verify(Graph((node, ops.AvgPool("y", "input", 1, 6)), 1)))
    assert planned.size == planned.raw.size == 2 * 3 * 64


def test_maps_keep_their_rules() -> None:
    one = ops.Affine(1, 0, 0)
    for given, message in (
        (ops.Input("input", (1, 2, 2), dtype="s16"), "16 bits need a map"),
        (ops.Input("input", (2, 2, 2), dtype="s8", maps=(one,)), "1 maps for 2 channels"),
        (ops.Input("input", (1, 2, 2), maps=(ops.Affine(-32768, 0, 0),)), "multiplier is -32768"),
        (ops.Input("input", (1, 2, 2), maps=(ops.Affine(1, 0, 32),)), "shift 32"),
        (ops.Input("input", (1, 2, 2), dtype="s16", maps=(ops.Affine(32767, 2**30 + 2**15, 0),)), "exceeds 32 bits"),
        (ops.Input("input", (1, 2, 2), table=((0,) * 256,), maps=(one,)), "without a table"),
    ):
        with pytest.raises(GraphError, match=message):
            verify(Graph((given, ops.AvgPool("y", "input", 1, 0)), 1))
