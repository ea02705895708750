"""The boards that stand in for each core: machines of QEMU, with the memory a program may use there."""

from __future__ import annotations

from dataclasses import dataclass

from edgehfn.errors import InputError

KB, MB = 1024, 1024 * 1024
START_UP = 2048  # bytes of each memory of a board that are the harness's and the stack's


@dataclass(frozen=True)
class Region:
    """A board's memory of one kind: first address and bytes."""

    origin: int
    size: int


@dataclass(frozen=True)
class Board:
    """``name`` is what users type: a core, or a board that is no other core's. ``machine`` is QEMU's word."""

    name: str
    core: str
    machine: str
    flash: Region
    ram: Region
    float_abi: str = "soft"

    @property
    def room(self) -> dict[str, int]:
        """Bytes of ``flash`` and ``ram`` that a model and its runtime may take here."""
        return {"flash": self.flash.size - START_UP, "ram": self.ram.size - START_UP}

    @property
    def flags(self) -> tuple[str, ...]:
        """What the compiler must know of the core."""
        return ("-mthumb", f"-mcpu={self.core}", f"-mfloat-abi={self.float_abi}")


def _mps2(core: str, machine: str) -> Board:
    return Board(core, core, machine, Region(0, 4 * MB), Region(0x2000_0000, 4 * MB))


# An M3 stands in for the small cores; firmware/port/qemu/start.c makes it refuse unaligned access as they do. Only the
# microbit is an M0, of 16 KB RAM. Helium needs the floating-point registers, hence the M55's float ABI.
BOARDS = (
    _mps2("cortex-m0", "mps2-an385"),
    _mps2("cortex-m0plus", "mps2-an385"),
    _mps2("cortex-m3", "mps2-an385"),
    _mps2("cortex-m4", "mps2-an386"),
    _mps2("cortex-m7", "mps2-an500"),
    Board("cortex-m33", "cortex-m33", "mps2-an505", Region(0x1000_0000, 4 * MB), Region(0x3800_0000, 4 * MB)),
    Board("cortex-m55", "cortex-m55", "mps3-an547", Region(0, 512 * KB), Region(0x2000_0000, 512 * KB), "hard"),
    Board("microbit", "cortex-m0", "microbit", Region(0, 256 * KB), Region(0x2000_0000, 16 * KB)),
)
CORES = tuple(board.name for board in BOARDS if board.name == board.core)


def board(name: str) -> Board:
    """Return the board of this name. Raises InputError naming those that exist."""
    for known in BOARDS:
        if known.name == name:
            return known
    raise InputError(f"no core or board is called {name!r}; there are {', '.join(b.name for b in BOARDS)}")
