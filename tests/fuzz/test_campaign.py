"""A slice of each kind of ``make fuzz``, and what becomes of a case that fails."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from support import many

from edgehfn.backends.emulator.images import emulate
from edgehfn.model import torchfile
from edgehfn.training import loop
from scripts.fuzz import __main__, campaign, faults, files, gnn, graphs
from scripts.fuzz.campaign import Failure, Tally

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.qemu
def test_graphs(tmp_path: Path) -> None:
    tally: Tally = Counter()
    graphs.turn(5, tmp_path, tally, count=4, machines=("host-sanitized", "cortex-m3"))
    assert (tally["graphs"], tally["programs"], tally["runs"]) == (4, 6, 4 * 3 * 6)


def test_files(tmp_path: Path) -> None:
    tally: Tally = Counter()
    files.turn(6, tmp_path, tally, count=3 * len(files.KINDS))
    assert tally["files"] == 3 * len(files.KINDS)
    assert 0 < tally["files refused"] < tally["files"]


@pytest.mark.gcc
def test_graphs_of_the_input(tmp_path: Path) -> None:
    tally: Tally = Counter()
    gnn.turn(7, tmp_path, tally, count=3)
    assert 0 < tally["run-time graphs refused"] < tally["run-time graphs"] == 3 * gnn.INPUTS


@pytest.mark.slow
@pytest.mark.parametrize("name", faults.COMMANDS)
@pytest.mark.parametrize(("fault", "size"), [("limit", 0), ("limit", 3000), ("read-only", 0), ("full", 0)])
def test_faults(name: str, fault: str, size: int, tmp_path: Path) -> None:
    faults.hold(name, fault, size, tmp_path)


def test_a_foreign_error_is_written_down_with_what_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that trips over one byte: of several changes the one that counts is kept, and the test fails alike."""

    def spoiled(run: Any, path: Path) -> None:
        if path.read_bytes()[:2] == b"\xff\xff":
            raise ZeroDivisionError("a fault")

    monkeypatch.setattr(loop, "load", spoiled)
    steps = [("flip", 900, b"\1"), ("put", 0, b"\xff\xff"), ("cut", 2000, b"")]
    whole = files._whole("ckpt", tmp_path)
    with pytest.raises(Failure, match="ckpt: ZeroDivisionError: a fault") as found:
        files._held("ckpt", whole, steps, tmp_path)
    assert found.value.files["file"] == b"\xff\xff" + whole[2:]


@pytest.mark.slow
@pytest.mark.gcc
def test_another_answer_is_written_down_as_a_ready_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = many.run

    def wrong(cases: Any, on: str, objective: Any) -> Any:
        found = honest(cases, on, objective)
        return [[many.Answer(one.status, one.nodes[:-1] + b"?") for one in answers] for answers in found]

    monkeypatch.setattr(many, "run", wrong)
    told: list[str] = []
    tally = campaign.run({"gnn": partial(gnn.turn, count=1)}, 0, 1, tmp_path, told.append)
    assert tally["failures"] == 1
    assert "FAILED: graph 0 differs" in told[0]
    (test,) = tmp_path.rglob("test_repro.py")
    assert "gnn.hold(" in test.read_text()
    assert (test.parent / "graph").stat().st_size > 4
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), str(test)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout  # nothing is wrong outside of this process


def test_the_emulator_is_held_against_the_oracle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And the failing graph is the smallest that fails."""

    def wrong(graph: Any, raw: Any, observe: Any) -> Any:
        return emulate(graph, raw, lambda name, values: observe(name, np.where(values == 5, 6, values).astype(np.int8)))

    monkeypatch.setattr("scripts.fuzz.graphs.emulate", wrong)
    with pytest.raises(Failure, match="emulator: ") as found:
        graphs.turn(5, tmp_path, Counter(), count=3, machines=())
    assert found.value.call.startswith("graphs.hold_emulator(")


def test_a_case_that_does_not_end_is_a_failure() -> None:
    with pytest.raises(campaign.Slow, match=r"within 0\.05 s"), campaign.within(0.05):
        time.sleep(60)


def test_the_command_counts_and_says_how_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fine(seed: int, place: Path, tally: Tally) -> None:
        tally["things"] += 3

    def broken(seed: int, place: Path, tally: Tally) -> None:
        raise torchfile.Unreadable

    monkeypatch.setattr(__main__, "KINDS", {"fine": fine, "broken": broken})
    words = ["--minutes", "0", "--seed", "9", "--into", str(tmp_path)]
    done = CliRunner().invoke(__main__.main, [*words, "--kind", "fine"])
    assert done.exit_code == 0
    assert "| things | 3 |" in done.output
    done = CliRunner().invoke(__main__.main, [*words, "--kind", "fine,broken"])
    assert done.exit_code == 1
    assert "seed 9" in done.output
    assert "| failures | 1 |" in done.output
