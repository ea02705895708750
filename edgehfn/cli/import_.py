"""``import``: nets that other people's code has trained."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn import files
from edgehfn.cli import _module, _net_options
from edgehfn.cli._common import Result, as_json, command, emit, example, force, note, show
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.data.sets import Dataset
    from edgehfn.nn.builder import Kind


@click.command(
    name="import",
    short_help="Import a module of PyTorch, or a checkpoint of the papers' code.",
    epilog=example(
        "edgehfn import model_best.pth --arch hfn-resnet50 --data cifar100.npz "
        "--mean 0.491,0.482,0.447 --std 0.247,0.243,0.262"
    ),
)
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--arch", metavar="NET", help="Preset of the checkpoint: hfn-resnet50, hidden-resnet18 and the like.")
@click.option(
    "--weights-file",
    type=click.Path(path_type=Path),
    metavar="X.pt",
    help="The state_dict of a module, FILE.py:NAME.  [default: as NAME makes it]",
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
    help="What to round weights to: all of a module's; of a checkpoint those that no mask can keep, stem and "
    "classifier take int8.  [default: int8 of a plain net; of masks none]",
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
    arch: str | None,
    weights_file: Path | None,
    output: Path | None,
    density: float | None,
    weights: Kind | None,
    shape: str | None,
    mean: str | None,
    std: str | None,
    data: str | None,
    as_json: bool,
) -> Result:
    """Import a module of plain PyTorch, or a checkpoint of the public code of hidden networks.

    CHECKPOINT is FILE.py:NAME, a class or function of your own that makes the module: the file is run. Its weights are
    rounded; edgehfn.from_torch in Python has more choices, masks among them.

    Or CHECKPOINT is a state_dict of the public code of hidden networks or Hidden-Fold Networks, or a trainer's file
    that holds one: conv.weight, conv.scores, norms. The scores fix the mask, or it is there: mask, or weight_orig and
    weight_mask. The signs come from no seed of ours, so they are stored, at one bit more a weight. A net without masks
    takes --weights.
    """
    from edgehfn import data as sets
    from edgehfn import load_checkpoint
    from edgehfn.model import modelfile
    from edgehfn.nn import InputSpec

    module = _module.named(checkpoint)
    if module is None and (weights_file is not None or arch is None):
        raise click.UsageError("--arch names the net of a checkpoint; --weights-file is for a module, FILE.py:NAME")
    if module is not None and (arch is not None or density is not None):
        raise click.UsageError("a module, FILE.py:NAME, takes neither --arch nor --density; leave them out")
    if (mean is None) != (std is None):
        raise click.UsageError("--mean and --std go together; give both")
    scaled = None if mean is None or std is None else (_numbers("--mean", mean), _numbers("--std", std))
    place = output or checkpoint.with_suffix(".hfn")
    _check_place(place, checkpoint, module[0] if module else checkpoint, data, weights_file)
    loaded = None if data is None else sets.images(data)
    image = _net_options.image_shape(shape) or (loaded.shape if loaded else (3, 32, 32))
    names = None if loaded is None else loaded.classes
    if module is not None:
        each = scaled or ((0.0,) * image[0], (1.0,) * image[0])
        spec = InputSpec(image, mean=each[0], deviation=each[1])
        net = _module.taken(_module.loaded(*module, weights_file), spec, weights or "int8", names)
    else:
        net = load_checkpoint(
            checkpoint, str(arch), density=density, input=image, classes=names, normalised=scaled, weights=weights
        )
    told = {"arch": arch, "density": density}
    found = {name: value for name, value in told.items() if value is not None}
    modelfile.save(net, place, {"checkpoint": checkpoint.name, **found})
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


def _check_place(place: Path, checkpoint: Path, file: Path, data: str | None, weights_file: Path | None) -> None:
    """Raises InputError for a file to keep: an input, another ending, or a model that is not of this checkpoint."""
    from edgehfn.evaluation.models import calibration_of
    from edgehfn.model import tensorfile

    if place.suffix != ".hfn":
        raise InputError(f"{place}: model files end in .hfn; use {command('-o', place.with_suffix('.hfn'))}")
    if not place.parent.is_dir():
        raise InputError(f"{place}: there is no folder {place.parent}; make it, or choose another file with -o")
    files.check_apart([place], [file, data, weights_file])
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
