"""The boards that stand in for each core: machines of QEMU, with the memory a program may use there."""

from __future__ import annotations

from dataclasses import dataclass

from edgehfn.errors import InputError
from edgehfn.target.architecture import ARM, RISCV, Architecture

KB, MB = 1024, 1024 * 1024
NOT_ON_RISCV = ("a", "f", "d", "h", "zba", "zbc", "zbs")  # extensions that none of the cores has
START_UP = 2048  # bytes of each memory of a board that are the harness's and the stack's


@dataclass(frozen=True)
class Region:
    """A board's memory of one kind: first address and bytes."""

    origin: int
    size: int


@dataclass(frozen=True)
class Board:
    """``name`` is what users type: a core, or a board that is no other core's. ``machine`` is what QEMU is told.
    ``flags`` is what the compiler must know of the core, ``link`` what the linker must know beside it."""

    name: str
    core: str
    architecture: Architecture
    machine: tuple[str, ...]
    flash: Region
    ram: Region
    flags: tuple[str, ...]
    link: tuple[str, ...]

    @property
    def port(self) -> tuple[str, ...]:
        """The harness's files in ``firmware/port``."""
        return self.architecture.port

    @property
    def room(self) -> dict[str, int]:
        """Bytes of ``flash`` and ``ram`` that a model and its runtime may take here."""
        return {"flash": self.flash.size - START_UP, "ram": self.ram.size - START_UP}


def _arm(
    name: str, core: str, machine: str, flash: Region, ram: Region, float_abi: str = "soft", cpu: str | None = None
) -> Board:
    """``cpu``: what the compiler calls the core, if it is another one than that whose costs are taken."""
    flags = ("-mthumb", f"-mcpu={cpu or core}", f"-mfloat-abi={float_abi}")
    return Board(name, core, ARM, ("-M", machine), flash, ram, flags, ARM.link)


def _mps2(core: str, machine: str) -> Board:
    return _arm(core, core, machine, Region(0, 4 * MB), Region(0x2000_0000, 4 * MB))


def _riscv(core: str, *absent: str, abi: str = "ilp32") -> Board:
    """Of QEMU's virtual machine, whose memory is divided. ``absent``: extensions that it would have, and not the core.
    Without ``i`` there are 16 registers, for which it wants ``e``."""
    cpu = ["rv32", *(f"{name}=false" for name in (*NOT_ON_RISCV, *absent)), *(["e=true"] if "i" in absent else [])]
    flags = (f"-march={core.replace('-', '_')}", f"-mabi={abi}")
    link = (*RISCV.link, f"-march={core.split('-')[0]}")  # the compiler's library knows the base alone
    flash, ram = Region(0x8000_0000, 4 * MB), Region(0x8040_0000, 4 * MB)
    return Board(core, core, RISCV, ("-M", "virt", "-bios", "none", "-cpu", ",".join(cpu)), flash, ram, flags, link)


AN505 = Region(0x1000_0000, 4 * MB), Region(0x3800_0000, 4 * MB)
AN547 = Region(0, 512 * KB), Region(0x2000_0000, 512 * KB)

# An M3 stands in for the small cores; firmware/port/qemu/start_arm.c makes it refuse unaligned access as they do. Only
# the microbit is an M0, of 16 KB RAM. Helium needs the floating-point registers, hence the M55's float ABI. QEMU has no
# machine of an M23 or an M85. An M33 runs programs for an M23, which has the kernels of the M0+ and about its costs; an
# M55 stands in for the M85, which GCC knows from version 13 on only.
BOARDS = (
    _mps2("cortex-m0", "mps2-an385"),
    _mps2("cortex-m0plus", "mps2-an385"),
    _mps2("cortex-m3", "mps2-an385"),
    _mps2("cortex-m4", "mps2-an386"),
    _mps2("cortex-m7", "mps2-an500"),
    _arm("cortex-m33", "cortex-m33", "mps2-an505", *AN505),
    _arm("cortex-m55", "cortex-m55", "mps3-an547", *AN547, "hard"),
    _riscv("rv32imc", "zbb"),
    _riscv("rv32imc-zbb"),
    _riscv("rv32ec", "zbb", "i", "m", abi="ilp32e"),
    _arm("cortex-m23", "cortex-m0plus", "mps2-an505", *AN505, cpu="cortex-m23"),
    _arm("cortex-m85", "cortex-m55", "mps3-an547", *AN547, "hard"),
    _arm("microbit", "cortex-m0", "microbit", Region(0, 256 * KB), Region(0x2000_0000, 16 * KB)),
)
CORES = tuple(board.name for board in BOARDS if board.name == board.core)


def board(name: str) -> Board:
    """Return the board of this name. Raises InputError naming those that exist."""
    for known in BOARDS:
        if known.name == name:
            return known
    raise InputError(f"no core or board is called {name!r}; there are {', '.join(b.name for b in BOARDS)}")
