"""``train``: from data to a model file."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from edgehfn import files
from edgehfn.cli import _gnn, _net_options, _training_options
from edgehfn.cli._common import Interrupted, Result, as_json, command, emit, example, force, note, quotable, show, typed
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.data.sets import Dataset
    from edgehfn.nn import Net

MANY = 10  # classes, from which on top-5 accuracy says something
IMAGES: dict[str, Any] = {"epochs": 8, "batch": 128, "lr": 0.5, "crop_padding": 4}  # of training on images

RECIPE = (
    *("momentum", "nesterov", "weight_decay_others", "rate_others", "schedule", "warm_up", "validation", "metric"),
    "class_weights",
)
OF_IMAGES = (
    *("augment", "crop_padding", "label_smoothing", "teacher", "precision", "threads", "workers", "normalise"),
    *("momentum", "nesterov", "weight_decay_others", "rate_others", "validation"),
)


@click.command(
    short_help="Train a net on labelled images or graphs.",
    epilog=example(
        "edgehfn train --data fashion-mnist --arch demo --epochs 8 -o kws.hfn\n"
        "edgehfn train --data mine.npz --arch tiny --density 0.3 --fold 2 -o mine.hfn\n"
        "edgehfn train --data cora --arch gcn --hidden 192 --layers 3 --density 0.375 -o cora.hfn"
    ),
)
@click.option(
    "--data",
    required=True,
    metavar="NAME|PATH[:nchw|:SIZE|:hops=N,N]",
    help="Data set: fashion-mnist, cifar10, digits, fsdd, cora, citeseer, motifs, communities; or a .npz (:nchw behind "
    "it where images are N,C,H,W; :hops=10,5 for samples of so many neighbours hop by hop), a folder of IDX files, of "
    "pictures in train/CLASS and val/CLASS (:96 behind it scales them), or of WAV files (docs/SOUND.md).",
)
@click.option(
    "--arch",
    required=True,
    metavar="PRESET",
    help="Preset: tiny, demo, resnet8, resnet8-mlperf, resnet20, conv6, hfn-resnet50, …; GNNs: gcn, gin, gat, …",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="X.hfn", help="Model file to write."
)
@click.option("--epochs", type=click.IntRange(1), help="Passes over the training set.  [default: 8; GNNs: 400]")
@click.option("--batch", type=click.IntRange(1), help="Images, or small graphs, in a step.  [default: 128; GNNs: 32]")
@click.option("--lr", type=float, help="Peak learning rate of the scores; GNNs: of Adam.  [default: 0.5; GNNs: 0.01]")
@_training_options.of_images
@_training_options.recipe
@click.option(
    "--normalise",
    is_flag=True,
    help="Let the net read images less their mean and by their deviation; the device still reads raw bytes.",
)
@click.option(
    "--strict", is_flag=True, help="Refuse a data set that a warning is about, such as one with arrays nothing reads."
)
@click.option("--restart", is_flag=True, help="Start anew, not from the checkpoint of an interrupted run.")
@_net_options.options()
@_gnn.options
@_gnn.training
@force
@as_json
def train(
    data: str,
    arch: str,
    output: Path,
    epochs: int | None,
    batch: int | None,
    lr: float | None,
    augment: Any,
    crop_padding: int | None,
    label_smoothing: float,
    task: Any,
    teacher: Path | None,
    precision: Any,
    thresholds: Any,
    ramp: float,
    device: str,
    threads: int,
    workers: int,
    normalise: bool,
    restart: bool,
    strict: bool,
    as_json: bool,
    dropout: float | None,
    weight_decay: float | None,
    max_graph: str | None,
    **options: Any,
) -> Result:
    """Train a net on labelled images or graphs.

    The state of the run is kept in X.ckpt: after a kill the same command goes on from there. X.log.json has every
    epoch.

    A .npz has x_train, y_train, x_test, y_test (images uint8 as N,H,W,C or N,H,W; series uint8, int8, int16 or floats
    as N,L,C or N,L; labels integers from 0, or text) and may have classes (names). A folder has train/CLASS/*.jpg and
    val/CLASS/*.jpg, or train-*.tar and val-*.tar of samples KEY.jpg, KEY.cls; pictures are read when they are needed.
    Recordings are CSV or Parquet tables with a column of labels, or in a folder a class, cut into windows:
    folder:window=128,hop=64 (docs/SENSORS.md). Graphs are a .npz, too (docs/GRAPHS.md). A name is looked for in
    EDGEHFN_DATA, the system's data folders and the user's cache.

    Under torchrun --nproc-per-node N -m edgehfn train … N processes share every batch of images.
    """
    _writable(output, data, teacher)
    from edgehfn import data as sets
    from edgehfn import nn
    from edgehfn.data.doubts import refuse
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.training.recipe import GraphRecipe, Recipe

    loaded = _net_options.read_by(arch, sets.load(data, task=task))
    _say_task(loaded, task)
    if strict:
        refuse(loaded)
    recipe: dict[str, Any] = {name: value for name in RECIPE if (value := options.pop(name)) is not None}
    read = _net_options.input_of(loaded, max_graph, normalise)
    net = _net_options.build(arch, read, loaded.classes, **options)
    net.search = nn.Search(thresholds, ramp)
    settings = {"epochs": epochs, "batch": batch, "lr": lr, "augment": augment}
    if isinstance(loaded, GraphSet):
        _only_of_graphs()
        settings |= {"dropout": dropout, "weight_decay": weight_decay, "recipe": GraphRecipe(**recipe)}
        result = _gnn.train(loaded, arch, net, output, settings, device, restart)
        what = f"{result.get(loaded.of, 0):,} test {loaded.of}"
    else:
        if dropout is not None:
            raise InputError("--dropout is for graphs; leave it out")
        if weight_decay is not None:
            recipe["weight_decay"] = weight_decay
        if crop_padding is not None and augment != "flip+crop":
            raise click.UsageError("--crop-padding is for --augment flip+crop; give both")
        settings |= {
            "precision": precision,
            "crop_padding": crop_padding,
            "label_smoothing": label_smoothing,
            "workers": workers,
            "teacher": teacher,
            "recipe": Recipe(**recipe),
        }
        result = _train_images(loaded, arch, net, output, settings, device, threads, restart)
        what = f"{len(loaded.y_test):,} test images"
    if not result:
        return result  # of a process that does not lead
    result = {**result, "model": str(output)}
    if as_json:
        emit(result)
    else:
        _show(result, what, net, loaded, data)
    return result


def _show(result: Result, what: str, net: Net, loaded: Dataset | GraphSet, data: str) -> None:
    """What the net has reached, and the next command."""
    from edgehfn.nn.net import is_float
    from edgehfn.training.figures import Figures

    output = result["model"]
    if "figures" in result:
        reached = f"{Figures(result['figures'])} on {what}"
    else:
        reached = f"{100 * result['accuracy']:.2f} % of {what}{_more(result, len(loaded.classes))}"
    show(f"{output}: {reached}, float, after {result['seconds']:.0f} s")
    following = f"next: {command('edgehfn', 'calibrate', Path(output), '--data', quotable(data))}"
    note("its float32 weights are a reference, not for a device" if is_float(net) else following)


def _train_images(
    data: Dataset, arch: str, net: Net, output: Path, given: dict[str, Any], device: str, threads: int, restart: bool
) -> Result:
    from edgehfn.progress import progress
    from edgehfn.training import distributed
    from edgehfn.training.to_file import checkpoint_of, train_images_to

    settings: dict[str, Any] = {name: IMAGES.get(name) if value is None else value for name, value in given.items()}
    started = time.monotonic()
    try:
        with progress(f"training {arch}") as report:
            history = train_images_to(
                output,
                net,
                data,
                arch=arch,
                command=typed(),
                restart=restart,
                progress=report,
                seed=net.seed,
                device=device,
                threads=threads,
                **settings,
            )
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on from {checkpoint_of(output)}") from None
    if not distributed.leads():
        return {}
    told = history.figures
    return {
        **({"accuracy": history.accuracy} if told is None else {"task": data.task, "figures": told.overall}),
        "images": len(data.y_test),
        "epochs": settings["epochs"],
        "best_epoch": history.epoch,
        "metric": history.metric,
        "score": history.score,
        "top5": history.top5,
        "seconds": round(time.monotonic() - started, 1),
    }


def _say_task(data: Dataset | GraphSet, given: str | None) -> None:
    """What the labels are taken for, if nobody has said it and it is not classes."""
    why = getattr(data, "guessed_by", "")
    if given is None and why:
        note(f"edgehfn: {data.name}: task {getattr(data, 'task', '')}, as {why}; --task chooses")


def _more(result: Result, classes: int) -> str:
    """What else a training has reached, where it says more than accuracy."""
    parts = []
    if result["metric"] != "accuracy":
        parts.append(f"{result['metric']} {100 * result['score']:.2f} %")
    if result.get("top5") is not None and classes > MANY:
        parts.append(f"top-5 {100 * result['top5']:.2f} %")
    return "".join(f", {part}" for part in parts)


def _only_of_graphs() -> None:
    """Raises InputError if options of training on images were typed."""
    for name in OF_IMAGES:
        if click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise InputError(f"--{name.replace('_', '-')} is for images; leave it out")


def _writable(output: Path, data: str, teacher: Path | None) -> None:
    """Make the folder, and fail before training rather than after. Raises InputError."""
    if output.suffix != ".hfn":
        file = output / "model.hfn" if output.is_dir() else output.with_name(f"{output.name}.hfn")
        raise InputError(f"{output}: model files end in .hfn; use {command('-o', file)}")
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.is_dir() or not os.access(output.parent, os.W_OK):
        raise InputError(f"{output}: cannot be written; choose another place for -o")
    from edgehfn.training import distributed
    from edgehfn.training.to_file import check_places

    files.check_apart(check_places(output), [data, teacher])
    if output.exists() and distributed.leads():
        note(f"{output} is there already; the new model takes its place at the end")
