"""``predict``: the classes of files."""

from __future__ import annotations

from pathlib import Path

import click

from edgehfn import files
from edgehfn.cli._common import MODEL, Result, as_json, emit, example, force, note, show
from edgehfn.errors import InputError


@click.command(
    short_help="What a model tells of pictures or arrays.",
    epilog=example("edgehfn predict kws.hfn shirt.png bag.jpg\nedgehfn predict kws.hfn x.npy --on host --save out.npz"),
)
@MODEL
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--on",
    default="emulator",
    metavar="MACHINE",
    show_default=True,
    help="Machine: pytorch, emulator, host or a core such as cortex-m4.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="X.npz",
    help="File to write: name, label, score, outputs (int8) and classes.  [default: none]",
)
@force
@as_json
def predict(model: Path, files: tuple[Path, ...], on: str, save: Path | None, as_json: bool) -> Result:
    """Name the class of each of FILES by MODEL, in integers, with its score: the softmax of the outputs.

    Models for other tasks tell numbers, the labels that an input has, how odd it is, or how many pixels each class has.

    A picture is turned upright, scaled until it covers what the model reads, and its middle cut out. A .npy has an
    image or many of H,W,C, H,W or C,H,W, or a time series or many of L,C or L, in the type that MODEL was trained on; a
    .npz such an array named x or x_test. Of a WAV file a model for sound hears the second in the middle. A model for
    small graphs reads a .npz of them, labelled or not, whose features are all 1 (docs/GRAPHS.md).
    """
    from edgehfn.evaluation import machines
    from edgehfn.evaluation.models import calibration_of, open_model
    from edgehfn.evaluation.predict import predict as predicted
    from edgehfn.evaluation.predict import rows
    from edgehfn.model import modelfile
    from edgehfn.nn import InputSpec
    from edgehfn.progress import progress
    from edgehfn.training.trainlog import STEP

    machine, *others = machines.parse(on)
    if others:
        raise click.UsageError(f"--on takes one machine here, not {on}")
    _check(save, [model, calibration_of(model), *files])
    opened = open_model(model)
    if not isinstance(opened.net.input, InputSpec) and STEP in modelfile.info(model):
        raise InputError(
            f"{model}: learned values of features, whose step is that of its set; run tells of a whole set"
        )
    graph = opened.graph
    with progress(machine) as report:
        found = predicted(graph, files, machine, report)
    if save is not None:
        _write(save, found.packed())
    told = rows(graph, found)
    result: Result = {"machine": machine, "predictions": told}
    if as_json:
        emit(result)
    else:
        for row in told:
            show(f"{row['file']}: {_said(row)}")
    return result


def _said(row: Result) -> str:
    """What is told of an input, on a line."""
    if "class" in row:
        return f"{row['class']} {row['score']:.3f}"
    if "score" in row:
        return f"{row['score']}" + (f" {'odd' if row['odd'] else 'normal'}" if "odd" in row else "")
    if "labels" in row:
        yes = [f"{name} {odds:.3f}" for name, odds in row["labels"].items() if odds > 0.5]
        return ", ".join(yes) or "none"
    (each,) = (row[key] for key in ("values", "pixels") if key in row)
    return " ".join(f"{value:g}" for value in each.values()) if "values" in row else _counted(each)


def _counted(pixels: Result) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in pixels.items() if count)


def _check(save: Path | None, inputs: list[Path]) -> None:
    files.check_apart([save], inputs)
    if save is not None:
        files.check(save, "predictions")


def _write(save: Path, content: bytes) -> None:
    files.write(save, content)
    note(f"written to {save}")
