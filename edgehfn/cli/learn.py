"""``train`` and ``calibrate``: from data to a model file and the scales beside it."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from edgehfn.cli import _gnn, _net_options
from edgehfn.cli._common import Interrupted, Result, as_json, emit, example, note, show, typed
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.data.sets import Dataset
    from edgehfn.nn import Net

IMAGES: dict[str, Any] = {"epochs": 8, "batch": 128, "lr": 0.5, "crop_padding": 4}  # of training on images


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
    metavar="NAME|PATH",
    help="fashion-mnist, cifar10, digits, cora, citeseer, motifs; or a .npz or folder of IDX files.",
)
@click.option(
    "--arch",
    required=True,
    metavar="PRESET",
    help="tiny, demo, resnet8, resnet8-mlperf, resnet20, hfn-resnet50 and the like; on graphs gcn, gin, gat, resgcn, …",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="X.hfn", help="Where the model goes."
)
@click.option("--epochs", type=click.IntRange(1), help="[default: 8 on images, 400 on graphs]")
@click.option("--batch", type=click.IntRange(1), help="Images, or small graphs, a step.  [default: 128, or 32]")
@click.option("--lr", type=float, help="Peak rate of the scores; on graphs, Adam's.  [default: 0.5, or 0.01]")
@click.option(
    "--augment", type=click.Choice(["none", "flip", "flip+crop"]), help="[default: flip where classes survive a mirror]"
)
@click.option(
    "--crop-padding", type=click.IntRange(0), help="Pixels by which --augment flip+crop shifts at most.  [default: 4]"
)
@click.option(
    "--label-smoothing",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Part of each label that is spread over all classes; 0.1 is for runs of 24 epochs and more.",
)
@click.option(
    "--teacher",
    type=click.Path(path_type=Path),
    metavar="X.hfn",
    help="A trained model whose outputs are learned, too; a step then takes as much longer as it does.",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "bf16"]),
    default="auto",
    show_default=True,
    help="Of training; auto is bf16 where the processor multiplies it.",
)
@click.option(
    "--thresholds",
    type=click.Choice(["layer", "adaptive"]),
    default="layer",
    show_default=True,
    help="Each layer keeps as many weights as --density says, or all compete for as many.",
)
@click.option(
    "--ramp",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Fraction of the training in which the density falls from 1 to what is asked.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--threads", type=click.IntRange(1), default=1, show_default=True, help="More are faster on idle cores only."
)
@click.option("--restart", is_flag=True, help="Do not go on from the checkpoint of an interrupted run.")
@_net_options.options
@_gnn.options
@_gnn.training
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
    teacher: Path | None,
    precision: Any,
    thresholds: Any,
    ramp: float,
    device: str,
    threads: int,
    restart: bool,
    as_json: bool,
    dropout: float | None,
    weight_decay: float | None,
    max_graph: str | None,
    **net_options: Any,
) -> Result:
    """Train a net on labelled images or graphs.

    The state of the run is kept beside the output (X.ckpt): after a kill at any moment the same command goes on from
    there. How every epoch went stands in X.log.json. A .npz has x_train, y_train, x_test, y_test (images
    uint8 as N,H,W,C or N,H,W; labels integers from 0) and may have classes (names). A name is looked for in
    EDGEHFN_DATA, the system's data folders and the user's cache.
    Graphs are a .npz, too: one graph whose nodes have labels becomes part of the model, and small graphs with a label
    each are read at run time (docs/GRAPHS.md).
    Under torchrun --nproc-per-node N -m edgehfn train … N processes share every batch of images.
    """
    _writable(output)
    from edgehfn import data as sets
    from edgehfn import nn
    from edgehfn.data.gnn_sets import GraphSet

    loaded = sets.load(data)
    net = _net_options.build(arch, _net_options.input_of(loaded, max_graph), loaded.classes, **net_options)
    net.search = nn.Search(thresholds, ramp)
    settings = {"epochs": epochs, "batch": batch, "lr": lr, "augment": augment}
    if isinstance(loaded, GraphSet):
        _only_of_graphs()
        settings |= {"dropout": dropout, "weight_decay": weight_decay}
        result = _gnn.train(loaded, arch, net, output, settings, device, restart)
        what = f"{result[loaded.of]:,} test {loaded.of}"
    else:
        if dropout is not None or weight_decay is not None:
            raise InputError("--dropout and --weight-decay are for graphs; leave them out")
        if crop_padding is not None and augment != "flip+crop":
            raise click.UsageError("--crop-padding is for --augment flip+crop; give both")
        settings |= {
            "precision": precision,
            "crop_padding": crop_padding,
            "label_smoothing": label_smoothing,
            "teacher": teacher,
        }
        result = _train_images(loaded, arch, net, output, settings, device, threads, restart)
        what = f"{len(loaded.y_test):,} test images"
    if not result:
        return result  # of a process that does not lead
    result = {**result, "model": str(output)}
    if as_json:
        emit(result)
    else:
        show(f"{output}: {100 * result['accuracy']:.2f} % of {what}, float, after {result['seconds']:.0f} s")
        note(f"next: edgehfn calibrate {output} --data {data}")
    return result


def _train_images(
    data: Dataset, arch: str, net: Net, output: Path, given: dict[str, Any], device: str, threads: int, restart: bool
) -> Result:
    from edgehfn.model import modelfile
    from edgehfn.progress import progress
    from edgehfn.training import distributed, trainlog
    from edgehfn.training.images import train as run

    settings: dict[str, Any] = {name: IMAGES.get(name) if value is None else value for name, value in given.items()}
    settings["seed"] = net.seed
    taught = settings.pop("teacher")
    teacher = None if taught is None else modelfile.load(taught)
    checkpoint = output.with_suffix(".ckpt")
    started = time.monotonic()
    try:
        with progress(f"training {arch}") as report:
            history = run(
                net,
                data,
                **settings,
                teacher=teacher,
                device=device,
                threads=threads,
                checkpoint=checkpoint,
                resume=not restart,
                progress=report if distributed.leads() else None,
            )
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on from {checkpoint}") from None
    if not distributed.leads():
        return {}
    about = trainlog.about(net, arch, data, history.settings)
    if taught is not None:
        about["teacher"] = modelfile.digest(taught)
    modelfile.save(net, output, {**about, "accuracy": history.accuracy})
    trainlog.save(output, modelfile.digest(output), typed(), data.digest(), history.epochs)
    checkpoint.unlink(missing_ok=True)
    seconds = round(time.monotonic() - started, 1)
    return {
        "accuracy": history.accuracy,
        "images": len(data.y_test),
        "epochs": settings["epochs"],
        "seconds": seconds,
    }


@click.command(
    short_help="Choose the scale of every tensor.",
    epilog=example(
        "edgehfn calibrate kws.hfn --data fashion-mnist\nedgehfn calibrate kws.hfn --data mine.npz --method mse"
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--data", required=True, metavar="NAME|PATH", help="Its training part is observed, or its one graph.")
@click.option("--method", type=click.Choice(["minmax", "percentile", "mse"]), default="minmax", show_default=True)
@click.option(
    "--percentile", type=click.FloatRange(50, 100), help="Of the magnitudes not clipped, for --method percentile."
)
@click.option(
    "--images",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    help="Evenly spread over the training set; or small graphs.",
)
@as_json
def calibrate(model: Path, data: str, method: Any, percentile: float | None, images: int, as_json: bool) -> Result:
    """Choose the scale of every tensor from real data; written to X.cal.json beside X.hfn, where every later
    command finds it."""
    import calibrate as calibration
    from edgehfn import data as sets
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.evaluation.models import calibration_of
    from edgehfn.model import modelfile
    from edgehfn.training.gnn import batches as graph_batches
    from edgehfn.training.gnn import fits

    net, loaded = modelfile.load(model), sets.load(data)
    if isinstance(loaded, GraphSet):
        fits(net, loaded)
        batches: list[Any] = [batch.nodes for batch in graph_batches(loaded, "train", limit=images)]
    elif loaded.shape != tuple(net.input.shape):
        raise InputError(
            f"{data}: has images of C,H,W {loaded.shape}, {model} reads {tuple(net.input.shape)}; give its own data"
        )
    else:
        batches = calibration.batches(loaded.x_train, images)
    if percentile is not None and method != "percentile":
        raise click.UsageError("--percentile is for --method percentile; give both")
    chosen = {} if percentile is None else {"percentile": percentile}
    made = calibration.calibrate(net, batches, method, model=modelfile.digest(model), **chosen)
    place = calibration_of(model)
    made.save(place)
    tensors = {name: asdict(tensor) for name, tensor in made.report.items()}
    result = {"calibration": str(place), "method": made.method, "images": made.images, "tensors": tensors}
    if as_json:
        emit(result)
    else:
        show(calibration.table(made))
        note(f"written to {place}")
    return result


def _only_of_graphs() -> None:
    """Raises InputError if options of training on images were typed."""
    for name in ("augment", "crop_padding", "label_smoothing", "teacher", "precision", "threads"):
        if click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise InputError(f"--{name.replace('_', '-')} is for images; leave it out")


def _writable(output: Path) -> None:
    """Make the folder, and fail before training rather than after. Raises InputError."""
    if output.suffix != ".hfn":
        file = output / "model.hfn" if output.is_dir() else f"{output}.hfn"
        raise InputError(f"{output}: model files end in .hfn; use -o {file}")
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.is_dir() or not os.access(output.parent, os.W_OK):
        raise InputError(f"{output}: cannot be written; choose another place for -o")
