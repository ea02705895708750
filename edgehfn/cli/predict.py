"""``predict``: the classes of files."""

from __future__ import annotations

from pathlib import Path

import click

from edgehfn import files
from edgehfn.cli._common import MODEL, Result, as_json, emit, example, force, note, show


@click.command(
    short_help="The class of each picture or array.",
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

    A picture is turned upright, scaled until it covers what the model reads, and its middle cut out. A .npy has an
    image or many of H,W,C, H,W or C,H,W, or a time series or many of L,C or L, in the type that MODEL was trained on; a
    .npz such an array named x or x_test. Of a WAV file a model for sound hears the second in the middle.
    """
    from edgehfn.evaluation import machines
    from edgehfn.evaluation.models import calibration_of, open_model
    from edgehfn.evaluation.predict import predict as predicted
    from edgehfn.progress import progress

    machine, *others = machines.parse(on)
    if others:
        raise click.UsageError(f"--on takes one machine here, not {on}")
    _check(save, [model, calibration_of(model), *files])
    graph = open_model(model).graph
    with progress(machine) as report:
        found = predicted(graph, files, machine, report)
    if save is not None:
        _write(save, found.packed())
    rows = [
        {"file": name, "label": int(label), "class": found.classes[label], "score": round(float(score), 4)}
        for name, label, score in zip(found.names, found.labels, found.scores, strict=True)
    ]
    result: Result = {"machine": machine, "predictions": rows}
    if as_json:
        emit(result)
    else:
        for row in rows:
            show(f"{row['file']}: {row['class']} {row['score']:.3f}")
    return result


def _check(save: Path | None, inputs: list[Path]) -> None:
    files.check_apart([save], inputs)
    if save is not None:
        files.check(save, "predictions")


def _write(save: Path, content: bytes) -> None:
    files.write(save, content)
    note(f"written to {save}")
