"""Documents that commands write say what the results beside them say, and of the zoo what its cards say."""

from __future__ import annotations

import csv
from types import ModuleType

import pytest

from benchmarks.accuracy import ablation, ablation_rows
from benchmarks.accuracy import compare as accuracy
from benchmarks.accuracy import gnn as graph_nets
from benchmarks.accuracy.compare_page import RESULTS
from edgehfn import zoo


@pytest.mark.parametrize("module", [ablation, accuracy, graph_nets])
def test_a_document_is_what_its_command_writes(module: ModuleType) -> None:
    assert module.DOCUMENT.read_text(encoding="utf-8") == module.document()


def test_ablations_have_one_line_a_run() -> None:
    with ablation.RESULTS.open(newline="") as file:
        runs = [(row["options"], row["seed"]) for row in csv.DictReader(file)]
    assert len(runs) == len(set(runs))
    assert {options for options, _ in runs} <= {row.options for row in ablation_rows.ROWS}


def test_the_zoo_of_the_documents_is_the_one_of_the_package() -> None:
    readme = (accuracy.ROOT / "README.md").read_text(encoding="utf-8")
    with (RESULTS / "zoo.csv").open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert list(rows) == [card.name for card in zoo.cards()]
    for card in zoo.cards():
        row = rows[card.name]
        assert (float(row["accuracy"]), int(row["model"]), int(row["epochs"])) == (
            card.accuracy,
            card.weights_flash,
            card.epochs,
        )
        line = next(line for line in readme.splitlines() if line.startswith(f"| `{card.name}`"))
        speed, flash = (f"{int(row[key]) / 1e6:.1f} M" for key in ("instructions", "small_instructions"))
        least = f"{int(row['least_ram']):,}, {int(row['least_instructions']) / 1e6:.1f} M"
        sizes = f"{card.weights_flash:,} | {int(row['ram']):,} | {int(row['flash']):,}, {speed}"
        assert f"{100 * card.accuracy:.2f} % | {sizes} | {least} | {int(row['small']):,}, {flash} |" in line
