"""The command line: what scripts rely on, and one clear line for everything that can be wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from support import tools

from edgehfn import nn, target
from edgehfn.cli import cli
from edgehfn.evaluation import machines
from edgehfn.model import modelfile, tensorfile

SIZES = {"weights_flash", "code_flash", "total_flash", "activation_ram", "runtime_ram", "total_ram", "stack"}


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def result_of(*words: object) -> Any:
    """The one JSON object of a command that must succeed."""
    done = call(*words, "--json")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def complaint(*words: object, status: int = 2) -> str:
    """The one line on standard error of a command that must fail."""
    done = call(*words)
    assert done.exit_code == status, done.output
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("edgehfn: error: ")
    assert "Traceback" not in line
    return line


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained and calibrated model; tests must not change it."""
    model = tmp_path_factory.mktemp("digits") / "digits.hfn"
    trained = result_of("train", "--data", "digits", "--arch", "tiny", "--epochs", 2, "-o", model)
    assert trained["model"] == str(model)
    assert trained["accuracy"] > 0.5
    result_of("calibrate", model, "--data", "digits")
    return model


@pytest.fixture
def own(digits: Path, tmp_path: Path) -> Path:
    """A copy of the model and its calibration, to be spoiled."""
    for file in digits.parent.glob("digits.*"):
        shutil.copy(file, tmp_path)
    return tmp_path / "digits.hfn"


def dataset(path: Path, **changed: Any) -> Path:
    """A sound .npz of the user's own, but for what is changed; None leaves an array out."""
    draw = np.random.default_rng(0)
    arrays = {
        "x_train": draw.integers(0, 256, (40, 8, 8), np.uint8),
        "y_train": np.arange(40) % 10,
        "x_test": draw.integers(0, 256, (20, 8, 8), np.uint8),
        "y_test": np.arange(20) % 10,
        **changed,
    }
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


# What scripts rely on.


def test_training_leaves_a_model_and_no_checkpoint(digits: Path) -> None:
    assert {file.name for file in digits.parent.iterdir()} == {"digits.hfn", "digits.cal.json", "digits.log.json"}


def test_calibrate_reports_every_tensor(own: Path) -> None:
    made = result_of("calibrate", own, "--data", "digits", "--method", "mse", "--images", 100)
    assert made["images"] == 100
    assert made["calibration"] == str(own.with_suffix(".cal.json"))
    assert set(made["tensors"]) == {"input", *(step.name for step in modelfile.load(own).steps)}
    table = call("calibrate", own, "--data", "digits").stdout
    assert all(column in table for column in ("scale", "clipped", "SNR"))


def test_run_measures_accuracy(digits: Path) -> None:
    whole = result_of("run", digits, "--data", "digits")
    assert whole["images"] == 360
    assert whole["accuracy"] > 0.5
    some = result_of("run", digits, "--data", "digits", "--on", "pytorch", "--limit", 30)
    assert some["images"] == 30
    assert some["accuracy"] * 30 == pytest.approx(round(some["accuracy"] * 30))


@pytest.mark.qemu
def test_run_on_a_core(digits: Path) -> None:
    assert result_of("run", digits, "--data", "digits", "--on", "cortex-m4", "--limit", 5)["images"] == 5


@pytest.mark.gcc
@pytest.mark.qemu
def test_verify_compares_all_machines(digits: Path) -> None:
    found = result_of("verify", digits, "--data", "digits", "--on", "all", "--limit", 30, "--limit-cores", 2)
    assert found["mismatches"] == 0
    assert found["images"] == 30
    assert found["machines"] == ["pytorch", "emulator", "host", *target.CORES]
    assert [found["each"][name]["images"] for name in found["machines"]] == [30] * 3 + [2] * len(target.CORES)
    assert abs(found["integer_accuracy"] - found["float_accuracy"]) <= 0.2  # of 30 images


def test_verify_names_the_first_difference(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = machines.run

    def wrong(graph: Any, raw: Any, on: str, observe: Any = None, objective: Any = "speed") -> Any:
        def see(name: str, values: Any) -> None:
            values = values.copy()
            if on == "pytorch" and name == "stage1.0.conv1" and len(values) == 22:  # the second batch of 150
                values[3, 2, 1, 0] ^= 1
                values[4] ^= 1
            observe(name, values)

        return honest(graph, raw, on, see, objective)

    monkeypatch.setattr(machines, "run", wrong)
    done = call("verify", digits, "--data", "digits", "--on", "emulator,pytorch", "--limit", 150, "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["mismatches"] == 1 + 8 * 8 * 8
    pattern = r"image 131, stage1.0.conv1\[2, 1, 0\]: emulator (-?\d+), pytorch (-?\d+)"
    place = re.fullmatch(pattern, found["first"])
    assert place is not None
    assert int(place[1]) ^ 1 == int(place[2])
    assert done.stderr.splitlines()[-1] == f"first difference: {found['first']}"


@pytest.mark.qemu
def test_size_predicts_and_measures(digits: Path, tmp_path: Path) -> None:
    page = tmp_path / "digits.html"
    found = result_of("size", digits, "--target", "cortex-m0", "--html", page)
    assert set(found) >= SIZES
    assert set(found["predicted"]) == set(found["measured"]) == SIZES
    for name in ("weights_flash", "activation_ram", "runtime_ram", "total_ram"):
        assert found["predicted"][name] == found["measured"][name] == found[name]
    assert found["total_flash"] == found["weights_flash"] + found["code_flash"]
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert not re.search(r"(src|href)\s*=", text)  # self-contained


def test_size_holds_a_budget(digits: Path) -> None:
    flash = result_of("size", digits)["total_flash"]
    assert call("size", digits, "--max-flash", flash, "--max-ram", "1M").exit_code == 0
    done = call("size", digits, "--max-flash", flash - 1, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["total_flash"] == flash
    assert f"{flash:,} bytes, {flash - 1:,} are allowed" in done.stderr
    assert "total ram" in call("size", digits, "--max-ram", "1k").stderr


@pytest.mark.qemu
def test_bench_counts_a_model_and_an_untrained_preset(digits: Path) -> None:
    found = result_of("bench", digits, "--target", "cortex-m7")
    nodes = [node["name"] for node in found["nodes"]]
    assert nodes == ["input", *(step.name for step in modelfile.load(digits).steps)]
    assert 0 <= found["instructions"] - sum(node["instructions"] for node in found["nodes"]) < 100
    untrained = ("bench", "--arch", "resnet8", "--input", "1,12,12", "--width", 4, "--target", "cortex-m0")
    sparse, full = (result_of(*untrained, "--density", density) for density in (0.4, 0.9))
    assert sparse["instructions"] < full["instructions"]
    assert result_of(*untrained, "--density", 0.4) == sparse


@pytest.mark.qemu
def test_size_predicts_the_instructions(digits: Path) -> None:
    tools.fitted_to()
    counted = result_of("bench", digits)
    assert result_of("size", digits)["predicted_instructions"] == pytest.approx(counted["instructions"], rel=0.05)


def test_compile_writes_a_model_and_the_runtime(digits: Path, tmp_path: Path) -> None:
    made = result_of("compile", digits, "--name", "kws", "-o", tmp_path / "new" / "build")
    assert made["files"][:2] == [str(tmp_path / "new" / "build" / name) for name in ("kws.h", "kws.c")]
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert sorted(Path(file).relative_to(tmp_path) for file in made["files"]) == files
    text = (tmp_path / "new" / "build" / "kws.c").read_text()
    assert "kws_selftest" in text
    assert str(tmp_path) not in text
    again = result_of("compile", digits, "--name", "kws", "-o", tmp_path / "again")
    assert [Path(file).read_bytes() for file in made["files"]] == [Path(file).read_bytes() for file in again["files"]]


@pytest.mark.qemu
@pytest.mark.gcc
def test_objectives_change_what_is_written_and_what_it_costs(digits: Path, tmp_path: Path) -> None:
    sizes = {objective: result_of("size", digits, "--objective", objective) for objective in ("speed", "ram", "flash")}
    assert [size["objective"] for size in sizes.values()] == list(sizes)
    assert sizes["flash"]["code_flash"] < sizes["speed"]["code_flash"] < sizes["ram"]["code_flash"]
    assert sizes["ram"]["total_ram"] <= sizes["speed"]["total_ram"]
    made = result_of("compile", digits, "--name", "kws", "-o", tmp_path, "--objective", "flash")
    assert made["objective"] == "flash"
    assert "generated by EdgeHFN for flash" in (tmp_path / "kws.h").read_text()
    assert "#define HFN_SMALL 1" in (tmp_path / "edgehfn" / "hfn_config.h").read_text()
    agreed = result_of(
        "verify", digits, "--data", "digits", "--on", "host,cortex-m0", "--limit", 3, "--objective", "flash"
    )
    assert agreed["mismatches"] == 0
    counted = result_of("bench", digits, "--target", "cortex-m0", "--objective", "flash")
    assert sizes["flash"]["objective"] == counted["objective"]


def test_info_describes_models_and_presets(digits: Path) -> None:
    found = result_of("info", digits)
    assert found["input"] == [1, 8, 8]
    assert found["noted"]["data"] == "digits"
    assert found["noted"]["digest"] == modelfile.digest(digits)
    assert (found["noted"]["augment"], found["noted"]["crop_padding"], found["noted"]["batch"]) == ("none", 0, 128)
    assert found["noted"]["precision"] in ("fp32", "bf16")
    for words in (("info", digits, "--fold", 3), ("bench", digits, "--input", 28)):
        refused = call(*words)
        assert refused.exit_code == 2
        assert f"{words[2]} is for --arch" in refused.stderr
    folded = ("info", "--arch", "tiny", "--fold", 2)
    assert [step["weight"] for step in result_of(*folded)["steps"]].count("stage1.0.conv1") == 2
    assert call(*folded).stdout.count("shared") == 6
    blocks = [2 * 9 * width**2 for width in (8, 16, 32)]
    again = result_of(*folded)["folded"]
    assert again["mac"] == sum(count * side**2 for count, side in zip(blocks, (14, 7, 4), strict=True))
    coats = 1 + 0.6  # bits a weight; each mask ends with a whole word
    assert 0 <= 8 * again["saved_bytes"] - coats * sum(blocks) < 6 * 2 * 32
    assert result_of("info", "--arch", "tiny")["folded"] == {"mac": 0, "saved_bytes": 0}
    sparse = result_of("info", "--arch", "tiny", "--density", "0.3", "--coats", "2", "--stem", "supermask")
    assert {round(w["density"], 1) for w in sparse["weights"].values() if w["density"] is not None} == {0.3}
    assert {w["coats"] for w in sparse["weights"].values()} == {0, 2}
    thrice = result_of("info", "--arch", "tiny", "--density", "0.6", "--coats", "3", "--frozen", "0.5")
    for weight in thrice["weights"].values():
        if weight["coats"]:
            kept, bits = weight["kept"], round((1 - weight["frozen"]) * weight["count"]) + sum(weight["kept"][:-1])
            assert kept == [round(weight["count"] * density) for density in (0.6, 0.4, 0.2)]
            assert weight["bits"] == bits
            assert 0 <= 8 * weight["bytes"] - bits < 3 * 32
    assert result_of("info", "--arch", "resnet8", "--fold", "1,2,1")["input"] == [3, 32, 32]
    for weights, stored in (("int4", -(-9 * 5 * 5 // 2)), ("ternary", 2 * 8 * 4), ("binary", 8 * 4)):
        few = result_of("info", "--arch", "tiny", "--weights", weights, "--width", 5)["weights"]["stage1.0.conv1"]
        assert (few["count"], few["bytes"]) == (225, stored)


@pytest.mark.gcc
@pytest.mark.qemu
def test_demo_ends_in_one_table(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["edgehfn.cli.run"], "CORE_IMAGES", 2)
    monkeypatch.setattr(sys.modules["edgehfn.cli.verify"], "CORE_IMAGES_OF_ALL", 1)
    words = ("demo", "--data", "digits", "--arch", "tiny", "--epochs", 2, "-o", tmp_path)
    done = call(*words)
    assert done.exit_code == 0, done.stderr
    assert re.search(r"mismatching bytes, 10 machines +0", done.stdout)
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
    assert set(json.loads(done.stdout)) == {"accuracy", "images", "epochs", "seconds", "model"}
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
        "verify",
        "size",
        "bench",
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


# Everything that can be wrong.


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
        ({"x_train": np.zeros((40, 8, 8), np.float32)}, "x_train is float32"),
        ({"x_test": np.zeros((20, 8), np.uint8)}, "x_test has shape (20, 8)"),
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
    assert "counted on cores" in complaint("bench", digits, "--on", "host")
