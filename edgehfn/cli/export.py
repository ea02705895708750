"""``export``: a model in other people's formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn import files
from edgehfn.cli._common import Result, as_json, emit, example, force, show

if TYPE_CHECKING:
    from edgehfn.evaluation.accuracy import Examples
    from edgehfn.evaluation.models import Model


@click.command(
    short_help="Write a TFLite model.",
    epilog=example("edgehfn export kws.hfn --tflite kws.tflite --data fashion-mnist"),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--tflite",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The int8 TFLite file to write.",
)
@click.option("--data", metavar="NAME|PATH[:nchw|:SIZE]", help="Data set; both models run on its test images.")
@click.option("--limit", type=click.IntRange(1), help="Test images to run.  [default: all]")
@force
@as_json
def export(model: Path, tflite: Path, data: str | None, limit: int | None, as_json: bool) -> Result:
    """Write MODEL as an int8 TFLite file, which reads raw images as N, H, W, C.

    TFLite rounds in its own way: each node is within one step of ours, two where a residual is added. Needs the package
    ai-edge-litert.
    """
    from edgehfn.backends.tflite.write import emit as tflite_of
    from edgehfn.evaluation.models import calibration_of, load_examples, open_model

    if limit is not None and data is None:
        raise click.UsageError("--limit is for the images of --data; give both")
    files.check_apart([tflite], [model, calibration_of(model), data])
    files.check(tflite, "TFLite model")
    opened = open_model(model)
    images = None if data is None else load_examples(opened, data, limit)
    content = tflite_of(opened.graph)
    files.make_folder(tflite.parent)
    files.write(tflite, content)
    result: Result = {"tflite": str(tflite), "bytes": len(content)}
    if images is not None:
        result |= _compared(opened, content, images)
    if as_json:
        emit(result)
        return result
    show(f"{tflite}: {len(content):,} bytes")
    if images is not None:
        ours, theirs, same = (100 * result[key] for key in ("accuracy", "tflite_accuracy", "same_class"))
        show(f"{result['images']:,} images: {theirs:.2f} % in TFLite, {ours:.2f} % in EdgeHFN, {same:.2f} % alike")
    return result


def _compared(model: Model, content: bytes, images: Examples) -> Result:
    """Both on the same images; TFLite on the kernels that its interpreter takes by itself."""
    from edgehfn import emulate
    from edgehfn.backends.tflite import run
    from edgehfn.evaluation.machines import classes

    ours = classes(emulate(model.graph, images.raw))
    theirs = classes(run.run(model.graph, content, images.raw))
    return {
        "images": len(images.raw),
        "accuracy": float((ours == images.labels).mean()),
        "tflite_accuracy": float((theirs == images.labels).mean()),
        "same_class": float((ours == theirs).mean()),
    }
