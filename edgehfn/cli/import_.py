"""``import``: nets that other people's code has trained."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn import files
from edgehfn.cli import _net_options
from edgehfn.cli._common import Result, as_json, command, emit, example, force, note, show
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.data.sets import Dataset
    from edgehfn.nn.builder import Kind


@click.command(
    name="import",
    short_help="Import a checkpoint of the papers' code.",
    epilog=example(
        "edgehfn import model_best.pth --arch hfn-resnet50 --data cifar100.npz "
        "--mean 0.491,0.482,0.447 --std 0.247,0.243,0.262"
    ),
)
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option(
    "--arch", required=True, metavar="NET", help="Preset of the checkpoint: hfn-resnet50, hidden-resnet18 and the like."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="X.hfn",
    help="Model file to write.  [default: beside CHECKPOINT]",
)
@click.option(
    "--density",
    type=float,
    help="Fraction of weights kept, the public code's top_k.  [default: what the weights' magnitudes say]",
)
@click.option(
    "--weights",
    type=click.Choice(["int8", "int4", "ternary", "binary"]),
    help="What to round weights to that no mask can keep; stem and classifier take int8.  [default: int8 of a plain "
    "net; of masks none]",
)
@click.option(
    "--input",
    "shape",
    metavar="C,H,W|N",
    help="Channels, height, width of its images; N is 3,N,N.  [default: the data's, or 3,32,32]",
)
@click.option(
    "--mean", metavar="M,M,M", help="Mean taken off each input channel in training, of values in 0..1.  [default: none]"
)
@click.option("--std", metavar="D,D,D", help="Deviation that each was divided by.  [default: none]")
@click.option(
    "--data",
    metavar="NAME|PATH[:nchw|:SIZE]",
    help="Data set to calibrate on (training images) and measure on (test images).",
)
@force
@as_json
def import_(
    checkpoint: Path,
    arch: str,
    output: Path | None,
    density: float | None,
    weights: Kind | None,
    shape: str | None,
    mean: str | None,
    std: str | None,
    data: str | None,
    as_json: bool,
) -> Result:
    """Import a checkpoint of the public code of hidden networks or Hidden-Fold Networks.

    CHECKPOINT is a state_dict, or a trainer's file that holds one: conv.weight, conv.scores, norms. The scores fix the
    mask, or it is there: mask, or weight_orig and weight_mask. The signs come from no seed of ours, so they are stored,
    at one bit more a weight. A net without masks takes --weights.
    """
    from edgehfn import data as sets
    from edgehfn import load_checkpoint
    from edgehfn.model import modelfile

    if (mean is None) != (std is None):
        raise click.UsageError("--mean and --std go together; give both")
    scaled = None if mean is None or std is None else (_numbers("--mean", mean), _numbers("--std", std))
    place = output or checkpoint.with_suffix(".hfn")
    _check_place(place, checkpoint, data)
    loaded = None if data is None else sets.images(data)
    image = _net_options.image_shape(shape) or (loaded.shape if loaded else (3, 32, 32))
    names = None if loaded is None else loaded.classes
    net = load_checkpoint(
        checkpoint, arch, density=density, input=image, classes=names, normalised=scaled, weights=weights
    )
    told = {} if density is None else {"density": density}
    modelfile.save(net, place, {"arch": arch, "checkpoint": checkpoint.name, **told})
    result: Result = {"model": str(place), "weights": len(net.weights), "classes": len(net.classes)}
    if loaded is not None:
        result |= _measured(place, loaded)
    if as_json:
        emit(result)
        return result
    show(f"{place}: {len(net.weights)} weights, {len(net.classes)} classes")
    if loaded is None:
        note(f"next: {command('edgehfn', 'calibrate', place, '--data')} …")
    else:
        floats, integers = 100 * result["float_accuracy"], 100 * result["integer_accuracy"]
        show(f"{result['images']:,} test images: float {floats:.2f} %, integer {integers:.2f} %")
    return result


def _check_place(place: Path, checkpoint: Path, data: str | None) -> None:
    """Raises InputError for a file to keep: an input, another ending, or a model that is not of this checkpoint."""
    from edgehfn.evaluation.models import calibration_of
    from edgehfn.model import tensorfile

    if place.suffix != ".hfn":
        raise InputError(f"{place}: model files end in .hfn; use {command('-o', place.with_suffix('.hfn'))}")
    if not place.parent.is_dir():
        raise InputError(f"{place}: there is no folder {place.parent}; make it, or choose another file with -o")
    files.check_apart([place], [checkpoint, data])
    files.check(place, "model")
    if data is not None:
        files.check(calibration_of(place), "calibration")
    tensorfile.check_same(place, lambda metadata: json.loads(metadata["info"]).get("checkpoint") == checkpoint.name)


def _measured(place: Path, loaded: Dataset) -> Result:
    """Calibrate the model and run both nets on all test images."""
    from edgehfn import accuracy, evaluate
    from edgehfn.evaluation.models import calibrated

    opened = calibrated(place, loaded)
    return {
        "images": len(loaded.y_test),
        "float_accuracy": evaluate(opened.net, loaded.x_test, loaded.y_test),
        "integer_accuracy": accuracy(opened.graph, loaded),
    }


def _numbers(option: str, text: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(map(math.isfinite, found)):
        raise InputError(f"{option} {text}: give one number a channel, with commas between")
    return found
