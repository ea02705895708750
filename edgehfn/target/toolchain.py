"""Compilers and emulators: finding them, calling them, and saying what to install or what went wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgehfn.errors import ToolError

ARM_GCC = "arm-none-eabi-gcc"
ARM_AR = "arm-none-eabi-ar"
ARM_OBJDUMP = "arm-none-eabi-objdump"
HOST_GCC = "gcc"
HOST_AR = "ar"
QEMU = "qemu-system-arm"
RISCV_GCC = "riscv64-unknown-elf-gcc"
RISCV_AR = "riscv64-unknown-elf-ar"
RISCV_OBJDUMP = "riscv64-unknown-elf-objdump"
RISCV_QEMU = "qemu-system-riscv32"
QEMU_AARCH64 = "qemu-aarch64"
QEMU_ARM = "qemu-arm"

_PACKAGES = {
    ARM_GCC: "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    ARM_AR: "binutils-arm-none-eabi",
    ARM_OBJDUMP: "binutils-arm-none-eabi",
    HOST_GCC: "gcc libc6-dev",
    HOST_AR: "binutils",
    QEMU: "qemu-system-arm",
    RISCV_GCC: "gcc-riscv64-unknown-elf",
    RISCV_AR: "binutils-riscv64-unknown-elf",
    RISCV_OBJDUMP: "binutils-riscv64-unknown-elf",
    RISCV_QEMU: "qemu-system-misc",
    QEMU_AARCH64: "qemu-user",
    QEMU_ARM: "qemu-user",
}


def available(*names: str) -> bool:
    """Return whether all these programs are on the path."""
    return all(shutil.which(name) for name in names)


def install(*names: str) -> str:
    """Return the command that installs these programs."""
    return f"apt-get install {' '.join(dict.fromkeys(_PACKAGES[name] for name in names))}"


def tool(name: str) -> str:
    """Return the path of a program. Raises ToolError naming the package to install."""
    found = shutil.which(name)
    if found is None:
        raise ToolError(f"{name} is not installed: {install(name)}")
    return found


def version(compiler: str) -> str:
    """Return a compiler's version, such as ``12.2.1``."""
    return call([compiler, "-dumpfullversion"], timeout=20).strip()


def emulator() -> str:
    """Return QEMU's version, such as ``7.2.22``."""
    return call([QEMU, "--version"], timeout=20).split()[3]


def call(
    command: Sequence[str], *, timeout: float, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a tool and return what it printed, errors included.

    Raises ToolError if it is missing, takes longer than ``timeout`` seconds, or exits with a status other than 0; the
    message has its first error.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            [tool(command[0]), *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{name} did not end within {timeout:.0f} s and was stopped") from None
    text = done.stdout.decode(errors="replace")
    if done.returncode:
        raise ToolError(f"{name} failed (status {done.returncode}): {_first_error(text)}")
    return text


def _first_error(text: str) -> str:
    lines = [
        line.strip() for line in text.splitlines() if re.search("[A-Za-z]", line) and not line.startswith("collect2")
    ]
    errors = (line for line in lines if re.search("[Ee]rror|ERROR|overflowed|undefined", line))
    return next(errors, lines[0] if lines else "it printed nothing")
