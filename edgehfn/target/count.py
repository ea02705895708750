"""What an inference costs, node by node: instructions, exactly, in QEMU, which knows no cycles; those are estimated, by
published timings, or counted on a probe."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.errors import InputError, ToolError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.groups import Group
from edgehfn.ir.inputs import Raw, by_rows, checked, golden
from edgehfn.spec.objective import Objective
from edgehfn.target import elf, served, timing
from edgehfn.target.board import CORES, Board
from edgehfn.target.build import MODEL, build
from edgehfn.target.cache import cached
from edgehfn.target.disassembly import listing
from edgehfn.target.execute import STARTING, execute, machine, patience
from edgehfn.target.probe import Probe
from edgehfn.target.timing import Memory
from edgehfn.target.toolchain import HOST_GCC, call

Call = tuple[int, bool]  # the index of a node, and whether its window slides or it runs

PLUGIN = "count.so"
ESTIMATED = "published timings"


@dataclass(frozen=True)
class Bench:
    """Instructions, or cycles, of one inference: of the whole call, and of each node in execution order.

    The nodes add up to the total less the few instructions of the return, or of returns if an image is fed.
    ``predicted``: by ``edgehfn.cost.instructions``, not counted. ``slides``: what moving each window takes of its
    node's. ``counter``: of cycles, ``DWT CYCCNT``, ``SysTick`` or ``mcycle``, or that they are an estimate; empty where
    instructions are counted.
    """

    total: int
    nodes: tuple[tuple[str, int], ...]
    predicted: bool = False
    slides: tuple[tuple[str, int], ...] = ()
    counter: str = ""


def bench(
    graph: Graph,
    target: str,
    raw: Raw | None = None,
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
    memory: Memory | None = None,
) -> Bench:
    """Count one inference on a core, on one raw image (default: the self-test's). Every image gives the same counts, of
    instructions; ``target`` may also be a probe, ``gdb://HOST:PORT``, where cycles are counted.

    ``objective``, ``ram`` and ``rows``: as of ``edgehfn.plan``. ``memory``: estimate cycles instead, with code in this
    memory (see :mod:`edgehfn.target.timing`). Raises InputError for another machine or shape, GraphError if nothing
    fits ``ram``, ToolError if a tool is missing or fails.
    """
    return counted(graph, plan(graph, objective, ram=ram, rows=rows), target, raw, memory)


def counted(graph: Graph, planned: Plan, target: str, raw: Raw | None = None, memory: Memory | None = None) -> Bench:
    """Count one inference of a graph with a plan of its own, as :func:`bench` does."""
    core = machine(target)
    if not isinstance(core, Board):
        raise InputError(f"{target}: instructions are counted on cores: {', '.join(CORES)}")
    image = checked(graph, (golden(graph) if raw is None else raw)[None])
    files, counter = c.emit(graph, planned, MODEL), ""
    images = by_rows(graph, image) if planned.fed else image
    if isinstance(core, Probe):
        if memory is not None:
            raise InputError(f"{target}: its cycles are counted; ask for no estimate")
        program = build(files, core, planned.objective, mode="cycles")
        marks, counter = cycles(program, core, images, patience(graph))
    else:
        program = build(files, core, planned.objective, mode="count")
        marks = count(program, core, images, graph.output.size, patience(graph), memory)
        counter = ESTIMATED if memory is not None else ""
    calls = [*_fed(graph, planned), *_calls(graph, planned), (len(graph.nodes), False)]
    if len(marks) != len(calls) + 1:
        raise ToolError(f"{target}: {len(marks)} marks counted for {len(calls)} calls")
    taken = np.diff(marks)
    where, slid = np.array(calls).T
    each, moved = (np.bincount(where, weights, len(graph.nodes) + 2) for weights in (taken, taken * slid))
    nodes = tuple((n.name, int(i)) for n, i in zip(graph, each, strict=False))
    windows = {name for group in planned.groups for name in group.windows}
    slides = tuple((n.name, int(i)) for n, i in zip(graph, moved, strict=False) if n.name in windows)
    return Bench(int(each[:-1].sum()), nodes, slides=slides, counter=counter)


def _calls(graph: Graph, planned: Plan) -> Iterator[Call]:
    """The calls behind those that take in an image."""
    for index, group, _ in planned.order(graph):
        if group is None or not group.fed:
            yield from _call(graph, group, index)


def _call(graph: Graph, group: Group | None, index: int) -> Iterator[Call]:
    if group and graph.nodes[index].name in group.windows:
        yield index, True
    yield index, False


def _fed(graph: Graph, planned: Plan) -> Iterator[Call]:
    """The calls that take in an image row by row: a tick runs with its last row, and with that of the image all ticks
    that are left. What is spent until the next row comes is counted, but not as the model's."""
    if not planned.fed:
        return
    group, (source, *others) = planned.groups[0], graph.nodes[: planned.groups[0].last + 1]
    returns, waits = (len(graph.nodes), False), (len(graph.nodes) + 1, False)
    tick = [(0, False), *(call for i in range(1, len(others) + 1) for call in _call(graph, group, i))]
    tick += [(0, True)] * (source.name in group.windows)
    height = graph.tensors[source.name].shape[1]
    for number, (first, end) in enumerate(group.rows[source.name].calls(height, group.ticks)):
        if first < end:
            yield from ((0, False), waits) * (end - first - 1)
            yield from (*tick, returns, waits) if end < height else tick * (group.ticks - number)


def count(
    program: Path, target: Board, images: Raw, row: int, seconds: float | None = None, memory: Memory | None = None
) -> list[int]:
    """Return instructions executed since reset at each marker of firmware/port/mark.h, markers not counted; with a
    ``memory`` the cycles that they would take. Raises InputError for a core without published timings."""

    def ran(plugin: Sequence[str]) -> None:
        execute(program, target, images, row, plugin, seconds)

    return marked(program, target, ran, memory)


def marked(
    program: Path, target: Board, run: Callable[[Sequence[str]], object], memory: Memory | None = None
) -> list[int]:
    """Do the same for a program of any kind, which ``run`` starts with these arguments of QEMU."""
    with tempfile.TemporaryDirectory(prefix="edgehfn-") as name:
        place = Path(name)
        log, marks = place / "log", place / "marks"
        addresses = elf.places(program, target.architecture.mark)
        marks.write_text("".join(f"{address:x}\n" for address in addresses), encoding="utf-8")
        plugin = f"{_quoted(_plugin())},log={_quoted(log)},marks={_quoted(marks)}"
        if memory is not None:
            priced = place / "costs"
            priced.write_text(_costs(program, target.core, memory), encoding="utf-8")
            plugin += f",costs={_quoted(priced)}"
        run(["-plugin", plugin])
        return [int(line) for line in log.read_text(encoding="utf-8").split()]


def cycles(program: Path, target: Probe, images: Raw, seconds: float) -> tuple[list[int], str]:
    """Return cycles since the first marker at each, and what counted them."""
    with tempfile.TemporaryDirectory(prefix="edgehfn-") as name:
        place = Path(name)
        (place / "in.bin").write_bytes(np.ascontiguousarray(images).tobytes())
        done = served.started(program, target, STARTING + seconds, place)
    return [0, *np.cumsum(done.cycles[1:], dtype=np.int64).tolist()], done.counter


def _costs(program: Path, core: str, memory: Memory) -> str:
    """What the plugin reads to count cycles."""
    priced = timing.costs(core, listing(program))
    lines = [f"{address:x} {cost.cycles} {cost.taken}" for address, cost in priced]
    return "\n".join([f"{memory.waits} {memory.lines} {memory.bytes}", *lines, ""])


def _quoted(path: Path) -> str:
    """A path within an option of QEMU, where a comma ends a value unless it is doubled."""
    return str(path).replace(",", ",,")


def _plugin() -> Path:
    source = firmware.directory() / "port" / "qemu" / "count.c"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC"]

    def make(into: Path) -> None:
        call([HOST_GCC, *flags, "-o", PLUGIN, str(source)], timeout=60, cwd=into)

    return cached(["plugin", *flags, source.read_text(encoding="utf-8")], make, PLUGIN)
