"""The options of training on images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def of_images(command: F) -> F:
    """How a net is trained, beside its epochs, batch and rate."""
    for decorate in (
        click.option(
            "--threads",
            type=click.IntRange(1),
            default=1,
            show_default=True,
            help="More are faster on idle cores only.",
        ),
        click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True),
        click.option(
            "--ramp",
            type=click.FloatRange(0, 1),
            default=0.0,
            show_default=True,
            help="Fraction of the training in which the density falls from 1 to what is asked.",
        ),
        click.option(
            "--thresholds",
            type=click.Choice(["layer", "adaptive"]),
            default="layer",
            show_default=True,
            help="Each layer keeps as many weights as --density says, or all compete for as many.",
        ),
        click.option(
            "--precision",
            type=click.Choice(["auto", "fp32", "bf16"]),
            default="auto",
            show_default=True,
            help="Of training; auto is bf16 where the processor multiplies it.",
        ),
        click.option(
            "--teacher",
            type=click.Path(path_type=Path),
            metavar="X.hfn",
            help="A trained model whose outputs are learned, too; a step then takes as much longer as it does.",
        ),
        click.option(
            "--label-smoothing",
            type=click.FloatRange(0, 1, max_open=True),
            default=0.0,
            show_default=True,
            help="Part of each label that is spread over all classes; 0.1 is for runs of 24 epochs and more.",
        ),
        click.option(
            "--crop-padding",
            type=click.IntRange(0),
            help="Pixels by which --augment flip+crop shifts at most.  [default: 4]",
        ),
        click.option(
            "--augment",
            type=click.Choice(["none", "flip", "flip+crop"]),
            help="[default: flip where classes survive a mirror]",
        ),
    ):
        command = decorate(command)
    return command
