"""``demo``: the whole way once, by the same commands that a user would type, and one table of what came out."""

from __future__ import annotations

from pathlib import Path

import click

from edgehfn.cli import measure, prove
from edgehfn.cli._common import call, example, show, table
from edgehfn.cli.compile import compile_
from edgehfn.cli.learn import calibrate, train
from edgehfn.errors import InputError

CORES = ("cortex-m4", "cortex-m0")


@click.command(
    short_help="Train, compile, verify and measure a net, in one table.", epilog=example("edgehfn demo -o demo")
)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("demo"), metavar="DIR", show_default=True)
@click.option("--data", default="fashion-mnist", metavar="NAME|PATH", show_default=True, help="As for train.")
@click.option("--arch", default="demo", metavar="PRESET", show_default=True, help="As for train.")
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True)
def demo(output: Path, data: str, arch: str, epochs: int) -> None:
    """Train a folded net, calibrate it, compile it, compare every byte on all machines, run it on an emulated
    Cortex-M4, and print what it can do and costs. A model that is there already is not trained again."""
    from edgehfn import data as sets
    from edgehfn.model import modelfile

    model = output / "demo.hfn"
    if model.exists():
        noted, asked = modelfile.info(model), {"arch": arch, "data": sets.load(data).name, "epochs": epochs}
        if other := [f"{name} {noted.get(name)}" for name, value in asked.items() if noted.get(name) != value]:
            raise InputError(f"{model}: is there already, with {', '.join(other)}; delete it or give another -o")
    else:
        call(train, "--data", data, "--arch", arch, "--epochs", epochs, "-o", model)
    call(calibrate, model, "--data", data)
    call(compile_, model, "--name", "demo", "-o", output)
    agreed = call(prove.verify, model, "--data", data)
    whole = call(prove.run, model, "--data", data)
    device = call(prove.run, model, "--data", data, "--on", CORES[0])
    sizes = [call(measure.size, model, "--target", core) for core in CORES]
    counts = [call(measure.bench, model, "--target", core) for core in CORES]

    rows = table("", *CORES, title=f"EdgeHFN: a net of preset {arch} on {data}")
    rows.add_row(f"float accuracy, {whole['images']:,} test images", _percent(modelfile.info(model)["accuracy"]), "")
    rows.add_row(f"integer accuracy, {whole['images']:,} test images", _percent(whole["accuracy"]), "")
    rows.add_row(f"integer accuracy in emulation, {device['images']:,} images", _percent(device["accuracy"]), "")
    rows.add_row(f"mismatching bytes, {len(agreed['machines'])} machines", f"{agreed['mismatches']:,}", "")
    rows.add_section()
    for name, label in (
        ("weights_flash", "model data, bytes"),
        ("code_flash", "code, bytes"),
        ("total_flash", "total flash, bytes"),
        ("total_ram", "total RAM, bytes"),
        ("stack", "stack, bytes"),
    ):
        rows.add_row(label, *(f"{size[name]:,}" for size in sizes))
    rows.add_row("emulated instructions an image", *(f"{count['instructions']:,}" for count in counts))
    show(rows)


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
