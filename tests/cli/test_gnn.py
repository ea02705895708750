"""Graph nets from the command line: from data to agreeing machines, as for images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from support.gnn_sets import random

import edgehfn as hfn
from edgehfn.cli import cli
from edgehfn.data.gnn_files import to_arrays
from edgehfn.data.motifs import motifs

NODES = ("--arch", "gcn", "--hidden", 8, "--layers", 2, "--epochs", 10, "--dropout", 0.2)
GRAPHS = ("--arch", "gin", "--hidden", 8, "--layers", 2, "--epochs", 2, "--batch", 8, "--norms", "unshared")

SAMPLES = ("--arch", "sage", "--hidden", 8, "--layers", 2, "--epochs", 10, "--dropout", 0.2, "--batch", 8)
OPTIONS = {"nodes": NODES, "graphs": GRAPHS, "samples": SAMPLES}

Trained = tuple[Path, Path | str, str, int]  # a model file, its data, their unit, and how many are in the test part


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def result_of(*words: object) -> Any:
    found = call(*words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


@pytest.fixture(scope="module", params=["nodes", "graphs", "samples"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("graphs")
    data = motifs({"train": 24, "val": 8, "test": 8}) if request.param == "graphs" else random(seed=2, values=True)
    arrays: dict[str, Any] = to_arrays(data)
    np.savez_compressed(folder / "mine.npz", **arrays)
    model, options = folder / "mine.hfn", OPTIONS[request.param]
    place = f"{folder / 'mine.npz'}:hops=4,3" if request.param == "samples" else folder / "mine.npz"
    made = result_of("train", "--data", place, *options, "-o", model)
    count = len(data.split["test"])
    assert made[data.of] == count
    result_of("calibrate", model, "--data", place)
    return model, place, data.of, count


@pytest.mark.gcc
def test_machines_agree_and_integers_follow_floats(trained: Trained) -> None:
    model, data, unit, count = trained
    found = result_of("verify", model, "--data", data, "--on", "pytorch,emulator,host")
    assert found["mismatches"] == 0
    assert found[unit] == count
    assert abs(found["integer_accuracy"] - found["float_accuracy"]) <= max(
        2 / count, 0.25
    )  # what was trained is the processor's own
    assert result_of("run", model, "--data", data)["accuracy"] == found["integer_accuracy"]


def test_a_model_is_told_and_compiled(trained: Trained, tmp_path: Path) -> None:
    model, _, _, _ = trained
    told = result_of("info", model)
    assert told["noted"]["best_epoch"] >= 1
    assert {step["name"] for step in told["steps"]} >= {"layer0.linear", "layer0.gather"}
    made = result_of("compile", model, "--name", "mine", "-o", tmp_path)
    assert (tmp_path / "mine.h").read_text().startswith("/")
    assert made["arena"] > 0


def test_other_data_is_refused(trained: Trained) -> None:
    model, _, unit, _ = trained
    found = call("run", model, "--data", "digits" if unit == "nodes" else "motifs")
    assert found.exit_code == 2
    assert "the net reads" in found.stderr or "the net stores" in found.stderr or "these are images" in found.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--data", "motifs", "--arch", "tiny"), "preset 'tiny' is not for graphs; choose gcn"),
        (("--data", "digits", "--arch", "gcn"), "preset gcn is for graphs"),
        (("--data", "motifs", "--arch", "gin", "--width", 8), "option 'width' is not for graphs"),
        (("--data", "motifs", "--arch", "gin", "--augment", "flip"), "--augment"),
        (("--data", "digits", "--arch", "tiny", "--dropout", 0.5), "--dropout"),
        (("--data", "digits", "--arch", "tiny", "--hidden", 5), "'hidden' is unknown"),
        (
            ("--data", "motifs", "--arch", "gin", "--max-graph", "24,35,5"),
            "motifs has graphs of 8 features and up to 24",
        ),
        (("--data", "motifs", "--arch", "gin", "--max-graph", "24"), "--max-graph 24: give nodes, edges"),
    ],
)
def test_options_of_the_other_kind_are_refused(words: tuple[object, ...], says: str, tmp_path: Path) -> None:
    found = call("train", *words, "-o", tmp_path / "x.hfn")
    assert found.exit_code == 2
    assert says in found.stderr


def test_motifs_have_a_name() -> None:
    assert hfn.data.load("motifs").classes == ("plain", "clique")


@pytest.mark.parametrize("arch", ["gcn", "gin", "gat", "resgcn"])
def test_a_preset_is_told_of_the_graphs_it_is_for(trained: Trained, arch: str) -> None:
    _, data, unit, _ = trained
    preset = ("info", "--arch", arch, "--hidden", 8, "--layers", 2)
    told = result_of(*preset, "--data", data)
    assert ("stored graph" in told["graph"]) == (unit == "nodes" and isinstance(data, Path))
    assert told["mask_bytes"] > 0
    assert "--data" in call(*preset).output
    assert "leave out" in call(*preset, "--data", data, "--classes", 3).output
    assert "--data" in call(*preset, "--max-graph", "30,60,9").output
