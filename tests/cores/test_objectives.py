"""One net, three compilations: what each objective promises of ResNet-8 at density 0.3, and that no bit differs."""

from __future__ import annotations

import subprocess
from functools import cache, partial
from pathlib import Path

import pytest
from support import nets, tools
from support.nodes import assert_same, observed

from benchmarks.kernels.objectives import entropy_bytes, mask_bytes, measure
from benchmarks.kernels.references import resnet8
from edgehfn.backends.c import write
from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, plan
from edgehfn.lowering.untrained import untrained
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target.execute import run

KB = 1024
FEW = 25 * KB // 4  # bytes of scratch, enough for bands of a row or two
# Instructions of bands of a row or two, against those of speed. Helium pays most for short rows: its kernel sums 48
# pixels at a time.
SLOWER = {"cortex-m0": 1.25, "cortex-m3": 1.25, "cortex-m4": 1.25, "cortex-m55": 1.35}
LEAST = {"cortex-m0": 1.9, "cortex-m3": 1.95, "cortex-m4": 2.0, "cortex-m55": 2.9}  # the same of the least RAM


@cache
def net(density: float) -> Graph:
    return untrained(resnet8(density))


@pytest.mark.qemu
@pytest.mark.parametrize("core", SLOWER)
def test_each_objective_spares_what_it_says(core: str) -> None:
    tools.fitted_to()
    plans = {objective: plan(net(0.3), objective) for objective in OBJECTIVES}
    spent = {objective: measure(net(0.3), core, planned) for objective, planned in plans.items()}
    assert plans["speed"].size - plans["speed"].activations <= 22 * KB
    assert spent["ram"].ram < 0.5 * spent["speed"].ram
    assert spent["ram"].instructions <= LEAST[core] * spent["speed"].instructions
    few_rows = measure(net(0.3), core, plan(net(0.3), "ram", FEW))
    assert few_rows.instructions <= SLOWER[core] * spent["speed"].instructions
    assert spent["flash"].code <= 4 * KB
    assert spent["flash"].model < spent["speed"].model == few_rows.model
    assert spent["ram"].model <= few_rows.model + 400  # of groups: 48 bytes a node, 12 a window


@pytest.mark.parametrize("density", [0.1, 0.2, 0.3])
def test_coded_masks_are_near_the_entropy(density: float) -> None:
    assert entropy_bytes(net(density)) < mask_bytes(net(density), "flash") <= 1.04 * entropy_bytes(net(density))


@pytest.mark.parametrize("core", tools.machines("host-sanitized", "cortex-m0", "cortex-m4"))
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_byte_is_the_same(objective: Objective, core: str) -> None:
    for graph in (nets.folded_resnet(7, size=32), *map(nets.random_graph, range(3000, 3004))):
        raw = nets.random_input(graph, 7, 2)
        found = observed(partial(run, on=core, objective=objective), graph, raw)
        assert_same(observed(emulate, graph, raw), found)


def test_idle_memory_is_used_before_more_is_taken() -> None:
    """Scratch may lie where tensors of other moments do; only the arena's end is limited."""
    planned = plan(net(0.3), "ram", FEW)
    assert max(scratch.size for scratch in planned.scratch.values()) > 6 * KB
    assert planned.size - planned.activations <= FEW


@pytest.mark.slow
@pytest.mark.gcc
def test_what_is_written_needs_no_flags(tmp_path: Path) -> None:
    """The runtime beside a model is set for it; another one is refused."""
    graph = nets.random_graph(4)
    write.write_c(graph, "kws", tmp_path, "flash")
    for objective in ("flash", "speed"):
        write.write_runtime(tmp_path / objective, objective)
    (tmp_path / "main.c").write_text(
        '#include "kws.h"\nstatic KWS_ARENA(arena);\nint main(void) { return kws_selftest(arena); }\n'
    )

    def build(runtime: str) -> subprocess.CompletedProcess[str]:
        sources = ["main.c", "kws.c", *map(str, (tmp_path / runtime).glob("*.c"))]
        command = ["gcc", "-std=c99", "-Os", f"-I{tmp_path / runtime}", *sources, "-o", "main"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "kws.c was generated for flash: build it and the runtime with HFN_SMALL 1" in build("speed").stderr
    assert build("flash").returncode == 0
    assert subprocess.call([tmp_path / "main"]) == 0
