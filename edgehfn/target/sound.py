"""A model for sound on the host or a core, from samples: its rows and outputs, and what a row costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgehfn.backends import c
from edgehfn.errors import InputError, ToolError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.sound.rows import Clips, Rows
from edgehfn.target.board import Board
from edgehfn.target.build import HOST, MODEL, build
from edgehfn.target.count import count
from edgehfn.target.execute import Int8, execute, machine, patience
from edgehfn.target.timing import Memory

SECONDS = 30.0  # a clip, beside what an image takes


@dataclass(frozen=True, eq=False)
class Heard:
    """Of each clip the rows, ``(N, rows, bands)``, and the net's outputs, ``(N, classes)``; the deepest stack."""

    rows: Rows
    outputs: Int8
    stack: int


def hear(graph: Graph, clips: Clips, on: str = HOST, planned: Plan | None = None) -> Heard:
    """Run a model for sound on clips, int16 of ``clip(graph)`` samples each, on the host or a core.

    Raises InputError for other clips or machines, ToolError where a tool is missing or the program fails.
    """
    given, how = fitting(graph, clips), planned or plan(graph)
    target = machine(on)
    program = build(c.emit(graph, how, MODEL), target, how.objective, main="sound")
    assert graph.input is not None
    shape = graph.input.shape[1:]
    size = shape[0] * shape[1]
    ran = execute(program, target, given, size + graph.output.size, seconds=SECONDS + patience(graph))
    rows, outputs = np.split(ran.rows, [size], axis=1)
    return Heard(rows.view(np.uint8).reshape(-1, *shape), outputs, ran.stack)


def clip(graph: Graph) -> int:
    """Return how many samples fill the rows that a model reads. Raises InputError if it is not for sound."""
    if graph.sound is None or graph.input is None:
        raise InputError("the model reads no sound; train one on a set of recordings")
    return graph.sound.samples(graph.input.shape[1])


def fitting(graph: Graph, clips: npt.ArrayLike) -> Clips:
    """Return clips in plain memory if they are this model's. Raises InputError."""
    given, size = np.ascontiguousarray(clips), clip(graph)
    if given.dtype != np.int16 or given.ndim != 2 or given.shape[1] != size:
        raise InputError(f"clips: {given.dtype} of shape {given.shape}; the model takes int16 of (N, {size})")
    return given


def count_row(
    graph: Graph,
    target: str,
    planned: Plan | None = None,
    clips: Clips | None = None,
    memory: Memory | None = None,
) -> int:
    """Return the instructions that a core executes for the samples of a hop, the row that they complete included; with
    a ``memory`` the cycles, as :func:`edgehfn.target.count.bench` does.

    Every row takes as many, of silence or of the ``clips``; but for waits, which hang on what a cache holds. Raises
    InputError for what is no core.
    """
    core, how = machine(target), planned or plan(graph)
    if not isinstance(core, Board):
        raise InputError(f"{target}: instructions are counted on cores")
    program = build(c.emit(graph, how, MODEL), core, how.objective, main="sound", mode="count")
    given = np.zeros((1, clip(graph)), np.int16) if clips is None else fitting(graph, clips)
    assert graph.input is not None
    row = graph.input.shape[1] * graph.input.shape[2] + graph.output.size
    marks = count(program, core, given, row, SECONDS + patience(graph), memory)
    taken = np.diff(marks)[: 2 * graph.input.shape[1] : 2]  # behind them come the marks of the net's nodes
    if len({*taken[1:].tolist()}) > 1 and (memory is None or memory.waits == 0):
        raise ToolError(f"{target}: rows take {taken.min()} to {taken.max()} instructions; they must all be equal")
    return int(taken[-1])
