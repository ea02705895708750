"""``demo``: the whole way once, and one table of what came out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn import files
from edgehfn.cli._common import Interrupted, command, example, force, note, show, table
from edgehfn.cli.compile import RUNTIME
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.data.sets import Dataset
    from edgehfn.progress import Report

CORES = ("cortex-m4", "cortex-m0")
COSTS = {
    "weights_flash": "model data, bytes",
    "code_flash": "code, bytes",
    "total_flash": "total flash, bytes",
    "total_ram": "total RAM, bytes",
    "stack": "stack, bytes",
}
VERIFIED, VERIFIED_ON_CORES, RUN_ON_CORE = 1000, 20, 100  # images


@click.command(
    short_help="Train, compile, verify and measure a net, in one table.", epilog=example("edgehfn demo -o demo")
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    metavar="DIR",
    show_default=True,
    help="Folder of the model and the C.",
)
@click.option(
    "--data", default="fashion-mnist", metavar="NAME|PATH[:nchw|:SIZE]", show_default=True, help="Data set of images."
)
@click.option("--arch", default="demo", metavar="PRESET", show_default=True, help="Preset to train.")
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True, help="Epochs of the training.")
@force
def demo(output: Path, data: str, arch: str, epochs: int) -> None:
    """Go the whole way once: train a folded net, calibrate it, compile it, verify it and measure it.

    One table has its accuracy, its size and its instructions. A model that is there already is not trained again.
    """
    from edgehfn import bench, footprint, plan, verify
    from edgehfn import data as sets
    from edgehfn.backends.c.write import write_program
    from edgehfn.evaluation import machines
    from edgehfn.evaluation.accuracy import accuracy, examples_of
    from edgehfn.evaluation.models import calibrated
    from edgehfn.model import modelfile
    from edgehfn.progress import progress

    loaded, model = sets.images(data), output / "demo.hfn"
    with files.folder(output), progress("demo") as report:
        _train(model, loaded, data, arch, epochs, report)
        note(f"$ {command('edgehfn', 'calibrate', model, '--data', data)}")
        graph = calibrated(model, loaded).graph
        note(f"$ {command('edgehfn', 'compile', model, '--name', 'demo', '-o', output)}")
        write_program(graph, "demo", output, output / RUNTIME, plan(graph))
        note(f"$ {command('edgehfn', 'verify', model, '--data', data)}")
        few = examples_of(graph, loaded, VERIFIED)
        names, remedy = machines.at_hand(machines.MACHINES)
        if remedy:
            note(f"without the cores of RISC-V; to compare them, too: {remedy}")
        agreed = verify(graph, few.raw, names, dict.fromkeys(_cores(), VERIFIED_ON_CORES), report)
        note(f"$ {command('edgehfn', 'run', model, '--data', data)}")
        whole = accuracy(graph, loaded, progress=report)
        note(f"$ {command('edgehfn', 'run', model, '--data', data, '--on', CORES[0])}")
        device = accuracy(graph, loaded, CORES[0], limit=RUN_ON_CORE, progress=report)
        sizes = [footprint(graph, core).sizes.to_json() for core in CORES]
        counts = [bench(graph, core).total for core in CORES]
    if agreed.first is not None:
        raise InputError(f"{model}: machines disagree; first difference: {agreed.first}")
    floats, images = modelfile.info(model)["accuracy"], len(loaded.y_test)
    rows = table("", *CORES, title=f"EdgeHFN: a net of preset {arch} on {data}")
    rows.add_row(f"float accuracy, {images:,} test images", _percent(floats), "")
    rows.add_row(f"integer accuracy, {images:,} test images", _percent(whole), "")
    rows.add_row(f"integer accuracy in emulation, {min(images, RUN_ON_CORE):,} images", _percent(device), "")
    rows.add_row(f"mismatching bytes, {len(agreed.machines)} machines", f"{agreed.mismatches:,}", "")
    rows.add_section()
    for name, label in COSTS.items():
        rows.add_row(label, *(f"{size[name]:,}" for size in sizes))
    rows.add_row("emulated instructions an image", *(f"{count:,}" for count in counts))
    show(rows)


def _train(model: Path, data: Dataset, given: str, arch: str, epochs: int, report: Report) -> None:
    """Train the model, unless it is there. Raises InputError if that is another one."""
    from edgehfn import nn
    from edgehfn.model import modelfile
    from edgehfn.training.to_file import checkpoint_of, command_of, train_images_to

    if model.exists():
        noted, asked = modelfile.info(model), {"arch": arch, "data": data.name, "epochs": epochs}
        if other := [f"{name} {noted.get(name)}" for name, value in asked.items() if noted.get(name) != value]:
            raise InputError(f"{model}: is there already, with {', '.join(other)}; delete it or give another -o")
        return
    net = nn.preset(arch, data.shape, data.classes)
    words = command_of(given, arch, {"epochs": epochs})
    note(f"$ {words} {command('-o', model)}")
    try:
        train_images_to(model, net, data, arch=arch, command=words, progress=report, epochs=epochs, seed=net.seed)
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on from {checkpoint_of(model)}") from None


def _cores() -> list[str]:
    from edgehfn.target import BOARDS

    return [board.name for board in BOARDS]


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
