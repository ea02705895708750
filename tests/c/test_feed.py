"""Images that come row by row: the runtime's C on the host, sanitized, every byte of every node against the oracle; and
models that share nothing."""

from __future__ import annotations

import subprocess
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from support import c_batch, gnn_nets, nets, oracle, schedules
from support.c_batch import SANITIZED, WARNINGS, Case
from support.host_c import check, noise

from edgehfn import zoo
from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.backends.emulator import emulate
from edgehfn.errors import GraphError
from edgehfn.evaluation.models import open_model
from edgehfn.ir import Graph, plan
from edgehfn.ir.groups import group
from edgehfn.ir.inputs import by_rows, golden
from edgehfn.ir.planner import front
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import selftest
from edgehfn.target.build import MODEL

BATCH = 40


def images(first: int, count: int) -> list[tuple[int, Graph]]:
    """Random nets of images."""
    drawn = ((seed, nets.random_graph(seed, macs=60_000, size=16)) for seed in range(first, first + count))
    return [(seed, graph) for seed, graph in drawn if group(graph, 0, 0, 1)]


@pytest.mark.gcc
@pytest.mark.slow
@pytest.mark.parametrize(("objective", "first"), [("speed", 0), ("speed", 40), ("ram", 1000), ("flash", 2000)])
def test_random_groups(objective: Objective, first: int, tmp_path: Path) -> None:
    """Three images one after another, of both orders and types; rows of memory that is gone when the next one comes."""
    made = []
    for seed, graph in images(first, BATCH):
        planned = schedules.grouped(graph, seed, objective, rows=True) or plan(graph, objective, rows=True)
        made.append(Case(graph, noise(graph, seed, 3), objective=objective, own=planned))
    kinds = {(case.graph.input.order, case.graph.input.dtype) for case in made if case.graph.input}
    assert kinds == {*product(("chw", "hwc"), ("u8", "s8"))}
    assert any(case.plan.groups[0].last > 1 for case in made)
    check(made, tmp_path)


@pytest.mark.gcc
@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_plan_of_a_front(objective: Objective, tmp_path: Path) -> None:
    graph = nets.folded_resnet(3, size=16)
    plans = front(graph, objective, rows=True)
    assert len({planned.groups[0].last for planned in plans}) > 1
    check([Case(graph, noise(graph, 5, 2), objective=objective, own=planned) for planned in plans], tmp_path)


INTERLEAVED = """
#include <stdio.h>
#include "one.h"
#include "two.h"
static ONE_ARENA(one);
static TWO_ARENA(two);
static unsigned char rows[2][32 * 1024];
int main(void) {
    FILE *in[2] = {fopen("one.bin", "rb"), fopen("two.bin", "rb")}, *out = fopen("out.bin", "wb");
    one_start(one);
    two_start(two);
    for (int done = 0; done != 3;) {
        if (!(done & 1) && fread(rows[0], 1, ONE_ROW_SIZE, in[0]) == ONE_ROW_SIZE) {
            done |= one_feed(one, (const void *)rows[0]);
        }
        if (!(done & 2) && fread(rows[1], 1, TWO_ROW_SIZE, in[1]) == TWO_ROW_SIZE) {
            done |= two_feed(two, (const void *)rows[1]) << 1;
        }
    }
    fwrite(ONE_OUTPUT(one), 1, ONE_OUTPUT_SIZE, out);
    fwrite(TWO_OUTPUT(two), 1, TWO_OUTPUT_SIZE, out);
    return fclose(out);
}
"""


@pytest.mark.gcc
def test_two_models_whose_rows_come_in_turns(tmp_path: Path) -> None:
    graphs = {"one": nets.folded_resnet(3, size=16), "two": images(5, 9)[0][1]}
    wanted = b""
    for seed, (name, graph) in enumerate(graphs.items()):
        raw = noise(graph, seed, 1)
        (tmp_path / f"{name}.bin").write_bytes(by_rows(graph, raw).tobytes())
        wanted += emulate(graph, raw).tobytes()
        for file, text in c.emit(graph, plan(graph, "ram", rows=True), name).items():
            (tmp_path / file).write_text(text)
    (tmp_path / "main.c").write_text(INTERLEAVED)
    sources = ["main.c", "one.c", "two.c", *map(str, firmware.runtime(assembly=False))]
    flags = [*WARNINGS, *SANITIZED, "-DHFN_FEW_ROWS=1", *firmware.includes()]
    c_batch.call(["gcc", *flags, *sources, "-o", "main"], tmp_path)
    c_batch.call(["./main"], tmp_path)
    assert (tmp_path / "out.bin").read_bytes() == wanted


@pytest.mark.gcc
def test_an_image_that_is_given_up_leaves_no_trace(tmp_path: Path) -> None:
    graph = nets.folded_resnet(3, size=16)
    raw = noise(graph, 1, 2)
    for file, text in c.emit(graph, plan(graph, "ram", rows=True), "kws").items():
        (tmp_path / file).write_text(text)
    (tmp_path / "rows.bin").write_bytes(by_rows(graph, raw).tobytes())
    (tmp_path / "main.c").write_text(
        """
#include <stdio.h>
#include "kws.h"
static KWS_ARENA(arena);
static unsigned char rows[2][KWS_ROWS][KWS_ROW_SIZE];
int main(void) {
    FILE *in = fopen("rows.bin", "rb"), *out = fopen("out.bin", "wb");
    if (fread(rows, 1, sizeof rows, in) != sizeof rows) {
        return 1;
    }
    for (int given = 0; given < KWS_ROWS; given++) {
        kws_start(arena);
        for (int i = 0; i < given; i++) {
            if (kws_feed(arena, (const void *)rows[0][i])) {
                return 2;
            }
        }
        kws_start(arena);
        for (int i = 0; i < KWS_ROWS; i++) {
            if (kws_feed(arena, (const void *)rows[1][i]) != (i == KWS_ROWS - 1)) {
                return 3;
            }
        }
        fwrite(KWS_OUTPUT(arena), 1, KWS_OUTPUT_SIZE, out);
    }
    return fclose(out);
}
"""
    )
    sources = ["main.c", "kws.c", *map(str, firmware.runtime(assembly=False))]
    flags = [*WARNINGS, *SANITIZED, "-DHFN_FEW_ROWS=1", *firmware.includes()]
    c_batch.call(["gcc", *flags, *sources, "-o", "main"], tmp_path)
    c_batch.call(["./main"], tmp_path)
    assert graph.input is not None
    wanted = emulate(graph, raw[1:]).tobytes()
    assert (tmp_path / "out.bin").read_bytes() == wanted * graph.input.shape[1]


@pytest.mark.gcc
@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_selftest_needs_no_whole_image(objective: Objective, tmp_path: Path) -> None:
    for _, graph in images(60, 4):
        assert selftest(graph, objective=objective, rows=True)
        texts = c.emit(graph, plan(graph, objective, rows=True), MODEL, golden=0)
        assert "_INPUT(" not in "".join(texts.values())
        assert "model_run" not in "".join(texts.values())


@pytest.mark.gcc
def test_the_selftest_expects_the_oracles_output(tmp_path: Path) -> None:
    """Golden rows are those of the golden image, in either order; another checksum fails."""
    seen = set()
    for seed, graph in images(70, 12):
        assert graph.input is not None
        if graph.input.order in seen or min(graph.input.shape) < 2:
            continue
        seen.add(graph.input.order)
        output = oracle.run(graph, golden(graph).ravel().tolist())[graph.output.name]
        for wrong in (0, 1):
            place = tmp_path / f"{seed}-{wrong}"
            place.mkdir()
            for file, text in c.emit(graph, plan(graph, rows=True), "kws", oracle.crc32(output) ^ wrong).items():
                (place / file).write_text(text)
            (place / "main.c").write_text(
                '#include "kws.h"\nstatic KWS_ARENA(arena);\nstatic unsigned char row[KWS_ROW_SIZE];\n'
                "int main(void) { return kws_selftest(arena, (void *)row); }\n"
            )
            sources = ["main.c", "kws.c", *map(str, firmware.runtime(assembly=False))]
            c_batch.call(["gcc", *WARNINGS, *SANITIZED, *firmware.includes(), *sources, "-o", "main"], place)
            assert subprocess.call([place / "main"]) == 2 * wrong
    assert seen == {"chw", "hwc"}


@pytest.mark.gcc
def test_the_example_compiles(tmp_path: Path) -> None:
    graph = nets.folded_resnet(3, size=16)
    (tmp_path / "kws.h").write_text(c.emit(graph, plan(graph, rows=True), "kws")["kws.h"])
    example = str(c_batch.FIRMWARE / "example" / "rows.c")
    c_batch.call(["gcc", *WARNINGS, "-O2", "-I.", "-c", example, "-o", "rows.o"], tmp_path)


def test_what_is_no_image_cannot_come_in_rows() -> None:
    for graph in (gnn_nets.stored(1), gnn_nets.variable(1)):
        with pytest.raises(GraphError, match="the input is no image"):
            plan(graph, rows=True)


def test_rows_are_the_bytes_of_a_row() -> None:
    for _, graph in images(80, 12):
        assert graph.input is not None
        raw = noise(graph, 1, 1)
        maps = raw[0].transpose(2, 0, 1) if graph.input.order == "hwc" else raw[0]
        for i, row in enumerate(by_rows(graph, raw)[0]):
            pixels = maps[:, i].T if graph.input.order == "hwc" else maps[:, i]
            assert np.array_equal(row, pixels.ravel())


@pytest.mark.slow
def test_the_arena_falls_by_nearly_the_whole_image(tmp_path: Path) -> None:
    """Of CIFAR-10, 3,072 bytes: a window of it and a count of its rows stay."""
    graph = open_model(zoo.get("cifar10", tmp_path)[0]).graph
    whole, fed = (plan(graph, "ram", rows=rows) for rows in (False, True))
    assert fed.size <= whole.size - 2700
    assert fed.raw.size == 4
