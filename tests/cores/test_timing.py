"""Cycles by published timings: instruction by instruction, and of programs whose cycles were counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import nets

from edgehfn.errors import InputError
from edgehfn.ir import verify
from edgehfn.target import bench
from edgehfn.target.board import board
from edgehfn.target.count import marked
from edgehfn.target.execute import started
from edgehfn.target.instruction import Instruction
from edgehfn.target.timing import Cost, Memory, costs
from edgehfn.target.toolchain import ARM_GCC, call

LOOP = """
    .syntax unified
    .section .vectors, "a"
    .word 0x20000400, start + 1, end + 1, end + 1
    .text
    .thumb
    .thumb_func
start:
    ldr r5, =0x20000100
    movs r0, #{rounds}
    movs r6, #1
    b begin
    .balign 256
begin:
    mov r10, r10
1:  {body}
    subs r0, r6
    bne 1b
    mov r10, r10
    .balign 4
    .thumb_func
end:
    movs r0, #0x18
    ldr r1, =0x20026
    bkpt 0xab
    b end
"""
ROUNDS = 100
LINK = "SECTIONS { .text 0 : { *(.vectors) *(.text) } }"


# By hand, from the tables of the manuals.
@pytest.mark.parametrize(
    ("core", "code", "wanted"),
    [
        ("cortex-m0", ["ldr r0, [r1, #4]", "adds r0, r0, r2"], [(2, 0), (1, 2)]),
        ("cortex-m0", ["push {r4, r5, lr}", "pop {r4, r5, pc}"], [(4, 2), (5, 2)]),
        ("cortex-m0", ["ldmia r0!, {r1-r4, r7}", "bl 10 <f>", "bx lr"], [(6, 2), (2, 2), (1, 2)]),
        ("cortex-m0plus", ["pop {r4, pc}", "b 10 <f>", "bl 10 <f>"], [(4, 1), (1, 1), (2, 1)]),
        ("cortex-m3", ["mla r0, r1, r2, r3", "umull r0, r1, r2, r3"], [(2, 0), (4, 0)]),
        ("cortex-m4", ["mla r0, r1, r2, r3", "umull r0, r1, r2, r3"], [(1, 2), (1, 2)]),
        ("cortex-m4", ["ldr r0, [r1]", "ldr r2, [r3]", "ldr r4, [r2]"], [(2, 2), (1, 2), (2, 2)]),
        ("cortex-m4", ["ldr r0, [r1]", "str r0, [r3, r2]", "str r0, [r3, r2]"], [(2, 2), (1, 2), (2, 2)]),
        ("cortex-m4", ["str r0, [r3, #8]", "ldrd r0, r1, [r2]", "udiv r0, r1, r2"], [(1, 2), (3, 0), (7, 0)]),
        ("cortex-m4", ["ldmia r0, {r1, r2, ip, lr}", "pop {r4-r9, pc}"], [(5, 2), (8, 2)]),
    ],
)
def test_instructions_take_what_the_manuals_say(core: str, code: list[str], wanted: list[tuple[int, int]]) -> None:
    ops = [Instruction(*line.partition(" ")[::2]) for line in code]
    assert [cost for _, cost in costs(core, enumerate(ops))] == [Cost(*cost) for cost in wanted]


def cycles(folder: Path, core: str, body: str, memory: Memory) -> int:
    """What the loop takes, in a program of its own."""
    source, link, program = folder / "loop.S", folder / "loop.ld", folder / "loop.elf"
    source.write_text(LOOP.format(body=body, rounds=ROUNDS), encoding="utf-8")
    link.write_text(LINK, encoding="utf-8")
    target = board(core)
    call([ARM_GCC, *target.flags, "-nostdlib", "-T", str(link), "-o", str(program), str(source)], timeout=60)
    first, last = marked(program, target, lambda plugin: started(program, target, 60, folder, plugin), memory)
    return last - first


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("core", "body", "each", "refill"),
    [
        ("cortex-m0", "nop", 1 + 1 + 3, 2),
        ("cortex-m0", "ldmia r5!, {r1, r2, r3}", 4 + 1 + 3, 2),
        ("cortex-m0plus", "str r1, [r5]", 2 + 1 + 2, 1),
        ("cortex-m3", "mla r1, r2, r3, r1", 2 + 1 + 3, 2),
        ("cortex-m4", "ldr r1, [r5]; ldr r2, [r5]; str r2, [r5]", 2 + 1 + 1 + 1 + 3, 2),
    ],
)
def test_a_loop_takes_what_it_takes_by_hand(tmp_path: Path, core: str, body: str, each: int, refill: int) -> None:
    assert cycles(tmp_path, core, body, Memory()) == ROUNDS * each - refill  # the last branch is not taken


@pytest.mark.qemu
def test_code_waits_where_the_cache_does_not_hold_it(tmp_path: Path) -> None:
    body, lines = "; ".join(["nop"] * 64), 9  # 132 bytes from the second of a line of 16
    known = cycles(tmp_path, "cortex-m4", body, Memory())
    assert cycles(tmp_path, "cortex-m4", body, Memory(5, 16, 16)) == known + 5 * lines
    assert cycles(tmp_path, "cortex-m4", body, Memory(5, 4, 16)) == known + 5 * lines * ROUNDS  # all but the next


SMALL = verify(nets.random_graph(8, macs=20_000))


@pytest.mark.qemu
def test_nodes_of_a_net_add_up_and_no_input_changes_them() -> None:
    found = {bench(SMALL, "cortex-m4", raw, memory=Memory(2, 64, 16)) for raw in nets.random_input(SMALL, 3, 3)}
    assert len(found) == 1
    estimate, counted = found.pop(), bench(SMALL, "cortex-m4")
    assert estimate.counter == "published timings"
    assert estimate.total > counted.total
    assert all(cycles >= count for (_, cycles), (_, count) in zip(estimate.nodes, counted.nodes, strict=True))
    assert 0 <= estimate.total - sum(cycles for _, cycles in estimate.nodes) < 20  # the return


def test_what_cannot_be_estimated_is_said() -> None:
    with pytest.raises(InputError, match=r"cortex-m55: its cycles cannot be estimated; .* cortex-m0, cortex-m0plus"):
        list(costs("cortex-m55", []))
    for wrong in ({"waits": -1}, {"lines": 0}, {"bytes": 12}, {"bytes": 512}):
        with pytest.raises(InputError, match="memory for code: "):
            Memory(**wrong)
