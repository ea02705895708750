"""``run`` and ``verify``: accuracy on a machine, and whether all machines agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn.cli.front import DISAGREES, Result, as_json, emit, example, note, objective, show, table

if TYPE_CHECKING:
    from edgehfn.agreement import Agreement
    from edgehfn.objective import Objective

LIMITS = {"pytorch": None, "emulator": None, "host": 1000}  # images without --limit: all, or so many
CORE_IMAGES = 100
CORE_IMAGES_OF_ALL = 20  # an image takes a core in QEMU a hundred times as long as the emulator

MODEL = click.argument("model", type=click.Path(path_type=Path))
DATA = click.option("--data", required=True, metavar="NAME|PATH", help="Its test images: as for train.")


@click.command(
    short_help="Accuracy on one machine.",
    epilog=example("edgehfn run kws.hfn --data fashion-mnist --on cortex-m4 --limit 100"),
)
@MODEL
@DATA
@click.option(
    "--on", default="emulator", metavar="MACHINE", show_default=True, help="pytorch, emulator, host or a core."
)
@click.option("--limit", type=click.IntRange(1), help="Images.  [default: all, but 1000 on the host, 100 on a core]")
@objective
@as_json
def run(model: Path, data: str, on: str, limit: int | None, objective: Objective, as_json: bool) -> Result:
    """Integer accuracy on the test images, on one machine."""
    from edgehfn import machines
    from edgehfn.cli.model import open_model, test_set
    from edgehfn.progress import progress

    machine, *others = machines.parse(on)
    if others:
        raise click.UsageError(f"--on takes one machine here, not {on}")
    opened = open_model(model)
    images = test_set(opened, data, limit or LIMITS.get(machine, CORE_IMAGES))
    raw = images.raw
    step = 1000 if machine in LIMITS else 20
    right = 0
    with progress(machine) as report:
        for start in range(0, len(raw), step):
            report(start, len(raw))
            outputs = machines.run(opened.graph, raw[start : start + step], machine, objective=objective)
            right += int((machines.classes(outputs) == images.labels[start : start + step]).sum())
    result = {"accuracy": right / len(raw), "images": len(raw), "machine": machine}
    if as_json:
        emit(result)
    else:
        show(f"{machine}: {100 * right / len(raw):.2f} % of {len(raw):,} images")
    return result


@click.command(
    short_help="Compare all machines, byte for byte.",
    epilog=example(
        "edgehfn verify kws.hfn --data fashion-mnist\n"
        "edgehfn verify kws.hfn --data fashion-mnist --on host,cortex-m4 --limit 100 --json"
    ),
)
@MODEL
@DATA
@click.option("--on", default="all", metavar="all|LIST", show_default=True, help="Machines, with commas between.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Images, from the first.")
@click.option("--limit-cores", type=click.IntRange(1), help="On each core.  [default: 20 with --on all, else --limit]")
@objective
@as_json
def verify(
    model: Path,
    data: str,
    on: str,
    limit: int,
    limit_cores: int | None,
    objective: Objective,
    as_json: bool,
) -> Result:
    """Compare every byte of every node: integer PyTorch, the emulator, C on this machine under sanitizers, and each
    core in QEMU. Exit status 1 if one differs; the first difference is named. Float accuracy on the same images
    stands beside the integer accuracy."""
    from edgehfn import agreement, machines, target
    from edgehfn.cli.model import open_model, test_set
    from edgehfn.progress import progress
    from edgehfn.train import evaluate

    names = machines.parse(on)
    opened = open_model(model)
    images = test_set(opened, data, limit)
    cap = limit_cores or (CORE_IMAGES_OF_ALL if on == "all" else limit)
    slow = {board.name: cap for board in target.BOARDS}
    with progress("comparing") as report:
        agreed = agreement.verify(opened.graph, images.raw, names, slow, report, objective)
    result = _result(agreed, images.labels.tolist())
    count = result["images"]
    result["float_accuracy"] = evaluate(opened.net, images.x[:count], images.labels[:count])
    if as_json:
        emit(result)
    else:
        _show(result, str(model), sum(tensor.size for tensor in opened.graph.tensors.values()))
    if agreed.first is not None:
        note(f"first difference: {agreed.first}")
        raise click.exceptions.Exit(DISAGREES)
    return result


def _result(agreed: Agreement, labels: list[int]) -> Result:
    from edgehfn import machines

    each = {}
    for name, c in agreed.machines.items():
        right = sum(map(int.__eq__, machines.classes(c.outputs).tolist(), labels))
        each[name] = {"images": c.images, "mismatches": c.mismatches, "accuracy": right / c.images}
    images = max(one["images"] for one in each.values())
    return {
        "mismatches": agreed.mismatches,
        "images": images,
        "machines": list(each),
        "each": each,
        "first": None if agreed.first is None else str(agreed.first),
        "integer_accuracy": next(one["accuracy"] for one in each.values() if one["images"] == images),
    }


def _show(result: Result, model: str, size: int) -> None:
    rows = table(
        "machine", "images", "bytes compared", "that differ", "accuracy %", title=f"{model}: all bytes of all nodes"
    )
    for name, one in result["each"].items():
        compared, differ = f"{one['images'] * size:,}", f"{one['mismatches']:,}"
        rows.add_row(name, f"{one['images']:,}", compared, differ, f"{100 * one['accuracy']:.2f}")
    show(rows)
    floats, integers = 100 * result["float_accuracy"], 100 * result["integer_accuracy"]
    show(f"accuracy on {result['images']:,} images: float {floats:.2f} %, integer {integers:.2f} %")
