"""Running programs: a graph's images through the harness on the host or on a board in QEMU."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgehfn.backends import c
from edgehfn.errors import ToolError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.inputs import Raw, by_rows, checked, fitting
from edgehfn.spec.objective import Objective
from edgehfn.target import served
from edgehfn.target.address import is_address
from edgehfn.target.board import Board, board
from edgehfn.target.build import HOST, MODEL, SANITIZED, Machine, build
from edgehfn.target.hosted import HOSTED, Hosted
from edgehfn.target.probe import Probe, probe
from edgehfn.target.toolchain import call
from edgehfn.target.trace import tensors

Int8 = npt.NDArray[np.int8]
Observe = Callable[[str, Int8], None]

# Leaks are moot without a heap, and their search fails under a debugger. The address sanitizer must come first, so that
# nothing may be preloaded (allocators, as PyTorch's guides advise).
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=0", "LD_PRELOAD": ""}
NO_SHADOW = "AddressSanitizer failed to allocate|ReserveShadowMemory|[Ss]hadow memory range"  # of 15 TB
STARTING = 60.0  # seconds before a program that hangs is stopped, for each image, and for so many of its operations
PER_IMAGE = 10.0
MACS = 2e6


@dataclass(frozen=True)
class Ran:
    """What the harness left behind: a row of bytes for each image, and the deepest stack in bytes (0 on the host)."""

    rows: Int8
    stack: int


def run(
    graph: Graph,
    raw: Raw,
    on: str = HOST,
    observe: Observe | None = None,
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> Int8:
    """Compile the graph and run it on raw images ``(N, *raw_shape)``; returns the outputs, int8 ``(N, *output.shape)``.

    ``on`` is ``host``, ``host-sanitized`` (with sanitizers of addresses and undefined behaviour) a core, in QEMU, or
    ``gdb://HOST:PORT``, a board behind a GDB server. ``observe`` receives every node's name and bytes, int8
    ``(N, *shape)``. ``objective``, ``ram`` and ``rows``: as of
    ``edgehfn.plan``. Raises InputError for other input, GraphError if nothing fits ``ram``, ToolError if a tool is
    missing or the program fails.
    """
    images = checked(graph, raw)
    return run_planned(graph, plan(graph, objective, ram=ram, rows=rows), images, on, observe)


def run_planned(graph: Graph, planned: Plan, images: Raw, on: str = HOST, observe: Observe | None = None) -> Int8:
    """Do the same by a plan of one's own."""
    target = machine(on)
    program = build(c.emit(graph, planned, MODEL), target, planned.objective, mode="trace" if observe else "plain")
    images = by_rows(graph, images) if planned.fed else images
    if observe is None:
        ran = execute(program, target, images, graph.output.size, seconds=patience(graph))
        return ran.rows.reshape(len(images), *graph.output.shape)
    size = sum(tensor.size for tensor in graph.tensors.values())
    found = tensors(graph, planned, execute(program, target, images, size, seconds=patience(graph)).rows)
    for name, values in found.items():
        observe(name, values)
    return found[graph.output.name]


def selftest(
    graph: Graph,
    on: str = HOST,
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> bool:
    """Return whether the model's golden inference (SPEC section 8) passes; ``objective``, ``ram`` and ``rows`` as of
    ``edgehfn.plan``. Raises GraphError if nothing fits ``ram``, ToolError if a tool is missing."""
    from edgehfn.backends.emulator import golden_checksum  # compiles its kernels, which nothing else here needs

    target, planned = machine(on), plan(graph, objective, ram=ram, rows=rows)
    texts = c.emit(graph, planned, MODEL, golden_checksum(graph))
    program = build(texts, target, planned.objective, main="selftest")
    try:
        return started(program, target, patience(graph)).strip() == "PASS"
    except ToolError as error:
        if "FAIL" in str(error):
            return False
        raise


def check(graph: Graph, raw: Raw, on: str = HOST) -> list[int]:
    """Return the status of NAME_check_graph for each of the raw graphs ``(N, bytes)``, legal or not (SPEC section 5.2).

    Raises InputError for other bytes than a graph takes, ToolError if a tool is missing or the program fails.
    """
    graphs, target = fitting(graph, raw), machine(on)
    program = build(emitted(graph), target, main="check")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "in.bin").write_bytes(np.ascontiguousarray(graphs).tobytes())
        started(program, target, PER_IMAGE * len(graphs), place)
        return list((place / "out.bin").read_bytes())


def machine(name: str) -> Machine:
    """Return the host, sanitized or not, or the board of this name or at this address. Raises InputError naming those
    that exist, ToolError if a GDB server fails."""
    match name:
        case "host" | "host-sanitized":
            return name
        case _:
            hosted = next((one for one in HOSTED if one.name == name), None)
            return hosted or (probe(name) if is_address(name) else board(name))


def emitted(graph: Graph, checksum: int | None = None, objective: Objective = "speed") -> dict[str, str]:
    """Return the generated C under the name the harness knows.

    It has a self-test if the golden output's checksum is given.
    """
    return c.emit(graph, plan(graph, objective), MODEL, checksum)


def patience(graph: Graph) -> float:
    """Return the seconds within which every machine runs an image."""
    return PER_IMAGE + sum(graph.macs.values()) / MACS


def execute(
    program: Path, target: Machine, images: Raw, row: int, plugin: Sequence[str] = (), seconds: float | None = None
) -> Ran:
    """Run a built harness on images and read back ``row`` bytes for each, ``seconds`` an image at most.

    Raises ToolError if it fails or hangs. Images of no bytes are all the same: the harness runs once. ``seconds``: by
    default those of a small net.
    """
    runs = len(images) if images.shape[1:] != (0,) else 1
    with tempfile.TemporaryDirectory(prefix="edgehfn-") as name:
        place = Path(name)
        (place / "in.bin").write_bytes(np.ascontiguousarray(images).tobytes())
        started(program, target, (PER_IMAGE if seconds is None else seconds) * len(images), place, plugin)
        made = np.fromfile(place / "out.bin", np.int8)
    if made.size != row * runs + 4:
        raise ToolError(f"{program}: wrote {made.size} bytes for {runs} images of {row} bytes and the stack's 4")
    rows = np.broadcast_to(made[:-4].reshape(runs, row), (len(images), row))
    return Ran(rows, int(made[-4:].view("<u4")[0]))


def started(
    program: Path, target: Machine, seconds: float, place: Path | None = None, plugin: Sequence[str] = ()
) -> str:
    """Run a built program in a folder, for so many seconds at most, and return what it printed. Raises ToolError if it
    fails or hangs."""
    if isinstance(target, Probe):
        return served.started(program, target, STARTING + seconds, place).text
    try:
        words = [*command(program, target), *plugin]
        return call(words, timeout=STARTING + seconds, cwd=place, env=ENVIRONMENT)
    except ToolError as error:
        if target == SANITIZED and re.search(NO_SHADOW, str(error)):
            raise ToolError(
                "the address sanitizer gets no address space here: lift the limit (ulimit -v), or leave out --sanitize"
            ) from error
        raise


def command(program: Path, target: Machine) -> list[str]:
    """Return the command that starts a built program."""
    if isinstance(target, Hosted):
        return target.command(program)
    return [*_qemu(target), "-kernel", str(program)] if isinstance(target, Board) else [str(program)]


def _qemu(target: Board) -> list[str]:
    semihosting = ["-semihosting-config", "enable=on,target=native"]
    return [
        target.architecture.qemu,
        *target.machine,
        "-nographic",
        "-monitor",
        "none",
        "-serial",
        "none",
        *semihosting,
    ]
