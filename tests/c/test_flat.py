"""A project with all of its files or objects in one folder: names of every day beside the runtime."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support import c_batch, nets

from edgehfn.backends.c import firmware
from edgehfn.backends.c.write import write_c, write_runtime

pytestmark = pytest.mark.gcc

FUNCTIONS = ("add", "conv", "crc32", "dot", "fill", "input", "list", "mask", "plane", "requantise", "rows", "scale")
MACROS = ("ALIGN", "CHANNELS", "COLUMNS", "CONV", "EDGES", "INPUT", "LANES", "MASK", "MAX_NODES", "NODES", "SIGNED")
HEADERS = (
    "arena",
    "asm",
    "bits",
    "conv",
    "generator",
    "isa",
    "lanes",
    "list",
    "mask",
    "port",
    "rows",
    "runs",
    "topology",
)
MAIN = """
#include "edgehfn.h"
#include "edgehfn_gnn.h"
#include "kws.h"
static KWS_ARENA(arena);
int main(void) { kws_run(arena); return kws_selftest(arena) + (list() != 3); }
"""


def project(folder: Path) -> None:
    """The user's own files."""
    defined = "".join(f"#define {name} 3\n" for name in MACROS)
    for name in HEADERS:
        (folder / f"{name}.h").write_text(f"{defined}#define HEADER_{name.upper()} this is not of EdgeHFN\n")
    for name in FUNCTIONS:
        (folder / f"{name}.c").write_text(f"int {name}(void);\nint {name}(void) {{ return 3; }}\n")
    (folder / "main.c").write_text(f"{defined}int list(void);\n{MAIN}")


def test_all_files_in_one_folder(tmp_path: Path) -> None:
    """As an Arduino sketch has them."""
    project(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    write_c(nets.random_graph(5), "kws", tmp_path)
    write_runtime(tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    sources = [path.name for path in tmp_path.glob("*.c")]
    c_batch.call(["gcc", *c_batch.WARNINGS, "-c", *sources], tmp_path)
    assert len(list(tmp_path.glob("*.o"))) == len(sources)
    c_batch.call(["gcc", *(path.name for path in tmp_path.glob("*.o")), "-o", "app"], tmp_path)
    assert subprocess.run(["./app"], cwd=tmp_path, check=False).returncode == 0


def test_no_object_of_the_runtime_is_overwritten_by_another() -> None:
    """Neither that of a file of every day, nor that of another source of the runtime."""
    sources = [Path(name) for name in firmware.exported() if not name.endswith(".h")]
    assert len({path.stem.lower() for path in sources}) == len(sources)
    assert all(name.startswith(("hfn_", "edgehfn")) for name in firmware.exported())


def test_an_export_includes_itself_alone() -> None:
    names = set[str]()
    for text in firmware.exported().values():
        names |= {found.decode() for found in re.findall(rb'#\s*include\s+"([^"]+)"', text)}
    assert names <= {*firmware.exported()}
    assert len(names) > 30


def test_public_headers_bring_no_name_of_every_day(tmp_path: Path) -> None:
    """Macros, types, enumerators and functions; parameters have prototypes alone to live in, fields their structs."""
    public = sorted(path.name for path in (firmware.directory() / "include").glob("*.h"))
    mine = "".join(f'#include "{name}"\n' for name in public)
    libraries = "#include <stddef.h>\n#include <stdint.h>\n"
    (tmp_path / "mine.c").write_text(libraries + mine)
    (tmp_path / "libraries.c").write_text(libraries)

    def preprocessed(file: str, *flags: str) -> str:
        words = ["gcc", "-E", "-P", *flags, f"-I{firmware.directory() / 'include'}", file]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    macros = {*preprocessed("mine.c", "-dM").splitlines()} - {*preprocessed("libraries.c", "-dM").splitlines()}
    assert len(macros) > 10
    assert not [line for line in macros if not re.match(r"#define (HFN_|EDGEHFN_)", line)]
    text = preprocessed("mine.c").removeprefix(preprocessed("libraries.c").rstrip())
    enumerators = [
        name for body in re.findall(r"enum[^{;]*\{([^}]*)\}", text) for name in re.findall(r"([A-Za-z]\w*)", body)
    ]
    names = re.findall(r"\b(?:struct|enum|union) (\w+)", text) + re.findall(r"(\w+)\s*\((?!\*)", text)
    assert len(enumerators) > 5
    assert len(names) > 20
    assert not [name for name in enumerators if not name.startswith("HFN_")]
    assert not [name for name in names if not name.startswith(("hfn_", "sizeof"))]


def test_symbols_of_the_runtime_begin_alike(tmp_path: Path) -> None:
    """Those of the host; test_bare_metal.py looks at the cores'."""
    write_runtime(tmp_path)
    c_batch.call(["gcc", "-std=c99", "-c", *(path.name for path in tmp_path.glob("*.c"))], tmp_path)
    words = ["nm", "-g", "--defined-only", *(path.name for path in tmp_path.glob("*.o"))]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    symbols = re.findall(r"^[0-9a-f]+ \w (\w+)$", said, re.MULTILINE)
    assert len(symbols) > 20
    assert not [name for name in symbols if not name.startswith("hfn_")]
