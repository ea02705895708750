"""Instructions executed, exactly, node by node. They are not cycles: no emulator knows a Cortex-M's cycles."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.errors import InputError, ToolError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.inputs import Raw, checked, golden
from edgehfn.spec.objective import Objective
from edgehfn.target import elf
from edgehfn.target.board import CORES, Board, board
from edgehfn.target.build import HOST, MODEL, build
from edgehfn.target.cache import cached
from edgehfn.target.execute import execute, patience
from edgehfn.target.toolchain import HOST_GCC, call

PLUGIN = "count.so"
MARKER = 0x46D2  # mov r10, r10


@dataclass(frozen=True)
class Bench:
    """Instructions of one inference: of the whole call, and of each node in execution order.

    The nodes add up to the total less the few instructions of the call's return. ``predicted``: by
    ``edgehfn.cost.instructions``, not counted. ``slides``: what moving each window takes of its node's.
    """

    total: int
    nodes: tuple[tuple[str, int], ...]
    predicted: bool = False
    slides: tuple[tuple[str, int], ...] = ()


def bench(graph: Graph, target: str, raw: Raw | None = None, objective: Objective = "speed") -> Bench:
    """Count one inference on a core, on one raw image (default: the self-test's). Every image gives the same counts.

    Raises InputError for another machine or shape, ToolError if a tool is missing or fails.
    """
    if target == HOST:
        raise InputError(f"host: instructions are counted on cores: {', '.join(CORES)}")
    return counted(graph, plan(graph, objective), target, raw)


def counted(graph: Graph, planned: Plan, target: str, raw: Raw | None = None) -> Bench:
    """Count one inference of a graph with a plan of its own, as :func:`bench` does."""
    core = board(target)
    image = checked(graph, (golden(graph) if raw is None else raw)[None])
    program = build(c.emit(graph, planned, MODEL), core, planned.objective, mode="count")
    marks = count(program, core, image, graph.output.size, patience(graph))
    calls = list(_calls(graph, planned))
    if len(marks) != len(calls) + 2:
        raise ToolError(f"{target}: {len(marks)} marks counted for {len(calls)} calls")
    taken = np.diff(marks)[:-1]
    where, slid = np.array(calls).T
    each, moved = (np.bincount(where, weights, len(graph.nodes)) for weights in (taken, taken * slid))
    nodes = tuple((n.name, int(i)) for n, i in zip(graph, each, strict=True))
    windows = {name for group in planned.groups for name in group.windows}
    slides = tuple((n.name, int(i)) for n, i in zip(graph, moved, strict=True) if n.name in windows)
    return Bench(marks[-1] - marks[0], nodes, slides=slides)


def _calls(graph: Graph, planned: Plan) -> Iterator[tuple[int, bool]]:
    """The calls of a run: the index of a node, and whether its window slides or it runs."""
    for index, group, _ in planned.order(graph):
        if group and graph.nodes[index].name in group.windows:
            yield index, True
        yield index, False


def count(program: Path, target: Board, images: Raw, row: int, seconds: float | None = None) -> list[int]:
    """Return instructions executed since reset at each marker of firmware/port/mark.h, markers not counted."""
    with tempfile.TemporaryDirectory(prefix="edgehfn-") as place:
        log, marks = Path(place) / "log", Path(place) / "marks"
        marks.write_text(
            "\n".join(f"{address:x}" for address in elf.halfwords(program, MARKER)) + "\n", encoding="utf-8"
        )
        plugin = ["-plugin", f"{_quoted(_plugin())},log={_quoted(log)},marks={_quoted(marks)}"]
        execute(program, target, images, row, plugin, seconds)
        return [int(line) for line in log.read_text(encoding="utf-8").split()]


def _quoted(path: Path) -> str:
    """A path within an option of QEMU, where a comma ends a value unless it is doubled."""
    return str(path).replace(",", ",,")


def _plugin() -> Path:
    source = firmware.directory() / "port" / "qemu" / "count.c"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC"]

    def make(into: Path) -> None:
        call([HOST_GCC, *flags, "-o", PLUGIN, str(source)], timeout=60, cwd=into)

    return cached(["plugin", *flags, source.read_text(encoding="utf-8")], make, PLUGIN)
