"""``bench``: what an inference costs on a core, in instructions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehfn.cli import _net_options
from edgehfn.cli._common import Result, as_json, emit, example, objective, rows, show, table, target

if TYPE_CHECKING:
    from edgehfn.spec.objective import Objective


@click.command(
    short_help="Instructions of one inference.",
    epilog=example(
        "edgehfn bench kws.hfn --target cortex-m4\n"
        "edgehfn bench kws.hfn --target pico\n"
        "edgehfn bench --arch resnet8-mlperf --density 0.3 --target cortex-m7 --json"
    ),
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@target
@_net_options.untrained
@objective
@rows
@as_json
def bench(
    model: Path | None,
    target: str,
    arch: str | None,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    as_json: bool,
    **net_options: Any,
) -> Result:
    """Count the instructions of one inference, node by node, exactly and in emulation (QEMU).

    They are not cycles. Every input takes the same number. On a board behind a GDB server, --target gdb://HOST:PORT,
    cycles are counted instead, by DWT CYCCNT, SysTick or mcycle. MODEL is a model file; a preset (--arch) has untrained
    masks.
    """
    from edgehfn import bench as count
    from edgehfn.evaluation.models import open_model
    from edgehfn.lowering.untrained import untrained
    from edgehfn.spec.objective import chosen
    from edgehfn.target.address import is_address
    from edgehfn.target.kits import aim

    core = target if is_address(target) else aim(target).counted
    _net_options.check(model, arch, net_options)
    if model is not None:
        graph, name = open_model(model).graph, str(model)
    else:
        net = _net_options.preset(str(arch), **net_options)
        graph, name = untrained(net), str(arch)
    found, mac = count(graph, core, objective=objective, ram=ram, rows=rows), graph.macs
    unit = "cycles" if found.counter else "instructions"
    nodes = [{"name": node, unit: n, "mac": mac.get(node, 0)} for node, n in found.nodes]
    result = {
        unit: found.total,
        "nodes": nodes,
        "mac": sum(mac.values()),
        "core": core,
        "objective": chosen(objective, ram),
        **({"counter": found.counter} if found.counter else {}),
    }
    if as_json:
        emit(result)
    else:
        _show(result, f"{name} on {target}, for {result['objective']}", unit)
    return result


def _show(result: Result, title: str, unit: str) -> None:
    counted = f"cycles of {result['counter']}" if "counter" in result else "emulated instructions"
    rows = table("node", counted, "MAC", "per MAC", title=title)
    for row in (*result["nodes"], {**result, "name": "total"}):
        if row["name"] == "total":
            rows.add_section()
        count, mac = row[unit], row["mac"]
        known = (f"{mac:,}", f"{count / mac:.2f}") if mac else ("", "")
        rows.add_row(row["name"], f"{count:,}", *known)
    show(rows)
