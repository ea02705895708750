"""Servers of the GDB remote protocol: QEMU with a board of nothing but memory, and one whose faults are chosen."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import BinaryIO

from edgehfn.target.board import Board

LOCAL = "127.0.0.1"
Says = dict[str, str | bytes | list[bytes] | None]
STOPPED = "T05thread:01;"
CORTEX_M = (
    '<?xml version="1.0"?><target><architecture>arm</architecture><feature name="org.gnu.gdb.arm.m-profile">'
    '<reg name="r0" bitsize="32" regnum="0"/><reg name="pc" bitsize="32" regnum="15"/>'
    '<reg name="xpsr" bitsize="32" regnum="25"/></feature></target>'
)
CPUID = {0xE000ED00: 0x410FC241}  # an M4's


@contextmanager
def qemu(board: Board, *more: str) -> Iterator[str]:
    """The address of a board that is halted behind reset, each instruction of which takes a nanosecond."""
    port = free_port()
    command = [board.architecture.qemu, *board.machine, "-nographic", "-monitor", "none", "-serial", "none"]
    command += ["-S", "-icount", "shift=0", "-gdb", f"tcp:{LOCAL}:{port}", *more]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            yield listening(port)
        finally:
            process.kill()


def listening(port: int) -> str:
    """The address of a server that is about to start, once it has."""
    for _ in range(200):
        try:
            socket.create_connection((LOCAL, port), 1).close()
            return f"gdb://{LOCAL}:{port}"
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise AssertionError("the server does not start")


def free_port() -> int:
    with socket.socket() as found:
        found.bind((LOCAL, 0))
        return int(found.getsockname()[1])


class Fake:
    """A server with memory and no core. ``says`` replaces its reply to requests that begin so: None is no reply, bytes
    are sent as they are, those of a list one by one each time, and behind them it hangs up. ``ram``: what it keeps of
    writes; all else reads as 0."""

    def __init__(self, says: Says | None = None, ram: range = range(1 << 32)) -> None:
        self.says = says or {}
        self.ram = ram
        self.memory = {address + i: value >> 8 * i & 255 for address, value in CPUID.items() for i in range(4)}
        self.heard: list[str] = []
        self._listener = socket.create_server((LOCAL, 0))
        self.address = f"gdb://{LOCAL}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Fake:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                try:
                    while self._answer(connection, stream.read(1), stream):
                        pass
                except OSError:
                    pass

    def _answer(self, connection: socket.socket, first: bytes, stream: BinaryIO) -> bool:
        if first not in (b"$", b"-"):
            return bool(first)
        if first == b"$":  # else the last reply was damaged
            request = b""
            while (byte := stream.read(1)) != b"#":
                request += byte
            stream.read(2)
            self.heard.append(request.decode())
        text = self.heard[-1]
        reply = next((said for begin, said in self.says.items() if text.startswith(begin)), self._sound(text))
        if isinstance(reply, list):
            if not reply:
                return False
            reply = reply.pop(0)
        if isinstance(reply, str):
            reply = b"+" + framed(reply)
        connection.sendall(reply or b"")
        return True

    def _sound(self, request: str) -> str:
        if request.startswith("qSupported"):
            return "PacketSize=400;qXfer:features:read+"
        if request.startswith("qXfer:features:read:target.xml:"):
            at, size = (int(word, 16) for word in request.rpartition(":")[2].split(","))
            part = CORTEX_M[at : at + size]
            return ("m" if at + size < len(CORTEX_M) else "l") + part
        if request[0] in "mM":
            at, size = (int(word, 16) for word in request[1:].partition(":")[0].split(","))
            if request[0] == "m":
                return bytes(self.memory.get(at + i, 0) for i in range(size)).hex()
            data = bytes.fromhex(request.partition(":")[2])
            self.memory.update({at + i: byte for i, byte in enumerate(data) if at + i in self.ram})
            return "OK"
        if request[0] in "?c":
            return STOPPED
        if request[0] == "p":
            return "78563412"
        return "OK" if request[0] in "PZzDq" else ""


def framed(reply: str) -> bytes:
    """A reply as a packet."""
    return b"$%s#%02x" % (reply.encode(), sum(reply.encode()) & 0xFF)
