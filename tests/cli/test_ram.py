"""RAM asked for in bytes: every command keeps it, or says in one line what the least is."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from support.commands import call, result_of


def least(model: Path) -> int:
    """Bytes of the smallest plan."""
    size = result_of("size", model, "--objective", "ram")["total_ram"]
    assert isinstance(size, int)
    return size


def test_size_keeps_a_number_of_bytes_with_the_same_keys(digits: Path) -> None:
    usual, few = result_of("size", digits, "--target", "cortex-m0"), least(digits)
    assert few < usual["total_ram"]
    for budget in (few, few + 100, usual["total_ram"], "1M"):
        found = result_of("size", digits, "--target", "cortex-m0", "--ram", budget)
        assert found.keys() == usual.keys()
        assert found["objective"] == "ram"
        assert found["total_ram"] <= (1 << 20 if budget == "1M" else int(budget))
    honoured = result_of("size", digits, "--ram", usual["total_ram"], "--objective", "speed")
    assert honoured["objective"] == "speed"
    assert honoured["total_ram"] == usual["total_ram"]


@pytest.mark.parametrize("verb", ["size", "compile", "bench", "run", "verify"])
def test_a_number_that_cannot_be_met_ends_in_one_line(digits: Path, verb: str, tmp_path: Path) -> None:
    few = least(digits)
    words: dict[str, list[object]] = {
        "compile": ["-o", tmp_path / "made"],
        "run": ["--data", "digits"],
        "verify": ["--data", "digits"],
    }
    done = call(verb, digits, "--ram", few - 1, *words.get(verb, []))
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert f"the least is {few:,}" in line
    assert not (tmp_path / "made").exists()


def test_compile_writes_what_was_sized(digits: Path, tmp_path: Path) -> None:
    few = least(digits)
    made = result_of("compile", digits, "--name", "kws", "-o", tmp_path, "--ram", few)
    assert (made["arena"], made["objective"]) == (few, "ram")
    assert re.search(rf"KWS_ARENA_SIZE\s+{few}\b", (tmp_path / "kws.h").read_text())
    assert "#define HFN_FEW_ROWS 1" in (tmp_path / "edgehfn" / "hfn_config.h").read_text()


@pytest.mark.gcc
@pytest.mark.qemu
def test_machines_agree_within_a_number_of_bytes(digits: Path) -> None:
    few = least(digits)
    words = ("--data", "digits", "--ram", few, "--limit", 3)
    found = result_of("verify", digits, "--on", "host,cortex-m0,cortex-m4,cortex-m55", *words)
    assert found["mismatches"] == 0
    on_core = result_of("run", digits, "--on", "cortex-m4", *words)
    assert on_core["accuracy"] == result_of("run", digits, *words)["accuracy"]


@pytest.mark.qemu
def test_the_curve_is_a_front_of_numbers_to_ask_for(digits: Path, tmp_path: Path) -> None:
    page = tmp_path / "digits.html"
    curve = result_of("size", digits, "--curve", "--html", page)["curve"]
    assert len(curve) >= 5
    for more, fewer in pairwise(curve):
        assert fewer["ram"] < more["ram"]
        assert fewer["instructions"] > more["instructions"]
    assert curve[-1]["ram"] == least(digits)
    for point in curve:
        found = result_of("size", digits, "--ram", point["ram"])
        assert (found["total_ram"], found["predicted_instructions"]) == (point["ram"], point["instructions"])
        assert found["measured"]["total_ram"] == point["ram"]
    shown = call("size", digits, "--curve").stdout
    assert all(f"{point['ram']:,}" in shown for point in curve)
    assert all(f"--ram {point['ram']}: {point['instructions']:,} instructions" in page.read_text() for point in curve)
    counted = result_of("bench", digits, "--ram", curve[-1]["ram"])
    assert counted["instructions"] == pytest.approx(curve[-1]["instructions"], rel=0.1)
