"""Models with what they call of the runtime, as files or as two: one unit, and beside models of another objective."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import c_batch, exports, nets

from edgehfn import plan
from edgehfn.backends.c import firmware
from edgehfn.backends.c.write import LIST, write_models
from edgehfn.errors import InputError
from edgehfn.target import build as builds
from edgehfn.target.board import board
from edgehfn.target.execute import started
from edgehfn.target.toolchain import ARM_GCC, call

MAIN = """
#include "kws.h"
#include "wake.h"
#include "port.h"
static KWS_ARENA(first);
static WAKE_ARENA(second);
int list(void);
int mask(void);
int main(void) {
    const int bad = kws_selftest(first) * 10 + wake_selftest(second);
    port_print(bad ? "FAIL" : list() + mask() == 7 ? "PASS" : "LOST");
    return bad;
}
"""
OTHERS = {
    "list.c": "int list(void);\nint list(void) { return 3; }\n",
    "mask.c": "int mask(void);\nint mask(void) { return 4; }\n",
}


@pytest.mark.gcc
@pytest.mark.parametrize("objective", ["speed", "ram", "flash"])
def test_a_single_file_has_no_warning(objective: str, tmp_path: Path) -> None:
    graph = nets.random_graph(exports.SEED)
    write_models(
        {"kws": (graph, plan(graph, "flash" if objective == "flash" else "ram" if objective == "ram" else "speed"))},
        tmp_path,
        single=True,
    )
    (tmp_path / "main.c").write_text(
        '#include "kws.h"\nstatic KWS_ARENA(arena);\nint main(void) { return kws_selftest(arena); }\n'
    )
    c_batch.call(["gcc", *c_batch.WARNINGS, "-O2", "hfn.c", "kws.c", "main.c", "-o", "app"], tmp_path)
    c_batch.call(["./app"], tmp_path)
    assert not re.search(rb'#include "(?!hfn\.h)', (tmp_path / "hfn.c").read_bytes())


@pytest.mark.gcc
def test_all_of_the_runtime_is_one_unit(tmp_path: Path) -> None:
    """As unity builds have it: nothing is declared twice, whatever the objective."""
    (tmp_path / "all.c").write_text("".join(f'#include "{path}"\n' for path in firmware.runtime(assembly=False)))
    for macro in ("HFN_SMALL=0", "HFN_SMALL=1", "HFN_FEW_ROWS=1"):
        c_batch.call(["gcc", *c_batch.WARNINGS, f"-D{macro}", *firmware.includes(), "-c", "all.c"], tmp_path)


@pytest.mark.gcc
def test_two_models_and_their_runtime_are_one_unit(tmp_path: Path) -> None:
    first, second = nets.random_graph(exports.SEED), nets.random_graph(exports.SEED + 1)
    write_models({"a1": (first, plan(first)), "b1": (second, plan(second))}, tmp_path, single=True)
    (tmp_path / "all.c").write_text('#include "hfn.c"\n#include "a1.c"\n#include "b1.c"\n')
    c_batch.call(["gcc", *c_batch.WARNINGS, "-c", "all.c"], tmp_path)


def test_names_of_one_file_begin_as_all_do() -> None:
    """Enumerators, macros, types and functions: nothing that a unit's other files could have, too."""
    for path in (*firmware.headers(), *firmware.runtime(assembly=False)):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        named = re.findall(r"#define (\w+)", text)
        named += re.findall(r"^(?:struct|enum) (\w+) \{", text, re.MULTILINE)
        named += re.findall(r"^[A-Za-z_][\w *]*?[ *](\w+)\((?!\()", text, re.MULTILINE)
        named += [
            name
            for body in re.findall(r"enum[^{;]*\{([^}]*)\}", text)
            for name in re.findall(r"([A-Za-z_]\w*)\s*[=,}]", body)
        ]
        assert not [
            name for name in named if not name.lower().startswith(("hfn_", "edgehfn_")) and name != "__attribute__"
        ], path.name


@pytest.mark.qemu
@pytest.mark.parametrize("single", [False, True], ids=["files", "single"])
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4"])
def test_two_objectives_in_one_image(core: str, single: bool, tmp_path: Path) -> None:
    """Beside a file and a function of every day, too; both models are what was compiled."""
    place, target = tmp_path / "c", board(core)
    exports.write(place, None, single=single)
    for name, text in {"main.c": MAIN, **OTHERS}.items():
        (place / name).write_text(text)
    port = firmware.directory() / "port"
    flags = [*target.flags, "-O2", "-std=c99", "-ffunction-sections", f"-I{port}"]
    sources = sorted(path.name for path in place.iterdir() if path.suffix in (".c", ".S"))
    call([ARM_GCC, *flags, "-c", *sources], timeout=300, cwd=place)
    call([ARM_GCC, *flags, "-c", *(str(port / name) for name in builds._port(target))], timeout=60, cwd=place)
    objects = sorted(path.name for path in place.glob("*.o"))
    call([ARM_GCC, *flags, *objects, *builds._link(target), "-o", "app"], timeout=60, cwd=place)
    assert started(place / "app", target, 60) == "PASS"


def test_models_of_like_objectives_share_one_runtime(tmp_path: Path) -> None:
    graph = nets.random_graph(exports.SEED)
    write_models({"a1": (graph, plan(graph, "speed")), "b1": (graph, plan(graph, "ram"))}, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert not [name for name in names if "small" in name and name != "hfn_planes_small.c"]
    assert "#define HFN_FEW_ROWS 1" in (tmp_path / "hfn_config.h").read_text()
    assert len(names) < len(firmware.exported())


def test_what_is_written_again_replaces_itself_alone(tmp_path: Path) -> None:
    graph = nets.random_graph(exports.SEED)
    speed, flash = ({"kws": (graph, plan(graph, objective))} for objective in ("speed", "flash"))
    mine = tmp_path / "mine.c"
    mine.write_text("int mine;\n")
    before = {*write_models(speed, tmp_path)}
    after = {*write_models(flash, tmp_path)}
    assert {*tmp_path.iterdir()} == {*after, mine}
    assert before - after  # assembly, that this one has not
    (tmp_path / "kws.h").write_text("/* changed */\n")
    with pytest.raises(InputError, match=r"kws\.h.*--force"):
        write_models(speed, tmp_path)
    assert (tmp_path / "kws.h").read_text() == "/* changed */\n"
    assert LIST in {path.name for path in after}


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    graph = nets.random_graph(exports.SEED)
    with pytest.raises(InputError, match="two models are called"):
        write_models({"kws": (graph, plan(graph)), "KWS": (graph, plan(graph))}, tmp_path)
