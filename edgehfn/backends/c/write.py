"""A model as C files: the generated pair with its self-test, and the runtime that it calls."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import edgehfn
from edgehfn import files
from edgehfn.backends import c
from edgehfn.backends.c import bundle, export, firmware, manifest
from edgehfn.backends.c.bundle import CONFIG
from edgehfn.backends.emulator import golden_checksum
from edgehfn.errors import InputError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.spec.ecosystem import Ecosystem
from edgehfn.spec.objective import Objective

MANIFEST = "runtime.sha256"  # what `sha256sum -c` reads: the files that were written, for whoever writes there next
FORMER = {  # of runtimes that had no manifest
    *("channel_dense.c", "conv_packed.c", "conv_ternary_narrow.c", "conv_ternary_wide.c", "edgehfn_gnn.h"),
    *("linear_packed.c", "list_packed.c", "packed.c", "packed.h", "runs_dsp.S"),
}
LIST = "edgehfn.sha256"  # the same of all that an export has
REMEDY = "choose another folder"


def write_c(
    graph: Graph,
    name: str,
    into: str | Path = ".",
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> list[Path]:
    """Write ``NAME.h`` and ``NAME.c``; the same graph gives the same bytes. Returns their paths.

    ``objective``, ``ram`` and ``rows``: as of ``edgehfn.plan``. The self-test (docs/SPEC.md section 8) expects what the
    emulator computes. Raises InputError if the name cannot begin C names or a file cannot be written, GraphError if the
    net is too large for the runtime or nothing fits ``ram``.
    """
    return _put(Path(into), _generated(graph, name, plan(graph, objective, ram=ram, rows=rows)))


def write_runtime(into: str | Path, objective: Objective = "speed") -> list[Path]:
    """Copy the runtime's headers and sources into one folder, set for an objective, with a list of their checksums.

    Files of an earlier runtime that this one has no more are removed, as ``*.[cS]`` would link them. Raises InputError
    if a file cannot be written, or has been changed since it was.
    """
    return _put_runtime(Path(into), _runtime(objective))


def write_program(graph: Graph, name: str, into: Path, runtime: Path, planned: Plan) -> list[Path]:
    """Do both by a plan. Raises what they raise, before anything is written if a file may not be replaced."""
    generated, sources = _generated(graph, name, planned), _runtime(planned.objective)
    for file in generated:
        files.check(into / file, "C file", remedy=REMEDY)
    written = _put_runtime(runtime, sources)
    return [*_put(into, generated), *written]


def write_models(
    models: Mapping[str, tuple[Graph, Plan]],
    into: str | Path,
    ecosystem: Ecosystem | None = None,
    *,
    single: bool = False,
) -> list[Path]:
    """Write models by their names, planned each, as one folder that an ecosystem takes as it is, with the files of the
    runtime that they call; without an ecosystem their C alone.

    ``single``: the runtime as ``hfn.c``, ``hfn.h`` and the assembly that it has. Models of different objectives may
    stand together. Returns the paths. Raises InputError if a name cannot begin C names, or a file is there that EdgeHFN
    has not written or that was changed since.
    """
    low = [name.lower() for name in models]
    if doubled := next((name for name in models if low.count(name.lower()) > 1), None):
        raise InputError(f"two models are called {doubled!r}: their files would be the same; give another --name")
    made = [
        bundle.Model(name, graph, planned, c.emit(graph, planned, name, golden_checksum(graph)))
        for name, (graph, planned) in models.items()
    ]
    sources = bundle.bundle(made, single=single)
    project = export.Project(made[0].name, made, sources, edgehfn.__version__)
    contents = export.export(project, ecosystem) if ecosystem else sources
    return manifest.put(Path(into), contents, LIST, REMEDY)


def _generated(graph: Graph, name: str, planned: Plan) -> dict[str, bytes]:
    texts = c.emit(graph, planned, name, golden_checksum(graph))
    return {file: text.encode() for file, text in texts.items()}


def _runtime(objective: Objective) -> dict[str, bytes]:
    """The manifest first: after a kill it names no file that is still to come by an old content."""
    texts = firmware.exported()
    texts[CONFIG] = bundle.configured(texts[CONFIG], objective)
    return {MANIFEST: manifest.written(texts), **texts}


def _put(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    files.make_folder(folder)
    files.write_all({folder / name: content for name, content in contents.items()}, remedy=REMEDY)
    return [folder / name for name in contents]


def _put_runtime(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    place = Path(os.path.realpath(folder))  # of links in a circle, too
    if (folder / "__init__.py").exists() or place.is_relative_to(firmware.directory().resolve()):
        raise InputError(f"{folder}: is a folder of sources; {REMEDY} for the runtime")
    before = manifest.listed(folder / MANIFEST)

    def ours(path: Path) -> bool:
        return _is_runtime(path, before) or (path.name == MANIFEST and bool(before))

    former = {*before, *FORMER} if before else {*FORMER, *(name.removeprefix("hfn_") for name in contents)}
    stale = [folder / name for name in sorted(former - {*contents}) if (folder / name).is_file()]
    stale = [path for path in stale if path.name in before or ours(path)]
    for path in stale:
        if not ours(path):
            files.check(path, None, remedy=f"it is of an earlier runtime and was changed: {REMEDY}")
    files.make_folder(folder)
    files.write_all({folder / name: content for name, content in contents.items()}, remedy=REMEDY, ours=ours)
    for path in stale:
        path.unlink(missing_ok=True)
    return [folder / name for name in contents]


def _is_runtime(path: Path, before: Mapping[str, str]) -> bool:
    """Whether an earlier runtime has left a file as it is; without a manifest, by what all of the runtime mentions."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    if path.name in before:
        return manifest.digest(content) == before[path.name]
    return (not before and _mentions(content)) or (path.name in FORMER and _mentions(content))


def _mentions(content: bytes) -> bool:
    return re.search(rb"\b(hfn_|HFN_)|^/\* Part of channel_", content) is not None
