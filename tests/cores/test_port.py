"""Ports, builds and counts, held against hand-written models whose bytes, faults, stack and instructions are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import tools

from edgehfn.errors import InputError, ToolError
from edgehfn.target import BOARDS, cache, count, disassembly, execute, toolchain
from edgehfn.target import board as boards
from edgehfn.target import build as builds
from edgehfn.target.board import Board
from edgehfn.target.build import HOST, SANITIZED, build

IDS = [b.name for b in BOARDS]

HEADER = """
#include <stdint.h>
#define MODEL_ARENA(name) uint32_t name[ARENA / 4]
#define MODEL_ARENA_SIZE ARENA
#define MODEL_INPUT(arena) ((uint8_t *)(arena))
#define MODEL_INPUT_SIZE 4
#define MODEL_OUTPUT(arena) ((const int8_t *)(arena))
#define MODEL_OUTPUT_SIZE 4
void model_run(uint32_t *arena);
int model_selftest(uint32_t *arena);
#ifndef HFN_TRACE
#define HFN_TRACE(index, tensor, size)
#endif
"""

# Node 0 adds 1 to each byte, node 1 multiplies by 3. Only node 0 has to be seen in a traced run.
ARITHMETIC = """
#include "model.h"
static const struct { uint8_t add; uint8_t times; uint8_t spare[98]; } model_data = {1, 3, {0}};
void model_run(uint32_t *arena) {
    uint8_t *x = (uint8_t *)arena;
    for (int i = 0; i < 4; i++) x[i] = (uint8_t)(x[i] + model_data.add);
    HFN_TRACE(0, x, 4);
    for (int i = 0; i < 4; i++) x[i] = (uint8_t)(x[i] * model_data.times);
    HFN_TRACE(1, x, 4);
}
int model_selftest(uint32_t *arena) { (void)arena; return SELFTEST; }
"""


def model(source: str, *, arena: int = 16, **macros: int) -> dict[str, str]:
    """Files of a hand-written model in which these macros are numbers."""
    for name, value in macros.items():
        source = source.replace(name, str(value))
    return {
        "model.c": source,
        "model.h": HEADER.replace("ARENA / 4", f"{arena} / 4").replace("SIZE ARENA", f"SIZE {arena}"),
    }


def images(n: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 4), np.uint8)


@pytest.mark.parametrize("name", tools.machines(HOST, SANITIZED, *IDS))
def test_the_harness_returns_what_the_model_computes(name: str) -> None:
    machine, raw = execute.machine(name), images(300)  # more output than the port buffers
    program = build(model(ARITHMETIC, SELFTEST=0), machine)
    expected = ((raw.astype(int) + 1) * 3 % 256).astype(np.uint8).view(np.int8)
    assert (execute.execute(program, machine, raw, 4).rows == expected).all()


@pytest.mark.parametrize("name", tools.machines(SANITIZED, "cortex-m4"))
def test_a_traced_build_returns_every_node(name: str) -> None:
    machine, raw = execute.machine(name), images(70)
    rows = execute.execute(build(model(ARITHMETIC, SELFTEST=0), machine, mode="trace"), machine, raw, 8).rows.view(
        np.uint8
    )
    assert (rows[:, :4] == raw + np.uint8(1)).all()
    assert (rows[:, 4:] == (raw + np.uint8(1)) * np.uint8(3)).all()


@pytest.mark.qemu
def test_no_images_is_no_error() -> None:
    board = boards.board("cortex-m0")
    assert execute.execute(build(model(ARITHMETIC, SELFTEST=0), board), board, images(0), 4).rows.shape == (0, 4)


COUNTED = """
#include "model.h"
__attribute__((naked, noinline)) static void spin(void) {
#if defined(__riscv)
    __asm__("li a0, TURNS\\n1:\\n\\taddi a0, a0, -1\\n\\tbnez a0, 1b\\n\\tret");
#else
    __asm__("movs r0, #TURNS\\n1:\\n\\t.short 0x3801\\n\\tbne 1b\\n\\tbx lr"); /* 0x3801: subs r0, #1 */
#endif
}
void model_run(uint32_t *arena) {
    HFN_TRACE(0, arena, 4);
    spin();
    HFN_TRACE(1, arena, 4);
    HFN_TRACE(2, arena, 4);
    __asm__ volatile("nop");
    HFN_TRACE(3, arena, 4);
}
"""


@pytest.mark.qemu
@pytest.mark.parametrize("board", BOARDS, ids=IDS)
def test_counts_are_exact_to_the_instruction(board: Board) -> None:
    """The call, a load, TURNS x (down, branch), the return; nothing; one nop, in the middle of what QEMU translates."""
    marks = count.count(build(model(COUNTED, TURNS=200), board, mode="count"), board, images(3), 4)
    assert len(marks) == 3 * 6
    runs = np.diff(np.array(marks).reshape(3, 6), axis=1)
    assert (runs == runs[0]).all()
    assert runs[0, 1:4].tolist() == [1 + 1 + 2 * 200 + 1, 0, 1]


SCATTERED = """
#include "model.h"
void model_run(uint32_t *arena) {
    __asm__ volatile(".rept 1500\\n\\t" MARK "\\n\\tnop\\n\\t.endr" ::: "memory");
    (void)arena;
}
"""


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4"])
def test_no_marker_is_missed_wherever_it_lies(name: str) -> None:
    """At each place of a page of 1,024 bytes, at both parities of the halfword."""
    board = boards.board(name)
    for nops in ("", "nop\\n\\t"):
        source = SCATTERED.replace("MARK", f'"{nops}mov r10, r10"')
        marks = count.count(build(model(source), board, mode="count"), board, images(1), 4)
        assert np.diff(marks)[1:-1].tolist() == [1 + bool(nops)] * 1499


STACK = """
#include "model.h"
__attribute__((noinline)) static void deep(volatile uint8_t *out) {
    volatile uint8_t block[BYTES];
    for (int i = 0; i < BYTES; i++) block[i] = (uint8_t)i;
    *out = block[BYTES - 1];
}
void model_run(uint32_t *arena) { deep((uint8_t *)arena); }
"""


@pytest.mark.qemu
@pytest.mark.parametrize("board", BOARDS, ids=IDS)
@pytest.mark.parametrize("size", [64, 700])
def test_painting_finds_the_deepest_stack(board: Board, size: int) -> None:
    used = execute.execute(build(model(STACK, BYTES=size), board), board, images(2), 4).stack
    assert size <= used <= size + 48  # the frames around the block: saved registers of two functions


@pytest.mark.qemu
def test_too_deep_a_stack_is_reported() -> None:
    for name, size in (("cortex-m3", 5000), ("microbit", 3000)):
        board = boards.board(name)
        files = model(STACK, BYTES=size, arena=16 if name == "cortex-m3" else 13000)
        with pytest.raises(ToolError, match="more stack"):
            execute.execute(build(files, board), board, images(1), 4)


UNALIGNED = """
#include "model.h"
void model_run(uint32_t *arena) { *(volatile uint32_t *)((uintptr_t)arena + OFFSET) += 1; }
"""
WILD = """
#include "model.h"
void model_run(uint32_t *arena) { (void)arena; __builtin_trap(); }
"""


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m0plus", "microbit"])
def test_small_cores_refuse_unaligned_access(name: str) -> None:
    board = boards.board(name)
    execute.execute(build(model(UNALIGNED, OFFSET=4), board), board, images(1), 4)
    with pytest.raises(ToolError, match="fault at pc 0"):
        execute.execute(build(model(UNALIGNED, OFFSET=1), board), board, images(1), 4)


@pytest.mark.qemu
@pytest.mark.parametrize("board", BOARDS, ids=IDS)
def test_a_crash_is_reported_and_does_not_hang(board: Board) -> None:
    with pytest.raises(ToolError, match=r"fault at pc [0-9a-f]{8}, called from"):
        execute.execute(build(model(WILD), board), board, images(1), 4)


@pytest.mark.gcc
def test_the_host_build_is_sanitized() -> None:
    overrun = '#include "model.h"\nvoid model_run(uint32_t *arena) { ((volatile uint8_t *)arena)[16] = 1; }'
    with pytest.raises(ToolError, match="AddressSanitizer"):
        execute.execute(build(model(overrun), SANITIZED), SANITIZED, images(1), 4)
    with pytest.raises(ToolError, match="runtime error"):
        execute.execute(build(model(UNALIGNED, OFFSET=1), SANITIZED), SANITIZED, images(1), 4)


@pytest.mark.parametrize("name", tools.machines(HOST, "cortex-m33"))
def test_a_program_that_hangs_is_stopped(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = execute.machine(name)
    monkeypatch.setattr(execute, "STARTING", 1.0)
    monkeypatch.setattr(execute, "PER_IMAGE", 0.0)
    hangs = '#include "model.h"\nvoid model_run(uint32_t *arena) { for (;;) *(volatile uint32_t *)arena = 1; }'
    with pytest.raises(ToolError, match="did not end within 1 s"):
        execute.execute(build(model(hangs), machine), machine, images(1), 4)


@pytest.mark.qemu
def test_a_model_larger_than_the_board_names_both_sizes() -> None:
    board = boards.board("microbit")
    with pytest.raises(ToolError, match=r"microbit: the program takes [\d,]+ bytes of ram, the board has 16,384"):
        build(model(ARITHMETIC, SELFTEST=0, arena=16384), board)
    large = ARITHMETIC.replace("spare[98]; } model_data = {1, 3, {0}}", "spare[300000]; } model_data = {1, 3, {7}}")
    large = large.replace("+ model_data.add", "+ model_data.spare[x[i] * 1000]")
    with pytest.raises(ToolError, match=r"microbit: the program takes [\d,]+ bytes of flash, the board has 262,144"):
        build(model(large, SELFTEST=0), board)


@pytest.mark.qemu
def test_models_must_keep_their_state_in_the_arena() -> None:
    state = '#include "model.h"\nstatic int calls;\nvoid model_run(uint32_t *arena) { *arena = (uint32_t)calls++; }'
    with pytest.raises(ToolError, match="keep their state in the arena"):
        build(model(state), boards.board("cortex-m7"))


@pytest.mark.qemu
def test_the_second_build_is_the_first() -> None:
    board = boards.board("cortex-m3")
    program = build(model(ARITHMETIC, SELFTEST=0), board)
    made = program.stat().st_mtime_ns
    assert build(model(ARITHMETIC, SELFTEST=0), board) == program
    assert program.stat().st_mtime_ns == made
    assert build(model(ARITHMETIC, SELFTEST=1), board) != program


def test_the_cache_keeps_what_was_used_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache, "KEPT", 2)
    builds, own = tmp_path / "edgehfn" / "builds", tmp_path / "edgehfn" / "mine"
    own.mkdir(parents=True)  # a data set of the user's, older than all builds
    made: list[str] = []

    def make(name: str) -> None:
        def build(place: Path) -> None:
            made.append(name)
            (place / "product").touch()

        cache.cached([name], build, "product")

    for name in ("a", "b", "a", "c", "a", "b"):
        make(name)
    assert made == ["a", "b", "c", "b"]
    assert len(list(builds.iterdir())) == 2
    assert own.is_dir()

    def fails(place: Path) -> None:
        raise ToolError("no")

    with pytest.raises(ToolError, match="no"):
        cache.cached(["d"], fails, "product")
    assert len(list(builds.iterdir())) == 2  # nothing half made is left
    next(builds.glob("*/product")).unlink()  # by a cleaner of old files, which leaves folders
    for name in ("a", "b"):
        make(name)
    assert len(made) == 5


@pytest.mark.qemu
def test_missing_tools_are_named_with_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    program = build(model(ARITHMETIC, SELFTEST=0), boards.board("cortex-m3"))
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolError, match="apt-get install qemu-system-arm"):
        execute.execute(program, boards.board("cortex-m3"), images(1), 4)
    with pytest.raises(ToolError, match="apt-get install gcc-arm-none-eabi"):
        builds.runtime(boards.board("cortex-m3"))
    assert not toolchain.available("gcc")


def test_an_unknown_core_is_named_with_those_that_exist() -> None:
    with pytest.raises(InputError, match=r"called 'cortex-m9'; there are cortex-m0, .*microbit"):
        execute.machine("cortex-m9")


@pytest.mark.qemu
def test_the_harness_brings_no_library_into_the_measured_code() -> None:
    for board in BOARDS:
        program = build(model(ARITHMETIC, SELFTEST=0), board)
        assert list(disassembly.functions(program, ".code")) == ["model_run"]
