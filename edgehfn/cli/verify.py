"""``verify``: whether all machines agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehfn.cli._common import (
    DATA,
    DISAGREES,
    MODEL,
    Result,
    as_json,
    emit,
    example,
    note,
    objective,
    rows,
    show,
    table,
)

if TYPE_CHECKING:
    from edgehfn.evaluation.accuracy import Examples
    from edgehfn.evaluation.agreement import Agreement
    from edgehfn.ir import Graph
    from edgehfn.spec.objective import Objective

CORE_IMAGES_OF_ALL = 20  # an image takes a core in QEMU a hundred times as long as the emulator


@click.command(
    short_help="Compare all machines, byte for byte.",
    epilog=example(
        "edgehfn verify kws.hfn --data fashion-mnist\n"
        "edgehfn verify kws.hfn --data fashion-mnist --on host,cortex-m4 --limit 100 --json"
    ),
)
@MODEL
@DATA
@click.option(
    "--on",
    default="all",
    metavar="all|LIST",
    show_default=True,
    help="Machines to compare, with commas between; gdb://HOST:PORT is a board behind a GDB server, pyocd one that is "
    "plugged in.",
)
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Test inputs, from the first.")
@click.option(
    "--limit-cores",
    type=click.IntRange(1),
    help="Test inputs on each core and probe.  [default: 20 with --on all, else --limit]",
)
@click.option("--sanitize", is_flag=True, help="Run host under the sanitizers of addresses and undefined behaviour.")
@objective
@rows
@as_json
def verify(
    model: Path,
    data: str,
    on: str,
    limit: int,
    limit_cores: int | None,
    sanitize: bool,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    as_json: bool,
) -> Result:
    """Compare every byte of every node of MODEL on several machines.

    They are integer PyTorch, the emulator, C on this computer, and each core in QEMU. Exit status 1 if
    a byte differs; the first difference is named. Float accuracy on the same inputs stands beside the integer accuracy.
    """
    from edgehfn import target
    from edgehfn.evaluation import agreement, machines
    from edgehfn.evaluation.models import load_examples, open_model
    from edgehfn.progress import progress
    from edgehfn.target import plugged
    from edgehfn.target.address import is_address
    from edgehfn.target.build import HOST, SANITIZED

    names = machines.parse(on)
    if on == "all":
        names, remedy = machines.at_hand(names)
        if remedy:
            note(f"without the cores of RISC-V; to compare them, too: {remedy}")
    if sanitize:
        if HOST not in names:
            raise click.UsageError(f"--sanitize is for the machine {HOST}; name it in --on")
        names = tuple(SANITIZED if name == HOST else name for name in names)
    opened = open_model(model)
    examples = load_examples(opened, data, limit)
    boards = {board.name for board in target.BOARDS}
    cap = limit_cores or (CORE_IMAGES_OF_ALL if on == "all" else limit)
    with plugged.served(names) as names, progress("comparing") as report:
        slow = {name: cap for name in names if name in boards or is_address(name)}
        agreed = agreement.verify(opened.graph, examples.raw, names, slow, report, objective, ram, rows)
    result = _result(agreed, examples, opened.graph)
    result["unit"] = examples.unit
    floats = examples.float_figures(opened.net, result["inputs"])
    result |= {"float_accuracy": floats.value} if opened.graph.task.kind == "class" else {"float": floats.overall}
    if as_json:
        emit(result)
    else:
        _show(result, str(model), sum(tensor.size for tensor in opened.graph.tensors.values()))
    if agreed.first is not None:
        note(f"first difference: {agreed.first}")
        raise click.exceptions.Exit(DISAGREES)
    return result


def _result(agreed: Agreement, examples: Examples, graph: Graph) -> Result:
    each: dict[str, dict[str, Any]] = {}
    for name, c in agreed.machines.items():
        facts = {"inputs": c.images, examples.unit: examples.count(c.images), "mismatches": c.mismatches}
        each[name] = {**facts, **examples.figures(graph, c.outputs).overall}
    inputs = max(int(one["inputs"]) for one in each.values())
    whole = next(one for one in each.values() if one["inputs"] == inputs)
    known = {"inputs", examples.unit, "mismatches"}
    figures = {name: value for name, value in whole.items() if name not in known}
    return {
        "mismatches": agreed.mismatches,
        "inputs": inputs,
        examples.unit: examples.count(inputs),
        "machines": list(each),
        "each": each,
        "first": None if agreed.first is None else str(agreed.first),
        **({"integer_accuracy": whole["accuracy"]} if graph.task.kind == "class" else {"integer": figures}),
    }


def _show(result: Result, model: str, size: int) -> None:
    from edgehfn.training.figures import Figures, shown

    classes = "integer_accuracy" in result
    best = "accuracy" if classes else next(iter(result["integer"]))
    head = "accuracy %" if classes else best
    rows = table("machine", "inputs", "bytes compared", "that differ", head, title=f"{model}: all bytes of all nodes")
    for name, one in result["each"].items():
        compared, differ = f"{one['inputs'] * size:,}", f"{one['mismatches']:,}"
        figure = f"{100 * one['accuracy']:.2f}" if classes else shown(best, one[best]) if best in one else ""
        rows.add_row(name, f"{one['inputs']:,}", compared, differ, figure)
    show(rows)
    if not classes:
        told = (f"{kind} {Figures(result[name])}" for kind, name in (("float", "float"), ("integer", "integer")))
        show(f"on {result[result['unit']]:,} {result['unit']}: {'; '.join(told)}")
        return
    floats, integers = 100 * result["float_accuracy"], 100 * result["integer_accuracy"]
    unit = result["unit"]
    show(f"accuracy on {result[unit]:,} {unit}: float {floats:.2f} %, integer {integers:.2f} %")
