"""Graphs on the command line: the options of their nets and training, and ``train`` for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edgehfn.cli._common import Interrupted, Result, typed

if TYPE_CHECKING:
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.nn import Net

F = TypeVar("F", bound=Callable[..., Any])


def training(command: F) -> F:
    """What may be changed in training on graphs."""
    decay = click.option("--weight-decay", type=float, metavar="D", help="On graphs.  [default: 5e-4]")
    drop = click.option("--dropout", type=float, metavar="P", help="On graphs: of each layer's inputs.  [default: 0.5]")
    return drop(decay(command))


def options(command: F) -> F:
    """What may be changed in graph nets, beside what all nets have."""
    for decorate in (
        click.option(
            "--max-graph",
            metavar="N,E,D",
            help="Nodes, edges and neighbours of a node of small graphs.  [default: the set's largest]",
        ),
        click.option("--pool", type=click.Choice(["mean", "sum"]), help="Over the nodes of small graphs."),
        click.option("--residual-scale", type=float, help="Of what the layers of resgcn, … add.  [default: 0.1]"),
        click.option("--heads", type=click.IntRange(1), help="Of gat and resgat."),
        click.option(
            "--layers", type=click.IntRange(1, 1000), help="Of a graph net; of resgcn, …, those with residuals."
        ),
        click.option("--hidden", type=click.IntRange(1, 65536), metavar="CHANNELS", help="Of a graph net."),
    ):
        command = decorate(command)
    return command


def train(
    data: GraphSet, arch: str, net: Net, output: Path, settings: dict[str, Any], device: str, restart: bool
) -> Result:
    """Train on graphs and save the model. Settings that are None are the training's own."""
    from edgehfn.errors import InputError
    from edgehfn.progress import progress
    from edgehfn.training import distributed
    from edgehfn.training.to_file import checkpoint_of, train_graphs_to

    chosen = {name: value for name, value in settings.items() if value is not None}
    if device == "cuda" or distributed.processes() > 1:
        raise InputError("graphs are trained by one process, on the CPU; leave out torchrun and --device cuda")
    started = time.monotonic()
    try:
        with progress(f"training {arch}") as report:
            history = train_graphs_to(
                output,
                net,
                data,
                arch=arch,
                command=typed(),
                restart=restart,
                progress=report,
                seed=net.seed,
                **chosen,
            )
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on from {checkpoint_of(output)}") from None
    reached = {"accuracy": history.accuracy, "validation": history.validation, "best_epoch": history.epoch}
    return {**reached, data.of: len(data.split["test"]), "seconds": round(time.monotonic() - started, 1)}
