"""A client of the GDB remote protocol: what OpenOCD, pyOCD, J-Link, probe-rs, Black Magic and QEMU serve."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from types import TracebackType

from edgehfn.errors import ToolError

LONGEST = 1 << 18  # bytes of a reply; no server sends so many
PACKET = 400  # bytes of a packet, where the server names no limit
FRAME = 32  # of them, what a request to write holds beside its bytes
REPEATS = 3  # of a packet that arrives damaged
INTERRUPT = b"\x03"
STOPS = ("?", "c", "vAttach;1", "an interrupt")  # to which a stop of the core is the reply


class LateError(ToolError):
    """A server, or a program, took too long."""


class Remote:
    """A connection to a server at ``host:port`` that answers within so many seconds. Raises ToolError where it does
    not, or says what is no protocol."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self.name = f"gdb://{host}:{port}"
        self.seconds = seconds
        self._buffer = bytearray()
        self._acknowledged = True
        self._packet = PACKET
        try:
            self._socket = socket.create_connection((host, port), seconds)
        except OSError as error:
            raise ToolError(f"{self.name}: nobody answers ({error.strerror or error}); start the GDB server") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # requests are small, each waits for a reply

    def __enter__(self) -> Remote:
        try:
            self._greet()
        except ToolError:
            self._socket.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def _greet(self) -> None:
        features = self.ask("qSupported:swbreak+;hwbreak+;xmlRegisters=arm,riscv").split(";")
        for feature in features:
            if feature.startswith("PacketSize="):
                self._packet = max(PACKET, self._number(feature.partition("=")[2]))
        self.offered = frozenset(f.removesuffix("+") for f in features if f.endswith("+"))
        if "QStartNoAckMode" in self.offered and self.ask("QStartNoAckMode") == "OK":
            self._acknowledged = False

    def ask(self, request: str, seconds: float | None = None) -> str:
        """Send a request and return the reply, which is empty where the server does not know it."""
        self._send(request)
        return self._receive(request, seconds)

    def done(self, request: str, what: str) -> None:
        """Send a request that must be carried out."""
        reply = self.ask(request)
        if reply != "OK":
            raise ToolError(f"{self.name}: cannot {what}: {_shown(reply)}")

    def read(self, address: int, size: int) -> bytes:
        """Return bytes of memory."""
        found, step = bytearray(), (self._packet - FRAME) // 2
        while len(found) < size:
            at, part = address + len(found), min(step, size - len(found))
            got = self._bytes(self.ask(f"m{at:x},{part:x}"), f"read memory at {at:#x}")
            if not 0 < len(got) <= part:
                raise ToolError(f"{self.name}: {len(got)} bytes came for {part} at {at:#x}")
            found += got
        return bytes(found)

    def write(self, address: int, data: bytes) -> None:
        """Write bytes of memory."""
        step = (self._packet - FRAME) // 2
        for start in range(0, len(data), step):
            part = data[start : start + step]
            at = address + start
            self.done(f"M{at:x},{len(part):x}:{part.hex()}", f"write memory at {at:#x}")

    def register(self, number: int) -> int:
        """Return a register by its number in the target's description."""
        return int.from_bytes(self._bytes(self.ask(f"p{number:x}"), f"read register {number}"), "little")

    def set_register(self, number: int, value: int) -> None:
        """Set a register of 32 bits."""
        self.done(f"P{number:x}={value.to_bytes(4, 'little').hex()}", f"write register {number}")

    def document(self, kind: str, annex: str = "") -> str:
        """Return a document that the server offers, such as ``features`` ``target.xml``; empty if it has none."""
        text = ""
        while f"qXfer:{kind}:read" in self.offered:
            reply = self.ask(f"qXfer:{kind}:read:{annex}:{len(text):x},{self._packet - FRAME:x}")
            text += reply[1:]
            if reply[:1] != "m" or len(text) > LONGEST or len(reply) == 1:
                return text if reply[:1] == "l" else ""
        return ""

    def monitor(self, command: str) -> None:
        """Have the server carry out a command of its own; what it prints is left unread."""
        reply = self.ask(f"qRcmd,{command.encode().hex()}", seconds=6 * self.seconds)
        if reply.startswith("E") or not reply:
            raise ToolError(f"{self.name}: the server does not take {command!r}: {_shown(reply)}")

    def go(self, seconds: float, place: Callable[[], str]) -> None:
        """Let the core run until it stops, for so many seconds at most. ``place`` tells where one was halted that does
        not stop."""
        self._send("c")
        try:
            reply = self._receive("c", seconds)
        except LateError:
            self._put(INTERRUPT)
            self._receive("an interrupt")
            raise LateError(
                f"{self.name}: the program did not end within {seconds:.0f} s and was stopped {place()}"
            ) from None
        if reply[:1] not in "TS" or not reply:
            raise ToolError(f"{self.name}: the core is lost: {_shown(reply)}")

    def _send(self, request: str) -> None:
        body = b"".join(bytes([0x7D, b ^ 0x20]) if b in b"#$}*" else bytes([b]) for b in request.encode("latin-1"))
        self._last = b"$%s#%02x" % (body, sum(body) & 0xFF)
        self._put(self._last)

    def _put(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self.seconds)
            self._socket.sendall(data)
        except OSError as error:
            raise self._lost(error) from error

    def _receive(self, request: str, seconds: float | None = None) -> str:
        """The next reply that is no output, and no stop that nobody waits for: QEMU tells its own at the begin."""
        seconds = self.seconds if seconds is None else seconds
        deadline, damaged = time.monotonic() + seconds, 0
        try:
            while damaged <= REPEATS:
                begin = self._byte(deadline)
                if begin == b"-":
                    damaged += 1
                    self._put(self._last)
                elif begin in (b"$", b"%"):
                    body, right = self._framed(deadline)
                    if self._acknowledged and begin == b"$":
                        self._put(b"+" if right else b"-")
                    damaged += not right
                    unasked = (body[:1] == "O" and body != "OK") or (body[:1] in ("T", "S") and request not in STOPS)
                    if right and begin == b"$" and not unasked:
                        return body
                elif begin != b"+":
                    raise ToolError(f"{self.name}: this is no GDB server: it says {_shown(begin.decode('latin-1'))}")
        except TimeoutError:
            raise LateError(
                f"{self.name}: no answer to {request[:24]!r} within {seconds:g} s; restart the GDB server"
            ) from None
        raise ToolError(f"{self.name}: what arrives is damaged; check the connection, and that this is a GDB server")

    def _framed(self, deadline: float) -> tuple[str, bool]:
        """A packet behind its first byte, unescaped, and whether its sum is right."""
        while (end := self._buffer.find(b"#")) < 0 or len(self._buffer) < end + 3:
            if len(self._buffer) > LONGEST:
                raise ToolError(f"{self.name}: a reply has no end; this is no GDB server")
            self._fill(deadline)
        body, found = self._buffer[:end], self._buffer[end + 1 : end + 3]
        del self._buffer[: end + 3]
        return _plain(body), found.lower() == b"%02x" % (sum(body) & 0xFF)

    def _byte(self, deadline: float) -> bytes:
        if not self._buffer:
            self._fill(deadline)
        return bytes([self._buffer.pop(0)])

    def _fill(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            self._socket.settimeout(left)
            got = self._socket.recv(1 << 16)
        except TimeoutError:
            raise
        except OSError as error:
            raise self._lost(error) from error
        if not got:
            raise self._lost("closed")
        self._buffer += got

    def _bytes(self, reply: str, what: str) -> bytes:
        try:
            if reply:
                return bytes.fromhex(reply)
        except ValueError:
            pass
        raise ToolError(f"{self.name}: cannot {what}: {_shown(reply)}")

    def _number(self, digits: str) -> int:
        try:
            return int(digits, 16)
        except ValueError:
            raise ToolError(f"{self.name}: {_shown(digits)} is no number of bytes") from None

    def _lost(self, why: object) -> ToolError:
        return ToolError(f"{self.name}: the connection broke ({why}); restart the GDB server")


def _plain(body: bytearray) -> str:
    """A packet's text: escaped bytes and runs of one byte written out."""
    text, at = bytearray(), 0
    while at < len(body):
        byte, more = body[at], body[at + 1] if at + 1 < len(body) else 0
        if byte == 0x7D and more:
            text.append(more ^ 0x20)
        elif byte == 0x2A and more and text:
            text += text[-1:] * (more - 29)
        else:
            text.append(byte)
            at -= 1
        at += 2
    return text.decode("latin-1")


def _shown(reply: str) -> str:
    """A reply in a message."""
    return repr(reply[:40]) if reply else "it does not know the request"
