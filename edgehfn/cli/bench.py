"""``bench``: what an inference costs on a core, in instructions or in cycles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehfn.cli import _net_options
from edgehfn.cli._common import Result, as_json, emit, example, objective, rows, show, table, target
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.ir import Graph
    from edgehfn.spec.objective import Objective
    from edgehfn.target.timing import Memory


EVERY, CLOCK = 4, 48e6  # rows from a run to the next, and Hz, that sound is told for


@click.command(
    short_help="Instructions or cycles of one inference.",
    epilog=example(
        "edgehfn bench kws.hfn --target cortex-m4\n"
        "edgehfn bench kws.hfn --target pico --cycles\n"
        "edgehfn bench kws.hfn --target nucleo-f401re --flash-waits 2 --icache 64x16\n"
        "edgehfn bench --arch resnet8-mlperf --density 0.3 --target cortex-m7 --json"
    ),
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@target
@_net_options.untrained
@objective
@rows
@click.option("--cycles", is_flag=True, help="Estimate cycles by published timings: M0, M0+, M3, M4.")
@click.option(
    "--flash-waits", type=click.IntRange(0, 64), metavar="N", help="Cycles that code waits for in flash.  [default: 0]"
)
@click.option("--icache", metavar="LINESxBYTES", help="Cache for code in flash.  [default: 1x16, a line alone]")
@as_json
def bench(
    model: Path | None,
    target: str,
    arch: str | None,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    cycles: bool,
    flash_waits: int | None,
    icache: str | None,
    as_json: bool,
    **net_options: Any,
) -> Result:
    """Count the instructions of one inference, node by node, exactly and in emulation (QEMU).

    They are not cycles. Every input takes the same number. With --cycles (or a memory for code, --flash-waits and
    --icache), what they take by Arm's published timings; docs/CYCLES.md says how near that is to silicon. On a board
    behind a GDB server, --target gdb://HOST:PORT, or plugged in, --target pyocd, cycles are counted, by DWT CYCCNT,
    SysTick or mcycle. MODEL is a model file; a preset (--arch) has untrained masks.
    """
    from edgehfn import bench as count
    from edgehfn.evaluation.models import open_model
    from edgehfn.lowering.untrained import untrained
    from edgehfn.spec.objective import chosen
    from edgehfn.target import plugged
    from edgehfn.target.address import is_address
    from edgehfn.target.kits import aim

    is_probe = is_address(target) or plugged.is_plugged(target)
    aimed = None if is_probe else aim(target)
    core = target if aimed is None else aimed.counted
    memory = _memory(flash_waits, icache) if cycles or flash_waits is not None or icache is not None else None
    _net_options.check(model, arch, net_options)
    if model is not None:
        graph, name = open_model(model).graph, str(model)
    else:
        net = _net_options.preset(str(arch), **net_options)
        graph, name = untrained(net), str(arch)
    with plugged.served((core,)) as (served,):
        found, mac = count(graph, served, objective=objective, ram=ram, rows=rows, memory=memory), graph.macs
    unit = "cycles" if found.counter else "instructions"
    nodes = [{"name": node, unit: n, "mac": mac.get(node, 0)} for node, n in found.nodes]
    result: Result = {
        unit: found.total,
        "nodes": nodes,
        "mac": sum(mac.values()),
        "core": core,
        "objective": chosen(objective, ram),
        **({"counter": found.counter} if found.counter else {}),
        **({"clock": aimed.kit.clock} if aimed and aimed.kit and memory else {}),
    }
    if graph.sound is not None and not is_address(target):
        result["sound"] = _row(graph, core, objective, ram, memory)
    if as_json:
        emit(result)
    else:
        _show(result, f"{name} on {target}, for {result['objective']}", unit)
    return result


def _row(graph: Graph, core: str, objective: Objective | None, ram: int | None, memory: Memory | None) -> Result:
    """What the front end takes, and what the net adds if it runs after every fourth row."""
    from edgehfn import plan
    from edgehfn.target.sound import count_row

    assert graph.sound is not None
    return {
        "row": count_row(graph, core, plan(graph, objective, ram=ram), memory=memory),
        "rows_a_second": round(graph.sound.rate / graph.sound.hop, 2),
    }


def _memory(waits: int | None, cache: str | None) -> Memory:
    from edgehfn.target.timing import Memory

    if waits is None:
        if cache is not None:
            raise InputError("--icache is the cache of a flash that waits: give --flash-waits too")
        return Memory()
    found = re.fullmatch(r"(\d{1,6})x(\d{1,6})", cache or "1x16")
    if not found:
        raise InputError(f"--icache {cache!r:.40}: give lines and their bytes, such as 64x16")
    return Memory(waits, int(found[1]), int(found[2]))


def _show(result: Result, title: str, unit: str) -> None:
    counted = f"cycles of {result['counter']}" if "counter" in result else "emulated instructions"
    if "clock" in result:
        clock = result["clock"]
        title += f": {1e3 * result[unit] / clock:,.1f} ms at {clock / 1e6:g} MHz"
    if "sound" in result:
        row, often = (result["sound"][name] for name in ("row", "rows_a_second"))
        heard, net = row * often, result[unit] * often / EVERY
        title += (
            f"\na row of sound: {row:,}; a second of it: {heard:,.0f}, and {net:,.0f} to listen every {EVERY} rows:"
        )
        clock, each = result.get("clock", CLOCK), "" if unit == "cycles" else " at one a cycle"
        title += f" {100 * (heard + net) / clock:.0f} % of {clock / 1e6:g} MHz{each}"
    rows = table("node", counted, "MAC", "per MAC", title=title)
    for row in (*result["nodes"], {**result, "name": "total"}):
        if row["name"] == "total":
            rows.add_section()
        count, mac = row[unit], row["mac"]
        known = (f"{mac:,}", f"{count / mac:.2f}") if mac else ("", "")
        rows.add_row(row["name"], f"{count:,}", *known)
    show(rows)
