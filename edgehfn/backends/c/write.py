"""A model as C files: the generated pair with its self-test, and the runtime that it calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgehfn import files
from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.backends.emulator import golden_checksum
from edgehfn.ir import Graph, plan
from edgehfn.spec.objective import Objective, macro

CONFIG = "hfn_config.h"


def write_c(graph: Graph, name: str, into: str | Path = ".", objective: Objective = "speed") -> list[Path]:
    """Write ``NAME.h`` and ``NAME.c``; the same graph gives the same bytes. Returns their paths.

    Their self-test (docs/SPEC.md section 8) expects what the emulator computes. Raises InputError if the name cannot
    begin C names or a file cannot be written, GraphError if the net is too large for the runtime.
    """
    files = c.emit(graph, plan(graph, objective), name, golden_checksum(graph))
    return _write(Path(into), {name: text.encode() for name, text in files.items()})


def write_runtime(into: str | Path, objective: Objective = "speed") -> list[Path]:
    """Copy the runtime's headers and sources into one folder, set for an objective. Raises InputError if a file cannot
    be written."""
    sources = [*firmware.headers(), *firmware.runtime(assembly=True)]
    texts = {source.name: source.read_bytes() for source in sorted(sources, key=lambda path: path.name)}
    if wanted := macro(objective):
        texts[CONFIG] = texts[CONFIG].replace(f"#define {wanted} 0".encode(), f"#define {wanted} 1".encode())
    return _write(Path(into), texts)


def _write(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Each file whole or not at all."""
    files.make_folder(folder)
    for name, content in contents.items():
        files.write(folder / name, content, remedy="choose another folder")
    return [folder / name for name in contents]
