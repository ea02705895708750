"""Compilers and emulators in tests: what is skipped without them, and what holds for one version of them alone."""

from __future__ import annotations

from typing import Any

import pytest

from edgehfn.target.architecture import ARM, RISCV
from edgehfn.target.toolchain import ARM_GCC, HOST_GCC, QEMU, available, emulator, version

IN_PROCESS = ("pytorch", "emulator")
NEEDED = {"gcc": (HOST_GCC,), "qemu": (*ARM.tools, *RISCV.tools, HOST_GCC)}  # by marker; QEMU's counter is built here

# The versions for which the figures in tests hold. Tables and budgets name their own.
GCC, EMULATOR = "12.2.1", "7.2.22"


def machines(*names: str) -> list[Any]:
    """Parameters, each with the marker of what its machine needs."""
    return [pytest.param(name, marks=_marks(name), id=name) for name in names]


def first(count: int, seeds: range) -> list[Any]:
    """Seeds as parameters, those behind the first few as slow: alike, they take long together."""
    return [pytest.param(seed, marks=(pytest.mark.slow,) * (at >= count)) for at, seed in enumerate(seeds)]


def _marks(name: str) -> tuple[pytest.MarkDecorator, ...]:
    if name in IN_PROCESS:
        return ()
    return (pytest.mark.gcc if name.startswith("host") else pytest.mark.qemu,)


def fitted_to(compiler: str = GCC, machine: str | None = EMULATOR) -> None:
    """Skips the test where its figures are those of another GCC, or of another QEMU if it counts instructions."""
    here = version(ARM_GCC) if available(ARM_GCC) else "none"
    if here != compiler:
        pytest.skip(f"figures of GCC {compiler}; here is {here}")
    here = emulator() if available(QEMU) else "none"
    if machine is not None and here != machine:
        pytest.skip(f"figures of QEMU {machine}; here is {here}")
