"""``size`` and ``bench``: what a model costs on a core, in bytes and in instructions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehfn import files
from edgehfn.cli import _net_options
from edgehfn.cli._common import Failure, Result, as_json, emit, example, note, objective, show, table

if TYPE_CHECKING:
    from edgehfn.cost.footprint import Footprint
    from edgehfn.evaluation.models import Model
    from edgehfn.ir import Graph
    from edgehfn.spec.objective import Objective
    from edgehfn.target import Bench

CORE = "cortex-m4"


class Bytes(click.ParamType[int]):
    """``16384``, ``16K`` or ``16KB``: K is 1,024 and M is 1,048,576."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes."""
        found = re.fullmatch(r"(\d+)([KM]?)B?", str(value).upper())
        if found is None:
            self.fail(f"{value!r} is no number of bytes, such as 16384 or 16K", param, ctx)
        return int(found[1]) * {"": 1, "K": 1024, "M": 1024 * 1024}[found[2]]


@click.command(
    short_help="Flash and RAM on a core.",
    epilog=example(
        "edgehfn size kws.hfn --target cortex-m0 --html kws.html\n"
        "edgehfn size kws.hfn --target cortex-m4 --max-flash 16K --max-ram 16K"
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", default=CORE, metavar="CORE", show_default=True)
@click.option("--max-flash", type=Bytes(), help="Fail if the total flash is more.")
@click.option("--max-ram", type=Bytes(), help="Fail if the total RAM is more; the stack is not counted.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a report, too.")
@objective
@as_json
def size(
    model: Path,
    target: str,
    max_flash: int | None,
    max_ram: int | None,
    html: Path | None,
    objective: Objective,
    as_json: bool,
) -> Result:
    """Flash and RAM on a core in bytes, by what they are spent on: predicted from the model alone, and measured in a
    linked program where the compiler is installed. Start-up code and the test harness are not counted. Exit status 2
    if a limit is exceeded."""
    from edgehfn import footprint
    from edgehfn.evaluation.models import open_model

    opened = open_model(model)
    found = footprint(opened.graph, target, objective)
    if html is not None:
        files.write(html, _page(opened, found))
        note(f"written to {html}")
    result = found.to_json()
    if as_json:
        emit(result)
    else:
        show(str(found))
    for name, limit, remedy in (
        ("total_flash", max_flash, "fewer channels, coats or classes, or more folding"),
        ("total_ram", max_ram, "fewer channels, or a pooled stem"),
    ):
        if limit is not None and result[name] > limit:
            what = name.replace("_", " ")
            raise Failure(f"{model}: {what} on {target} is {result[name]:,} bytes, {limit:,} are allowed; try {remedy}")
    return result


@click.command(
    short_help="Instructions of one inference.",
    epilog=example(
        "edgehfn bench kws.hfn --on cortex-m4\nedgehfn bench --arch resnet8-mlperf --density 0.3 --on cortex-m7 --json"
    ),
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--on", default=CORE, metavar="CORE", show_default=True)
@_net_options.untrained
@objective
@as_json
def bench(
    model: Path | None,
    on: str,
    arch: str | None,
    objective: Objective,
    as_json: bool,
    **net_options: Any,
) -> Result:
    """Instructions of one inference, node by node, counted exactly in emulation (QEMU). They are not cycles. Every
    input takes the same. A preset has the masks that it is born with."""
    from edgehfn import bench as count
    from edgehfn.evaluation.models import open_model
    from edgehfn.lowering.untrained import untrained

    _net_options.check(model, arch, net_options)
    if model is not None:
        graph, name = open_model(model).graph, str(model)
    else:
        net = _net_options.preset(str(arch), **net_options)
        graph, name = untrained(net), str(arch)
    found, mac = count(graph, on, objective=objective), graph.macs
    nodes = [{"name": node, "instructions": n, "mac": mac.get(node, 0)} for node, n in found.nodes]
    result = {
        "instructions": found.total,
        "nodes": nodes,
        "mac": sum(mac.values()),
        "core": on,
        "objective": objective,
    }
    if as_json:
        emit(result)
    else:
        _show(result, f"{name} on {on}, for {objective}")
    return result


def _instructions(graph: Graph, core: str, objective: Objective) -> Bench:
    """For a report: counted, or predicted where the tools to count are missing."""
    from edgehfn import bench as count
    from edgehfn import plan
    from edgehfn.cost.instructions import predict
    from edgehfn.target.toolchain import ARM_GCC, HOST_GCC, QEMU, available

    if available(ARM_GCC, HOST_GCC, QEMU):
        return count(graph, core, objective=objective)
    return predict(graph, plan(graph, objective), core)


def _show(result: Result, title: str) -> None:
    rows = table("node", "emulated instructions", "MAC", "per MAC", title=title)
    for row in (*result["nodes"], {**result, "name": "total"}):
        if row["name"] == "total":
            rows.add_section()
        instructions, mac = row["instructions"], row["mac"]
        known = (f"{mac:,}", f"{instructions / mac:.2f}") if mac else ("", "")
        rows.add_row(row["name"], f"{instructions:,}", *known)
    show(rows)


def _page(model: Model, found: Footprint) -> str:
    """The report."""
    from edgehfn import report

    instructions = _instructions(model.graph, found.core, found.objective)
    return report.report(model.graph, model.path.stem, found, instructions, model.calibration)
