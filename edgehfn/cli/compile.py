"""``compile``: a model as C."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn.cli._common import Result, as_json, command, emit, example, force, objective, quotable, rows, show

if TYPE_CHECKING:
    from edgehfn.spec.objective import Objective

RUNTIME = "edgehfn"  # the folder beside the generated files


@click.command(name="compile", short_help="Write C.", epilog=example("edgehfn compile kws.hfn --name kws -o build"))
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="Prefix of files, functions and macros.  [default: as MODEL]")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("."),
    metavar="DIR",
    show_default=True,
    help="Folder of the files.",
)
@objective
@rows
@force
@as_json
def compile_(
    model: Path,
    name: str | None,
    output: Path,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    as_json: bool,
) -> Result:
    """Write MODEL as NAME.c and NAME.h, and the C runtime that they call into a folder edgehfn beside them.

    The same model gives the same files. Compile all of them with the folder edgehfn on the include path; your
    application includes NAME.h.
    """
    from edgehfn import plan
    from edgehfn.backends.c.write import write_program
    from edgehfn.evaluation.models import open_model
    from edgehfn.spec.objective import small

    graph, name = open_model(model).graph, model.stem if name is None else name
    planned = plan(graph, objective, ram=ram, rows=rows)
    files, arena = write_program(graph, name, output, output / RUNTIME, planned), planned.size
    result = {"name": name, "files": [str(path) for path in files], "arena": arena, "objective": planned.objective}
    if as_json:
        emit(result)
    else:
        header, source, runtime = output / f"{name}.h", output / f"{name}.c", output / RUNTIME
        show(f"{header} and {source}; {name}_{'feed' if rows else 'run'} needs an arena of {arena:,} bytes")
        level = "-Os" if small(planned.objective) else "-O2"
        gcc = command(
            "arm-none-eabi-gcc", "-std=c99", level, "-mthumb", "-mcpu=cortex-m4", f"-I{runtime}", "-c", source
        )
        show(f"for example: {gcc} {shlex.quote(quotable(runtime))}/*.[cS]")
    return result
