"""``compare``: kinds of weights at equal bytes of model data, by the same commands that a user would type."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn.cli import _net_options, measure, prove
from edgehfn.cli._common import Result, as_json, call, emit, example, note, show, table, typed
from edgehfn.cli.learn import calibrate, train
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.search.comparison import Row
    from edgehfn.training.trainlog import TrainLog

KINDS = ("supermask", "int8", "int4", "ternary", "binary")


@click.command(
    short_help="Masks beside trained weights of few bits.",
    context_settings={"ignore_unknown_options": True},
    epilog=example(
        "edgehfn compare --data fashion-mnist --bytes 4K,8K,16K,32K --epochs 8 -o runs/compare\n"
        "edgehfn compare --data cifar10 --arch resnet8 --width 24,40,46 --blocks 1,2,2 --lr 0.3 -o runs/cifar"
    ),
)
@click.option("--data", required=True, metavar="NAME|PATH", help="As for train.")
@click.option("--arch", default="demo", metavar="PRESET", show_default=True, help="Its width decides the bytes.")
@click.option("--width", "shape", metavar="C,C[,C…]", help="Ratio of its stages' widths.  [default: the preset's]")
@click.option("--bytes", "budgets", default="4K,8K,16K,32K", metavar="B[,B…]", show_default=True, help="Model data.")
@click.option("--kinds", default=",".join(KINDS), metavar="KIND[,KIND…]", show_default=True, help="Of --weights.")
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="Trainings of each net, from 0.")
@click.option(
    "--step",
    type=click.FloatRange(0, min_open=True),
    default=0.25,
    show_default=True,
    help="Of widths: the finer, the nearer to the budget.",
)
@click.option("--target", default=measure.CORE, metavar="CORE", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("compare"), metavar="DIR", show_default=True
)
@as_json
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF TRAIN]")
def compare(
    data: str,
    arch: str,
    shape: str | None,
    budgets: str,
    kinds: str,
    epochs: int,
    seeds: int,
    step: float,
    target: str,
    output: Path,
    as_json: bool,
    options: tuple[str, ...],
) -> Result:
    """Train nets of several kinds of weights, each as wide as a number of bytes of model data allows, and draw their
    accuracy against bytes, RAM and instructions: compare.png and compare.html, with table.csv and table.json, in the
    folder of -o. Options that are not listed here are passed on to train. Nets that are there already are not trained
    again, and an interrupted training goes on."""
    from edgehfn.search import comparison

    for word, own in (("--weights", "--kinds"), ("--seed", "--seeds")):
        if any(option == word or option.startswith(f"{word}=") for option in options):
            raise click.UsageError(f"{word} is what is compared; give {own}")
    chosen = [kind.strip() for kind in kinds.split(",")]
    if unknown := [kind for kind in chosen if kind not in KINDS]:
        raise click.UsageError(f"--kinds {unknown[0]}: give some of {', '.join(KINDS)}")
    sizes = [measure.Bytes().convert(part.strip(), None, None) for part in budgets.split(",")]
    output.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for budget in dict.fromkeys(sizes):
        for kind in dict.fromkeys(chosen):
            words = ["--data", data, "--arch", arch, "--weights", kind, "--epochs", str(epochs), *options]
            width, wide = _width([*words, *(["--width", shape] if shape else [])], budget, step)
            for seed in range(seeds):
                model = output / f"{kind}-{budget}-{seed}.hfn"
                rows.append(_row(model, [*words, "--width", wide], kind, budget, width, seed, target))
    written = comparison.write(rows, f"{arch} on {data}, {epochs} epochs", output)
    result = {"rows": [asdict(row) for row in rows], "files": [str(path) for path in written]}
    if as_json:
        emit(result)
    else:
        _show(rows)
        note(f"written to {output}: {', '.join(path.name for path in written)}")
    return result


def _width(words: list[str], budget: int, step: float) -> tuple[float, str]:
    """Of the widest net within the budget that train would make of these words: the first stage's width, and what to
    type. Widths that the words have are a ratio."""
    from edgehfn import data as sets
    from edgehfn import nn
    from edgehfn.cost import sizing

    given = train.make_context("edgehfn train", [*words, "-o", "x.hfn"]).params
    loaded = sets.images(given["data"])
    chosen = {name: value for name, value in given.items() if name in nn.Options.__annotations__}
    shape = _net_options.width(given["width"]) if given["width"] else 1.0
    ratio = shape if isinstance(shape, tuple) else (shape,)

    def words_of(width: float) -> str:
        return ",".join(f"{width * stage / ratio[0]:.4g}" for stage in ratio)

    def family(width: float) -> nn.Net:
        return _net_options.build(given["arch"], loaded.shape, loaded.classes, **{**chosen, "width": words_of(width)})

    width = sizing.widest(family, budget, step)
    return width, words_of(width)


def _row(model: Path, words: list[str], kind: str, budget: int, width: float, seed: int, target: str) -> Row:
    """The row of a net, trained and measured unless that was done. Raises InputError if it was with other options."""
    from edgehfn.model import modelfile
    from edgehfn.search import comparison

    done = model.with_suffix(".json")
    words = [*words, "--seed", str(seed)]
    command = f"edgehfn train {' '.join(words)}"
    if done.exists():
        row = comparison.load(done)
        if (row.command, row.core) != (command, target):
            raise InputError(f"{done}: is of {row.command!r} on {row.core}; give another -o for other options")
        return row
    log = _trained(model, words)
    call(calibrate, model, *words[:2])
    size, counted = call(measure.size, model, "--target", target), call(measure.bench, model, "--target", target)
    row = comparison.Row(
        kind=kind,
        budget=budget,
        width=width,
        seed=seed,
        epochs=len(log.epochs),
        accuracy=call(prove.run, model, *words[:2])["accuracy"],
        float_accuracy=modelfile.info(model)["accuracy"],
        bytes=size["weights_flash"],
        flash=size["total_flash"],
        ram=size["total_ram"],
        instructions=counted["instructions"],
        mac=counted["mac"],
        core=target,
        cpu_minutes=round(log.cpu_minutes, 3),
        command=command,
    )
    comparison.save(row, done)
    return row


def _trained(model: Path, words: list[str]) -> TrainLog:
    """How the net was trained: by these words now, unless it was before, for that takes far longer than measuring."""
    from edgehfn.model import modelfile
    from edgehfn.training import trainlog

    def log() -> TrainLog:
        return trainlog.load(model, modelfile.digest(model))

    with train.make_context("edgehfn train", [*words, "-o", str(model)]):
        command = typed()
    with contextlib.suppress(InputError):
        if (kept := log()).command == command:
            return kept
    call(train, *words, "-o", model)
    return log()


def _show(rows: list[Row]) -> None:
    made = table("kind", "width", "seed", "accuracy %", "float %", "model data", "flash", "RAM", "instructions", "min")
    for row in rows:
        sizes = (f"{value:,}" for value in (row.bytes, row.flash, row.ram, row.instructions))
        accuracies = (f"{100 * value:.2f}" for value in (row.accuracy, row.float_accuracy))
        made.add_row(row.kind, f"{row.width:g}", str(row.seed), *accuracies, *sizes, f"{row.cpu_minutes:.1f}")
    show(made)
