"""What a model needs of the runtime, read from the text, beside what compilers find in it."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from edgehfn.backends.c import bundle, firmware, needed
from edgehfn.backends.c.functions import Function
from edgehfn.target.board import board
from edgehfn.target.toolchain import ARM_GCC

LIBRARY = {"memcpy", "memset", "memmove", "memcmp"}  # what GCC may call of itself
CALLED = (*Function, "hfn_crc32", "hfn_golden_input", "hfn_golden_graph")
HOST = ("gcc",)
ARM = {core: (ARM_GCC, *board(core).flags) for core in ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55")}


def compiled(place: Path, *command: str) -> dict[str, tuple[set[str], set[str]]]:
    """What each source of the runtime defines and lacks, by the compiler."""
    sources = [str(path) for path in firmware.runtime(assembly=command[0] == ARM_GCC)]
    words = [*command, "-std=c99", "-O1", *firmware.includes(), "-c", *sources]
    subprocess.run(words, cwd=place, check=True)
    found = defaultdict[str, tuple[set[str], set[str]]](lambda: (set(), set()))
    for path in place.glob("*.o"):
        said = subprocess.run(["nm", "-g", path], capture_output=True, text=True, check=True).stdout
        for kind, name in re.findall(r" ([TDRU]) (\w+)$", said, re.MULTILINE):
            found[path.stem][kind == "U"].add(name)
    return found


@pytest.mark.parametrize(
    ("command", "small"),
    [
        *(pytest.param(HOST, small, marks=pytest.mark.gcc, id=f"host-{int(small)}") for small in (False, True)),
        *(
            pytest.param(command, small, marks=[pytest.mark.qemu, pytest.mark.slow], id=f"{core}-{int(small)}")
            for core, command in ARM.items()
            for small in (False, True)
        ),
    ],
)
def test_what_is_chosen_links_by_itself(command: tuple[str, ...], small: bool, tmp_path: Path) -> None:
    """The files of each function alone, and all that they call; the names that the text tells are the compiler's."""
    facts = compiled(tmp_path, *command, *["-DHFN_SMALL=1"] * small)
    for path in firmware.runtime(assembly=command[0] == ARM_GCC):
        assert facts[path.stem][0] <= needed.source(path).defines, path.name
    for function in CALLED:
        chosen = [path.stem for path in needed.sources([function], small=small)]
        defined = {name for stem in chosen for name in facts[stem][0]}
        assert function in defined
        assert {name for stem in chosen for name in facts[stem][1]} <= defined | LIBRARY, function
        assert all(facts[stem][0] for stem in chosen if stem in ("conv", "mask", "mask_coded", "list_coded"))


def test_a_pool_needs_few_files() -> None:
    assert [path.name for path in needed.sources([Function.AVG_POOL], small=False)] == [
        "avg_pool.c",
        *needed.UNNAMED,
    ]
    speed, flash = (needed.sources([Function.CONV_PLAIN], small=small) for small in (False, True))
    assert {"mask.c", "planes.c", "list_v6m.S"} <= {path.name for path in speed}
    assert {"mask_coded.c", "planes_small.c"} <= {path.name for path in flash}
    assert not {path.name for path in flash} & {"mask.c", "planes.c"}
    assembly = {path.name for path in flash if path.suffix == ".S"}
    assert {"channel_sums_v6m.S", "store_row_thumb2.S", *needed.UNNAMED} <= assembly
    assert not assembly & {"list_v6m.S", "channel_narrow_v6m.S"}
    assert "channel_sums_v6m.S" not in {path.name for path in speed}


@pytest.mark.qemu
def test_what_runtimes_share_is_the_same_code_in_both(tmp_path: Path) -> None:
    assert {"crc32.c", "scale.c", "span.c"} <= {path.name for path in bundle.shared()}
    for core in ("cortex-m0", "cortex-m4"):
        for path in sorted(bundle.shared()):
            for small in (0, 1):
                words = [*ARM[core], "-std=c99", "-O2", f"-DHFN_SMALL={small}", *firmware.includes(), "-c", str(path)]
                subprocess.run([*words, "-o", f"{small}.o"], cwd=tmp_path, check=True)
            assert (tmp_path / "0.o").read_bytes() == (tmp_path / "1.o").read_bytes(), path.name
