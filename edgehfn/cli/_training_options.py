"""The options of training, on images and on graphs."""

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
            "--task",
            type=click.Choice(["class", "labels", "regression", "anomaly", "pixels"]),
            help="What labels are for: one class, several labels (N,K of 0, 1, -1 or NaN), numbers (N or N,K), what is "
            "odd (x_train all normal; y_test 0 or 1), a class a pixel (N,H,W).  [default: by the labels]",
        ),
        click.option(
            "--threads",
            type=click.IntRange(1),
            default=1,
            show_default=True,
            help="CPU threads; more than 1 are faster on idle cores only.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(0, 1024),
            default=2,
            show_default=True,
            help="Processes that read the pictures of a folder; 0 is the training's own. The result is the same.",
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
            type=click.Choice(["none", "flip", "flip+crop", "resized-crop", "flip+resized-crop"]),
            help="Random changes of training images; resized-crop, of folders of pictures, reads 8 to 100 % of one.  "
            "[default: flip where classes survive a mirror, else none]",
        ),
    ):
        command = decorate(command)
    return command


def recipe(command: F) -> F:
    """How steps are taken and the best epoch is picked. What is not given is the training's own."""
    for decorate in (
        click.option(
            "--class-weights",
            type=click.Choice(["none", "balanced"]),
            help="What an example counts in the loss: one, or (balanced) less the more its class has.  [default: none]",
        ),
        click.option(
            "--metric",
            type=click.Choice(["auto", "accuracy", "balanced-accuracy", "macro-f1", "roc-auc", "r2", "iou"]),
            help="What picks the best epoch in validation; auto is accuracy unless a class has 10 times another's "
            "examples: then roc-auc, or of more than two classes balanced-accuracy.  [default: auto]",
        ),
        click.option(
            "--validation",
            type=click.FloatRange(0, 1, max_open=True),
            metavar="F",
            help="Part of the training images held back, after each epoch measured, and the best epoch kept; the test "
            "images are measured once. 0 keeps the last epoch.  [default: 0; GNNs: the set's own]",
        ),
        click.option(
            "--warm-up",
            type=click.FloatRange(0),
            metavar="E",
            help="Epochs over which the rate rises from 0; 5 suits large nets and batches.  [default: 0]",
        ),
        click.option(
            "--schedule",
            type=click.Choice(["cosine", "constant"]),
            help="The rate after the warm-up: falling to 0, or held.  [default: cosine; GNNs: constant]",
        ),
        click.option(
            "--rate-others",
            type=click.FloatRange(0),
            metavar="F",
            help="Rate of norms and of weights of 8 and 4 bits, in parts of --lr; the papers' is 1.  [default: 0.1]",
        ),
        click.option(
            "--weight-decay-others",
            type=click.FloatRange(0),
            metavar="D",
            help="Weight decay of norms and trained weights.  [default: --weight-decay]",
        ),
        click.option(
            "--weight-decay",
            type=click.FloatRange(0),
            metavar="D",
            help="Weight decay of the scores; GNNs: L2 weight decay of Adam.  [default: 5e-4]",
        ),
        click.option(
            "--nesterov/--no-nesterov",
            default=None,
            help="Momentum looks ahead, or (as in the papers) does not.  [default: nesterov]",
        ),
        click.option(
            "--momentum",
            type=click.FloatRange(0, 1, max_open=True),
            metavar="M",
            help="Part of the last step that the next one repeats, of SGD.  [default: 0.9]",
        ),
    ):
        command = decorate(command)
    return command
