"""Probes that are plugged in: pyOCD serves them, from the moment it is asked to until the block ends."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import IO
from urllib.parse import parse_qsl, urlencode

from edgehfn.errors import InputError, ToolError
from edgehfn.target.address import KEYS, parse

NAME = "pyocd"
FORM = "pyocd?board=nrf52840-dk&chip=nrf52840"
OWN = {"chip": "--target", "probe": "--uid"}  # what pyOCD has to know, by the address's words
MODULE = (sys.executable, "-P", "-m", "pyocd")
LISTENING = b"GDB server listening on port"
STARTING = 60.0  # seconds until it listens: it may have to read the chip's description from a pack
HOST = "127.0.0.1"


def is_plugged(name: str) -> bool:
    """Return whether a machine's name is that of a probe that pyOCD is to serve."""
    return name.partition("?")[0] == NAME


def checked(name: str) -> tuple[list[str], str]:
    """Options for pyOCD, and the query of the address that it then serves. Raises InputError for a wrong name."""
    try:
        query = name.partition("?")[2]
        given = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise InputError(f"{name}: {error}; a probe for pyOCD is {FORM}") from error
    unknown = [key for key, _ in given if key not in (*KEYS, *OWN)]
    if unknown:
        raise InputError(f"{name}: no option is called {unknown[0]!r}; there are {', '.join((*KEYS, *OWN))}")
    options = [word for key, value in given if key in OWN for word in (OWN[key], value)]
    rest = [(key, value) for key, value in given if key not in OWN]
    if not any(key == "monitor" for key, _ in rest):
        rest.append(("monitor", "reset halt"))
    served = urlencode(rest, safe=":/")
    parse(f"gdb://{HOST}:1?{served}")
    return options, served


@contextmanager
def served(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """These machines, with the address of a server in place of each probe that pyOCD is to serve. Raises ToolError
    where it is not installed, or finds no probe."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(_server(name)) if is_plugged(name) else name for name in names)


@contextmanager
def _server(name: str) -> Iterator[str]:
    options, query = checked(name)
    if find_spec("pyocd") is None:
        raise ToolError(f"{name}: pyOCD is not installed: pip install 'edgehfn[probe]'")
    port = _free_port()
    command = [*MODULE, "gdbserver", "--no-wait", "--persist", "--port", str(port), "--telnet-port", "0", *options]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _await(name, process, said)
            yield f"gdb://{HOST}:{port}?{query}"
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(name: str, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """Until it listens. No client may try: pyOCD takes one at a time."""
    deadline = time.monotonic() + STARTING
    while True:
        ended = process.poll() is not None
        said.seek(0)
        text = said.read()
        if LISTENING in text:
            return
        if ended:
            raise ToolError(f"{name}: pyOCD serves no probe: {_words(text)}; `pyocd list` shows what is plugged in")
        if time.monotonic() > deadline:
            raise ToolError(f"{name}: pyOCD did not serve a probe within {STARTING:.0f} s: {_words(text)}")
        time.sleep(0.05)


def _words(text: bytes) -> str:
    lines = [" ".join(line.split()) for line in text.decode(errors="replace").splitlines() if line.strip()]
    return lines[0][:120] if lines else "it says nothing"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])
