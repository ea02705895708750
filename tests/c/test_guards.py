"""Targets on which the runtime would compute other bytes do not compile, and the message says why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgehfn.backends.c import Function, firmware
from edgehfn.target.toolchain import ARM_GCC, HOST_GCC, available

FREE = ("-std=c99", "-ffreestanding", "-fsyntax-only", "-Wno-builtin-macro-redefined")

# The host's compiler with another target's predefined macros; an Arm one with other targets; Clang's own targets.
BYTES, INTS, ENDIAN, ARMS = "bytes of 8 bits", "int of 32 bits", "little endian", "needs Armv6-M"
REFUSED = [
    (HOST_GCC, ("-U__CHAR_BIT__", "-D__CHAR_BIT__=16"), BYTES),
    (HOST_GCC, ("-U__CHAR_BIT__", "-D__CHAR_BIT__=9"), BYTES),
    (HOST_GCC, ("-U__INT_MAX__", "-D__INT_MAX__=32767"), INTS),
    (HOST_GCC, ("-U__INT_MAX__", "-D__INT_MAX__=8388607"), INTS),
    (HOST_GCC, ("-U__BYTE_ORDER__", "-D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__"), ENDIAN),
    (HOST_GCC, ("-U__BYTE_ORDER__", "-D__BYTE_ORDER__=__ORDER_PDP_ENDIAN__"), ENDIAN),
    (HOST_GCC, ("-U__BYTE_ORDER__",), ENDIAN),
    (HOST_GCC, ("-D__arm__", "-D__ARM_ARCH=4"), ARMS),
    (HOST_GCC, ("-D__arm__", "-D__ARM_ARCH=5"), ARMS),
    (HOST_GCC, ("-D__arm__",), ARMS),
    (ARM_GCC, ("-mbig-endian", "-mcpu=cortex-m3", "-mthumb"), ENDIAN),
    (ARM_GCC, ("-mbig-endian", "-mcpu=cortex-r5"), ENDIAN),
    (ARM_GCC, ("-mcpu=arm7tdmi",), ARMS),
    (ARM_GCC, ("-mcpu=arm7tdmi", "-mthumb"), ARMS),
    (ARM_GCC, ("-mcpu=arm926ej-s",), ARMS),
    (ARM_GCC, ("-march=armv5te", "-mthumb"), ARMS),
    ("clang", ("--target=avr", "-mmcu=atmega328"), INTS),
    ("clang", ("--target=msp430",), INTS),
    ("clang", ("--target=armebv7m-none-eabi",), ENDIAN),
    ("clang", ("--target=mips-none-elf",), ENDIAN),
]
TAKEN = [
    (HOST_GCC, ()),
    (HOST_GCC, ("-funsigned-char",)),
    (HOST_GCC, ("-D__arm__", "-D__ARM_ARCH=6")),
    (ARM_GCC, ("-mcpu=cortex-m0", "-mthumb")),
    (ARM_GCC, ("-mcpu=cortex-m23", "-mthumb")),
    (ARM_GCC, ("-mcpu=arm1176jzf-s",)),
    (ARM_GCC, ("-mcpu=cortex-a7",)),
    ("clang", ("--target=riscv32-none-elf",)),
    ("clang", ("--target=aarch64-none-elf",)),
    ("clang", ("--target=wasm32",)),
]


def compiled(compiler: str, flags: tuple[str, ...], place: Path, before: str = "") -> tuple[int, str]:
    if not available(compiler):
        pytest.skip(f"not installed: {compiler}")
    (place / "t.c").write_text(f'{before}#include "arena.h"\n')
    command = [compiler, *FREE, *flags, *firmware.includes(), "t.c"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(("compiler", "flags", "reason"), REFUSED)
def test_refused(compiler: str, flags: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    status, said = compiled(compiler, flags, tmp_path)
    assert status != 0
    assert reason in said


@pytest.mark.parametrize(("compiler", "flags"), TAKEN)
def test_taken(compiler: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    assert compiled(compiler, ("-Werror", *flags), tmp_path) == (0, "")


@pytest.mark.gcc
@pytest.mark.parametrize(
    ("given", "other", "name"),
    [
        ("(-1 & 3) == 3", "(-1 & 3) == 2", "twos_complement"),
        ("(-5 >> 1) == -3", "(-5 >> 1) == 0x7FFFFFFD", "keep_the_sign"),
        ("(int8_t)200 == -56", "(int8_t)200 == 127", "low_bits"),
    ],
)
def test_what_no_compiler_at_hand_does_is_asked_too(given: str, other: str, name: str, tmp_path: Path) -> None:
    """What such a compiler would find is written into a copy."""
    text = (firmware.directory() / "src" / "core" / "guards.h").read_text()
    assert text.count(given) == 1
    (tmp_path / "guards.h").write_text(text.replace(given, other))
    status, said = compiled(HOST_GCC, (), tmp_path, '#include "guards.h"\n')
    assert status != 0
    assert name in said


@pytest.mark.gcc
def test_every_program_asks() -> None:
    """Whatever calls a node's function takes a source that includes the guards."""
    sources = firmware.runtime(assembly=False)
    for name in (function for function in Function if function.facts.runs_a_node):
        stems = name[4:], name[4:].rpartition("_")[0]
        source = next(path for stem in stems for path in sources if path.stem == stem)
        done = subprocess.run(
            [HOST_GCC, "-M", *firmware.includes(), source], capture_output=True, text=True, check=True
        )
        assert "guards.h" in done.stdout, source
