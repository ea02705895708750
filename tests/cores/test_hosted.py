"""WebAssembly and Linux on other processors: every byte of random nets, self-tests, and what goes wrong."""

from __future__ import annotations

import pytest
from support import gnn_nets, many, nets, schedules, window_nets
from support.many import Given

from edgehfn.backends.emulator import golden_checksum
from edgehfn.errors import ToolError
from edgehfn.evaluation.machines import parse
from edgehfn.ir import verify
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import execute
from edgehfn.target.build import build
from edgehfn.target.hosted import HOSTED, Hosted, one

ON_LINUX = [machine for machine in HOSTED if machine.emulator]
SMALL = nets.random_graph(4, macs=20_000, size=7, channels=12)


def needs(machine: Hosted) -> None:
    if machine.missing():
        pytest.skip(f"{machine.name}: {machine.missing()}")


def drawn(first: int, count: int, objective: Objective) -> list[Given]:
    found: list[Given] = []
    for seed in range(first, first + count):
        graphs = (nets.random_graph(seed, macs=60_000, table=seed % 3 == 0), window_nets.random_graph(seed))
        found += [Given(verify(graph), nets.random_input(graph, seed, 3)) for graph in graphs]
        variable = gnn_nets.legal(gnn_nets.variable, seed)
        found.append(Given(variable, gnn_nets.graphs(variable, seed, 3)))
        streamed = nets.random_graph(seed, macs=40_000, size=16, nodes=6)
        own = schedules.grouped(streamed, seed, objective)
        found += [Given(streamed, nets.random_input(streamed, seed, 3), own)] if own else []
    return found


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_random_nets_in_webassembly(objective: Objective) -> None:
    needs(one("wasm"))
    many.hold(drawn(100 * OBJECTIVES.index(objective), 12, objective), "wasm", objective)


@pytest.mark.slow
@pytest.mark.parametrize("machine", ON_LINUX, ids=[machine.name for machine in ON_LINUX])
def test_random_nets_on_linux(machine: Hosted) -> None:
    needs(machine)
    many.hold(drawn(400, 8, "speed"), machine.name, "speed")


@pytest.mark.slow
def test_the_selftest_finds_damage() -> None:
    needs(one("wasm"))
    assert execute.selftest(SMALL, "wasm")
    machine = execute.machine("wasm")
    program = build(execute.emitted(SMALL, golden_checksum(SMALL) ^ 1), machine, main="selftest")
    with pytest.raises(ToolError, match="FAIL"):
        execute.started(program, machine, 60)


@pytest.mark.slow
def test_a_program_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    needs(one("wasm"))
    monkeypatch.setattr(execute, "STARTING", 1.0)
    files = execute.emitted(SMALL)
    files["model.c"] = (
        '#include "model.h"\nvoid model_run(uint32_t *arena) { for (;;) *(volatile uint32_t *)arena = 1; }'
    )
    program = build(files, one("wasm"))
    with pytest.raises(ToolError, match="did not end within"):
        execute.execute(program, one("wasm"), nets.random_input(SMALL, 1, 1), SMALL.output.size, seconds=1)


@pytest.mark.parametrize("machine", HOSTED, ids=[machine.name for machine in HOSTED])
def test_what_is_missing_is_named_in_one_line(machine: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehfn.target.hosted.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolError, match=rf"{machine.name}: .* not installed: pip install 'edgehfn\[wasm\]'") as found:
        execute.run(SMALL, nets.random_input(SMALL, 1, 1), machine.name)
    assert ("apt-get install qemu-user" in str(found.value)) == (machine.emulator is not None)
    assert "\n" not in str(found.value)


def test_they_are_machines_by_name() -> None:
    names = [machine.name for machine in HOSTED]
    assert parse(",".join(names)) == (*names,)
    assert not {*names} & {*parse("all")}  # which needs Arm's tools alone, beside those of RISC-V
