"""What sets Arm and RISC-V apart: their tool chains, how a program starts, and the marker that is counted at."""

from __future__ import annotations

from dataclasses import dataclass

from edgehfn.target import toolchain


@dataclass(frozen=True)
class Architecture:
    """In ``firmware/port``, ``port`` are the harness's own files in QEMU, ``probe`` those behind a probe, where
    ``entry`` is the first function, and ``library`` those that stand in for a C library."""

    name: str
    gcc: str
    ar: str
    objdump: str
    qemu: str
    port: tuple[str, ...]
    probe: tuple[str, ...]
    entry: str
    compile: tuple[str, ...]
    link: tuple[str, ...]
    mark: bytes  # the instruction of port/mark.h
    library: tuple[str, ...] = ()

    @property
    def tools(self) -> tuple[str, ...]:
        """Everything that building, reading and running a program takes."""
        return (self.gcc, self.ar, self.objdump, self.qemu)


COMMON = ("qemu/start.c", "qemu/semihost.c")
ON_ARM = (*COMMON, "qemu/start_arm.c", "qemu/stack_arm.S")
ON_RISCV = (*COMMON, "qemu/start_riscv.S", "qemu/stack_riscv.S")
PROBE = ("probe/ask.c", "probe/cycles.c")

ARM = Architecture(
    name="arm",
    gcc=toolchain.ARM_GCC,
    ar=toolchain.ARM_AR,
    objdump=toolchain.ARM_OBJDUMP,
    qemu=toolchain.QEMU,
    port=(*ON_ARM, "qemu/trap.c"),
    probe=(*ON_ARM, *PROBE, "probe/probe_arm.S"),
    entry="port_probe_start",
    compile=(),
    link=("--specs=nano.specs", "-nostartfiles"),
    mark=(0x46D2).to_bytes(2, "little"),  # mov r10, r10
)
# Debian's GCC for RISC-V brings no C library but picolibc, of a gigabyte; the runtime needs none.
RISCV = Architecture(
    name="riscv",
    gcc=toolchain.RISCV_GCC,
    ar=toolchain.RISCV_AR,
    objdump=toolchain.RISCV_OBJDUMP,
    qemu=toolchain.RISCV_QEMU,
    port=(*ON_RISCV, "qemu/trap.c"),
    probe=(*ON_RISCV, *PROBE, "probe/probe_riscv.S"),
    entry="port_reset",
    compile=("-ffreestanding",),
    link=("-nostdlib", "-lgcc"),
    mark=(0x46D2_0037).to_bytes(4, "little"),  # lui x0, 0x46d20
    library=("qemu/memory.c",),
)
