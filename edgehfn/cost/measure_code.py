"""Measures the table of ``edgehfn.cost.code_size`` with the compiler at hand.

``python -m edgehfn.cost.measure_code`` writes it anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edgehfn.cost import code_size
from edgehfn.cost.code_size import Cost
from edgehfn.ir import Graph
from edgehfn.ir.ops import RELU, Conv, Input, Node, Requantise, Supermask
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import elf
from edgehfn.target.board import BOARDS, CORES, Board
from edgehfn.target.build import MODEL, build, runtime
from edgehfn.target.execute import emitted
from edgehfn.target.toolchain import ARM_GCC, call, version

FUNCTIONS = (
    "hfn_input_u8",
    "hfn_input_s8",
    "hfn_conv_narrow",
    "hfn_conv_plain",
    "hfn_conv_wide",
    "hfn_conv_dense",
    "hfn_conv_int4",
    "hfn_linear_plain",
    "hfn_linear_supermask",
    "hfn_linear_dense",
    "hfn_linear_int4",
    "hfn_max_pool",
    "hfn_max_pool_2x2",
    "hfn_avg_pool",
    "hfn_add",
    "hfn_check_graph",
    "hfn_constant",
    "hfn_sparse_supermask",
    "hfn_sparse_dense",
    "hfn_sparse_int4",
    "hfn_aggregate",
    "hfn_attention",
    "hfn_node_pool",
)


def measure(cores: Sequence[str] = CORES) -> Iterator[Cost]:
    """A row for each core, objective and function. Raises ToolError if the compiler is missing."""
    compiler = version(ARM_GCC)
    for board in (b for b in BOARDS if b.name in cores):
        for objective in OBJECTIVES:
            for function in FUNCTIONS:
                yield _linked_alone(board, compiler, objective, function)
            yield _generated(board, compiler, objective)


def _linked_alone(board: Board, compiler: str, objective: Objective, function: str) -> Cost:
    with tempfile.TemporaryDirectory() as place:
        program = Path(place) / function
        script = Path(place) / "alone.ld"
        script.write_text("SECTIONS { .code : { *(.text* .rodata*) } /DISCARD/ : { *(.ARM.exidx*) } }\n")
        keep = f"-Wl,--gc-sections,-u,{function},-e,{function}"
        link = [ARM_GCC, *board.flags, "--specs=nano.specs", "-nostartfiles", keep, "-T", str(script)]
        call([*link, str(runtime(board, objective)), "-o", str(program)], timeout=60)
        stack = elf.deepest(elf.functions(program, ".code"), function)
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


def _generated(board: Board, compiler: str, objective: Objective) -> Cost:
    """The generated function by the difference that more nodes make; behind masks, as nodes lie in real models."""
    few, many = 4, 24
    sizes = {}
    for count in (few, many):
        program = build(emitted(_chain(count), objective=objective), board, objective)
        sizes[count] = elf.functions(program, ".code")[f"{MODEL}_run"]
    each = (sizes[many].size - sizes[few].size) / (many - few)
    parts = {"fixed": round(sizes[few].size - each * few), "call": round(each)}
    return Cost(compiler, board.core, objective, code_size.RUN, sizes[many].frame, parts)


def _chain(count: int) -> Graph:
    """An input and ``count - 1`` convolutions."""
    nodes: list[Node] = [Input("input", (16, 4, 4))]
    counts = np.ones(16 * 16 * 9, np.uint8)
    for i in range(1, count):
        weight = Supermask(f"w{i}", i, (16, 16, 3, 3), 1, counts, seed=1)
        requantise = Requantise((1,) * 16, (0,) * 16, 0, 10, RELU)
        nodes.append(Conv(f"y{i}", nodes[-1].name, weight, requantise, padding=1))
    return Graph(tuple(nodes), seed=1)


if __name__ == "__main__":
    code_size.write([*measure()], Path(code_size.__file__).with_name("code_size.csv"))
