"""Machines whose programs have files of their own, unlike boards: Linux on other processors, and WebAssembly.

Zig compiles for all of them, as it brings their C libraries; the runtime is there in portable C.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from edgehfn.errors import ToolError
from edgehfn.target import toolchain

INSTALL = "pip install 'edgehfn[wasm]'"
WASM = Path(__file__).with_name("wasm.py")  # a program of its own, so that what hangs can be stopped
ZIG = (sys.executable, "-P", "-m", "ziglang")


@dataclass(frozen=True)
class Hosted:
    """``name`` is what users type, ``target`` what Zig calls it; ``emulator`` runs its programs."""

    name: str
    target: tuple[str, ...]
    emulator: str | None = None

    @property
    def gcc(self) -> tuple[str, ...]:
        """The compiler."""
        return (*ZIG, "cc", "-target", *self.target)

    def identity(self) -> tuple[str, ...]:
        """The compiler and its version. Raises ToolError if something is missing."""
        missing = self.missing()
        if missing:
            raise ToolError(f"{self.name}: Zig or what runs its programs is not installed: {missing}")
        return (*self.gcc, metadata.version("ziglang"))

    def command(self, program: Path) -> list[str]:
        """What runs a program in the present folder."""
        start = [self.emulator] if self.emulator else [sys.executable, "-P", str(WASM)]
        return [*start, str(program)]

    def missing(self) -> str | None:
        """What to install, if anything."""
        modules = ("ziglang",) if self.emulator else ("ziglang", "wasmtime")
        absent = [INSTALL] if any(find_spec(name) is None for name in modules) else []
        if self.emulator and shutil.which(self.emulator) is None:
            absent.append(toolchain.install(self.emulator))
        return "; ".join(absent) or None


HOSTED = (
    Hosted("wasm", ("wasm32-wasi",)),
    Hosted("linux-aarch64", ("aarch64-linux-musl",), toolchain.QEMU_AARCH64),
    Hosted("linux-armv7", ("arm-linux-musleabihf", "-mcpu=cortex_a7"), toolchain.QEMU_ARM),
)


def one(name: str) -> Hosted:
    """The machine of this name. Raises KeyError for another one."""
    return {machine.name: machine for machine in HOSTED}[name]
