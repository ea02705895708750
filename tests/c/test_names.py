"""Names that generated C cannot carry, and headers that old compilers take."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import gnn_nets, nets

from edgehfn.backends import c
from edgehfn.backends.c import firmware, names
from edgehfn.errors import InputError
from edgehfn.ir import Graph, plan
from edgehfn.target.toolchain import HOST_GCC, available


@pytest.mark.parametrize(
    ("why", "refused"),
    {
        "needs a letter": ["", "3net", "my-net", "net.c", "größe", "a b", "_net", "a\n", "caf\udce9", "x" * 70 + "."],
        "two _ in a row": ["a__b", "net_"],
        "would hide a header": ["string", "stdio", "STDLIB", "time", "math", "unistd", "vector", "Memory", "stdbit"],
        "is a keyword": ["class", "int", "Template", "co_await", "restrict", "alignas", "while"],
        "a device": ["con", "AUX", "lpt1"],
        "in use": ["hfn", "EdgeHFN", "edgehfn_gnn", "hfn_config", "hfn_conv", "HFN_X", "hfn_runs_thumb2"],
    }.items(),
)
def test_names_that_c_cannot_use_are_refused(why: str, refused: list[str]) -> None:
    graph = nets.random_graph(1)
    for name in refused:
        with pytest.raises(InputError, match=why) as error:
            c.emit(graph, plan(graph), name)
        assert len(str(error.value)) < 280
        assert str(error.value).endswith("give another --name")


def test_every_file_of_the_runtime_keeps_its_name() -> None:
    for name in firmware.exported():
        with pytest.raises(InputError):
            names.check(Path(name).stem)


@pytest.mark.parametrize(
    "name", ["kws", "demo", "m", "a_b", "class1", "strings2", "main", "hfnet", "Digits", "mask", "dot"]
)
def test_other_names_are_taken(name: str) -> None:
    names.check(name)
    assert names.usable(name) == name


@pytest.mark.parametrize("name", ["my net", "string", "größe", "9", "", "a__b_", "-x", "hfn_a", "caf\udce9", "con"])
def test_a_usable_name_is_one(name: str) -> None:
    names.check(names.usable(name))


def test_text_is_bytes_whatever_it_is() -> None:
    assert names.encoded("caf\u00e9") == b"caf\xc3\xa9"
    assert names.encoded("caf\udce9") == b"caf\xe9"
    assert names.encoded("\ud83d") == b"?"


@pytest.mark.gcc
def test_the_headers_of_the_libraries_here_are_refused() -> None:
    """Those of C++, which have no ending, and those of newlib, which is what Arm's GCC has."""
    (own,) = {path.parent for path in Path("/usr/include/c++").glob("*/string_view")}
    found = [path.name for path in own.iterdir() if path.is_file() and not path.suffix]
    found += [path.stem for path in Path("/usr/include/newlib").glob("*.h")]
    assert len(found) > 90
    for name in found:
        if name.isidentifier() and "__" not in name and not name.startswith("_"):
            with pytest.raises(InputError):
                names.check(name)


STANDARDS = [
    *(("gcc", standard) for standard in ("c90", "c99", "c11", "c17")),
    *(("g++", standard) for standard in ("c++98", "c++11", "c++17", "c++20")),
]


@pytest.mark.gcc
@pytest.mark.parametrize("graph", [nets.random_graph(5), gnn_nets.variable(1)], ids=["images", "graphs"])
@pytest.mark.parametrize(("compiler", "standard"), STANDARDS)
def test_headers_are_of_every_standard(graph: Graph, compiler: str, standard: str, tmp_path: Path) -> None:
    if not available(HOST_GCC):
        pytest.skip("no gcc")
    for name, text in c.emit(graph, plan(graph), "kws", 0).items():
        (tmp_path / name).write_text(text)
    main = tmp_path / ("main.c" if compiler == "gcc" else "main.cpp")
    used = "KWS_OUTPUT(arena)[0] + (KWS_INPUT(arena) == KWS_INPUT(other)) + kws_selftest(arena)"
    lines = ['#include "kws.h"', "static KWS_ARENA(arena);", "static KWS_ARENA(other);"]
    main.write_text("\n".join([*lines, f"int main(void) {{ kws_run(arena); return {used}; }}", ""]))
    strict = ["-pedantic-errors", "-Wall", "-Wextra", "-Werror", f"-std={standard}", "-fsyntax-only"]
    said = subprocess.run([compiler, *strict, main.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.stderr == ""
