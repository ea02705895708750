"""A board behind a GDB server: what its core and its RAM are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from xml.etree import ElementTree

from edgehfn.errors import InputError, ToolError
from edgehfn.target import address as addresses
from edgehfn.target.address import Address
from edgehfn.target.architecture import ARM, RISCV
from edgehfn.target.board import CORES, Board, Region, board
from edgehfn.target.remote import Remote

CPUID = 0xE000ED00
PARTS = {  # bits 4 to 15 of CPUID
    0xC20: "cortex-m0",
    0xC60: "cortex-m0plus",
    0xC23: "cortex-m3",
    0xC24: "cortex-m4",
    0xC27: "cortex-m7",
    0xD20: "cortex-m23",
    0xD21: "cortex-m33",
    0xD22: "cortex-m55",
    0xD23: "cortex-m85",
}
RANKS = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m33", "cortex-m55")  # a core runs what is for those before it
# What a core runs, and what runs its programs: another one, where its instruction set is no rank of its own.
RUNS = {"cortex-m0plus": "cortex-m0", "cortex-m7": "cortex-m4", "cortex-m23": "cortex-m0", "cortex-m85": "cortex-m55"}
NEEDS = RUNS | {"cortex-m23": "cortex-m33"}
MISA_E, MISA_M, MISA_C, MISA_I = 1 << 4, 1 << 12, 1 << 2, 1 << 8

# Where a microcontroller's RAM may be. OpenOCD says "ram" of all that is not flash, hence the bound of its size.
RAM_AREA = range(0x1000_0000, 0xA000_0000)
RAM_MOST = 16 * 1024 * 1024


@dataclass(frozen=True)
class Probe(Board):
    """A board that programs are loaded into over the GDB remote protocol; ``name`` is its address as it was given.
    ``pc`` and ``xpsr`` are the numbers of registers."""

    address: Address
    pc: int
    xpsr: int | None

    @property
    def port(self) -> tuple[str, ...]:
        """The harness's files in ``firmware/port``."""
        return self.architecture.probe

    @property
    def in_ram(self) -> bool:
        """Whether programs are loaded into RAM as a whole: nothing is flashed."""
        return self.flash == self.ram


@contextmanager
def attached(address: Address) -> Iterator[Remote]:
    """A connection to the server, with its core halted and the server's own commands carried out."""
    with Remote(address.host, address.port, address.seconds) as server:
        if server.ask("?")[:1] in ("W", "X"):  # Black Magic, which is not yet attached
            for command in address.monitor:
                server.monitor(command)
            server.done("!", "be extended")
            if server.ask("vAttach;1")[:1] not in ("T", "S"):
                raise ToolError(f"{server.name}: no core is attached; scan first: monitor=swdp_scan")
        else:
            for command in address.monitor:
                server.monitor(command)
        yield server


def probe(name: str) -> Probe:
    """Ask the server at this address for its core and RAM, and return the board. Raises InputError where the address is
    wrong or says too little, ToolError where the server fails."""
    address = addresses.parse(name)
    if address.core is not None:
        board(address.core)  # else it is none of ours
    with attached(address) as server:
        registers, described = _described(server)
        riscv = _is_riscv(server, described)
        core = _core(address, server, riscv, registers)
        ram = address.ram or _ram(address, server)
    known = board(core)
    entry = f"-Wl,--entry={known.architecture.entry}"
    return Probe(
        name=name,
        core=known.core,
        architecture=known.architecture,
        machine=(),
        flash=address.flash or ram,
        ram=ram,
        flags=known.flags,
        link=(*known.link, entry),
        address=address,
        pc=registers.get("pc", 32 if riscv else 15),
        xpsr=registers.get("xpsr"),
    )


def _described(server: Remote) -> tuple[dict[str, int], str]:
    """The numbers of registers by name, and the names of the architecture and of all features. Servers number registers
    otherwise until a client has read this."""
    registers, words, number = {}, [], 0
    annexes = ["target.xml"]
    for annex in annexes:  # which grows
        text = server.document("features", annex)
        if not text:
            continue
        for element in _parsed(server, text).iter():
            tag = element.tag.rpartition("}")[2]
            if tag == "include" and len(annexes) < 50:
                annexes.append(element.get("href", ""))
            elif tag == "architecture":
                words.append(element.text or "")
            elif tag == "feature":
                words.append(element.get("name", ""))
            elif tag == "reg":
                given = element.get("regnum", "")
                number = int(given) if given.isdecimal() else number
                registers[element.get("name", "").lower()] = number
                number += 1
    return registers, " ".join(words)


def _is_riscv(server: Remote, described: str) -> bool:
    if "riscv:rv64" in described or (described and "riscv" not in described and "arm" not in described):
        raise ToolError(f"{server.name}: its core is {described[:40]}, neither Cortex-M nor RV32")
    if "arm.core" in described and "m-profile" not in described:
        raise ToolError(f"{server.name}: its core is an Arm, but no Cortex-M")
    return "riscv" in described


def _core(address: Address, server: Remote, riscv: bool, registers: dict[str, int]) -> str:
    """The core to compile for: the one that was given, if the one that is there runs it."""
    given = address.core
    if given is not None and (board(given).architecture is RISCV) != riscv:
        raise InputError(
            f"{address.name}: the server's core is {'RISC-V' if riscv else 'Arm'}, no {given}; give that of the board"
        )
    if riscv:
        return given or _riscv(address, server, registers)
    there = PARTS.get(int.from_bytes(server.read(CPUID, 4), "little") >> 4 & 0xFFF)
    if there is None:
        if given is None:
            raise InputError(
                f"{address.name}: the core is none of {', '.join(PARTS.values())}; give one like it: ?core=…"
            )
        return given
    if given is None:
        return there
    wanted = given if given in NEEDS else board(given).core
    if wanted != there and RANKS.index(NEEDS.get(wanted, wanted)) > RANKS.index(RUNS.get(there, there)):
        raise InputError(f"{address.name}: the board's core is a {there}, which does not run what {given} does")
    return given


def _riscv(address: Address, server: Remote, registers: dict[str, int]) -> str:
    misa = server.register(registers["misa"]) if "misa" in registers else 0
    if misa & MISA_C and misa & MISA_E:
        return "rv32ec"
    if misa & MISA_C and misa & MISA_M and misa & MISA_I:
        return "rv32imc"
    there = ", ".join(name for name in CORES if board(name).architecture is not ARM)
    raise InputError(f"{address.name}: the server does not tell which RISC-V core this is; give one: ?core= {there}")


def _ram(address: Address, server: Remote) -> Region:
    """The largest region of RAM in the server's map."""
    text = server.document("memory-map")
    found = []
    for element in _parsed(server, text).iter("memory") if text else ():
        try:
            start, size = (int(element.get(key, "0"), 0) for key in ("start", "length"))
        except ValueError:
            continue
        if (
            element.get("type") == "ram"
            and start in RAM_AREA
            and 0 < size <= RAM_MOST
            and not start % addresses.ALIGNED
        ):
            found.append(Region(start, size))
    if not found:
        raise InputError(f"{address.name}: the server does not tell where RAM is; give it: ?ram=0x20000000:64K")
    return max(found, key=lambda region: region.size)


def _parsed(server: Remote, text: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text.replace("<xi:", "<"))  # QEMU declares no such prefix
    except ElementTree.ParseError as error:
        raise ToolError(f"{server.name}: the server's description is no XML ({error})") from error
