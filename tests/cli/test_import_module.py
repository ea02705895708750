"""A module of plain PyTorch in a file of the user's, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from support.torch_modules import fit

import edgehfn as hfn
from edgehfn.cli import cli
from edgehfn.data import sets

SOURCE = """
from torch import nn
from beside import WIDTH

class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, width, 3, padding=1), nn.ReLU6(), nn.MaxPool2d(2), nn.Flatten())
        self.fc = nn.Linear(16 * width, 10)

    def forward(self, x):
        return self.fc(self.body(x))

def bad():
    return 3

def raising():
    raise ValueError("no such thing")

def vectors():
    return nn.Sequential(nn.Linear(64, 10))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(SOURCE)
    (tmp_path / "beside.py").write_text("WIDTH = 6\n")
    return tmp_path


def call(*words: object) -> Any:
    return CliRunner().invoke(cli, [*map(str, words)])


def complaint(*words: object) -> str:
    done = call("import", *words)
    assert done.exit_code == 2, done.output
    assert len(done.stderr.strip().splitlines()[-1]) <= 300
    return str(done.stderr)


def test_a_trained_module_is_imported_and_measured(place: Path) -> None:
    data = sets.images("digits")
    scope: dict[str, Any] = {}
    exec(SOURCE.replace("from beside import WIDTH", "WIDTH = 6"), scope)
    torch.manual_seed(0)
    module = fit(scope["Net"](), torch.from_numpy(data.x_train) / 255, torch.from_numpy(data.y_train), 5)
    torch.save(module.state_dict(), place / "own.pt")
    with torch.no_grad():
        right = module(torch.from_numpy(data.x_test) / 255).argmax(1).numpy() == data.y_test
    words = (f"{place / 'own.py'}:Net", "--weights-file", place / "own.pt", "--data", "digits", "--json")
    done = call("import", *words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["model"] == str(place / "own.hfn")
    assert abs(told["float_accuracy"] - right.mean()) < 0.01
    assert abs(told["integer_accuracy"] - right.mean()) < 0.02
    net = hfn.load(place / "own.hfn")
    assert list(net.weights) == ["body_0", "fc"]
    assert net.classes == data.classes
    assert call("import", *words).exit_code == 0  # again, over its own


def test_a_function_may_make_a_net_of_vectors(place: Path) -> None:
    done = call("import", f"{place / 'own.py'}:vectors", "--input", "1,1,64", "--weights", "int4", "--json")
    assert done.exit_code == 0, done.output
    assert hfn.load(place / "own.hfn").input.shape == (1, 1, 64)


def test_what_cannot_be_imported_is_named(place: Path) -> None:
    own = place / "own.py"
    assert "no such file" in complaint(f"{place / 'other.py'}:Net")
    assert "has no attribute 'Other'" in complaint(f"{own}:Other")
    assert "makes int" in complaint(f"{own}:bad")
    assert "ValueError: no such thing" in complaint(f"{own}:raising")
    assert "--weights-file is for a module" in complaint(place / "x.pth", "--arch", "x", "--weights-file", own)
    assert "takes neither --arch" in complaint(f"{own}:Net", "--arch", "hfn-resnet18")
    assert "--arch names the net" in complaint(place / "x.pth")
    assert "own.pt: there is no such file" in complaint(f"{own}:Net", "--weights-file", place / "own.pt")
    torch.save({"fc.weight": torch.zeros(3)}, place / "own.pt")
    assert "give the weights of this very module" in complaint(f"{own}:Net", "--weights-file", place / "own.pt")
    torch.save([1], place / "own.pt")
    assert "no state_dict" in complaint(f"{own}:Net", "--weights-file", place / "own.pt")
    (place / "own.pt").write_bytes(b"x")
    assert "cannot be read" in complaint(f"{own}:Net", "--weights-file", place / "own.pt")
    assert not (place / "own.hfn").exists()
