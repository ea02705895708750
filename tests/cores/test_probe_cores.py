"""Which core a GDB server's board has by its CPUID, and what it runs."""

from __future__ import annotations

import pytest
from support.gdb_servers import Fake

from edgehfn.errors import InputError
from edgehfn.target.board import board
from edgehfn.target.probe import probe


@pytest.mark.parametrize(
    ("part", "core", "runs", "refused"),
    [
        (0xD20, "cortex-m23", ("cortex-m0", "cortex-m0plus", "cortex-m23"), ("cortex-m3", "cortex-m33")),
        (0xC23, "cortex-m3", ("cortex-m0", "cortex-m3"), ("cortex-m23", "cortex-m4")),
        (0xC60, "cortex-m0plus", ("cortex-m0", "cortex-m0plus"), ("cortex-m3", "cortex-m23")),
        (0xC27, "cortex-m7", ("cortex-m3", "cortex-m4", "cortex-m7"), ("cortex-m23", "cortex-m33", "cortex-m55")),
        (0xD21, "cortex-m33", ("cortex-m23", "cortex-m7", "cortex-m33"), ("cortex-m55", "cortex-m85")),
        (0xD23, "cortex-m85", ("cortex-m23", "cortex-m55", "cortex-m85"), ()),
    ],
)
def test_a_core_runs_what_its_instructions_are_for(
    part: int, core: str, runs: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    cpuid = (0x410F0000 | part << 4).to_bytes(4, "little").hex()
    ram = "ram=0x20000000:256K&timeout=0.5"
    for given in (None, *runs, *refused):
        with Fake({"me000ed00": cpuid}) as server:
            name = f"{server.address}?{ram}" + (f"&core={given}" if given else "")
            if given in refused:
                with pytest.raises(InputError, match=f"is a {core}, which does not run what {given} does"):
                    probe(name)
            else:
                assert probe(name).core == board(given or core).core
