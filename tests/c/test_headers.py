"""Every public header alone, and generated ones, in each C and C++ that applications use, without a warning."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import gnn_nets, nets

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.ir import plan, verify

pytestmark = pytest.mark.gcc

FLAGS = ("-pedantic", "-Wall", "-Wextra", "-Wundef", "-Werror", "-fsyntax-only")
LANGUAGES = [
    *(("gcc", "c", standard) for standard in ("c90", "c99", "c11", "c17")),
    *(("g++", "c++", standard) for standard in ("c++98", "c++11", "c++14", "c++17", "c++20")),
]
GENERATED = {
    "image": nets.random_graph(3),
    "graphs": gnn_nets.variable(3),
    "stored": gnn_nets.stored(3),
    "folded": nets.folded_resnet(1),
}


def warnings(place: Path, header: str, compiler: str, language: str, standard: str) -> str:
    source = f'#include "{header}"\n#include "{header}"\ntypedef int not_empty;\n'
    include = f"-I{firmware.directory() / 'include'}"
    command = [compiler, "-x", language, f"-std={standard}", *FLAGS, include, f"-I{place}", "-"]
    return subprocess.run(command, cwd=place, input=source, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize(("compiler", "language", "standard"), LANGUAGES)
def test_of_the_runtime(compiler: str, language: str, standard: str, tmp_path: Path) -> None:
    headers = sorted(path.name for path in (firmware.directory() / "include").glob("*.h"))
    assert headers == ["edgehfn.h", "edgehfn_gnn.h", "edgehfn_rows.h", "edgehfn_sound.h", "hfn_config.h"]
    assert [warnings(tmp_path, header, compiler, language, standard) for header in headers] == [""] * 5


@pytest.mark.parametrize("name", GENERATED)
@pytest.mark.parametrize(("compiler", "language", "standard"), LANGUAGES)
def test_generated(name: str, compiler: str, language: str, standard: str, tmp_path: Path) -> None:
    model = verify(GENERATED[name])
    for file, text in c.emit(model, plan(model), name, 0).items():
        (tmp_path / file).write_text(text)
    assert warnings(tmp_path, f"{name}.h", compiler, language, standard) == ""
