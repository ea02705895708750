"""GNNs on the command line: the options of the nets and of their training, and ``train`` for them."""

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
    """The option of training on graphs that no other has."""
    about = "GNNs: fraction of each layer's inputs set to 0 in training.  [default: 0.5]"
    return click.option("--dropout", type=float, metavar="P", help=about)(command)


def options(command: F) -> F:
    """The options of GNNs, beside those that all nets have."""
    for decorate in (
        click.option(
            "--max-graph",
            metavar="N,E,D",
            help="GNNs: most nodes, edges and neighbours of a node in a small graph.  [default: the set's largest]",
        ),
        click.option(
            "--pool",
            type=click.Choice(["mean", "sum", "first"]),
            help="GNNs: how the nodes of a small graph become one vector; first is its first node.  [default: mean; "
            "with :hops=, first]",
        ),
        click.option(
            "--residual-scale",
            type=float,
            metavar="S",
            help="GNNs: factor of what a layer of resgcn, resgin or resgat adds.  [default: 0.1]",
        ),
        click.option(
            "--order",
            type=click.Choice(["after", "before"]),
            help="GNNs: norm and ReLU of a residual layer after its sum, or before its weight.  [default: after]",
        ),
        click.option(
            "--gather",
            type=click.Choice(["sum", "mean"]),
            help="GNNs: what gin and resgin make of a node and its neighbours.  [default: sum]",
        ),
        click.option(
            "--learn-epsilon/--fixed-epsilon",
            default=None,
            help="GNNs: learn how often gin and resgin count the node itself in a sum.  [default: once]",
        ),
        click.option(
            "--weight-scale",
            type=float,
            metavar="S",
            help="GNNs: factor of the constants that masked weights are.  [default: 1]",
        ),
        click.option("--heads", type=click.IntRange(1), help="GNNs: attention heads of gat and resgat.  [default: 4]"),
        click.option(
            "--scores",
            type=click.Choice(["all", "own"]),
            help="GNNs: channels that a head's scores are read from; own are those of the head, as published.  "
            "[default: all]",
        ),
        click.option(
            "--layers",
            type=click.IntRange(1, 1000),
            help="GNNs: number of layers; of resgcn and the like, those with residuals.  [default: 3]",
        ),
        click.option(
            "--hidden",
            type=click.IntRange(1, 65536),
            metavar="CHANNELS",
            help="GNNs: channels of the hidden layers.  [default: 192]",
        ),
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
    if device == "cuda":
        raise InputError("graphs are trained on the CPU; leave out --device cuda")
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
    if not distributed.leads():
        return {}
    told = history.figures
    reached: Result = {"accuracy": history.accuracy} if told is None else {"task": data.task, "figures": told.overall}
    reached |= {"validation": history.validation, "best_epoch": history.epoch}
    reached |= {"metric": history.metric, "score": history.score}
    return {**reached, data.of: len(data.split["test"]), "seconds": round(time.monotonic() - started, 1)}
