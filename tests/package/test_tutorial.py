"""The tutorial: its commands run as they stand there, and so does its notebook."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from click.testing import CliRunner
from support import picture_sets

from edgehfn import nn
from edgehfn.cli import cli
from edgehfn.errors import InputError
from edgehfn.training.recipe import Recipe
from scripts.docs import notebook

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "TUTORIAL.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (edgehfn .*|arm-none-eabi-gcc .*)\n((?:(?!\$ |```).*\n)*)", TEXT, re.MULTILINE)
NOTEBOOK = ROOT / "docs" / "notebooks" / "ten_minutes.ipynb"


def shape(line: str) -> str:
    """A line of output without its figures and the room they take."""
    return re.sub(r"[\s\d.,]+", " ", re.sub(r"[-−]?\d[\d,.]*", "", line)).strip()


def test_commands_are_those_of_the_command_line() -> None:
    verbs = [command.split()[1] for command, _ in COMMANDS if command.startswith("edgehfn")]
    assert verbs == ["train", "calibrate", "verify", "size", "size", "bench", "size", "compile"]
    for command, _ in COMMANDS:
        words = command.split()
        if words[0] == "edgehfn":
            known = {option for parameter in cli.commands[words[1]].params for option in parameter.opts}
            assert {word for word in words if word.startswith("-")} <= known


def test_the_run_of_the_paper_is_a_command_with_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its recipe is read as it stands there, up to the training."""
    line, large = re.findall(r"^    (edgehfn train .*(?:\n        .*)*)", TEXT, re.MULTILINE)
    words = shlex.split(line.replace("\\\n", " "))[1:]
    draw = np.random.default_rng(0)
    x = draw.integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "cifar100.npz", x_train=x, y_train=np.arange(200) % 100, x_test=x, y_test=np.arange(200) % 100)
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {}

    def seen(net: nn.Net, data: object, **settings: Any) -> None:
        given.update(settings, net=net)
        raise InputError("seen")

    monkeypatch.setattr("edgehfn.training.to_file.train", seen)
    assert "seen" in CliRunner().invoke(cli, words).output
    assert given["recipe"] == Recipe(nesterov=False, rate_others=1.0, validation=0.1)
    assert {name: given[name] for name in ("epochs", "batch", "lr")} == {"epochs": 200, "batch": 128, "lr": 0.1}
    assert (given["augment"], given["crop_padding"]) == ("flip+crop", 4)
    assert nn.paper_bytes(given["net"]) == pytest.approx(1.953e6, rel=1e-3)
    picture_sets.folder(tmp_path / "imagenet", 4)
    assert "seen" in CliRunner().invoke(cli, shlex.split(large.replace("\\\n", " "))[1:]).output
    assert (given["workers"], given["augment"], given["net"].input.shape) == (8, "flip+resized-crop", (3, 224, 224))
    assert given["recipe"].warm_up == 5


@pytest.mark.slow
def test_commands_do_what_the_tutorial_says(tmp_path: Path) -> None:
    """Each line that the tutorial shows comes out, with whatever figures this machine's training leads to."""
    if not all(shutil.which(tool) for tool in ("arm-none-eabi-gcc", "qemu-system-arm", "gcc")):
        pytest.skip("needs the compilers and QEMU")
    (program,) = re.findall(r"```c\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "main.c").write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command, shown in COMMANDS:
        line = command.replace("edgehfn ", f"{sys.executable} -m edgehfn ", 1) if command[0] == "e" else command
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        out = done.stdout + done.stderr
        assert done.returncode == (2 if "edgehfn: error" in shown else 0), f"{command}\n{out}"
        came = {shape(one) for one in out.splitlines()}
        assert [one for one in shown.splitlines() if one != "..." and shape(one) not in came] == [], command
    assert {path.name for path in tmp_path.glob("*.o")} >= {"main.o", "kws.o"}


def test_the_data_of_the_tutorial_are_a_set(tmp_path: Path) -> None:
    from edgehfn import data

    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    made = data.images(tmp_path / "mine.npz")
    assert (made.shape, len(made.classes), len(made.x_train) + len(made.x_test)) == ((1, 8, 8), 10, 1797)


def test_the_stored_notebook_was_run_from_top_to_bottom() -> None:
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    page = notebook.page(NOTEBOOK.read_text(encoding="utf-8"))
    assert page.startswith("# ")
    assert page.count("```python") == len(cells)
    assert not re.search(r"Traceback|Warning|/tmp/|/home/|/root/", page)


@pytest.mark.slow
def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("gcc"):
        pytest.skip("needs a compiler")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cells = nbformat.reads(notebook.executed(NOTEBOOK.read_text(encoding="utf-8")), as_version=4).cells
    outputs = ["".join(notebook._cell(cell)) for cell in cells]
    assert any("\nTrue\n" in text for text in outputs)  # more than 90 % of the test images
    assert any("#define KWS_CLASSES 10" in text for text in outputs)
