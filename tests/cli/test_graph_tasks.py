"""Numbers and several labels of small graphs: what the device tells is what the laptop tells, figure for figure."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support import graph_targets
from support.commands import call, complaint, result_of
from support.gnn_sets import random

import edgehfn as hfn
from edgehfn.data.gnn_files import to_arrays
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.evaluation.accuracy import examples_of
from edgehfn.evaluation.answers import answers
from edgehfn.evaluation.models import open_model
from edgehfn.model import modelfile

NET = ("--arch", "gin", "--hidden", 8, "--layers", 2, "--weights", "int8", "--pool", "sum", "--norms", "unshared")
RUN = ("--dropout", 0, "--weight-decay", 0, "--batch", 16, "--lr", 0.02, "--epochs", 20, "--schedule", "cosine")

Trained = tuple[Path, Path, GraphSet]  # a model file, its data as a file and as a set


@pytest.fixture(scope="module", params=["regression", "labels"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model of numbers or labels of small graphs; tests must not change it."""
    folder = tmp_path_factory.mktemp(request.param)
    data, model = folder / "mine.npz", folder / "mine.hfn"
    np.savez(data, **graph_targets.numbers() if request.param == "regression" else graph_targets.labels())
    done = call("train", "--data", data, *NET, *RUN, "-o", model)
    assert done.exit_code == 0, done.stderr
    assert f"task {request.param}, as labels[train_idx] " in done.stderr
    result_of("calibrate", model, "--data", data)
    loaded = hfn.data.load(data)
    assert isinstance(loaded, GraphSet)
    return model, data, loaded


def naive_area(z: np.ndarray, y: np.ndarray) -> float:
    pairs = [(a > b) + (a == b) / 2 for a in z[y == 1] for b in z[y == 0]]
    return float(np.mean(pairs))


def test_figures_are_those_of_the_answers(trained: Trained) -> None:
    """A net that has learned nothing has an R² of 0 and an area of 0.5."""
    model, place, data = trained
    graph, noted = open_model(model).graph, modelfile.info(model)
    raw, y = examples_of(graph, data).raw, data.labels[data.split["test"]]
    told = answers(graph, hfn.emulate(graph, raw))
    found = result_of("run", model, "--data", place)
    assert [row["name"] for row in found["each"]] == list(graph_targets.NAMES)
    if data.task == "regression":
        r2 = 1 - ((told - y) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)
        assert found["r2"] == pytest.approx(r2.mean())
        assert found["mae"] == pytest.approx(np.abs(told - y).mean())
        assert found["r2"] > 0.3
        train = data.labels[data.split["train"]]
        assert graph.task.offset == pytest.approx(train.mean(0))
    else:
        areas = [naive_area(z[have], one[have]) for z, one in zip(told.T, y.T, strict=True) for have in [one >= 0]]
        assert found["roc-auc"] == pytest.approx(np.mean(areas))
        assert [row["known"] for row in found["each"]] == (y >= 0).sum(0).tolist()
        assert found["roc-auc"] > 0.7
        assert 0.5 < (data.labels >= 0).mean() < 0.8
    name = next(key for key in found if key in ("r2", "roc-auc"))
    assert found[name] == pytest.approx(noted[name], abs=0.1)
    assert (noted["best_epoch"] >= 1, noted["metric"]) == (True, name)


def test_files_of_graphs_are_told_as_the_macros_say(trained: Trained, tmp_path: Path) -> None:
    """Without labels, one graph after another, and those of the test part as ``run`` has them."""
    model, place, data = trained
    graph, count = open_model(model).graph, 5
    structure, nodes = data.structure.select(data.split["test"][:count])
    features = data.features.select(nodes)
    arrays = {
        "feat_indptr": features.indptr,
        "feat_indices": features.indices,
        "feat_shape": np.array([features.nodes, features.count]),
        "edges": structure.edges,
        "graph_indptr": structure.starts,
    }
    file = tmp_path / "new.npz"
    np.savez(file, **arrays)  # type: ignore[arg-type]
    rows = result_of("predict", model, file, "--save", tmp_path / "out.npz")["predictions"]
    outputs = hfn.emulate(graph, examples_of(graph, data, count).raw).reshape(count, -1)
    with np.load(tmp_path / "out.npz") as saved:
        assert np.array_equal(saved["outputs"], outputs)
    told = answers(graph, outputs)
    if data.task == "labels":
        told = 1 / (1 + np.exp(-told))
    key = "labels" if data.task == "labels" else "values"
    assert [list(row[key].values()) for row in rows] == [pytest.approx(one, abs=1e-4, rel=1e-5) for one in told]
    assert [row["file"] for row in rows] == [f"{file}[{number}]" for number in range(count)]
    assert len(result_of("predict", model, place)["predictions"]) == data.structure.graphs
    np.savez(file, **arrays, feat_data=np.arange(len(features.indices)))  # type: ignore[arg-type]
    assert "feat_data has values" in complaint("predict", model, file)
    np.savez(file, x=np.zeros(3))
    assert "give a .npz of feat_indptr, feat_indices, feat_shape, edges" in complaint("predict", model, file)
    chain = np.arange(40)
    wide = {"feat_indptr": np.arange(41), "feat_indices": chain * 0, "feat_shape": np.array([40, features.count])}
    np.savez(file, **wide, edges=np.stack([chain[:-1], chain[1:]]))  # type: ignore[arg-type]
    assert "graph 0: features: need int8 of shape (8, up to 24)" in complaint("predict", model, file)


@pytest.mark.gcc
def test_a_program_prints_the_answers(trained: Trained, tmp_path: Path) -> None:
    model, _, data = trained
    graph = open_model(model).graph
    raw = examples_of(graph, data, 12).raw
    told = answers(graph, hfn.emulate(graph, raw))
    assert call("compile", model, "--for", "makefile", "--name", "mine", "-o", tmp_path).exit_code == 0
    subprocess.run(["make", "-s", "-C", tmp_path], check=True)
    done = subprocess.run([tmp_path / "build/mine_classify"], input=raw.tobytes(), capture_output=True, check=True)
    printed = done.stdout.decode().splitlines()
    if data.task == "labels":
        wanted = [[*(name for name, z in zip(data.classes, one, strict=True) if z > 0), ""] for one in told]
        assert printed == [line for lines in wanted for line in lines]
        return
    assert [float(line) for line in printed] == pytest.approx(told.ravel(), abs=2e-3)
    header = next(tmp_path.rglob("mine.h")).read_text()
    scale, zero = (
        np.array([float(n.rstrip("f")) for n in re.findall(rf"OUTPUT_{what} {{(.*?)}}", header)[0].split(", ")])
        for what in ("SCALE", "ZERO")
    )
    by_macros = scale * (hfn.emulate(graph, raw).reshape(len(raw), -1) - zero)
    assert by_macros == pytest.approx(told, rel=1e-5, abs=1e-4)


@pytest.mark.qemu
def test_machines_agree(trained: Trained) -> None:
    model, data, _ = trained
    agreed = result_of("verify", model, "--data", data, "--on", "pytorch,emulator,host,cortex-m0", "--limit", 12)
    assert agreed["mismatches"] == 0
    figures = [{**one, "inputs": 0} for one in agreed["each"].values()]
    assert all(one == figures[0] for one in figures)
    assert set(agreed["float"]) == set(agreed["integer"])


def test_a_model_is_told_and_sized(trained: Trained, tmp_path: Path) -> None:
    model, place, data = trained
    assert result_of("info", "--data", place)["task"] == data.task
    assert result_of("info", model)["classes"] == list(graph_targets.NAMES)
    assert call("size", model, "--data", place, "--html", tmp_path / "report.html").exit_code == 0
    assert ("MAE" if data.task == "regression" else "ROC-AUC") in (tmp_path / "report.html").read_text()
    assert "has classes alone" in complaint("run", model, "--data", "motifs")


def test_what_graphs_have_no_use_for_is_refused(tmp_path: Path) -> None:
    out = ("-o", tmp_path / "x.hfn")
    nodes, graphs = tmp_path / "nodes.npz", tmp_path / "graphs.npz"
    np.savez(nodes, **{**to_arrays(random()), "classes": np.array(["value"])})  # type: ignore[arg-type]
    np.savez(graphs, **graph_targets.numbers(20, 8))
    refused = complaint("train", "--data", nodes, "--task", "regression", "--arch", "gcn", *out)
    assert "nodes of a stored graph have classes alone" in refused
    refused = complaint("train", "--data", graphs, "--task", "anomaly", "--arch", "gin", *out)
    assert "task anomaly is not for graphs" in refused
    refused = complaint("train", "--data", graphs, "--task", "labels", "--arch", "gin", *out)
    assert "labels[train_idx] is float64 of shape (20, 3); labels are N,K of 0 and 1" in refused
    balanced = ("--task", "regression", "--arch", "gin", "--hidden", 4, "--class-weights", "balanced")
    assert "class_weights is for classes" in complaint("train", "--data", graphs, *balanced, *out)


def test_a_model_of_values_takes_no_files(tmp_path: Path) -> None:
    """Whose step no file alone could say, even where all its features are 1."""
    arrays = graph_targets.numbers(20, 8)
    data, model = tmp_path / "valued.npz", tmp_path / "valued.hfn"
    np.savez(data, **arrays, feat_data=np.arange(len(arrays["feat_indices"])) % 3 + 1)
    assert call("train", "--data", data, "--arch", "gin", "--hidden", 4, "--epochs", 1, "-o", model).exit_code == 0
    result_of("calibrate", model, "--data", data)
    assert "run tells of a whole set" in complaint("predict", model, data)
    assert result_of("run", model, "--data", data)["graphs"] == 8


def test_numbers_of_nodes_are_learned_from_samples(tmp_path: Path) -> None:
    data, model = tmp_path / "nodes.npz", tmp_path / "nodes.hfn"
    made = random()
    np.savez(data, **{**to_arrays(made), "labels": made.structure.degree / 2, "classes": np.array(["half"])})  # type: ignore[arg-type]
    options = ("--arch", "sage", "--hidden", 8, "--layers", 2, "--epochs", 2)
    done = result_of("train", "--data", f"{data}:hops=4", "--task", "regression", *options, "-o", model)
    assert (done["task"], done["nodes"], set(done["figures"])) == ("regression", 20, {"r2", "mae"})
