"""Trains each variation of a small net with several seeds and writes docs/ABLATION.md.

    make ablation                          # what is missing, of all rows
    python -m benchmarks.accuracy.ablation coats    # of one group
    python -m benchmarks.accuracy.ablation "dense and hidden"    # some minutes: float32 beside masks

Results are kept in docs/ablation.csv, a line a run as soon as it ends; a run that stands there is not done again.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from operator import itemgetter
from pathlib import Path
from statistics import mean, stdev

from benchmarks.accuracy.ablation_rows import NOTES, ROWS
from benchmarks.common.command import call
from benchmarks.common.table import table
from edgehfn import accuracy, footprint, nn, zoo
from edgehfn import data as sets
from edgehfn.evaluation.models import calibrated
from edgehfn.model import modelfile
from edgehfn.nn.net import is_float

DOCS = Path(__file__).parents[2] / "docs"
RESULTS, DOCUMENT = DOCS / "ablation.csv", DOCS / "ABLATION.md"
DATA = "fashion-mnist"  # unless a row has its own
TARGET = "cortex-m4"


@dataclass(frozen=True)
class Outcome:
    """One run; ``instructions`` are predicted, of an image. Of float32 weights the accuracy is the float net's, the
    model its weights, and there are no instructions."""

    options: str
    seed: int
    accuracy: float  # of the integers, over the whole test set
    model: int  # bytes
    masks: int  # bytes
    instructions: int
    seconds: float


def outcomes() -> dict[tuple[str, int], Outcome]:
    """All runs so far."""
    if not RESULTS.exists():
        return {}
    with RESULTS.open(newline="", encoding="utf-8") as file:
        made = [
            Outcome(
                row["options"],
                int(row["seed"]),
                float(row["accuracy"]),
                int(row["model"]),
                int(row["masks"]),
                int(row["instructions"]),
                float(row["seconds"]),
            )
            for row in csv.DictReader(file)
        ]
    return {(run.options, run.seed): run for run in made}


def run(options: str, seed: int) -> Outcome:
    """Train, calibrate and measure one net."""
    started, words = time.monotonic(), options.split()
    data = ("--data", words[words.index("--data") + 1] if "--data" in words else DATA)
    with tempfile.TemporaryDirectory() as folder:
        if "--teacher" in words:
            at = words.index("--teacher") + 1
            words[at] = str(zoo.get(words[at].removesuffix(zoo.MODEL), folder)[0])
        model = str(Path(folder) / "row.hfn")
        call("train", *data, *words, "--seed", str(seed), "-o", model)
        net = modelfile.load(model)
        if is_float(net):
            taken = round(time.monotonic() - started, 1)
            return Outcome(options, seed, modelfile.info(model)["accuracy"], nn.paper_bytes(net), 0, 0, taken)
        images = sets.images(data[1])
        graph = calibrated(Path(model), images).graph
        reached, cost = accuracy(graph, images), footprint(graph, TARGET)
    return Outcome(
        options,
        seed,
        reached,
        cost.sizes.weights_flash,
        cost.flash["masks"],
        cost.instructions,
        round(time.monotonic() - started, 1),
    )


def missing(groups: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Runs without a line in the results, seed by seed; those another process ended meanwhile are not done again."""
    rows = [row for row in ROWS if not groups or row.group in groups]
    for options, seed in sorted({(row.options, seed): None for row in rows for seed in row.seeds}, key=itemgetter(1)):
        if (options, seed) not in outcomes():
            yield options, seed


def main(groups: Sequence[str]) -> None:
    known = dict.fromkeys(row.group for row in ROWS)
    if unknown := [group for group in groups if group not in known]:
        sys.exit(f"ablation: there is no group {unknown[0]!r}; there are {', '.join(known)}")
    for options, seed in missing(groups):
        print(f"{options} --seed {seed}", file=sys.stderr, flush=True)
        made, fresh = run(options, seed), not RESULTS.exists()
        with RESULTS.open("a", newline="") as file:
            lines = csv.DictWriter(file, [field.name for field in fields(Outcome)], lineterminator="\n")
            if fresh:
                lines.writeheader()
            lines.writerow(asdict(made))
        write()
    write()


def write() -> None:
    DOCUMENT.write_text(document(), encoding="utf-8")


def document() -> str:
    """The text of docs/ABLATION.md."""
    found = outcomes()
    parts = [
        "# Ablations",
        "Written by `make ablation`; do not edit. Integer accuracy over all 10,000 test images, mean ± "
        "standard deviation over the seeds; bytes of model data and of masks; instructions an image predicted for a "
        "Cortex-M4. A row is `edgehfn train OPTIONS --seed S`, with `--data fashion-mnist` unless it names others, "
        "then `calibrate`, `run`, `size`; teachers come from `edgehfn zoo get`. Rows of six epochs rank "
        "ideas; they are not the best that a net can reach. Instructions were predicted before three channels shared "
        "sums (revision 8a4e8da), which takes up to a fifth off where one coat keeps half of the weights.",
    ]
    for group in dict.fromkeys(row.group for row in ROWS):
        rows = []
        for row in (row for row in ROWS if row.group == group):
            runs = [found[row.options, seed] for seed in row.seeds if (row.options, seed) in found]
            if not runs:
                continue
            spread = f" ± {100 * stdev([r.accuracy for r in runs]):.2f}" if len(runs) > 1 else ""
            rows.append(
                [
                    row.label,
                    f"{100 * mean(r.accuracy for r in runs):.2f}{spread}",
                    str(len(runs)),
                    f"{runs[0].model:,}",
                    f"{runs[0].masks:,}",
                    f"{runs[0].instructions / 1e6:.2f} M" if runs[0].instructions else "–",
                    f"`{row.options}`",
                ]
            )
        if rows:
            heads = ["", "accuracy, %", "seeds", "model data", "masks", "instructions", "options"]
            notes = [NOTES[group]] if group in NOTES else []
            parts += [f"## {group[0].upper()}{group[1:]}", *notes, table(heads, rows)]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
