"""Other compilers and levels than the product's own, for the programs that run on cores."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from edgehfn.target import build as builds
from edgehfn.target import toolchain
from edgehfn.target.toolchain import ARM_GCC, available

CLANG = "clang"
GCC_LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")
LEVELS = [pytest.param(ARM_GCC, level, id=f"gcc{level}") for level in GCC_LEVELS] + [
    pytest.param(
        CLANG, level, id=f"clang{level}", marks=pytest.mark.skipif(not available(CLANG), reason="not installed: clang")
    )
    for level in GCC_LEVELS
]


def clang_flags() -> tuple[str, ...]:
    """What Clang must be told to compile for bare Arm with GCC's C library."""
    return ("--target=arm-none-eabi", "-fshort-enums", "-isystem", f"{_sysroot()}/include")


@cache
def _sysroot() -> str:
    done = subprocess.run([ARM_GCC, "-print-sysroot"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def use(patch: pytest.MonkeyPatch, compiler: str, level: str, *flags: str) -> None:
    """Every program for a core is compiled so from now on; GCC links."""
    patch.setattr(builds, "LEVELS", dict.fromkeys(builds.LEVELS, level))
    patch.setattr(builds, "COMPILE", (*builds.COMPILE, f"-DTESTED_{compiler.replace('-', '_')}", *flags))
    if compiler != ARM_GCC:
        patch.setattr(builds, "call", _translated(compiler))
        patch.setitem(toolchain._PACKAGES, compiler, compiler)


def _translated(compiler: str) -> Any:
    def call(command: list[str], *, timeout: float, cwd: Path | None = None) -> str:
        if command[0] == ARM_GCC and "-c" in command:
            command = [compiler, *clang_flags(), *command[1:]]
        return toolchain.call(command, timeout=timeout, cwd=cwd)

    return call
