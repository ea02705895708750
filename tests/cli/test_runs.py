"""Whole runs from the command line: the demonstration, help, and trainings that are stopped."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.commands import call, complaint, dataset

from edgehfn.cli import cli


@pytest.mark.gcc
@pytest.mark.qemu
def test_demo_ends_in_one_table(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["edgehfn.cli.run"], "CORE_IMAGES", 2)
    monkeypatch.setattr(sys.modules["edgehfn.cli.verify"], "CORE_IMAGES_OF_ALL", 1)
    words = ("demo", "--data", "digits", "--arch", "tiny", "--epochs", 2, "-o", tmp_path)
    done = call(*words)
    assert done.exit_code == 0, done.stderr
    assert re.search(r"mismatching bytes, 13 machines +0", done.stdout)
    assert "$ edgehfn verify" in done.stderr
    assert (tmp_path / "demo.hfn").read_bytes() == digits.read_bytes()  # the same settings, the same model
    again = call(*words)
    assert again.stdout == done.stdout
    assert "$ edgehfn train" not in again.stderr
    other = call("demo", "--data", "digits", "--arch", "demo", "--epochs", 2, "-o", tmp_path)
    assert other.exit_code == 2
    assert "is there already, with arch tiny" in other.stderr


def test_results_go_to_stdout_and_progress_to_stderr(digits: Path, tmp_path: Path) -> None:
    data = dataset(tmp_path / "own.npz")
    done = call("train", "--data", data, "--arch", "tiny", "--epochs", 2, "-o", tmp_path / "m.hfn", "--json")
    reached = {"accuracy", "metric", "score", "top5", "best_epoch"}
    assert set(json.loads(done.stdout)) == {*reached, "images", "epochs", "seconds", "model"}
    assert "epoch 2/2: loss" in done.stderr


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_help_teaches_by_example(command: str) -> None:
    text = call(command, "--help").stdout
    assert f"edgehfn {command}" in text
    assert "Example:" in text


def test_the_commands_are_listed_in_the_order_of_use() -> None:
    text = call("--help").stdout
    listed = re.findall(r"^  (\w+) ", text[text.index("Commands:") :], re.MULTILINE)
    assert listed == [
        "train",
        "calibrate",
        "run",
        "predict",
        "verify",
        "size",
        "bench",
        "boards",
        "compile",
        "export",
        "import",
        "info",
        "search",
        "zoo",
        "demo",
        "compare",
    ]


@pytest.mark.slow
def test_a_killed_training_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.hfn", tmp_path / "cut.hfn"
    settings = ("--data", "digits", "--arch", "tiny", "--epochs", "6")
    assert call("train", *settings, "-o", whole).exit_code == 0
    command = [sys.executable, "-m", "edgehfn", "train", *settings, "-o", str(cut)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 2/6"):
            break
    process.kill()
    process.wait()
    process.stderr.close()
    assert cut.with_suffix(".ckpt").exists()
    assert not cut.exists()
    done = call("train", *settings, "-o", cut)
    assert "epoch 1/6" not in done.stderr
    assert cut.read_bytes() == whole.read_bytes()
    assert not cut.with_suffix(".ckpt").exists()


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["edgehfn.training.to_file"], "train", interrupted)
    words = ("train", "--data", "digits", "--arch", "tiny", "-o", tmp_path / "m.hfn")
    assert "the same command goes on" in complaint(*words, status=130)
    assert list(tmp_path.iterdir()) == []
