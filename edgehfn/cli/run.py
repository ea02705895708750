"""``run``: accuracy on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn.cli._common import DATA, MODEL, Result, as_json, emit, example, objective, rows, show, table

if TYPE_CHECKING:
    from edgehfn.evaluation.accuracy import Examples
    from edgehfn.evaluation.confusion import Confusion
    from edgehfn.spec.objective import Objective
    from edgehfn.training.figures import Figures

LIMITS = {"pytorch": None, "emulator": None, "host": 1000}  # images without --limit: all, or so many
CORE_IMAGES = 100
MANY, WORST = 20, 10  # classes, up to which all are shown; of more so many


@click.command(
    short_help="Accuracy on one machine.",
    epilog=example("edgehfn run kws.hfn --data fashion-mnist --on cortex-m4 --limit 100"),
)
@MODEL
@DATA
@click.option(
    "--on",
    default="emulator",
    metavar="MACHINE",
    show_default=True,
    help="Machine: pytorch, emulator, host, a core such as cortex-m4, wasm, gdb://HOST:PORT, a board behind a GDB "
    "server, or pyocd, one that is plugged in.",
)
@click.option(
    "--limit", type=click.IntRange(1), help="Test inputs to run.  [default: all, but 1000 on the host, 100 on a core]"
)
@objective
@rows
@as_json
def run(
    model: Path,
    data: str,
    on: str,
    limit: int | None,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    as_json: bool,
) -> Result:
    """Measure the integer accuracy of MODEL on the test part of a data set, on one machine.

    Beside it: of each class how many examples are found (recall), how many of its answers are right (precision), F1,
    and what it is most often taken for; of up to 20 classes also which is taken for which. Models for other tasks have
    figures of their own (docs/TASKS.md).
    """
    from edgehfn.evaluation import machines
    from edgehfn.evaluation.accuracy import confused, measure
    from edgehfn.evaluation.models import load_examples, open_model
    from edgehfn.progress import progress
    from edgehfn.target import plugged

    machine, *others = machines.parse(on)
    if others:
        raise click.UsageError(f"--on takes one machine here, not {on}")
    opened = open_model(model)
    examples = load_examples(opened, data, limit or LIMITS.get(machine, CORE_IMAGES))
    if opened.graph.task.kind != "class":
        with plugged.served((machine,)) as (served,), progress(machine) as report:
            told = measure(opened.graph, examples, served, objective=objective, ram=ram, rows=rows, progress=report)
        return _figures(told, examples, machine, as_json)
    with plugged.served((machine,)) as (served,), progress(machine) as report:
        found = confused(opened.graph, examples, served, objective=objective, ram=ram, rows=rows, progress=report)
    count = examples.count(len(examples.raw))
    result = {"accuracy": found.accuracy, examples.unit: count, "machine": machine, **found.to_json()}
    if as_json:
        emit(result)
    else:
        _show(found)
        show(f"{machine}: {100 * found.accuracy:.2f} % of {count:,} {examples.unit}")
    return result


def _figures(told: Figures, examples: Examples, machine: str, as_json: bool) -> Result:
    """Those of a task without classes: of each label, number or class of pixels, and over all."""
    from edgehfn.training.figures import WORDS

    count = len(examples.raw)
    result = {**told.overall, examples.unit: count, "machine": machine, "each": [dict(row) for row in told.each]}
    if as_json:
        emit(result)
        return result
    if told.each:
        rows = table(*(WORDS.get(name, name) for name in told.each[0]))
        for row in told.each:
            rows.add_row(*("" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()))
        show(rows)
    show(f"{machine}: {told} on {count:,} {examples.unit}")
    return result


def _show(found: Confusion) -> None:
    """The figures of each class, or of the worst of many, and the matrix of few."""
    each = found.each
    if len(each) > MANY:
        each = sorted((one for one in each if one.examples), key=lambda one: one.recall)[:WORST]
    title = f"the {WORST} classes of least recall" if len(found.classes) > MANY else None
    rows = table("class", "examples", "recall %", "precision %", "F1 %", "most often taken for", title=title)
    for one in each:
        figures = (f"{100 * value:.1f}" for value in (one.recall, one.precision, one.f1))
        rows.add_row(one.name, f"{one.examples:,}", *figures, one.taken_for)
    show(rows)
    if len(found.classes) <= MANY:
        matrix = table("is, and is taken for", *found.classes)
        for name, counts in zip(found.classes, found.counts.tolist(), strict=True):
            matrix.add_row(name, *(f"{count:,}" if count else "" for count in counts))
        show(matrix)
