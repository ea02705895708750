"""``run``: accuracy on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn.cli._common import DATA, MODEL, Result, as_json, emit, example, objective, rows, show

if TYPE_CHECKING:
    from edgehfn.spec.objective import Objective

LIMITS = {"pytorch": None, "emulator": None, "host": 1000}  # images without --limit: all, or so many
CORE_IMAGES = 100


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
    help="Machine: pytorch, emulator, host or a core such as cortex-m4.",
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
    """Measure the integer accuracy of MODEL on the test part of a data set, on one machine."""
    from edgehfn.evaluation import machines
    from edgehfn.evaluation.accuracy import accuracy
    from edgehfn.evaluation.models import load_examples, open_model
    from edgehfn.progress import progress

    machine, *others = machines.parse(on)
    if others:
        raise click.UsageError(f"--on takes one machine here, not {on}")
    opened = open_model(model)
    examples = load_examples(opened, data, limit or LIMITS.get(machine, CORE_IMAGES))
    with progress(machine) as report:
        reached = accuracy(opened.graph, examples, machine, objective=objective, ram=ram, rows=rows, progress=report)
    count = examples.count(len(examples.raw))
    result = {"accuracy": reached, examples.unit: count, "machine": machine}
    if as_json:
        emit(result)
    else:
        show(f"{machine}: {100 * reached:.2f} % of {count:,} {examples.unit}")
    return result
