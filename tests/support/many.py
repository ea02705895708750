"""Many graphs in one program of any machine: every node's bytes of each, and the status of graphs that may be illegal.

A program takes seconds to build and to start, on a core above all; so the harness runs a model that is many. The first
word of its input says which, and each has the end of the arena, where the address sanitizer of the host watches.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehfn.backends import c
from edgehfn.backends.emulator.images import emulate
from edgehfn.errors import ToolError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.inputs import Raw
from edgehfn.spec.objective import Objective
from edgehfn.target import execute, trace
from edgehfn.target.build import MODEL, build
from support.nodes import Tensors, observed

HEADER = """
#include <stdint.h>
#define MODEL_ARENA_SIZE {arena}
#define MODEL_ARENA(arena) uint32_t arena[MODEL_ARENA_SIZE / 4]
#define MODEL_INPUT(arena) ((uint8_t *)(arena))
#define MODEL_INPUT_SIZE {given}
void model_run(uint32_t *arena);
"""
CASE = """    case {i}: {{
        uint32_t *own = arena + (MODEL_ARENA_SIZE - {size}) / 4;
        __builtin_memset(own, 0xA5 ^ {i}, {size});
        __builtin_memcpy((uint8_t *)own + {at}, arena + 1, {raw});
        const uint8_t status = (uint8_t){check};
        HFN_TRACE(0, &status, 1);
        if (status == 0) {{
            n{i}_run(own);
        }}
        break;
    }}
"""


@dataclass(frozen=True)
class Given:
    """A graph and its raw inputs ``(N, *raw_shape)``, graphs that are not legal among them; ``own``: a plan of its own,
    for an image that comes whole."""

    graph: Graph
    raw: Raw
    own: Plan | None = None

    def planned(self, objective: Objective) -> Plan:
        return self.own or plan(self.graph, objective)


@dataclass(frozen=True)
class Answer:
    """What a machine makes of one input: the status of a graph (else 0), and the bytes of all nodes if that is 0."""

    status: int
    nodes: bytes


def wanted(tensors: Tensors, statuses: Sequence[int]) -> list[Answer]:
    """The answers of which these are the nodes, row by row, of the inputs whose status is 0."""
    rows = iter(range(len(statuses)))
    return [Answer(s, b"" if s else _row(tensors, next(rows))) for s in statuses]


def _row(tensors: Tensors, index: int) -> bytes:
    return b"".join(np.ascontiguousarray(values[index]).tobytes() for values in tensors.values())


def hold(cases: Sequence[Given], on: str, objective: Objective) -> None:
    """Asserts that a machine answers as the emulator does to every input of every case, all of which are legal."""
    for case, answers in zip(cases, run(cases, on, objective), strict=True):
        assert answers == wanted(observed(emulate, case.graph, case.raw), [0] * len(case.raw)), case.graph


def run(cases: Sequence[Given], on: str, objective: Objective) -> list[list[Answer]]:
    """Every machine's answers to every input of every case."""
    machine = execute.machine(on)
    program = build(_files(cases, objective), machine, objective, mode="trace")
    raws = [np.ascontiguousarray(case.raw).view(np.uint8).reshape(len(case.raw), -1) for case in cases]
    longest = 4 + max(raw.shape[1] for raw in raws) + 3 & ~3
    given = bytearray()
    for index, raw in enumerate(raws):
        for row in raw:
            given += index.to_bytes(4, "little") + row.tobytes().ljust(longest - 4, b"\0")
    with tempfile.TemporaryDirectory(prefix="edgehfn-") as name:
        place = Path(name)
        (place / "in.bin").write_bytes(given)
        execute.started(program, machine, sum(map(len, raws)), place)
        made = (place / "out.bin").read_bytes()[:-4]
    found, at = [], 0
    for case, raw in zip(cases, raws, strict=True):
        size, answers = sum(tensor.size for tensor in case.graph.tensors.values()), []
        planned = case.planned(objective)
        for _ in raw:
            end = at + 1 + (size if at < len(made) and made[at] == 0 else 0)
            if end > len(made):
                raise ToolError(f"{on}: wrote {len(made)} bytes, which are too few")
            answers.append(Answer(made[at], _nodes(case.graph, planned, made[at + 1 : end])))
            at = end
        found.append(answers)
    assert at == len(made)
    return found


def _nodes(graph: Graph, planned: Plan, made: bytes) -> bytes:
    """The bytes of all nodes, each whole, though some were made in groups, row by row in turn."""
    if not made:
        return made
    tensors = trace.tensors(graph, planned, np.frombuffer(made, np.int8)[np.newaxis])
    return b"".join(values[0].tobytes() for values in tensors.values())


def _files(cases: Sequence[Given], objective: Objective) -> dict[str, str]:
    files: dict[str, str] = {}
    included, switched, largest, longest = [], [], 0, 0
    for i, case in enumerate(cases):
        planned = case.planned(objective)
        files |= c.emit(case.graph, planned, f"n{i}")
        node, raw = case.graph.input, case.raw[0].nbytes if len(case.raw) else 0
        over_graphs = node is not None and node.topology is not None
        check = f"n{i}_check_graph(own)" if over_graphs else "0"
        included.append(f'#undef AT\n#include "n{i}.c"\n')
        switched.append(CASE.format(i=i, size=planned.size, at=planned.raw.offset, raw=raw, check=check))
        largest, longest = max(largest, planned.size), max(longest, raw)
    given = 4 + longest + 3 & ~3
    run = f"void model_run(uint32_t *arena) {{\n    switch (arena[0]) {{\n{''.join(switched)}    }}\n}}\n"
    header = HEADER.format(arena=given + largest + 15 & ~15, given=given)
    return {f"{MODEL}.h": header, f"{MODEL}.c": f'#include "{MODEL}.h"\n{"".join(included)}{run}', **files}
