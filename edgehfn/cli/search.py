"""``search``: the best net for a budget."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehfn import files
from edgehfn.cli._common import (
    CORE,
    Bytes,
    Interrupted,
    Real,
    Result,
    as_json,
    command,
    emit,
    example,
    force,
    note,
    show,
    table,
    typed,
)
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.search import Finished, Search

TRIALS = 60
UNITS = {"total_flash": "bytes of flash", "total_ram": "of RAM", "instructions": "instructions"}


class Count(click.ParamType[int]):
    """``20000000``, ``20M`` or ``0.5M``: K is a thousand and M a million."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of instructions."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([KM]?)", str(value).upper())
        if found is None:
            self.fail(f"{value} is no number of instructions, such as 20000000 or 20M", param, ctx)
        return round(float(found[1]) * {"": 1, "K": 1_000, "M": 1_000_000}[found[2]])


@click.command(
    short_help="Find the best net for a part.",
    epilog=example(
        "edgehfn search --flash 16K --ram 16K --data fashion-mnist --minutes 45 -o found\n"
        "edgehfn search --flash 32K --ram 24K --instructions 20M --target cortex-m0 --data mine.npz -o found"
    ),
)
@click.option("--data", required=True, metavar="NAME|PATH[:nchw|:SIZE]", help="Data set of images, as for train.")
@click.option(
    "--flash", type=Bytes(), help="Most total flash, in bytes, as edgehfn size counts it.  [default: no limit]"
)
@click.option("--ram", type=Bytes(), help="Most RAM, in bytes; the stack is not counted.  [default: no limit]")
@click.option(
    "--instructions", type=Count(), help="Most instructions of an inference; 20M is 20,000,000.  [default: no limit]"
)
@click.option(
    "--target",
    default=CORE,
    metavar="CORE",
    show_default=True,
    help="Core of the part: cortex-m0 to cortex-m55, rv32imc, rv32imc-zbb, rv32ec.",
)
@click.option(
    "--trials",
    type=click.IntRange(1),
    help=f"Nets to train in the study.  [default: {TRIALS}; no limit with --minutes]",
)
@click.option(
    "--minutes",
    type=Real(0, min_open=True),
    help="Minutes of search in this call; the last training comes after them.  [default: no limit]",
)
@click.option(
    "--epochs", type=click.IntRange(1), default=20, show_default=True, help="Epochs of the best net's last training."
)
@click.option("--rung", type=click.IntRange(1), help="Epochs of a net's first training.  [default: about 400 steps]")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of all sampling.")
@click.option(
    "--storage",
    metavar="URL",
    help="Database that machines share a study by, such as postgresql+psycopg://me@host/db.  [default: sqlite in DIR]",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where to train; auto is the GPU if there is one.",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="CPU threads; more than 1 are faster on idle cores only.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the results.",
)
@force
@as_json
def search(
    data: str,
    flash: int | None,
    ram: int | None,
    instructions: int | None,
    target: str,
    trials: int | None,
    minutes: float | None,
    epochs: int,
    rung: int | None,
    seed: int,
    storage: str | None,
    device: str,
    threads: int,
    output: Path,
    as_json: bool,
) -> Result:
    """Search for the most accurate net that fits a part.

    A net fits if it does when compiled for speed, else for RAM, else for flash (--objective of compile; for RAM and
    flash with its --ram). Only nets that fit are trained, briefly at first and measured on images held back. One in
    three then trains three times as long, and of these again one in three. The best is trained on all training images
    and left in DIR as best.hfn, calibrated, with search.json (all trials) and search.png (accuracy against flash). The
    same command goes on after a kill.
    """
    if flash is ram is instructions is None:
        raise click.UsageError("give at least one of --flash, --ram and --instructions")
    from edgehfn import data as sets
    from edgehfn import search
    from edgehfn.progress import progress

    loaded, budget = sets.images(data), search.Budget(target, flash, ram, instructions)
    with files.folder(output):
        for name, kind in (("best.hfn", "model"), ("search.png", "figure"), ("search.json", "study")):
            files.check(output / name, kind)
        recipe = {"device": device, "threads": threads}
        place = storage or f"sqlite:///{output / 'study.db'}"
        study = search.Search(loaded, budget, place, seed=seed, rung=rung, **recipe)
        limit = trials if trials or minutes else TRIALS
        try:
            with progress("searching") as report:
                study.run(limit, None if minutes is None else 60 * minutes, report)
            best = search.trained(study.tried())
            if not best:
                raise InputError("search: no net was trained; give more --minutes or a larger budget")
            search.plot(study.tried(), budget, output / "search.png")
            with progress("training the best") as report:
                settings: dict[str, Any] = {**recipe, "epochs": epochs, "seed": seed}
                done = search.finish(best, loaded, budget, output / "best.hfn", typed(), **settings, progress=report)
        except KeyboardInterrupt:
            raise Interrupted("stopped; the same command goes on") from None
    result = _result(study, done)
    _write(output / "search.json", study, result)
    if as_json:
        emit(result)
    else:
        _show(result, study)
        within = () if result["ram"] is None else ("--ram", result["ram"])
        words = ("edgehfn", "compile", done.model, "--objective", done.cost.objective, *within, "-o", "build")
        note(f"next: {command(*words)}")
    return result


def _result(study: Search, done: Finished) -> Result:
    from edgehfn import search

    return {
        "model": str(done.model),
        "accuracy": done.accuracy,
        "total_flash": done.cost.flash,
        "total_ram": done.cost.ram,
        "instructions": done.cost.instructions,
        "objective": done.cost.objective,
        "ram": study.budget.asked(done.cost.objective),
        "trial": done.tried.number,
        "width": done.tried.width,
        "candidate": asdict(done.tried.candidate),
        "trials": len(search.trained(study.tried())),
        "cpu_minutes": round(done.cpu_minutes + sum(one.cpu_seconds for one in study.tried()) / 60, 2),
    }


def _write(path: Path, study: Search, result: Result) -> None:
    trials = [one.to_json() for one in study.tried()]
    settings = {"study": study.name, "budget": asdict(study.budget), "seed": study.seed, "rungs": study.rungs}
    files.write(path, json.dumps({**settings, "best": result, "trials": trials}, indent=1) + "\n")


def _show(result: Result, study: Search) -> None:
    from edgehfn import search

    rows = table(
        "trial", "accuracy %", "epochs", "flash", "RAM", "instructions", "width", title="Pareto front, held back"
    )
    for one in search.front(study.tried()):
        epochs, accuracy, _ = one.rank
        assert one.cost is not None
        sizes = (one.cost.flash, one.cost.ram, one.cost.instructions, one.width)
        rows.add_row(str(one.number), f"{100 * accuracy:.2f}", str(epochs), *(f"{value:,}" for value in sizes))
    show(rows)
    cost = ", ".join(f"{result[name]:,} {unit}" for name, unit in UNITS.items())
    compiled = f"compiled with --objective {result['objective']}"
    show(f"{result['model']}: {100 * result['accuracy']:.2f} % of the test images, float; {cost}, {compiled}")
    show(f"{result['trials']} nets trained in the study, in {result['cpu_minutes']:.1f} CPU minutes")
