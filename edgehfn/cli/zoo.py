"""``zoo``: trained models that come with the package."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from edgehfn.cli._common import Result, as_json, command, emit, example, force, note, show, table


@click.group(
    short_help="Trained models to start from.",
    epilog=example("edgehfn zoo list\nedgehfn zoo get digits -o digits.hfn\nedgehfn size digits.hfn"),
)
def zoo() -> None:
    """Trained and calibrated models that come with the package, ready to compile."""


@zoo.command(name="list", short_help="What there is.", epilog=example("edgehfn zoo list --json"))
@as_json
def list_(as_json: bool) -> list[Result]:
    """List the models: integer accuracy on the whole test set, bytes of model data, and the training's time.

    With --json: a list of cards, each with the command that made its model and the log of its training.
    """
    from edgehfn import zoo

    cards = zoo.cards()
    result = [asdict(card) for card in cards]
    if as_json:
        emit(result)
        return result
    rows = table("name", "data", "accuracy %", "model data", "MAC", "epochs", "CPU minutes")
    for card in cards:
        numbers = (f"{100 * card.accuracy:.2f}", f"{card.weights_flash:,}", f"{card.mac:,}", str(card.epochs))
        rows.add_row(card.name, card.data, *numbers, f"{card.cpu_minutes:.1f}")
    show(rows)
    return result


@zoo.command(short_help="Copy a model and its calibration.", epilog=example("edgehfn zoo get digits -o digits.hfn"))
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="X.hfn|DIR",
    help="Model file to write, or its folder.  [default: NAME.hfn]",
)
@force
@as_json
def get(name: str, output: Path | None, as_json: bool) -> Result:
    """Copy the model NAME to X.hfn and its calibration beside it."""
    from edgehfn import zoo
    from edgehfn.backends.c.names import usable

    card = zoo.card(name)
    model, calibration = zoo.get(name, output or Path(f"{name}.hfn"))
    result = {
        "model": str(model),
        "calibration": str(calibration),
        "accuracy": card.accuracy,
        "attribution": card.attribution,
    }
    if as_json:
        emit(result)
    else:
        show(f"{model}: {100 * card.accuracy:.2f} % of {card.tested:,} test {card.unit} of {card.data}, in integers")
        if card.attribution:
            note(card.attribution)
        note(f"next: {command('edgehfn', 'compile', model, '--name', usable(model.stem), '-o', 'build')}")
    return result
