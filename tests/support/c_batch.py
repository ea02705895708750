"""Many graphs in one sanitized program of the host's compiler, and every node's bytes back from it.

Arenas are on the heap, not a byte longer than declared, where the address sanitizer watches their ends, and full of
noise before every run.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.ir import plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.inputs import raw_shape
from edgehfn.spec.objective import Objective, macro
from support.nodes import Tensors

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-align=strict", "-Werror")
LEAST = -(1 << 30)  # a scratch limit: every node takes as little as it can
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

Raw = npt.NDArray[np.uint8] | npt.NDArray[np.int8]

TRACE = """
#include <stddef.h>
void trace(const void *tensor, size_t size);
#define HFN_TRACE(index, tensor, size) trace(tensor, size)
"""

DRIVER = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static FILE *out;

void trace(const void *tensor, size_t size) {{
    fwrite(tensor, 1, size, out);
}}

{prototypes}

static const struct {{
    void (*run)(uint32_t *);
    int (*check)(uint32_t *);
    size_t arena, input, input_size, images;
}} models[] = {{
{models}
}};

int main(void) {{
    FILE *in = fopen("in.bin", "rb");
    out = fopen("out.bin", "wb");
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {{
        uint32_t *arena = malloc(models[m].arena);
        for (size_t image = 0; image < models[m].images; image++) {{
            for (size_t i = 0; i < models[m].arena / 4; i++) {{
                arena[i] = (uint32_t)rand() * 0x9E3779B9u;
            }}
            if (fread((uint8_t *)arena + models[m].input, 1, models[m].input_size, in) != models[m].input_size) {{
                return 2;
            }}
            if (models[m].check && models[m].check(arena) != 0) {{
                return 3;
            }}
            models[m].run(arena);
        }}
        free(arena);
    }}
    return fclose(out);
}}
"""


@dataclass(frozen=True)
class Case:
    """A graph, its raw images ``(N, *raw_shape)``, the scratch it may take (None: the objective's), what it spares, and
    a change to its generated source."""

    graph: Graph
    raw: Raw
    scratch_limit: int | None = None
    objective: Objective = "speed"
    edit: Callable[[str], str] = str


def run(cases: Sequence[Case], place: Path) -> list[Tensors]:
    """Build and run in the empty directory ``place``; every node's values ``(N, *shape)``, case by case."""
    (wanted,) = {macro(case.objective) for case in cases}  # one runtime for all
    (place / "trace.h").write_text(TRACE)
    (place / "driver.c").write_text(DRIVER.format(**_tables(cases, place)))
    sources = ["driver.c", *(f"n{i}.c" for i in range(len(cases))), *map(str, firmware.runtime(assembly=False))]
    flags = [
        *WARNINGS,
        *SANITIZED,
        *firmware.includes(),
        "-include",
        "trace.h",
        *([f"-D{wanted}=1"] if wanted else []),
        "-c",
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda part: call(["gcc", *flags, *part], place), (sources[::2], sources[1::2])))
    call(["gcc", *SANITIZED, *sorted(p.name for p in place.glob("*.o")), "-o", "driver"], place)
    (place / "in.bin").write_bytes(b"".join(np.ascontiguousarray(case.raw).tobytes() for case in cases))
    call(["./driver"], place)
    made = np.fromfile(place / "out.bin", np.int8)
    found = []
    for case in cases:
        shapes = {name: tensor.shape for name, tensor in case.graph.tensors.items()}
        ends = np.cumsum([prod(shape) for shape in shapes.values()]).tolist()
        rows, made = np.split(made, [len(case.raw) * ends[-1]])
        columns = np.split(rows.reshape(len(case.raw), -1), ends[:-1], axis=1)
        found.append({n: part.reshape(-1, *shape) for part, (n, shape) in zip(columns, shapes.items(), strict=True)})
    assert not made.size
    return found


def call(command: Sequence[str], place: Path) -> None:
    """A tool, silently; what it says when it fails is the assertion's message."""
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[:4000]


def _tables(cases: Sequence[Case], place: Path) -> dict[str, str]:
    """Writes the models; returns what the driver must know of them."""
    prototypes, models = [], []
    for i, case in enumerate(cases):
        planned = plan(case.graph, case.objective, case.scratch_limit)
        for name, text in c.emit(case.graph, planned, f"n{i}").items():
            (place / name).write_text(case.edit(text))
        over_graphs = case.graph.input is not None and case.graph.input.topology is not None
        check = f"n{i}_check_graph" if over_graphs else "NULL"
        prototypes.append(f"void n{i}_run(uint32_t *arena);\nint n{i}_check_graph(uint32_t *arena);")
        numbers = (planned.size, planned.raw.offset, prod(raw_shape(case.graph)), len(case.raw))
        models.append(f"    {{n{i}_run, {check}, {', '.join(map(str, numbers))}}},")
    return {"prototypes": "\n".join(prototypes), "models": "\n".join(models)}
