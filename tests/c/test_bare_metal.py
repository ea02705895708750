"""The runtime and generated code as objects of each core: no warning, no foreign symbol, no state, little code."""

from __future__ import annotations

import subprocess
from math import prod
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from support import nets, tools
from support.c_batch import WARNINGS

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.ir import Graph, plan
from edgehfn.ir.ops import RELU, SIGNED, AvgPool, Conv, Input, Linear, MaxPool, QuantisedWeight, Requantise, Supermask
from edgehfn.ir.validate import verify
from edgehfn.target import CORES, bench
from edgehfn.target.architecture import ARM
from edgehfn.target.board import board
from edgehfn.target.build import build
from edgehfn.target.disassembly import functions
from edgehfn.target.elf import sections
from edgehfn.target.execute import emitted
from edgehfn.target.toolchain import call

pytestmark = pytest.mark.qemu

SEED, KB = 7, 1024


@pytest.fixture(scope="module", params=CORES)
def objects(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The runtime, and a net that uses all of it, compiled for a core with warnings as errors."""
    place = tmp_path_factory.mktemp(request.param)
    for name, text in c.emit(all_kinds(), plan(all_kinds()), "net", 0).items():
        (place / name).write_text(text)
    sources = [str(path) for path in firmware.runtime(assembly=True)]
    gcc, core = board(request.param).architecture.gcc, board(request.param).architecture.compile
    flags = [*WARNINGS, "-O2", "-ffunction-sections", *core, *board(request.param).flags, *firmware.includes(), "-c"]
    done = subprocess.run([gcc, *flags, "net.c", *sources], cwd=place, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(place.glob("*.o"))


def all_kinds() -> Graph:
    return next(g for g in map(nets.random_graph, range(1000)) if len({c.function(n, g) for n in g}) >= 8)


def test_nothing_of_a_library_is_needed(objects: list[Path]) -> None:
    """No division and no long arithmetic of the compiler's own, on any core, and on Arm no function of memory.

    RISC-V copies a struct by ``memcpy`` and finds a bit in a mask by a function, and one without a multiplier has
    products from the runtime.
    """
    needed, defined, machines = set[str](), set[str](), set[str]()
    for path in objects:
        with path.open("rb") as file:
            machines.add(ELFFile(file)["e_machine"])
            symbols = ELFFile(file).get_section_by_name(".symtab")
            assert isinstance(symbols, SymbolTableSection)
            for symbol in symbols.iter_symbols():
                if symbol["st_info"]["bind"] == "STB_GLOBAL":
                    (needed if symbol["st_shndx"] == "SHN_UNDEF" else defined).add(symbol.name)
    riscv = "EM_RISCV" in machines
    assert needed - defined <= ({"memcpy", "__ctzsi2"} if riscv else set())
    own = {"net_run", "net_selftest"}
    assert {name for name in defined if not name.startswith("hfn_")} in ([own, own | {"__mulsi3"}] if riscv else [own])


def test_there_is_no_state(objects: list[Path]) -> None:
    for path in objects:
        with path.open("rb") as file:
            kept = {s.name for s in ELFFile(file).iter_sections() if s["sh_flags"] & 1 and s["sh_size"]}
        assert not kept, path


@pytest.mark.parametrize("core", CORES)
def test_no_call_goes_through_a_pointer(core: str) -> None:
    """So that the stack has a bound that can be read from the code."""
    program, architecture = build(emitted(all_kinds()), board(core)), board(core).architecture
    if architecture == ARM:  # whose assembly jumps through registers, within a function
        assert "\tblx\t" not in call([architecture.objdump, "-d", str(program)], timeout=60)
    else:
        assert not [name for name, function in functions(program, ".code").items() if function.by_pointer]


def requantise(channels: int, clamp: tuple[int, int], residual: int = 0) -> Requantise:
    return Requantise((60,) * channels, (0,) * channels, 0, 12, clamp, residual, 6 if residual else 0)


def supermask(number: int, shape: tuple[int, ...], density: float) -> Supermask:
    kept = np.random.default_rng(number).random(prod(shape)) < density
    return Supermask(f"w{number}", number, shape, 1, kept.astype(np.uint8), SEED)


def usual_net() -> Graph:
    """28x28 pixels, int8 stem and classifier, a pool and three supermask convolutions between: 4 KB of data."""
    rng = np.random.default_rng(1)
    stem, head = rng.integers(-60, 61, (16, 1, 3, 3), np.int8), rng.integers(-60, 61, (10, 32), np.int8)
    nodes = (
        Input("input", (1, 28, 28)),
        Conv("stem", "input", QuantisedWeight("stem", stem), requantise(16, RELU), 1, 1),
        MaxPool("pool", "stem", 2, 2),
        Conv("a", "pool", supermask(1, (16, 16, 3, 3), 0.5), requantise(16, RELU), 1, 1),
        Conv("b", "a", supermask(2, (16, 16, 3, 3), 0.5), requantise(16, RELU, 64), 1, 1, "pool"),
        Conv("c", "b", supermask(3, (32, 16, 3, 3), 0.5), requantise(32, RELU), 2, 1),
        AvgPool("mean", "c", (1 << 14) // 49, 14),
        Linear("out", "mean", QuantisedWeight("head", head), requantise(10, SIGNED)),
    )
    return verify(Graph(nodes, SEED))


@pytest.mark.parametrize("core", CORES)
def test_the_flash_of_a_usual_net(core: str) -> None:
    program = build(emitted(usual_net()), board(core))
    found = sections(program)
    most = 9 * KB if core == "rv32imc" else 8 * KB  # more pixels at a time, by instructions without multiple loads
    assert found[".code"] <= most
    assert found[".model"] + found[".code"] <= most + 4 * KB


def test_only_what_a_net_uses_is_linked() -> None:
    graph = Graph((usual_net().nodes[0], MaxPool("pool", "input", 2, 2)), SEED)
    names = {name for name in functions(build(emitted(graph), board("cortex-m0")), ".code") if name.startswith("hfn_")}
    assert names == {"hfn_input_u8", "hfn_max_pool_2x2", "hfn_pool_channel"}


@pytest.mark.parametrize(
    ("core", "most"), [("cortex-m0", 0.45), ("cortex-m3", 0.31), ("cortex-m4", 0.24), ("cortex-m55", 0.10)]
)
def test_instructions_of_a_convolution(core: str, most: float) -> None:
    tools.fitted_to()
    """Of a multiply-accumulate, kept or not, of a 3x3 convolution at density 0.3; all that it takes is included."""
    graph = Graph(
        (
            Input("input", (16, 32, 32)),
            Conv("y", "input", supermask(1, (16, 16, 3, 3), 0.3), requantise(16, RELU), 1, 1),
        ),
        SEED,
    )
    counted = dict(bench(verify(graph), core).nodes)["y"]
    assert 0.8 * most < counted / graph.macs["y"] < most
