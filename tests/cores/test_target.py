"""Real graphs on every machine: their bytes, self-tests and instructions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import nets, tools

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.backends.emulator import golden_checksum
from edgehfn.backends.emulator.images import emulate
from edgehfn.errors import InputError, ToolError
from edgehfn.ir import plan
from edgehfn.target import BOARDS, execute, toolchain
from edgehfn.target import build as builds
from edgehfn.target import count as instructions
from edgehfn.target.board import Board
from edgehfn.target.build import HOST, SANITIZED, build

IDS = [b.name for b in BOARDS]

SMALL = nets.random_graph(4, macs=20_000, size=7, channels=12)  # fits 16 KB of RAM


@pytest.mark.parametrize("name", tools.machines(HOST, SANITIZED, *IDS))
def test_every_machine_computes_the_emulators_bytes(name: str) -> None:
    raw = nets.random_input(SMALL, 8, 6)
    expected: dict[str, np.ndarray] = {}
    traced: dict[str, np.ndarray] = {}
    outputs = emulate(SMALL, raw, expected.__setitem__)
    assert (execute.run(SMALL, raw, name) == outputs).all()
    assert (execute.run(SMALL, raw, name, traced.__setitem__) == outputs).all()
    assert list(traced) == [node.name for node in SMALL]
    for node, values in traced.items():
        assert (values == expected[node]).all(), node


@pytest.mark.parametrize("name", tools.machines(HOST, SANITIZED, *IDS))
def test_the_selftest_passes(name: str) -> None:
    assert execute.selftest(SMALL, name)


@pytest.mark.parametrize("name", tools.machines(SANITIZED, "microbit"))
def test_the_selftest_finds_damage(name: str) -> None:
    machine, right = execute.machine(name), golden_checksum(SMALL)
    for files in (execute.emitted(SMALL, right ^ 1), _damaged(execute.emitted(SMALL, right))):
        program = build(files, machine, main="selftest")
        with pytest.raises(ToolError, match="FAIL"):
            toolchain.call(execute.command(program, machine), timeout=60)


def _damaged(files: dict[str, str]) -> dict[str, str]:
    """One bit of the first mask word is wrong."""
    source = files["model.c"]
    at = source.index("0x", source.index(".mask_"))
    digit = f"{int(source[at + 9], 16) ^ 1:X}"
    return {**files, "model.c": source[: at + 9] + digit + source[at + 10 :]}


@pytest.mark.qemu
@pytest.mark.parametrize("name", IDS)
def test_every_input_takes_the_same_instructions(name: str) -> None:
    benches = {instructions.bench(SMALL, name, raw) for raw in nets.random_input(SMALL, 3, 5)}  # noise and extremes
    benches.add(instructions.bench(SMALL, name))
    assert len(benches) == 1
    bench = benches.pop()
    assert [node for node, _ in bench.nodes] == [node.name for node in SMALL]
    assert 0 <= bench.total - sum(count for _, count in bench.nodes) < 10  # the return


def test_images_that_do_not_fit_are_refused() -> None:
    raw = nets.random_input(SMALL, 1, 2)
    wrongs: tuple[Any, ...] = (raw[:, :-1], raw.astype(np.int16), raw[0])
    for wrong in wrongs:
        with pytest.raises(InputError, match=r"input: needs .*int8 of shape \(N, "):
            execute.run(SMALL, wrong, "cortex-m0")
    with pytest.raises(InputError, match="host: instructions are counted on cores: cortex-m0, "):
        instructions.bench(SMALL, HOST)


STRICT = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla", "-Werror"]


@pytest.mark.parametrize("core", tools.machines(HOST, *IDS))
def test_port_and_example_compile_without_warnings(core: str, tmp_path: Path) -> None:
    machine = execute.machine(core)
    for name, text in {**c.emit(SMALL, plan(SMALL), "kws"), **execute.emitted(SMALL, 0)}.items():
        (tmp_path / name).write_text(text)
    root = firmware.directory()
    port = ["host.c", "qemu/count.c"] if not isinstance(machine, Board) else machine.architecture.port
    sources = [root / "example/main.c", *(root / "port" / name for name in ("harness.c", "selftest.c", *port))]
    compiler = (
        [machine.architecture.gcc, *machine.architecture.compile, *machine.flags]
        if isinstance(machine, Board)
        else ["gcc"]
    )
    include = [f"-I{tmp_path}", f"-I{root}/include", f"-I{root}/port", "-include", f"{root}/port/mark.h"]
    for mode in ((), ("-DPORT_TRACE",)) if machine == HOST else builds.MODES.values():
        toolchain.call([*compiler, *STRICT, *include, *mode, "-c", *map(str, sources)], timeout=60, cwd=tmp_path)


def test_an_installed_package_brings_its_firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware, "__file__", str(tmp_path / "edgehfn" / "backends" / "c" / "firmware.py"))
    with pytest.raises(ToolError, match="install edgehfn again"):
        firmware.directory()
    (tmp_path / "edgehfn" / "firmware" / "port").mkdir(parents=True)
    (tmp_path / "edgehfn" / "firmware" / "port" / "harness.c").touch()
    assert firmware.directory() == tmp_path / "edgehfn" / "firmware"
