"""Tables of what a core needs: instructions, flash and RAM. All deterministic."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.common.table import table
from benchmarks.kernels.references import DENSITIES, resnet8
from edgehfn.cost.footprint import Footprint, footprint
from edgehfn.cost.instructions import predict
from edgehfn.ir import Graph, plan
from edgehfn.lowering.untrained import untrained
from edgehfn.target import CORES, Bench, bench
from edgehfn.target.toolchain import ARM_GCC, RISCV_GCC, emulator, version

# Instructions of CMSIS-NN int8 on this shape: snapshot of 2026-07, GCC 12.2 -O3, dense int8 weights, QEMU 7.2. It has
# no kernels for RISC-V.
CMSIS_NN = {
    "cortex-m0": 97_500_000,
    "cortex-m3": 41_750_000,
    "cortex-m4": 29_700_000,
    "cortex-m7": 29_770_000,
    "cortex-m33": 29_740_000,
    "cortex-m55": 4_800_000,
}
CMSIS_NN["cortex-m0plus"] = CMSIS_NN["cortex-m0"]


def device() -> Iterator[str]:
    """The document's part on cores, paragraph by paragraph."""
    graphs = {density: untrained(resnet8(density)) for density in DENSITIES}
    counted = {(core, d): bench(graph, core) for core in CORES for d, graph in graphs.items()}
    sizes = {(core, d): footprint(graph, core) for core in CORES for d, graph in graphs.items()}
    yield "## Instructions on the cores"
    yield (
        f"Executed instructions of one inference, all overheads included, counted exactly by a plugin of QEMU "
        f"{emulator()}; code by arm-none-eabi-gcc {version(ARM_GCC)} and riscv64-unknown-elf-gcc {version(RISCV_GCC)}. "
        "They are not cycles, and nothing ran on silicon. In brackets: how many times fewer than CMSIS-NN's."
    )
    yield _totals(counted)
    yield (
        "CMSIS-NN is quoted, not run here: int8, snapshot of 2026-07, GCC 12.2 at -O3, the same shape with int8 "
        "weights, counted the same way. It is a soft baseline: GCC spills in its inner loop, and written by hand it "
        "would take about 1.25 instructions a MAC on the DSP cores rather than 2.4. Its code is 20.8 KB and its "
        "scratch 2.3 KB."
    )
    yield _prediction(graphs, counted)
    for density in DENSITIES:
        yield f"### By node, density {density}"
        yield _nodes(graphs[density], {core: counted[core, density] for core in CORES})
    yield "## Flash and RAM"
    yield "Bytes, from the linked program; *scratch* is what the arena has beyond the feature maps."
    yield _sizes(sizes)


def _totals(counted: dict[tuple[str, float], Bench]) -> str:
    rows = []
    for core in CORES:
        base = CMSIS_NN.get(core)
        totals = [counted[core, d].total for d in DENSITIES]
        fewer = [f" ({base / total:.1f}x)" if base else "" for total in totals]
        each = [f"{total:,}{times}" for total, times in zip(totals, fewer, strict=True)]
        rows.append([core, *each, f"{base:,}" if base else ""])
    return table(["", *(f"density {d}" for d in DENSITIES), "CMSIS-NN int8"], rows)


def _prediction(graphs: dict[float, Graph], counted: dict[tuple[str, float], Bench]) -> str:
    ratios = {
        (core, density): predict(graphs[density], plan(graphs[density]), core).total / made.total
        for (core, density), made in counted.items()
    }
    (core, density), worst = max(ratios.items(), key=lambda item: abs(item[1] - 1))
    return (
        "Predicted from the graph alone, as `edgehfn size` does without tools, each of these totals is within "
        f"{abs(worst - 1):.1%} (the furthest: {core} at density {density})."
    )


def _nodes(graph: Graph, counted: dict[str, Bench]) -> str:
    each = {core: dict(made.nodes) for core, made in counted.items()}
    rows = [
        [node.name, *(f"{each[core][node.name]:,}" for core in counted), f"{graph.macs.get(node.name, 0):,}"]
        for node in graph
    ]
    totals = [f"{made.total:,}" for made in counted.values()]
    return table(["node", *counted, "MAC"], [*rows, ["total", *totals, f"{sum(graph.macs.values()):,}"]])


def _sizes(sizes: dict[tuple[str, float], Footprint]) -> str:
    rows = []
    for (core, density), made in sizes.items():
        s = made.sizes
        numbers = (s.code_flash, s.weights_flash, s.activation_ram, s.runtime_ram, s.stack)
        rows.append([core, str(density), *(f"{number:,}" for number in numbers)])
    return table(["", "density", "code", "model data", "feature maps", "scratch", "stack"], rows)
