"""Writes docs/ACCURACY.md: what the zoo's models cost, kinds of weights at equal bytes, a search beside presets.

    make accuracy                           # what is missing (hours; goes on where it stopped)
    python -m benchmarks.accuracy.compare zoo       # the zoo's table alone (minutes)
    python -m benchmarks.accuracy.compare write     # the document alone, from docs/accuracy

Models stay in runs/accuracy, results in docs/accuracy: a table of the zoo, of each comparison and of the search.
"""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from PIL import Image

from benchmarks.accuracy.compare_page import BUDGET, COMPARISONS, FOUND, RESULTS, ZOO, document, rows_of
from benchmarks.common.command import call
from edgehfn import accuracy, bench, data, footprint, zoo
from edgehfn.evaluation.models import calibrated, open_model
from edgehfn.model import modelfile
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.training import trainlog

ROOT = Path(__file__).parents[2]
RUNS, DOCUMENT = ROOT / "runs" / "accuracy", ROOT / "docs" / "ACCURACY.md"

CORE = "cortex-m4"
SEARCH = f"edgehfn search {BUDGET} --data fashion-mnist --minutes 45 --epochs 20"
PRESETS = {
    "tiny": "edgehfn train --data fashion-mnist --arch tiny --epochs 20",
    "demo": "edgehfn train --data fashion-mnist --arch demo --width 13 --epochs 20",
}


@dataclass(frozen=True)
class Net:
    """One that fits the budget; ``accuracy`` of the integers over the whole test set, all else on a Cortex-M4."""

    name: str
    accuracy: float
    flash: int
    ram: int
    instructions: int
    objective: str
    cpu_minutes: float
    command: str


@dataclass(frozen=True)
class Entry:
    """A model of the zoo on a Cortex-M4: model data alone, and what a linked program takes; ``least…`` is compiled for
    RAM, ``small…`` for flash, all else for speed."""

    name: str
    accuracy: float
    model: int
    flash: int
    ram: int
    instructions: int
    least_ram: int
    least_instructions: int
    small: int
    small_instructions: int
    epochs: int
    cpu_minutes: float
    command: str


def zoo_sizes() -> None:
    """Raises InputError where a data set that an entry needs is missing."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for card in zoo.cards():
            model, _ = zoo.get(card.name, folder)
            graph = open_model(model).graph
            fast, least, small = (footprint(graph, CORE, objective).sizes for objective in OBJECTIVES)
            counts = [bench(graph, CORE, objective=objective).total for objective in OBJECTIVES]
            sizes = (fast.weights_flash, fast.total_flash, fast.total_ram, counts[0])
            others = (least.total_ram, counts[1], small.total_flash, counts[2])
            trained = (card.epochs, card.cpu_minutes, card.command)
            found.append(Entry(card.name, card.accuracy, *sizes, *others, *trained))
    keep(ZOO, found)


def compare(name: str) -> None:
    call("compare", *COMPARISONS[name].split(), "-o", RUNS / name)
    RESULTS.mkdir(exist_ok=True)
    shutil.copyfile(RUNS / name / "table.csv", RESULTS / f"{name}.csv")
    shrink(RUNS / name / "compare.png", RESULTS / f"{name}.png")


def shrink(picture: Path, into: Path) -> None:
    """A fifth of the bytes: smaller, and in few colours."""
    with Image.open(picture) as whole:
        part = whole.convert("RGB").resize((whole.width * 2 // 3, whole.height * 2 // 3))
        part.quantize(128, Image.Quantize.FASTOCTREE).save(into, optimize=True)


def search() -> None:
    """The nets of the budget, presets first."""
    nets = []
    for name, command in PRESETS.items():
        model = RUNS / f"{name}.hfn"
        call(*command.split()[1:], "-o", model)
        calibrated(model, data.images("fashion-mnist"))
        minutes = trainlog.load(model, modelfile.digest(model)).cpu_minutes
        nets.append(measured(name, model, "speed", None, minutes, command))
    found = call(*SEARCH.split()[1:], "-o", RUNS / FOUND)
    within = found["objective"], found["ram"]
    nets.append(measured("found", Path(found["model"]), *within, found["cpu_minutes"], SEARCH))
    keep(FOUND, nets)


def measured(name: str, model: Path, objective: Objective, ram: int | None, minutes: float, command: str) -> Net:
    """A net that was trained and calibrated."""
    graph = open_model(model).graph
    sizes = footprint(graph, CORE, objective, ram).sizes
    reached = accuracy(graph, data.load("fashion-mnist"))
    instructions = bench(graph, CORE, objective=objective, ram=ram).total
    return Net(name, reached, sizes.total_flash, sizes.total_ram, instructions, objective, round(minutes, 1), command)


def keep(name: str, rows: Sequence[Net | Entry]) -> None:
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.DictWriter(file, [field.name for field in fields(rows[0])], lineterminator="\n")
        lines.writeheader()
        lines.writerows(map(asdict, rows))


def main(words: list[str]) -> None:
    if words not in ([], ["zoo"], ["write"]):
        sys.exit("usage: python -m benchmarks.accuracy.compare [zoo|write]")
    if words != ["write"]:
        zoo_sizes()
    if not words:
        for name in COMPARISONS:
            compare(name)
        if not rows_of(FOUND):
            search()
    DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
