"""One clear line of the command line for everything that can be wrong."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import call, complaint, dataset, result_of

from edgehfn import nn
from edgehfn.model import modelfile, tensorfile


def test_unknown_things_are_named_with_the_choices(digits: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "x.hfn")
    assert "'bogus'" in complaint("bogus")
    assert "--bogus" in complaint("run", digits, "--bogus")
    assert "--data" in complaint("run", digits)
    assert "resnet8-mlperf" in complaint("train", "--data", "digits", "--arch", "vgg", *out)
    assert "fashion-mnist" in complaint("train", "--data", "mnist-9000", "--arch", "tiny", *out)
    assert "cortex-m33" in complaint("run", digits, "--data", "digits", "--on", "cortex-m99")
    assert "cortex-m33" in complaint("verify", digits, "--data", "digits", "--on", "host,,z80")
    assert "no machine" in complaint("verify", digits, "--data", "digits", "--on", ",")
    assert "one machine" in complaint("run", digits, "--data", "digits", "--on", "host,emulator")
    assert "cortex-m33" in complaint("size", digits, "--target", "avr")
    assert "cortex-m33" in complaint("bench", digits, "--target", "host")
    assert "either" in complaint("info")
    assert "either" in complaint("bench", digits, "--arch", "tiny")
    assert "minmax" in complaint("calibrate", digits, "--data", "digits", "--method", "magic")
    assert "16K" in complaint("size", digits, "--max-flash", "lots")
    assert f"{tmp_path}/model.hfn" in complaint("train", "--data", "digits", "--arch", "tiny", "-o", tmp_path)
    assert "x.hfn" in complaint("train", "--data", "digits", "--arch", "tiny", "-o", tmp_path / "x")
    assert "--crop-padding is for images" in complaint(
        "train", "--data", "motifs", "--arch", "gin", "--crop-padding", 2, *out
    )
    assert "give both" in complaint("train", "--data", "digits", "--arch", "tiny", "--crop-padding", 2, *out)
    assert "give both" in complaint("calibrate", digits, "--data", "digits", "--percentile", 99)
    assert "give both" in complaint("export", digits, "--tflite", tmp_path / "x.tflite", "--limit", 5)
    assert "give both" in complaint("import", tmp_path / "x.pth", "--arch", "hfn-resnet18", "--mean", "0.5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("density", ["0", "-0.1", "1.01", "nan"])
def test_densities_outside_0_to_1(density: str, tmp_path: Path) -> None:
    train = ("train", "--data", "digits", "--arch", "tiny", "-o", tmp_path / "x.hfn", "--density", density)
    assert "(0, 1]" in complaint(*train)
    assert "(0, 1]" in complaint("bench", "--arch", "tiny", "--density", density)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--coats", "many"], "--coats many"),
        (["--coats", "0.2,0.6"], "coats"),
        (["--coats", "0.6,0.2", "--density", "0.5"], "density and coats"),
        (["--coats", "9"], "coats"),
        (["--fold", "0"], "fold"),
        (["--fold", "two"], "--fold two"),
        (["--fold", "1,2"], "fold"),
        (["--width", "0"], "width"),
        (["--width", "nan"], "width nan"),
        (["--width", "8,x"], "--width 8,x"),
        (["--width", "8,16"], "3 stages"),
        (["--seed", "-1"], "--seed"),
        (["--input", "1,28"], "--input 1,28"),
        (["--input", "1,0,8"], "input shape"),
        (["--classes", "1"], "--classes"),
    ],
)
def test_nets_that_cannot_be_built(options: list[str], named: str) -> None:
    assert named in complaint("info", "--arch", "resnet8", *options)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"x_train": np.zeros((40, 8, 8), np.float32)}, "x_train is float32, x_test uint8; save both"),
        ({"x_test": np.zeros((20, 8), np.uint8)}, "C,H,W is (1, 8, 8) in x_train, (1, 1, 8) in x_test"),
        ({"x_test": np.zeros((20, 9, 8), np.uint8)}, "x_test"),
        ({"x_train": np.zeros((0, 8, 8), np.uint8), "y_train": np.zeros(0, np.int64)}, "empty"),
        ({"y_test": np.arange(20)}, "y_test"),
        ({"y_train": np.arange(40) % 10 - 1}, "y_train"),
        ({"y_train": (np.arange(40) % 10).astype(np.float64)}, "y_train is float64"),
        ({"y_test": np.zeros(19, np.int64)}, "y_test"),
        ({"y_train": None}, "y_train"),
        ({"y_train": np.zeros(40, np.int64), "y_test": np.zeros(20, np.int64)}, "one class"),
    ],
)
def test_data_that_is_not_sound(changed: dict[str, Any], named: str, tmp_path: Path) -> None:
    data = dataset(tmp_path / "own.npz", **changed)
    line = complaint("train", "--data", data, "--arch", "tiny", "-o", tmp_path / "x.hfn")
    assert str(data) in line
    assert named in line
    assert [path.name for path in tmp_path.iterdir()] == ["own.npz"]


def test_data_files_that_are_none(digits: Path, tmp_path: Path) -> None:
    for name, content in (("text.npz", b"not a zip"), ("empty.npz", b"")):
        (tmp_path / name).write_bytes(content)
        assert name in complaint("run", digits, "--data", tmp_path / name)
    assert "absent.npz" in complaint("calibrate", digits, "--data", tmp_path / "absent.npz")


def test_data_of_another_shape_or_number_of_classes(digits: Path, tmp_path: Path) -> None:
    wide = dataset(tmp_path / "wide.npz", x_train=np.zeros((40, 8, 9), np.uint8), x_test=np.zeros((20, 8, 9), np.uint8))
    few = dataset(tmp_path / "few.npz", y_train=np.arange(40) % 3, y_test=np.arange(20) % 3)
    for command in ("calibrate", "run", "verify"):
        assert "(1, 8, 9)" in complaint(command, digits, "--data", wide)
    assert "3 classes" in complaint("run", digits, "--data", few)


@pytest.mark.parametrize("command", ["calibrate", "verify", "run", "size", "bench", "compile", "info"])
def test_models_that_are_missing_or_damaged(command: str, own: Path, tmp_path: Path) -> None:
    words = ["--data", "digits"] if command in ("calibrate", "verify", "run") else []
    words += ["-o", str(tmp_path / "out")] if command == "compile" else []
    calibration = own.with_suffix(".cal.json").read_bytes()
    assert "absent.hfn" in complaint(command, tmp_path / "absent.hfn", *words)
    whole = own.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    for content in (whole[: len(whole) // 2], whole[:-1], b"", bytes(flipped), whole + b"\0"):
        own.write_bytes(content)
        assert str(own) in complaint(command, own, *words)
    assert own.with_suffix(".cal.json").read_bytes() == calibration
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["verify", "run", "size", "bench", "compile"])
def test_calibrations_that_are_missing_damaged_or_of_another_model(command: str, own: Path, tmp_path: Path) -> None:
    words = ["--data", "digits"] if command in ("verify", "run") else []
    words += ["-o", str(tmp_path / "out")] if command == "compile" else []
    beside = own.with_suffix(".cal.json")
    content = json.loads(beside.read_text())
    beside.write_text(json.dumps({**content, "model": "0" * 64}))
    assert "belongs to another model" in complaint(command, own, *words)
    for text in ("{", "[]", json.dumps({**content, "version": 2}), json.dumps({**content, "tensors": {}})):
        beside.write_text(text)
        assert "calibrate" in complaint(command, own, *words)
    beside.unlink()
    assert f"run edgehfn calibrate {own}" in complaint(command, own, *words)
    assert not (tmp_path / "out").exists()


def test_a_layer_that_has_no_integer_form(own: Path) -> None:
    net = modelfile.load(own)
    pool = nn.Step("pool", "input", nn.MaxPool(2, 2), relu=True)
    steps = (pool, replace(net.steps[0], x="pool"), *net.steps[1:])
    modelfile.save(nn.Net(net.input, steps, net.classes, net.seed), own)
    result_of("calibrate", own, "--data", "digits")
    line = complaint("size", own)
    assert "step pool" in line
    assert "supported" in line


def test_an_operation_of_another_version(own: Path) -> None:
    metadata, tensors = tensorfile.read(own)
    metadata["arch"] = metadata["arch"].replace('"global_avg"', '"softmax"')
    metadata["digest"] = modelfile._digest(metadata, tensors)
    tensorfile.write(own, metadata, tensors)
    assert "softmax" in complaint("info", own)


@pytest.mark.qemu
def test_an_arena_too_large_for_the_board(tmp_path: Path) -> None:
    line = complaint("bench", "--arch", "resnet8", "--target", "microbit")
    assert "16,384" in line
    assert "microbit" in line


def test_names_that_c_cannot_have(digits: Path, tmp_path: Path) -> None:
    for name in ("9lives", "a-b", "ä", "a;b"):
        assert f"'{name}'" in complaint("compile", digits, "--name", name, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def path_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leaves nothing on the path but the tools named, and nothing built before."""

    def limit(*tools: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        for tool in tools:
            (folder / tool).symlink_to(shutil.which(tool) or "/nowhere")
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    return limit


def test_a_missing_compiler(digits: Path, path_of: Callable[..., None]) -> None:
    path_of()
    assert "gcc is not installed: apt-get install gcc" in complaint("run", digits, "--data", "digits", "--on", "host")
    line = complaint("bench", digits, "--target", "cortex-m4")
    assert "arm-none-eabi-gcc is not installed: apt-get install gcc-arm-none-eabi" in line
    assert result_of("size", digits)["measured"] is None


@pytest.mark.qemu
def test_a_missing_emulator(digits: Path, path_of: Callable[..., None]) -> None:
    path_of("arm-none-eabi-gcc", "arm-none-eabi-ar", "arm-none-eabi-objdump", "arm-none-eabi-nm")
    line = complaint("run", digits, "--data", "digits", "--on", "cortex-m4")
    assert "qemu-system-arm is not installed: apt-get install qemu-system-arm" in line


def test_places_that_cannot_be_written(digits: Path, own: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    train = ("train", "--data", "digits", "--arch", "tiny", "-o")
    assert "x.hfn" in complaint(*train, tmp_path / "x")
    assert str(file) in complaint(*train, file / "x.hfn")
    assert str(file) in complaint("compile", digits, "-o", file / "c")
    assert str(file) in complaint("size", digits, "--html", file / "x.html")
    own.with_suffix(".cal.json").unlink()
    own.with_suffix(".cal.json").mkdir()
    assert ".cal.json" in complaint("calibrate", own, "--data", "digits")
    assert file.read_text() == ""
    assert not [path for path in tmp_path.rglob("*.tmp") if os.path.exists(path)]


@pytest.mark.gcc
@pytest.mark.qemu
def test_every_search_ends_on_a_core(tmp_path: Path) -> None:
    """Coats, frozen positions, a mask for each iteration, a common threshold and a ramp, all in one net."""
    model = tmp_path / "x.hfn"
    coats = (
        "--coats",
        2,
        "--density",
        0.6,
        "--frozen",
        0.5,
        "--freeze-over",
        "epl",
        "--fold",
        2,
        "--masks",
        "unshared",
    )
    search = ("--thresholds", "adaptive", "--ramp", 0.5, "--epochs", 3)
    trained = result_of("train", "--data", "digits", "--arch", "tiny", *coats, *search, "-o", model)
    assert trained["accuracy"] > 0.5
    result_of("calibrate", model, "--data", "digits")
    machines_ = "pytorch,emulator,host,cortex-m0"
    assert result_of("verify", model, "--data", "digits", "--on", machines_, "--limit", 3)["mismatches"] == 0
    found = result_of("info", model)
    masked = [weight for weight in found["weights"].values() if weight["coats"]]
    assert len(masked) == 6 * 2 + 2  # two convolutions and two iterations in three stages, two transitions
    for coat, density in enumerate((0.6, 0.3)):  # together, however the layers share it out
        kept, count = (sum(w["kept"][coat] for w in masked), sum(w["count"] for w in masked))
        assert kept / count == pytest.approx(density, abs=0.01)
    frozen = sum(w["frozen"] * w["count"] for w in masked) / sum(w["count"] for w in masked)
    assert frozen == pytest.approx(0.5, abs=0.01)
    assert found["noted"]["thresholds"] == "adaptive"


def test_options_of_old_are_still_taken(digits: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "x.hfn")
    train = ("train", "--data", "digits", "--arch", "tiny", *out)
    assert "--crop-padding is for --augment" in complaint(*train, "--border", 2)
    assert "--label-smoothing" in complaint(*train, "--smooth", 2)
    assert "--max-graph" in complaint(*train, "--most", "1,2,3")
    assert "'residual_scale'" in complaint(*train, "--gain", 0.5)
    shown = call("train", "--help").output
    assert not [old for old in ("--border", "--smooth ", "--most", "--gain") if old in shown]
    assert "no core or board is called 'host'" in complaint("bench", digits, "--on", "host")
