"""The zoo: entries that come with the package do what their cards say, and a new one is computed from its run."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.gnn_sets import random

from benchmarks.accuracy import zoo as made
from edgehfn import data, zoo
from edgehfn.cli import cli
from edgehfn.cost import footprint
from edgehfn.errors import InputError
from edgehfn.evaluation import machines
from edgehfn.evaluation.models import load_examples, open_model
from edgehfn.ir import plan
from edgehfn.model import modelfile
from edgehfn.target import BOARDS
from edgehfn.training import trainlog

NAMES = [card.name for card in zoo.cards()]
ENTRIES = pytest.mark.parametrize("card", zoo.cards(), ids=NAMES)


def got(card: zoo.Card, folder: Path) -> Path:
    """A copy of an entry; the test is skipped where it needs a data set that is not here."""
    try:
        if card.unit == "nodes":
            data.load(card.data)
    except InputError as error:
        pytest.skip(str(error))
    return zoo.get(card.name, folder)[0]


@ENTRIES
def test_an_entry_computes_the_bytes_of_its_card(card: zoo.Card, tmp_path: Path) -> None:
    path = got(card, tmp_path)
    graph = open_model(path).graph
    assert modelfile.digest(path) == card.digest
    assert made.digest(machines.run(graph, made.random_inputs(graph))) == card.random_digest
    assert sum(graph.macs.values()) == card.mac
    assert footprint.predict(graph, plan(graph), "cortex-m4")[0].weights_flash == card.weights_flash
    assert graph.seed == card.seed


@ENTRIES
def test_an_entry_is_as_accurate_as_its_card(card: zoo.Card, tmp_path: Path) -> None:
    try:
        loaded = data.load(card.data)
    except InputError as error:
        pytest.skip(str(error))
    assert loaded.digest() == card.data_digest
    model = open_model(got(card, tmp_path))
    tests = load_examples(model, card.data, card.subset)
    outputs = machines.run(model.graph, tests.raw)
    assert made.digest(outputs) == card.subset_digest
    assert made.accuracy(outputs, tests) == card.subset_accuracy
    assert abs(card.accuracy - card.float_accuracy) < 0.01


@ENTRIES
def test_a_card_says_how_its_entry_was_made(card: zoo.Card) -> None:
    assert card.command.startswith(("edgehfn train ", "edgehfn search "))
    assert len(card.log) == card.epochs
    assert card.cpu_minutes > 0
    assert "/" not in card.command


def test_every_entry_is_listed() -> None:
    listed = CliRunner().invoke(cli, ["zoo", "list", "--json"])
    assert [entry["name"] for entry in json.loads(listed.stdout)] == NAMES
    assert all(entry["weights_flash"] > 0 and entry["accuracy"] > 0.5 for entry in json.loads(listed.stdout))
    assert all(name in CliRunner().invoke(cli, ["zoo", "list"]).stdout for name in NAMES)


def test_a_copy_is_ready_to_compile(tmp_path: Path) -> None:
    model = tmp_path / "new" / "x.hfn"
    got = CliRunner().invoke(cli, ["zoo", "get", "digits", "-o", str(model), "--json"])
    assert json.loads(got.stdout)["model"] == str(model)
    compiled = CliRunner().invoke(cli, ["compile", str(model), "-o", str(tmp_path)])
    assert compiled.exit_code == 0, compiled.stderr
    with pytest.raises(InputError, match=r"it has .*digits"):
        zoo.get("bogus", tmp_path / "y.hfn")
    with pytest.raises(InputError, match=r"use .*y\.hfn"):
        zoo.get("digits", tmp_path / "y")
    assert not list(tmp_path.glob("y*"))


def test_a_graph_is_not_handed_on_with_the_model_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError):
        modelfile.load(made.FOLDER / "cora.hfn")
    other = random()
    monkeypatch.setattr(data, "load", lambda _: other)
    with pytest.raises(InputError, match="for another cora than the one here"):
        zoo.get("cora", tmp_path / "x.hfn")
    assert not list(tmp_path.iterdir())


IMAGES = ("digits", "--arch tiny", "--no-affine")
GRAPHS = ("motifs", "--arch gin", "--hidden 8 --layers 1")


@pytest.fixture(params=[IMAGES, GRAPHS], ids=["images", "graphs"])
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A run of two epochs, calibrated."""
    data, arch, options = request.param
    model = tmp_path / f"{data}.hfn"
    for words in (
        f"train --data {data} {arch} {options} --epochs 2 -o {model}",
        f"calibrate {model} --data {data}",
    ):
        done = CliRunner().invoke(cli, words.split())
        assert done.exit_code == 0, done.stderr
    return model


@pytest.mark.slow
def test_a_card_is_computed_from_its_run(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run.parent / "zoo"
    folder.mkdir()
    monkeypatch.setattr(made, "FOLDER", folder)
    monkeypatch.setattr(made, "BOARDS", BOARDS[:1])
    monkeypatch.setattr(zoo, "_folder", lambda: folder)
    card = made.add(run, "small")
    assert zoo.cards() == (card,)
    data, arch, options = IMAGES if card.unit == "images" else GRAPHS
    assert card.command == f"edgehfn train --data {data} {arch} -o {data}.hfn --epochs 2 {options}"
    assert card.tested == {"images": 360, "graphs": 500}[card.unit]
    assert len(card.log) == card.epochs == 2
    assert list(made.check(card)) == []
    wrong = dataclasses.replace(card, accuracy=0.5, digest="0", data_digest="0")
    assert len(list(made.check(wrong))) == 3


def test_a_run_that_is_not_whole_is_no_entry(run: Path) -> None:
    log = trainlog.load(run, modelfile.digest(run))
    with pytest.raises(InputError, match="other data"):
        made.card(run, "x", dataclasses.replace(log, data="0"))
    with pytest.raises(InputError, match="another model"):
        trainlog.load(run, "0")
    shutil.copy(run, run.with_name("bare.hfn"))
    with pytest.raises(InputError, match="no readable training log"):
        made.add(run.with_name("bare.hfn"), "bare")
