"""Single bits of a model's data flipped where a device has them, and what NAME_selftest says to each."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.backends.emulator import golden_checksum
from edgehfn.ir import Graph, plan
from edgehfn.target import execute
from edgehfn.target.board import board
from edgehfn.target.build import HOST, build, runtime
from edgehfn.target.toolchain import HOST_GCC
from support.c_batch import call
from support.narrow import only, there

# The data's checksum is compared before anything runs, so that no flipped length or offset is ever followed.
DRIVER = """
#include "kws.c"
#include <stdio.h>

static KWS_ARENA(arena);

int main(void) {
    uint32_t bit, missed = 0;
    if (kws_selftest(arena) != 0) {
        return 2;
    }
    while (fread(&bit, sizeof bit, 1, stdin) == 1) {
        uint8_t *byte = (uint8_t *)&kws_data + bit / 8;
        *byte ^= (uint8_t)(1u << bit % 8);
        if (kws_selftest(arena) != 1) {
            printf("%lu\\n", (unsigned long)bit);
            missed++;
        }
        *byte ^= (uint8_t)(1u << bit % 8);
    }
    return kws_selftest(arena) != 0 ? 3 : missed != 0;
}
"""


def bits_of(graph: Graph) -> int:
    """How many bits the model's data are."""
    return 8 * sum(len(part.data) for part in c.layout(graph, plan(graph)))


def missed(graph: Graph, bits: Sequence[int] | np.ndarray, place: Path) -> list[int]:
    """Which of these bits, flipped one at a time in the host's memory, the self-test does not tell."""
    files = c.emit(graph, plan(graph), "kws", golden_checksum(graph))
    files["kws.c"] = files["kws.c"].replace("static const struct kws_data", "static struct kws_data")
    for name, text in {**files, "driver.c": DRIVER}.items():
        (place / name).write_text(text)
    include = f"-I{firmware.directory() / 'include'}"
    call([HOST_GCC, "-std=c99", "-O2", include, "driver.c", str(runtime(HOST)), "-o", "driver"], place)
    given = np.asarray(bits, "<u4").tobytes()
    done = subprocess.run(["./driver"], cwd=place, input=given, capture_output=True, check=False, timeout=600)
    assert done.returncode in (0, 1), done
    return [int(line) for line in done.stdout.split()]


def missed_on(core: str, graph: Graph, bits: Sequence[int], place: Path) -> list[int]:
    """The same in the flash of an emulated core: the program is written there with the bit flipped."""
    machine = board(core)
    program = build(execute.emitted(graph, golden_checksum(graph)), machine, main="selftest")
    whole, start = program.read_bytes(), _start(program)
    changed, found = place / "program", []
    for bit in bits:
        content = bytearray(whole)
        content[start + bit // 8] ^= 1 << bit % 8
        changed.write_bytes(content)
        done = subprocess.run(
            execute.command(changed, machine), capture_output=True, text=True, check=False, timeout=60
        )
        if (done.returncode, done.stdout + done.stderr) != (1, "FAIL\n"):
            found.append(bit)
    return found


def _start(program: Path) -> int:
    """Where the model's data begin in a program's file."""
    with program.open("rb") as file:
        elf = ELFFile(file)
        (symbol,) = there(only(elf.get_section_by_name(".symtab"), SymbolTableSection).get_symbol_by_name("model_data"))
        section = elf.get_section(symbol["st_shndx"])
        return int(section["sh_offset"] + symbol["st_value"] - section["sh_addr"])
