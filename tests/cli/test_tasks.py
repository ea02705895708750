"""Tasks without classes from the command line: what the device tells is what the laptop tells, figure for figure."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.commands import call, complaint, result_of

from edgehfn import data
from edgehfn.evaluation.models import open_model
from edgehfn.model import modelfile

pytest.importorskip("sklearn.datasets")


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the numbers of diabetes; tests must not change it."""
    model = tmp_path_factory.mktemp("numbers") / "numbers.hfn"
    done = call("train", "--data", "diabetes", "--arch", "mlp", "--epochs", 3, "--batch", 32, "-o", model)
    assert "task regression, as y_train is float64" in done.stderr
    result_of("calibrate", model, "--data", "diabetes")
    return model


def test_a_regression_tells_values_everywhere(numbers: Path, tmp_path: Path) -> None:
    tests = data.images("diabetes")
    noted = modelfile.info(numbers)
    assert noted["r2"] < 1
    assert modelfile.load(numbers).task.offset == (tests.y_train.mean(),)
    found = result_of("run", numbers, "--data", "diabetes")
    assert found["mae"] == pytest.approx(noted["mae"], rel=0.05)
    np.save(tmp_path / "x.npy", tests.x_test)
    told = result_of("predict", numbers, tmp_path / "x.npy", "--save", tmp_path / "out.npz")["predictions"]
    values = np.array([row["values"]["value"] for row in told])
    assert np.abs(values - tests.y_test[:, 0]).mean() == pytest.approx(found["mae"], rel=1e-5)
    with np.load(tmp_path / "out.npz") as saved:
        assert saved["score"][:, 0] == pytest.approx(values, rel=1e-5)
    shown = call("predict", numbers, tmp_path / "x.npy").stdout.splitlines()
    assert shown[1].endswith(f": {values[1]:g}")
    report = tmp_path / "report.html"
    assert call("size", numbers, "--data", "diabetes", "--html", report).exit_code == 0
    assert f"MAE {found['mae']:.4g}" in report.read_text()


@pytest.mark.gcc
def test_a_program_prints_the_values(numbers: Path, tmp_path: Path) -> None:
    place = tmp_path / "dia"
    assert call("compile", numbers, "--for", "makefile", "--name", "dia", "-o", place).exit_code == 0
    subprocess.run(["make", "-s", "-C", place], check=True)
    x = data.images("diabetes").x_test
    done = subprocess.run([place / "build" / "dia_classify"], input=x.tobytes(), capture_output=True, check=True)
    np.save(tmp_path / "x.npy", x)
    told = result_of("predict", numbers, tmp_path / "x.npy")["predictions"]
    printed = [float(line) for line in done.stdout.decode().splitlines()]
    assert printed == pytest.approx([row["values"]["value"] for row in told], abs=2e-3)


@pytest.mark.qemu
def test_the_device_is_as_good_as_the_laptop(numbers: Path) -> None:
    here, there = (
        result_of("run", numbers, "--data", "diabetes", "--on", on, "--limit", 88) for on in ("emulator", "cortex-m0")
    )
    assert {**here, "machine": ""} == {**there, "machine": ""}
    agreed = result_of("verify", numbers, "--data", "diabetes", "--on", "emulator,host,cortex-m4", "--limit", 20)
    assert agreed["mismatches"] == 0
    assert agreed["integer"]["mae"] == pytest.approx(agreed["float"]["mae"], rel=0.05)


def test_several_labels_from_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 256, (60, 8), dtype=np.uint8)
    y = np.where(rng.random((60, 2)) < 0.2, np.nan, (x[:, :2] > 127).astype(float))
    names = np.array(["left", "right"])
    np.savez(tmp_path / "two.npz", x_train=x, y_train=y, x_test=x[:20], y_test=y[:20], classes=names)
    model = tmp_path / "two.hfn"
    two = tmp_path / "two.npz"
    done = call("train", "--data", two, "--arch", "mlp", "--epochs", 30, "--batch", 20, "-o", model)
    assert "task labels, as y_train has 0, 1 and missing ones in 2 columns" in done.stderr
    result_of("calibrate", model, "--data", two)
    found = result_of("run", model, "--data", two)
    assert found["roc-auc"] > 0.9
    assert [row["name"] for row in found["each"]] == ["left", "right"]
    np.save(tmp_path / "x.npy", x[:4, None, None])
    told = result_of("predict", model, tmp_path / "x.npy")["predictions"]
    graph = open_model(model).graph
    assert graph.task.kind == "labels"
    assert all(set(row["labels"]) == {"left", "right"} for row in told)
    wrong = complaint("run", model, "--data", "diabetes")
    assert "labels are N,K of 0 and 1" in wrong


def test_options_of_classes_are_refused(numbers: Path, tmp_path: Path) -> None:
    shutil.copy(numbers, tmp_path / "numbers.hfn")
    refused = complaint("train", "--data", "digits", "--task", "pixels", "--arch", "tiny", "-o", tmp_path / "x.hfn")
    assert "labels of pixels are N,H,W 1437,8,8" in refused
    refused = complaint("train", "--data", "motifs", "--task", "labels", "--arch", "gcn", "-o", tmp_path / "x.hfn")
    assert "has classes alone" in refused
