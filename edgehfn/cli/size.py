"""``size``: what a model costs on a core, in bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehfn import files
from edgehfn.cli import _net_options
from edgehfn.cli._common import (
    Bytes,
    Failure,
    Result,
    as_json,
    emit,
    example,
    force,
    note,
    objective,
    rows,
    show,
    table,
    target,
)

if TYPE_CHECKING:
    from edgehfn.cost.curve import Point
    from edgehfn.cost.footprint import Footprint
    from edgehfn.cost.room import Room
    from edgehfn.evaluation.confusion import Confusion
    from edgehfn.evaluation.models import Model
    from edgehfn.ir import Graph
    from edgehfn.spec.objective import Objective
    from edgehfn.target import Bench
    from edgehfn.target.kits import Kit
    from edgehfn.target.linked import Sizes
    from edgehfn.training.figures import Figures


@click.command(
    short_help="Flash and RAM on a core.",
    epilog=example(
        "edgehfn size kws.hfn --target cortex-m0 --html kws.html --data fashion-mnist\n"
        "edgehfn size kws.hfn --target cortex-m4 --max-flash 16K --max-ram 16K\n"
        "edgehfn size kws.hfn --board pico\n"
        "edgehfn size kws.hfn --curve\n"
        "edgehfn size --arch ds-cnn --input 1,49,10 --classes 12 --target cortex-m0"
    ),
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@target
@click.option("--max-flash", type=Bytes(), help="Fail if the total flash is more bytes than this.  [default: no limit]")
@click.option(
    "--max-ram",
    type=Bytes(),
    help="Fail if the total RAM, without stack, is more bytes than this.  [default: no limit]",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a report for the browser, too.",
)
@partial(_net_options.untrained, data="With --html: set whose test part the report is about. With --arch: ")
@click.option("--curve", is_flag=True, help="List what less RAM costs: instructions for each number of bytes of --ram.")
@objective
@rows
@force
@as_json
def size(
    model: Path | None,
    target: str,
    max_flash: int | None,
    max_ram: int | None,
    html: Path | None,
    arch: str | None,
    data: str | None,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    curve: bool,
    as_json: bool,
    **net_options: Any,
) -> Result:
    """Show the flash and RAM of MODEL on a core, in bytes, by what they are spent on.

    A preset (--arch) is sized before any training, with random masks of its density.

    They are predicted from the model alone, and measured in a linked program where the compiler is installed. Start-up
    code and the test harness are not counted. Of a board, what is left of its memories is shown, too. Exit status 2 if
    a limit is exceeded or the board is too small.
    """
    from edgehfn import curve as curve_of
    from edgehfn import footprint
    from edgehfn.cost.room import Room
    from edgehfn.evaluation.models import open_model
    from edgehfn.lowering.untrained import untrained
    from edgehfn.target.kits import aim

    _net_options.check(model, arch, net_options)
    _check_report(model, html, data)
    aimed = aim(target)
    kit = aimed.kit
    opened = None if model is None else open_model(model)
    graph = opened.graph if opened else untrained(_net_options.preset(str(arch), data=data, **net_options))
    name, limits = str(model or arch), (max_flash, max_ram)
    if kit is not None and not kit.is_counted and html is None and not curve:
        return _estimate(graph, name, kit, objective, ram, rows, limits, as_json)
    target = aimed.counted
    found = footprint(graph, target, objective, ram, rows)
    room = None if kit is None else Room(kit, found.sizes, is_estimate=False)
    if html is not None and opened is not None:
        measured = None if data is None else _measured(opened, data)
        files.write(html, _page(opened, found, curve_of(graph, target, objective, rows), measured))
        note(f"written to {html}")
    result = found.to_json() | ({} if room is None else room.to_json())
    if curve:
        result["curve"] = [point.to_json() for point in curve_of(graph, target, objective, rows)]
    if as_json:
        emit(result)
    else:
        show(str(found) if room is None else f"{found}\n{room}")
    if curve and not as_json:
        points = table("--ram", "predicted instructions", title=f"{name} on {target}: what less RAM costs")
        for point in result["curve"]:
            points.add_row(f"{point['ram']:,}", f"{point['instructions']:,}")
        show(points)
    _check(name, target, found.sizes, limits, room)
    return result


def _check_report(model: Path | None, html: Path | None, data: str | None) -> None:
    from edgehfn.evaluation.models import calibration_of

    if model is None:
        if html is not None:
            raise click.UsageError("--html is for a model file; a preset has no accuracy to report")
        return
    files.check_apart([html], [model, calibration_of(model)])
    if html is not None:
        files.check(html, "report")
    elif data is not None:
        raise click.UsageError("--data is for the report; give --html, too")


def _estimate(
    graph: Graph,
    name: str,
    kit: Kit,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    limits: tuple[int | None, int | None],
    as_json: bool,
) -> Result:
    """Sizes on a board whose core has no machine here."""
    from edgehfn import plan
    from edgehfn.cost.room import Room, estimated

    planned = plan(graph, objective, ram=ram, rows=rows)
    room = Room(kit, estimated(graph, planned), is_estimate=True)
    result = room.sizes.to_json() | room.to_json() | {"measured": None, "objective": planned.objective}
    if as_json:
        emit(result)
    else:
        show(str(room))
    _check(name, kit.name, room.sizes, limits, room)
    return result


def _check(name: str, target: str, sizes: Sizes, limits: tuple[int | None, int | None], room: Room | None) -> None:
    """Raises Failure for a limit, or a board's memory, that is exceeded."""
    remedies = ("fewer channels, coats or classes, or more folding", "--ram, fewer channels, or a pooled stem")
    totals = (sizes.total_flash, sizes.total_ram)
    for what, limit, total, remedy in zip(("total flash", "total ram"), limits, totals, remedies, strict=True):
        if limit is not None and total > limit:
            raise Failure(f"{name}: {what} on {target} is {total:,} bytes, {limit:,} are allowed; try {remedy}")
    for (what, left), remedy in zip(room.left.items() if room else (), remedies, strict=False):
        if room and left < 0:
            raise Failure(f"{name}: {room.kit.name} has {-left:,} bytes of {what} too few; try {remedy}")


def _instructions(graph: Graph, found: Footprint) -> Bench:
    """For a report: counted, or predicted where the tools to count are missing."""
    from edgehfn.cost.instructions import predict
    from edgehfn.target.board import board
    from edgehfn.target.count import counted
    from edgehfn.target.toolchain import HOST_GCC, available

    if available(HOST_GCC, *board(found.core).architecture.tools):
        return counted(graph, found.plan, found.core)
    return predict(graph, found.plan, board(found.core).core)


def _measured(model: Model, data: str) -> Confusion | Figures:
    """For a report: which class is taken for which, or the figures of another task."""
    from edgehfn.evaluation.accuracy import confused, measure
    from edgehfn.evaluation.models import load_examples
    from edgehfn.progress import progress

    with progress("measuring") as report:
        found = confused if model.graph.task.kind == "class" else measure
        return found(model.graph, load_examples(model, data, None), progress=report)


def _page(model: Model, found: Footprint, curve: Sequence[Point], measured: Confusion | Figures | None) -> str:
    """The report."""
    from edgehfn import report

    instructions = _instructions(model.graph, found)
    return report.report(model.graph, model.path.stem, found, instructions, model.calibration, curve, measured)
