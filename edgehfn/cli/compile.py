"""``compile``: a model as C."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgehfn.cli._common import (
    CORE,
    Failure,
    Result,
    as_json,
    command,
    emit,
    example,
    force,
    objective,
    quotable,
    rows,
    show,
)
from edgehfn.spec.ecosystem import ECOSYSTEMS, Ecosystem
from edgehfn.spec.objective import OBJECTIVES

if TYPE_CHECKING:
    from edgehfn.ir import Graph, Plan
    from edgehfn.spec.objective import Objective
    from edgehfn.target.kits import Kit

RUNTIME = "edgehfn"  # the folder beside the generated files


@click.command(
    name="compile",
    short_help="Write C, or a project of a build system.",
    epilog=example(
        "edgehfn compile kws.hfn --name kws -o build\n"
        "edgehfn compile kws.hfn --for arduino -o ~/Arduino/libraries/kws\n"
        "edgehfn compile kws.hfn --for pico -o kws && cmake -S kws -B kws/build -DPICO_BOARD=pico\n"
        "edgehfn compile kws.hfn --also wake.hfn:flash --for cmake -o nets\n"
        "edgehfn compile kws.hfn --single-file -o src"
    ),
)
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
@click.option(
    "--for",
    "ecosystem",
    type=click.Choice(ECOSYSTEMS),
    help="Write a folder that this ecosystem takes as it is: manifest, a program that prints classes, the C files.",
)
@click.option(
    "--also",
    multiple=True,
    metavar="MODEL[:OBJECTIVE]",
    help="A further model in the same program, named as its file; of the first one's objective where none is given.",
)
@click.option("--single-file", "single", is_flag=True, help="Write the runtime as hfn.c, hfn.h and its assembly files.")
@click.option(
    "--target",
    "--board",
    "target",
    metavar="CORE|BOARD|FILE.toml",
    help="Refuse a board that is too small; show the compiler's flags for its core.  [default: those of cortex-m4]",
)
@objective
@rows
@force
@as_json
def compile_(
    model: Path,
    name: str | None,
    output: Path,
    ecosystem: Ecosystem | None,
    also: tuple[str, ...],
    single: bool,
    target: str | None,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    as_json: bool,
) -> Result:
    """Write MODEL as NAME.c and NAME.h, and the C runtime that they call into a folder edgehfn beside them.

    The same model gives the same files. Compile all of them with the folder edgehfn on the include path; your
    application includes NAME.h. With --for, --also or --single-file there is only what the models call of the
    runtime; README.md has a table of what each ecosystem needs of you.
    """
    from edgehfn import plan
    from edgehfn.backends.c.write import write_models, write_program
    from edgehfn.evaluation.models import open_model
    from edgehfn.spec.objective import small
    from edgehfn.target.board import BOARDS, board
    from edgehfn.target.kits import aim

    aimed = None if target is None else aim(target)
    graph, name = open_model(model).graph, model.stem if name is None else name
    planned = plan(graph, objective, ram=ram, rows=rows)
    if aimed is not None and aimed.kit is not None:
        _fitting(model, graph, planned, aimed.kit)
    arena = planned.size
    if ecosystem or also or single:
        models = {name: (graph, planned), **_further(also, name, planned.objective)}
        files = write_models(models, output, ecosystem, single=single)
    else:
        files = write_program(graph, name, output, output / RUNTIME, planned)
    result = {"name": name, "files": [str(path) for path in files], "arena": arena, "objective": planned.objective}
    if as_json:
        emit(result)
    elif ecosystem or also or single:
        what = f"a folder for {ecosystem}" if ecosystem else "C files"
        show(f"{output}: {what}, {len(files):,} files; {name} needs an arena of {arena:,} bytes")
    else:
        header, source, runtime = output / f"{name}.h", output / f"{name}.c", output / RUNTIME
        show(f"{header} and {source}; {name}_{'feed' if rows else 'run'} needs an arena of {arena:,} bytes")
        level = "-Os" if small(planned.objective) else "-O2"
        core = board(aimed.core if aimed and any(aimed.core == one.name for one in BOARDS) else CORE)
        flags = [flag for flag in core.flags if flag != "-mfloat-abi=soft"]  # which no project with an FPU can link
        gcc = command(
            core.architecture.gcc, "-std=c99", level, *core.architecture.compile, *flags, f"-I{runtime}", "-c", source
        )
        show(f"for example: {gcc} {shlex.quote(quotable(runtime))}/*.[cS]")
    return result


def _fitting(model: Path, graph: Graph, planned: Plan, kit: Kit) -> None:
    """Raises Failure for a board that is too small, by prediction."""
    from edgehfn.cost.footprint import predict
    from edgehfn.cost.room import Room, estimated
    from edgehfn.target.board import board

    sizes = predict(graph, planned, board(kit.core).core)[0] if kit.is_counted else estimated(graph, planned)
    room = Room(kit, sizes, is_estimate=not kit.is_counted)
    if not room.fits:
        lacking = next((name, -left) for name, left in room.left.items() if left < 0)
        raise Failure(f"{model}: {kit.name} has {lacking[1]:,} bytes of {lacking[0]} too few; see edgehfn size --help")


def _further(also: tuple[str, ...], first: str, objective: Objective) -> dict[str, tuple[Graph, Plan]]:
    """The models of --also, by their names."""
    from edgehfn import plan
    from edgehfn.evaluation.models import open_model

    found: dict[str, tuple[Graph, Plan]] = {}
    for word in also:
        file, _, last = word.rpartition(":")
        wanted = next((one for one in OBJECTIVES if file and one == last), None)
        path = Path(file if wanted else word)
        if not path.is_file():
            raise Failure(f"--also {word!r}: is no file; name a model, such as wake.hfn or wake.hfn:flash")
        if path.stem in found or path.stem == first:
            raise Failure(f"--also {word}: there is a model called {path.stem} already; rename the file")
        graph = open_model(path).graph
        found[path.stem] = (graph, plan(graph, wanted or objective))
    return found
