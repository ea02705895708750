"""Nets that read normalised bytes: what they compute, and on which machines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support import nets, nodes, schedules
from support.c_batch import Case
from support.host_c import check, noise
from support.pictures import pictures

import calibrate
from edgehfn import lower, nn
from edgehfn.backends import reference
from edgehfn.backends.emulator import emulate
from edgehfn.errors import GraphError, InputError
from edgehfn.ir import Graph, ops, plan, verify
from edgehfn.ir.groups import group
from edgehfn.model import modelfile
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target.count import counted
from edgehfn.target.execute import run_planned


def random_graphs(first: int, count: int) -> list[Graph]:
    return [nets.random_graph(seed, macs=60_000, table=True) for seed in range(first, first + count)]


@pytest.mark.parametrize("seed", range(12))
def test_reference_and_emulator_equal_the_oracle(seed: int) -> None:
    graph = verify(nets.random_graph(seed, table=True))
    raw = nets.random_input(graph, seed, 4)
    wanted = nodes.by_oracle(graph, raw)
    nodes.assert_same(wanted, nodes.observed(emulate, graph, raw))
    nodes.assert_same(wanted, nodes.observed(reference.run, graph, raw))


@pytest.mark.gcc
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_host_equals_the_oracle(objective: Objective, tmp_path: Path) -> None:
    """Whole, in groups, and fed row by row; both orders, in place and apart."""
    made, fed = [], 0
    for seed, graph in enumerate(random_graphs(100, 10)):
        made.append(Case(graph, noise(graph, seed, 2), objective=objective))
        if group(graph, 0, 0, 1):
            for rows in (False, True):
                planned = schedules.random_plan(graph, seed, objective, rows=rows)
                made.append(Case(graph, noise(graph, seed, 2), objective=objective, own=planned))
                fed += planned.fed
    assert fed
    assert {case.graph.input.order for case in made if case.graph.input} == {"chw", "hwc"}
    check(made, tmp_path)


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m55"])
@pytest.mark.parametrize("rows", [False, True])
def test_cores_equal_the_emulator_in_constant_time(core: str, rows: bool) -> None:
    graph = next(graph for graph in small_graphs() if group(graph, 0, 0, 1))
    planned = plan(graph, "ram", rows=rows)
    raw = nets.random_input(graph, 1, 4)
    assert (run_planned(graph, planned, raw, core) == emulate(graph, raw)).all()
    assert len({counted(graph, planned, core, one) for one in raw}) == 1


def small_graphs() -> list[Graph]:
    return [nets.random_graph(seed, macs=20_000, channels=12, nodes=5, table=True) for seed in range(40)]


def test_a_table_keeps_its_rules() -> None:
    row = tuple(range(-127, 129))
    for given, message in (
        (ops.Input("input", (1, 2, 2), table=(row,)), "outside -127..127"),
        (ops.Input("input", (2, 2, 2), table=((0,) * 256,)), "256 for each of 2 channels"),
        (ops.Input("input", (1, 2, 2), table=((0,) * 255,)), "256 for each of 1 channels"),
        (ops.Input("input", (1, 2, 2), "chw", "s8", table=((0,) * 256,)), "bytes u8"),
    ):
        with pytest.raises(GraphError, match=message):
            verify(Graph((given, ops.AvgPool("y", "input", 1, 0)), 1))


MEAN, DEVIATION = (0.491, 0.482, 0.447), (0.247, 0.243, 0.262)


def test_what_a_net_reads_is_what_the_formula_says() -> None:
    spec = nn.InputSpec((3, 4, 4), mean=MEAN, deviation=DEVIATION)
    raw = pictures(2, (3, 4, 4))
    for c in range(3):
        wanted = (raw[:, c] / 255 - MEAN[c]) / DEVIATION[c]
        np.testing.assert_allclose(spec.real(torch.from_numpy(raw))[:, c].numpy(), wanted, rtol=0, atol=1e-6)
        assert spec.table is not None
        row = np.array(spec.table[c])
        assert abs(row[raw[:, c]] * spec.step - wanted).max() <= spec.step / 2 + 1e-9
        assert row[round(255 * MEAN[c])] == 0
    assert spec.table is not None
    assert max(abs(entry) for row in spec.table for entry in row) == 127


@pytest.mark.parametrize(
    ("mean", "deviation"),
    [((0.5,), (0.2,)), (MEAN, ()), ((), DEVIATION), (MEAN, (0.2, 0.0, 0.2)), ((float("nan"),) * 3, DEVIATION)],
)
def test_what_is_no_normalisation_is_refused(mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="each of 3 input channels"):
        nn.InputSpec((3, 4, 4), mean=mean, deviation=deviation)


def test_signed_bytes_are_not_normalised() -> None:
    with pytest.raises(InputError, match="give u8"):
        nn.InputSpec((3, 4, 4), dtype="s8", mean=MEAN, deviation=DEVIATION)


def test_a_file_keeps_it_and_integers_agree(tmp_path: Path) -> None:
    net = nn.tiny(nn.InputSpec((3, 16, 16), mean=MEAN, deviation=DEVIATION), 5)
    images = torch.from_numpy(pictures(64, (3, 16, 16)))
    net.train()(images)
    modelfile.save(net.eval(), tmp_path / "x.hfn")
    loaded = modelfile.load(tmp_path / "x.hfn")
    assert loaded.input == net.input
    assert torch.equal(loaded(images), net(images))
    graph = lower(loaded, calibrate.calibrate(loaded, [images]).scales)
    assert graph.input is not None
    assert graph.input.table == net.input.table  # type: ignore[union-attr]
