"""``compare``: kinds of weights at equal bytes of model data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from edgehfn import files
from edgehfn.cli import _net_options, _training_options
from edgehfn.cli._common import CORE, Bytes, Interrupted, Real, Result, as_json, emit, example, force, note, show, table

if TYPE_CHECKING:
    from edgehfn.search.comparison import Row

KINDS = ("supermask", "int8", "int4", "ternary", "binary")
WRITTEN = {"table.csv": "table", "table.json": "comparison", "compare.html": "report", "compare.png": "figure"}
TRAINING = (  # options of training that are passed on where they were typed
    *("batch", "lr", "augment", "crop_padding", "label_smoothing", "teacher"),
    *("precision", "thresholds", "ramp", "device", "threads", "workers"),
)


def _compared(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError("--weights is what is compared; give --kinds")


@click.command(
    short_help="Masks beside trained weights of few bits.",
    epilog=example(
        "edgehfn compare --data fashion-mnist --bytes 4K,8K,16K,32K --epochs 8 -o runs/compare\n"
        "edgehfn compare --data fashion-mnist --ram 8K,16K,32K --kinds supermask,int8 -o runs/ram\n"
        "edgehfn compare --data cifar10 --arch resnet8 --width 24,40,46 --blocks 1,2,2 --lr 0.3 -o runs/cifar"
    ),
)
@click.option("--data", required=True, metavar="NAME|PATH[:nchw|:SIZE]", help="Data set of images, as for train.")
@click.option(
    "--arch", default="demo", metavar="PRESET", show_default=True, help="Preset; its width is fitted to the bytes."
)
@click.option(
    "--bytes",
    "budgets",
    default="4K,8K,16K,32K",
    metavar="B[,B…]",
    show_default=True,
    help="Budgets of model data, in bytes; K is 1,024.",
)
@click.option(
    "--ram",
    metavar="B[,B…]",
    help="Budgets of RAM instead, the stack apart: nets are compiled for the fewest instructions within it.",
)
@click.option(
    "--kinds",
    default=",".join(KINDS),
    metavar="KIND[,KIND…]",
    show_default=True,
    help="Kinds of weights to compare.",
)
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True, help="Epochs of each training.")
@click.option(
    "--seeds", type=click.IntRange(1), default=1, show_default=True, help="Trainings of each net, with seeds from 0."
)
@click.option(
    "--step",
    type=Real(0, min_open=True),
    default=0.25,
    show_default=True,
    help="Step of widths, in channels; a finer one comes nearer to the bytes.",
)
@click.option(
    "--target",
    default=CORE,
    metavar="CORE",
    show_default=True,
    help="Core to measure on: cortex-m0 to cortex-m55, rv32imc, rv32imc-zbb, rv32ec.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("compare"),
    metavar="DIR",
    show_default=True,
    help="Folder of the results.",
)
@click.option("--batch", type=click.IntRange(1), help="Images in a step.  [default: 128]")
@click.option("--lr", type=float, help="Peak learning rate of the scores.  [default: 0.5]")
@click.option("--weights", callback=_compared, expose_value=False, hidden=True)
@_training_options.of_images
@_net_options.options(without=("weights", "seed"))
@force
@as_json
def compare(
    data: str,
    arch: str,
    budgets: str,
    ram: str | None,
    kinds: str,
    epochs: int,
    seeds: int,
    step: float,
    target: str,
    output: Path,
    as_json: bool,
    **given: Any,
) -> Result:
    """Compare masks with trained weights of 8, 4, 2 and 1 bits at equal bytes of model data, or of RAM.

    Each net is as wide as the budget allows. Accuracy against bytes, RAM and instructions goes into DIR, as compare.png
    and compare.html, with table.csv and table.json. Several --width are a ratio of the stages. Nets that are there are
    not trained again, and the same command goes on after a kill.
    """
    from edgehfn import compare as run
    from edgehfn.progress import progress
    from edgehfn.search import comparison

    chosen = [kind.strip() for kind in kinds.split(",")]
    if unknown := [kind for kind in chosen if kind not in KINDS]:
        raise click.UsageError(f"--kinds {unknown[0]}: give some of {', '.join(KINDS)}")
    sizes = [Bytes().convert(part.strip(), None, None) for part in (budgets if ram is None else ram).split(",")]
    source = click.get_current_context().get_parameter_source
    training = {name: given[name] for name in TRAINING if source(name) is ParameterSource.COMMANDLINE}
    net: Any = _net_options.parsed({name: value for name, value in given.items() if name not in TRAINING})
    for name, kind in WRITTEN.items():
        files.check(output / name, kind)
    try:
        with progress("comparing") as report:
            rows = run(
                data,
                arch,
                budgets=sizes,
                limit="bytes" if ram is None else "ram",
                kinds=chosen,
                seeds=seeds,
                step=step,
                target=target,
                into=output,
                net=net,
                training={"epochs": epochs, **training},
                progress=report,
            )
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on from {output}") from None
    written = comparison.write(rows, f"{arch} on {data}, {epochs} epochs", output)
    result = {"rows": [asdict(row) for row in rows], "files": [str(path) for path in written]}
    if as_json:
        emit(result)
    else:
        _show(rows)
        note(f"written to {output}: {', '.join(path.name for path in written)}")
    return result


def _show(rows: list[Row]) -> None:
    made = table("kind", "width", "seed", "accuracy %", "float %", "model data", "flash", "RAM", "instructions", "min")
    for row in rows:
        sizes = (f"{value:,}" for value in (row.bytes, row.flash, row.ram, row.instructions))
        accuracies = (f"{100 * value:.2f}" for value in (row.accuracy, row.float_accuracy))
        made.add_row(row.kind, f"{row.width:g}", str(row.seed), *accuracies, *sizes, f"{row.cpu_minutes:.1f}")
    show(made)
