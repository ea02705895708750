"""Many graphs in one sanitized program of the host's compiler, and every node's bytes back from it.

Arenas are on the heap, not a byte longer than declared, where the address sanitizer watches their ends, and full of
noise before every run.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.ir import Plan, plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.inputs import Raw, by_rows, raw_bytes
from edgehfn.spec.objective import Objective, macro
from edgehfn.target import trace
from support.nodes import Tensors

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-align=strict", "-Werror")
LEAST = -(1 << 30)  # a scratch limit: every node takes as little as it can
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


TRACE = """
#include <stddef.h>
#include <stdint.h>
void trace(const void *tensor, size_t size);
void trace_rows(const void *ticks, uint32_t tick, const uint32_t *arena);
#define HFN_TRACE(index, tensor, size) trace(tensor, size)
#define HFN_TRACE_ROWS(index, ticks, tick, arena) trace_rows(ticks, tick, arena)
"""

DRIVER = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "edgehfn.h"

static FILE *out;

void trace(const void *tensor, size_t size) {{
    fwrite(tensor, 1, size, out);
}}

void trace_rows(const void *ticks, uint32_t tick, const uint32_t *arena) {{
    const struct hfn_ticks *rows = ticks;
    const struct hfn_span span = hfn_span(rows, tick);
    for (uint32_t c = 0; c < rows->channels; c++) {{
        const uint32_t at = span.y + c * span.y_map + span.first * rows->columns;
        fwrite((const uint8_t *)arena + at, 1, (span.end - span.first) * rows->columns, out);
    }}
}}

{prototypes}

static const struct {{
    void (*run)(uint32_t *); /* of an image that is fed: what starts it */
    int (*check)(uint32_t *);
    int (*feed)(uint32_t *, const void *);
    size_t arena, input, input_size, images, rows; /* rows: 0, or those of input_size bytes that are fed */
}} models[] = {{
{models}
}};

/* Each row from memory of its own, which is gone before the next one comes. */
static int fed(size_t m, uint32_t *arena, FILE *in) {{
    models[m].run(arena);
    for (size_t i = 1; i <= models[m].rows; i++) {{
        void *row = malloc(models[m].input_size);
        size_t size = fread(row, 1, models[m].input_size, in);
        int complete = models[m].feed(arena, row);
        free(row);
        if (size != models[m].input_size || complete != (i == models[m].rows)) {{
            return 0;
        }}
    }}
    return 1;
}}

int main(void) {{
    FILE *in = fopen("in.bin", "rb");
    out = fopen("out.bin", "wb");
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {{
        uint32_t *arena = malloc(models[m].arena);
        for (size_t image = 0; image < models[m].images; image++) {{
            for (size_t i = 0; i < models[m].arena / 4; i++) {{
                arena[i] = (uint32_t)rand() * 0x9E3779B9u;
            }}
            if (models[m].rows) {{
                if (!fed(m, arena, in)) {{
                    return 4;
                }}
                continue;
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
    """A graph, its raw images ``(N, *raw_shape)``, the scratch it may take (None: the objective's), what it spares, a
    change to its generated source, and a plan of its own in place of what a limit gives."""

    graph: Graph
    raw: Raw
    scratch_limit: int | None = None
    objective: Objective = "speed"
    edit: Callable[[str], str] = str
    own: Plan | None = None

    @property
    def plan(self) -> Plan:
        return self.own or plan(self.graph, self.objective, self.scratch_limit)


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
    given = (by_rows(case.graph, case.raw) if case.plan.fed else case.raw for case in cases)
    (place / "in.bin").write_bytes(b"".join(np.ascontiguousarray(raw).tobytes() for raw in given))
    call(["./driver"], place)
    made = np.fromfile(place / "out.bin", np.int8)
    found = []
    for case in cases:
        size = sum(tensor.size for tensor in case.graph.tensors.values())
        rows, made = np.split(made, [len(case.raw) * size])
        found.append({**trace.tensors(case.graph, case.plan, rows.reshape(len(case.raw), -1))})
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
        planned = case.plan
        for name, text in c.emit(case.graph, planned, f"n{i}").items():
            (place / name).write_text(case.edit(text))
        over_graphs = case.graph.input is not None and case.graph.input.topology is not None
        check = f"n{i}_check_graph" if over_graphs else "NULL"
        prototypes.append(f"void n{i}_run(uint32_t *arena);\nint n{i}_check_graph(uint32_t *arena);")
        prototypes.append(f"void n{i}_start(uint32_t *arena);\nint n{i}_feed(uint32_t *arena, const void *row);")
        run, feed = (f"n{i}_start", f"n{i}_feed") if planned.fed else (f"n{i}_run", "NULL")
        size, rows = raw_bytes(case.graph), case.graph.input.shape[1] if case.graph.input and planned.fed else 0
        numbers = (planned.size, planned.raw.offset, size // max(1, rows), len(case.raw), rows)
        models.append(f"    {{{run}, {check}, {feed}, {', '.join(map(str, numbers))}}},")
    return {"prototypes": "\n".join(prototypes), "models": "\n".join(models)}
