"""A program on a probe: loaded, started, and served whatever files it asks for."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from edgehfn.errors import InputError, ToolError
from edgehfn.target import elf
from edgehfn.target.probe import Probe, attached
from edgehfn.target.remote import Remote

# Operations of semihosting, as in firmware/port/qemu/semihost.c, and two of firmware/port/probe/cycles.c.
OPEN, CLOSE, PRINT, WRITE, READ, EXIT, CYCLES, COUNTER = 0x01, 0x02, 0x04, 0x05, 0x06, 0x20, 0x100, 0x101
COUNTERS = {1: "DWT CYCCNT", 2: "SysTick", 3: "mcycle"}
OVERFLOW = 0xFFFF_FFFF
FILES = ("in.bin", "out.bin")
TEXT = 400  # bytes of a message, at most
THUMB = 1 << 24  # of xPSR: a core without it faults at once
STOP = {"arm": 2, "riscv": 4}  # bytes of the instruction where the breakpoint stands
RESULT = 12  # bytes into the request


@dataclass
class Done:
    """What a program printed and, from one that counts, the cycles between its markers and what counted them."""

    text: str = ""
    cycles: list[int] = field(default_factory=list)
    counter: str = ""


def started(program: Path, target: Probe, seconds: float, place: Path | None = None) -> Done:
    """Run a built program whose files are in a folder, for so many seconds at most. Raises ToolError if it fails or
    hangs, or the server does."""
    with attached(target.address) as server:
        server.document("features", "target.xml")  # else registers have other numbers
        _load(server, target, program)
        stop, request, entry = elf.symbols(program, "port_stop", "port_request", target.architecture.entry)
        kind = f"{0 if target.in_ram else 1},{stop:x},{STOP[target.architecture.name]}"
        server.done(f"Z{kind}", "set a breakpoint")
        server.set_register(target.pc, entry)
        if target.xpsr is not None:
            server.set_register(target.xpsr, THUMB)
        try:
            return _Session(server, target, stop, request, place).run(time.monotonic() + seconds)
        finally:
            _leave(server, kind)


def _load(server: Remote, target: Probe, program: Path) -> None:
    """Write the program, or see that it is in flash already."""
    for address, data in elf.image(program):
        if target.in_ram:
            server.write(address, data)
        if server.read(address, len(data)) == data:
            continue
        if target.in_ram:
            raise InputError(
                f"{target.name}: memory at {address:#x} does not keep what is written; give ?ram= as it is"
            )
        raise ToolError(
            f"{target.name}: flash holds another program; flash this with the server's tool, and run again: {program}"
        )


def _leave(server: Remote, kind: str) -> None:
    """Take the breakpoint away and let go, as far as the server still answers."""
    try:
        server.ask(f"z{kind}")
        server.ask("D")
    except ToolError:
        pass


class _Session:
    def __init__(self, server: Remote, target: Probe, stop: int, request: int, place: Path | None) -> None:
        self._server, self._target, self._stop, self._request, self._place = server, target, stop, request, place
        self._files: dict[int, bytes | bytearray] = {}
        self._at = 0
        self._done = Done()

    def run(self, deadline: float) -> Done:
        server, behind = self._server, self._stop + STOP[self._target.architecture.name]
        number = 0
        while True:
            server.go(max(deadline - time.monotonic(), 1.0), self._where)
            number += 1
            found, operation, block = struct.unpack("<III", server.read(self._request, RESULT))
            if found != number:
                raise ToolError(f"{self._target.name}: the core stopped {self._where()}, not where it should")
            if operation == EXIT:
                return self._ended(block)
            result = self._answer(operation, block)
            server.write(self._request + RESULT, struct.pack("<i", result))
            server.set_register(self._target.pc, behind)  # never from where a breakpoint stands: some stop there again

    def _where(self) -> str:
        return f"at pc {self._server.register(self._target.pc):#x}"

    def _answer(self, operation: int, block: int) -> int:
        if operation == PRINT:
            self._done.text += self._text(block)
        elif operation == COUNTER:
            self._done.counter = COUNTERS.get(block, "")
        elif operation == CYCLES:
            if block == OVERFLOW and self._done.cycles:
                raise ToolError(
                    f"{self._target.name}: a node takes more than the 16,777,215 cycles that SysTick counts"
                )
            self._done.cycles.append(block)
        else:
            return self._file(operation, *struct.unpack("<III", self._server.read(block, 12)))
        return 0

    def _text(self, at: int) -> str:
        """A message, which ends in a byte 0."""
        text = b""
        while b"\0" not in text and len(text) < TEXT:
            text += self._server.read(at + len(text), 1)
        return text.rstrip(b"\0").decode("latin-1")

    def _file(self, operation: int, first: int, second: int, third: int) -> int:
        """Carry out an operation on a file: its name, mode and length, or its number, place and bytes."""
        if operation == OPEN:
            name = self._server.read(first, min(third, TEXT)).decode("latin-1")
            if self._place is None or name not in FILES:
                return -1
            number = FILES.index(name)
            self._files[number] = (self._place / name).read_bytes() if name == "in.bin" else bytearray()
            return number
        if first not in self._files:
            return -1
        if third > self._target.ram.size:
            raise ToolError(f"{self._target.name}: the program asks for {third:,} bytes, more than RAM has")
        file = self._files[first]
        if operation == READ:
            part = file[self._at : self._at + third]
            self._server.write(second, bytes(part))
            self._at += len(part)
            return third - len(part)
        if operation == WRITE and isinstance(file, bytearray):
            file += self._server.read(second, third)
            return 0
        if operation == CLOSE:
            if self._place is not None and isinstance(file, bytearray):
                (self._place / FILES[first]).write_bytes(file)
            return 0
        return -1

    def _ended(self, block: int) -> Done:
        status = struct.unpack("<II", self._server.read(block, 8))[1]
        if status:
            said = " ".join(self._done.text.split())
            raise ToolError(
                f"{self._target.name}: the program failed (status {status}): {said or 'it printed nothing'}"
            )
        return self._done
