"""Measures rows of the table of :mod:`edgehfn.cost.code_size` with the compiler here; ``make budget`` writes them."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from edgehfn.backends import c
from edgehfn.backends.c import Function
from edgehfn.cost import code_size
from edgehfn.cost.code_size import Cost
from edgehfn.ir import Graph, plan
from edgehfn.ir.arena import Schedule, arrange
from edgehfn.ir.groups import Group, fed, group
from edgehfn.ir.ops import RELU, Conv, Input, Node, Requantise, Supermask
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import disassembly, elf
from edgehfn.target.board import BOARDS, CORES, Board
from edgehfn.target.build import MODEL, build, runtime
from edgehfn.target.toolchain import call, version

RUNS = (f"{MODEL}_run", f"{MODEL}_start", f"{MODEL}_feed")  # what a model may have of them
ROWS = (*Function, code_size.RUN)  # of each core and objective


def measure(cores: Sequence[str] = CORES, functions: Collection[str] = ROWS) -> Iterator[Cost]:
    """A row for each core, objective and function. Raises ToolError if the compiler is missing."""
    for board in (b for b in BOARDS if b.name in cores):
        compiler = version(board.architecture.gcc)
        for objective in OBJECTIVES:
            for function in (name for name in ROWS if name in functions):
                measured = _generated if function == code_size.RUN else _linked_alone
                yield measured(board, compiler, objective, function)


def _linked_alone(board: Board, compiler: str, objective: Objective, function: str) -> Cost:
    with tempfile.TemporaryDirectory() as place:
        program = Path(place) / function
        script = Path(place) / "alone.ld"
        script.write_text(
            "SECTIONS { .code : { *(.text* .rodata*) } /DISCARD/ : { *(.ARM.exidx*) } }\n", encoding="utf-8"
        )
        keep = f"-Wl,--gc-sections,-u,{function},-e,{function}"
        link = [board.architecture.gcc, *board.flags, keep, "-T", str(script), str(runtime(board, objective))]
        call([*link, *board.link, "-o", str(program)], timeout=60)
        stack = disassembly.deepest(disassembly.functions(program, ".code"), function)
        return Cost(compiler, board.core, objective, function, stack, _parts(program))


def _parts(program: Path) -> dict[str, int]:
    """Bytes from each symbol to the next, with what fills the gap."""
    source, found = "", {}
    with elf.opened(program) as image:
        section, symbols = elf.section(image, ".code"), elf.section(image, ".symtab")
        for symbol in symbols.iter_symbols():
            kind, local = symbol["st_info"]["type"], symbol["st_info"]["bind"] == "STB_LOCAL"
            if kind == "STT_FILE":
                source = symbol.name
            elif kind in ("STT_FUNC", "STT_OBJECT"):
                found[symbol["st_value"] & ~1] = f"{source}/{symbol.name}" if local else symbol.name
        ends = [*sorted(found)[1:], section["sh_addr"] + section["sh_size"]]
    return {found[start]: end - start for start, end in zip(sorted(found), ends, strict=True)}


def _generated(board: Board, compiler: str, objective: Objective, function: str) -> Cost:
    """The generated function by the difference that more nodes make; behind masks, as nodes lie in real models."""
    few, many, groups = 4, 24, 6

    def made(graph: Graph, grouped: Sequence[Group]) -> tuple[int, int]:
        planned = plan(graph, objective)
        schedule = Schedule(tuple(grouped), planned.scratch)
        program = build(c.emit(graph, arrange(graph, objective, schedule), MODEL), board, objective)
        found = disassembly.functions(program, ".code")
        size = sum(found[name].size for name in RUNS if name in found)
        return size, max(found[name].frame for name in RUNS if name in found)

    def joined(graph: Graph, size: int, count: int) -> list[Group]:
        found = (group(graph, 1 + size * i, size + size * i, 1) for i in range(count))
        return [one for one in found if one]

    graph = _chain(many)
    whole, plain = made(graph, [])
    less, _ = made(_chain(few), [])
    each = (whole - less) / (many - few)
    fixed = less - each * few
    long, long_frame = made(graph, joined(graph, many - 1, 1))
    short, short_frame = made(graph, joined(graph, 3, groups))
    rows, rows_frame = made(graph, [fed(graph)])
    loops = long - fixed - each, short - fixed - each * (many - 3 * groups)
    # One group of many - 1 nodes and many - 2 windows; some of 3 nodes and 2 windows.
    turn = (loops[0] - loops[1] / groups) / (2 * many - 3 - 5)
    parts = {"fixed": fixed, "call": each, "turn": turn, "group": loops[0] - turn * (2 * many - 3)}
    parts["fed"] = rows - fixed - each * (many - 1) - turn - parts["group"]  # the input's group of one turn
    parts["frame"] = max(long_frame, short_frame, rows_frame) - plain
    return Cost(compiler, board.core, objective, function, plain, {name: round(size) for name, size in parts.items()})


def _chain(count: int) -> Graph:
    """An input and ``count - 1`` convolutions."""
    nodes: list[Node] = [Input("input", (16, 8, 8))]
    counts = np.ones(16 * 16 * 9, np.uint8)
    for i in range(1, count):
        weight = Supermask(f"w{i}", i, (16, 16, 3, 3), 1, counts, seed=1)
        requantise = Requantise((1,) * 16, (0,) * 16, 0, 10, RELU)
        nodes.append(Conv(f"y{i}", nodes[-1].name, weight, requantise, padding=1))
    return Graph(tuple(nodes), seed=1)
