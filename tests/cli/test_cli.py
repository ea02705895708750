"""The command line: what scripts rely on, and one clear line for everything that can be wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import tools
from support.commands import call, result_of

from edgehfn import target
from edgehfn.evaluation import machines
from edgehfn.model import modelfile

SIZES = {"weights_flash", "code_flash", "total_flash", "activation_ram", "runtime_ram", "total_ram", "stack"}


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
    honest = machines.run_planned

    def wrong(graph: Any, planned: Any, raw: Any, on: str, observe: Any = None) -> Any:
        def see(name: str, values: Any) -> None:
            values = values.copy()
            if on == "pytorch" and name == "stage1.0.conv1" and len(values) == 22:  # the second batch of 150
                values[3, 2, 1, 0] ^= 1
                values[4] ^= 1
            observe(name, values)

        return honest(graph, planned, raw, on, see)

    monkeypatch.setattr(machines, "run_planned", wrong)
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


def test_size_of_a_preset_comes_before_any_training() -> None:
    found = result_of("size", "--arch", "tiny", "--input", "1,8,8", "--target", "cortex-m0")
    assert set(found["predicted"]) == SIZES
    less = result_of("size", "--arch", "tiny", "--input", "1,8,8", "--width", 4, "--ram", "4K")
    assert less["total_ram"] <= 4096
    assert "--html is for a model file" in call("size", "--arch", "tiny", "--html", "x.html").stderr
    assert "give either a model file or --arch" in call("size").stderr


@pytest.mark.qemu
def test_bench_estimates_cycles_and_says_how_long_they_last(digits: Path) -> None:
    found = result_of("bench", digits, "--target", "pico", "--cycles")
    assert found["counter"] == "published timings"
    assert found["clock"] == 133_000_000
    waiting = result_of("bench", digits, "--target", "pico", "--flash-waits", 3, "--icache", "8x16")
    assert waiting["cycles"] > found["cycles"] > result_of("bench", digits, "--target", "cortex-m0plus")["instructions"]
    assert " ms at 133 MHz" in call("bench", digits, "--target", "pico", "--cycles").stdout
    for wrong in (("--icache", "8x16"), ("--flash-waits", 1, "--icache", "8"), ("--flash-waits", -1)):
        assert call("bench", digits, *wrong).exit_code == 2


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
