"""The deepest stack that the harness measures, whatever compiler and level the harness itself is built with."""

from __future__ import annotations

import numpy as np
import pytest
from support import compilers

from edgehfn.target import board as boards
from edgehfn.target import execute
from edgehfn.target.build import build
from edgehfn.target.toolchain import ARM_GCC

pytestmark = pytest.mark.qemu

HEADER = """
#include <stdint.h>
#define MODEL_ARENA(name) uint32_t name[4]
#define MODEL_INPUT(arena) ((uint8_t *)(arena))
#define MODEL_INPUT_SIZE 4
#define MODEL_OUTPUT(arena) ((const int8_t *)(arena))
#define MODEL_OUTPUT_SIZE 4
void model_run(uint32_t *arena);
"""

# Takes exactly so many bytes, and writes the lowest word of them.
TAKES = """
#include "model.h"
__attribute__((naked, noinline)) void model_run(uint32_t *arena) {
    __asm__(".syntax unified\\n\\tldr r1, =BYTES\\n\\tmov r2, sp\\n\\tsubs r2, r2, r1\\n\\t"
            "str r1, [r2]\\n\\tbx lr\\n\\t.ltorg");
}
"""


def used(name: str, size: int) -> int:
    board = boards.board(name)
    program = build({"model.c": TAKES.replace("BYTES", str(size)), "model.h": HEADER}, board)
    return execute.execute(program, board, np.zeros((2, 4), np.uint8), 4).stack


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m3", "cortex-m33", "cortex-m55"])
@pytest.mark.parametrize(("compiler", "level"), compilers.LEVELS)
def test_is_what_the_model_takes(compiler: str, level: str, core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the frame of the harness's call of it, which is at most a few words."""
    compilers.use(monkeypatch, compiler, level)
    assert [size <= used(core, size) <= size + 32 for size in (64, 500, 4000)] == [True] * 3


@pytest.mark.parametrize("flags", [("-fno-data-sections",), ("-fno-shrink-wrap",), ("-fno-omit-frame-pointer",)])
def test_nor_do_other_options_matter(flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    compilers.use(monkeypatch, ARM_GCC, "-O2", *flags)
    assert 64 <= used("cortex-m55", 64) <= 96
