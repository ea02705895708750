"""The exported runtime is all that a build needs: one flat folder, whatever the core."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehfn.backends.c import firmware
from edgehfn.backends.c.write import write_runtime
from edgehfn.target import CORES
from edgehfn.target.board import board
from edgehfn.target.toolchain import call


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES)
def test_assembly_finds_its_parts_beside_it(core: str, tmp_path: Path) -> None:
    """As a build by wildcard compiles it: nothing but parts of a whole file lies there besides *.c and *.S."""
    write_runtime(tmp_path)
    sources = sorted(path.name for path in tmp_path.glob("*.S"))
    assert len(sources) == len([path for path in firmware.runtime(assembly=True) if path.suffix == ".S"])
    call([board(core).architecture.gcc, *board(core).flags, "-c", *sources], timeout=60, cwd=tmp_path)
    assert len(list(tmp_path.glob("*.o"))) == len(sources)
