"""The options of training on images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgehfn.cli._common import Real

F = TypeVar("F", bound=Callable[..., Any])


def of_images(command: F) -> F:
    """How a net is trained, beside its epochs, batch and rate."""
    for decorate in (
        click.option(
            "--threads",
            type=click.IntRange(1),
            default=1,
            show_default=True,
            help="CPU threads; more than 1 are faster on idle cores only.",
        ),
        click.option(
            "--device",
            type=click.Choice(["auto", "cpu", "cuda"]),
            default="auto",
            show_default=True,
            help="Where to train; auto is the GPU if there is one.",
        ),
        click.option(
            "--ramp",
            type=Real(0, 1),
            default=0.0,
            show_default=True,
            help="Fraction of the training, 0 to 1, over which the density falls from 1 to --density.",
        ),
        click.option(
            "--thresholds",
            type=click.Choice(["layer", "adaptive"]),
            default="layer",
            show_default=True,
            help="Apply --density to each layer, or (adaptive) to all together, where layers compete.",
        ),
        click.option(
            "--precision",
            type=click.Choice(["auto", "fp32", "bf16"]),
            default="auto",
            show_default=True,
            help="Numbers of convolutions in training; auto is bf16 where the processor multiplies it.",
        ),
        click.option(
            "--teacher",
            type=click.Path(path_type=Path),
            metavar="X.hfn",
            help="Trained model whose outputs are learned, too; each step also runs it.  [default: none]",
        ),
        click.option(
            "--label-smoothing",
            type=Real(0, 1, max_open=True),
            default=0.0,
            show_default=True,
            help="Part of each label spread over all classes; 0.1 suits runs of 24 epochs and more.",
        ),
        click.option(
            "--crop-padding",
            type=click.IntRange(0),
            help="Largest shift of --augment flip+crop, in pixels.  [default: 4]",
        ),
        click.option(
            "--augment",
            type=click.Choice(["none", "flip", "flip+crop"]),
            help="Random changes of training images.  [default: flip where classes survive a mirror, else none]",
        ),
    ):
        command = decorate(command)
    return command
