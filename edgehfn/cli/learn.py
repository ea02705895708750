"""``train`` and ``calibrate``: from images to a model file and the scales beside it."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from edgehfn.cli import architecture
from edgehfn.cli.front import Interrupted, Result, as_json, emit, example, note, show, typed
from edgehfn.errors import InputError


@click.command(
    short_help="Train a net on labelled images.",
    epilog=example(
        "edgehfn train --data fashion-mnist --arch demo --epochs 8 -o kws.hfn\n"
        "edgehfn train --data mine.npz --arch tiny --density 0.3 --fold 2 -o mine.hfn"
    ),
)
@click.option(
    "--data",
    required=True,
    metavar="NAME|PATH",
    help="fashion-mnist, cifar10, digits; or a .npz or folder of IDX files.",
)
@click.option(
    "--arch",
    required=True,
    metavar="PRESET",
    help="tiny, demo, resnet8, resnet8-mlperf, resnet20, or hfn-resnet50 and the like.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="X.hfn", help="Where the model goes."
)
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=128, show_default=True, help="Images a step.")
@click.option("--lr", type=float, default=0.5, show_default=True, help="Peak rate of the scores.")
@click.option(
    "--augment", type=click.Choice(["none", "flip", "flip+crop"]), help="[default: flip where classes survive a mirror]"
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
@architecture.options
@as_json
def train(
    data: str,
    arch: str,
    output: Path,
    epochs: int,
    batch: int,
    lr: float,
    augment: Any,
    precision: Any,
    thresholds: Any,
    ramp: float,
    device: str,
    threads: int,
    restart: bool,
    as_json: bool,
    **net_options: Any,
) -> Result:
    """Train a net on labelled images.

    The state of the run is kept beside the output (X.ckpt): after a kill at any moment the same command goes on from
    there. How every epoch went stands in X.log.json. A .npz has x_train, y_train, x_test, y_test (images uint8 as
    N,H,W,C or N,H,W; labels integers from 0) and may have classes (names). A name is looked for in EDGEHFN_DATA, the
    system's data folders and the user's cache.
    Under torchrun --nproc-per-node N -m edgehfn train … N processes share every batch.
    """
    _writable(output)
    from edgehfn import data as sets
    from edgehfn import distributed, modelfile, nn, trainlog
    from edgehfn.progress import progress
    from edgehfn.train import train as run

    loaded = sets.load(data)
    net = architecture.build(arch, loaded.shape, loaded.classes, **net_options)
    net.search = nn.Search(thresholds, ramp)
    checkpoint = output.with_suffix(".ckpt")
    started = time.monotonic()
    settings = {"epochs": epochs, "batch": batch, "lr": lr, "seed": net.seed, "augment": augment}
    try:
        with progress(f"training {arch}") as report:
            history = run(
                net,
                loaded,
                **settings,
                precision=precision,
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
    about = {"arch": arch, "data": loaded.name, "sha256": loaded.sha256, "thresholds": thresholds, "ramp": ramp}
    info = {**about, **settings, "accuracy": history.accuracy}
    modelfile.save(net, output, info)
    trainlog.save(output, modelfile.digest(output), typed(), loaded.digest(), history.epochs)
    checkpoint.unlink(missing_ok=True)
    seconds = round(time.monotonic() - started, 1)
    accuracy, images = history.accuracy, len(loaded.y_test)
    result = {"accuracy": accuracy, "images": images, "epochs": epochs, "seconds": seconds, "model": str(output)}
    if as_json:
        emit(result)
    else:
        show(f"{output}: {100 * accuracy:.2f} % of {images:,} test images, float, after {seconds:.0f} s")
        note(f"next: edgehfn calibrate {output} --data {data}")
    return result


@click.command(
    short_help="Choose the scale of every tensor.",
    epilog=example(
        "edgehfn calibrate kws.hfn --data fashion-mnist\nedgehfn calibrate kws.hfn --data mine.npz --method mse"
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--data", required=True, metavar="NAME|PATH", help="Its training images are observed.")
@click.option("--method", type=click.Choice(["minmax", "percentile", "mse"]), default="minmax", show_default=True)
@click.option(
    "--percentile", type=click.FloatRange(50, 100), help="Of the magnitudes not clipped, for --method percentile."
)
@click.option(
    "--images", type=click.IntRange(1), default=1024, show_default=True, help="Evenly spread over the training set."
)
@as_json
def calibrate(model: Path, data: str, method: Any, percentile: float | None, images: int, as_json: bool) -> Result:
    """Choose the scale of every tensor from real images; written to X.cal.json beside X.hfn, where every later
    command finds it."""
    import calibrate as calibration
    from edgehfn import data as sets
    from edgehfn import modelfile
    from edgehfn.cli.model import calibration_of

    net, loaded = modelfile.load(model), sets.load(data)
    if loaded.shape != tuple(net.input.shape):
        raise InputError(
            f"{data}: has images of C,H,W {loaded.shape}, {model} reads {tuple(net.input.shape)}; give its own data"
        )
    chosen = {} if percentile is None else {"percentile": percentile}
    batches = calibration.batches(loaded.x_train, images)
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


def _writable(output: Path) -> None:
    """Make the folder, and fail before training rather than after. Raises InputError."""
    if output.suffix != ".hfn":
        raise InputError(f"{output}: model files end in .hfn; use -o {output.with_suffix('.hfn')}")
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.is_dir() or not os.access(output.parent, os.W_OK):
        raise InputError(f"{output}: cannot be written; choose another place for -o")
