"""Predicted sizes against linked programs, both against figures worked out by hand or published; the report's page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from support import nets, tools

from edgehfn.backends.c import firmware
from edgehfn.cost import code_size
from edgehfn.cost import measure_code as measuring
from edgehfn.cost.curve import curve
from edgehfn.cost.footprint import footprint, paper
from edgehfn.errors import InputError, ToolError
from edgehfn.ir import Graph, plan, verify
from edgehfn.ir.ops import RELU, Conv, Input, Linear, QuantisedWeight, Requantise, Supermask, Weight
from edgehfn.report.page import report
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target import CORES, bench, disassembly
from edgehfn.target import board as boards
from edgehfn.target.disassembly import Function
from edgehfn.target.toolchain import ARM_GCC, call

NETS = {
    "folded": nets.folded_resnet(3),
    "random": nets.random_graph(11),
    "long": nets.random_graph(5, nodes=40),
    "tiny": nets.random_graph(2, nodes=2),
}


@pytest.mark.qemu
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("net", NETS)
def test_predictions_hold_in_a_linked_program(net: str, core: str, objective: Objective) -> None:
    tools.fitted_to(code_size.table()[0].compiler, None)
    found = footprint(NETS[net], core, objective)
    assert found.measured is not None
    predicted, measured = found.predicted.to_json(), found.measured.sizes.to_json()
    for exact in ("weights_flash", "activation_ram", "runtime_ram", "total_ram"):
        assert predicted[exact] == measured[exact], exact
    assert predicted["code_flash"] == pytest.approx(measured["code_flash"], rel=code_size.TOLERANCE)
    assert measured["stack"] <= found.measured.stack_bound <= measured["stack"] + 64  # a frame may keep bytes unused
    assert abs(predicted["stack"] - found.measured.stack_bound) <= (16 if core.startswith("rv32") else 8)  # its unit
    assert sum(found.flash.values()) == measured["total_flash"]


@pytest.mark.qemu
def test_the_table_of_costs_is_of_this_runtime() -> None:
    remedy = "run: make budget"
    (compiler,) = {cost.compiler for cost in code_size.table() if cost.core.startswith("cortex")}
    tools.fitted_to(compiler, None)
    for core in ("cortex-m0", "cortex-m55"):
        assert list(measuring.measure([core])) == [cost for cost in code_size.table() if cost.core == core], remedy


def test_a_core_without_costs_is_named() -> None:
    with pytest.raises(InputError, match="cortex-m9: no measured costs; there are cortex-m0, "):
        code_size.predict("cortex-m9", [])


def _supermask(number: int, *shape: int, coats: int = 1, kept: int = 0) -> Supermask:
    """The first ``kept`` weights are in every coat."""
    counts = np.zeros(int(np.prod(shape)), np.uint8)
    counts[:kept] = coats
    return Supermask(f"w{number}", number, shape, coats, counts, seed=1)


def _scale(channels: int, bias: int = 0) -> Requantise:
    return Requantise((1,) * channels, (bias,) * channels, 0, 8, RELU)


def test_a_small_net_is_sized_by_hand() -> None:
    stem, fold = QuantisedWeight("stem", np.ones((4, 1, 3, 3), np.int8)), _supermask(0, 4, 4, 3, 3, coats=2, kept=40)
    graph = Graph(
        (
            Input("input", (1, 6, 6)),
            Conv("stem", "input", stem, _scale(4), padding=1),
            Conv("a", "stem", fold, _scale(4), padding=1),
            Conv("b", "a", fold, _scale(4, bias=300), padding=1, residual="stem"),
            Linear("logits", "b", QuantisedWeight("classifier", np.ones((2, 144), np.int8)), _scale(2)),
        ),
        seed=1,
    )
    found = footprint(verify(graph), "cortex-m3")
    assert found.flash["masks"] == 4 * (5 + 2)  # 144 bits, then a bit for each of the 40 kept
    assert found.flash["dense"] == 4 * 9 + 2 * 144
    assert (
        found.flash["norms"] == 2 * 4 + 2 * 4 + 3 * 4 + 2 * 2
    )  # a multiplier of 1 byte, a bias of 1, or of 2 where 300
    # Node descriptors of firmware/include/edgehfn.h, the tensor's, and where its second coat starts.
    assert found.flash["tables"] == 24 + 3 * 60 + 36 + 24 + 4
    assert found.dense_int8 == 36 + 144 + 288 + found.flash["norms"] + found.flash["tables"]
    # Seed, masks, dense bytes; two iterations of four channels.
    bits = 32 + 144 + 40 + 8 * (36 + 288)
    assert found.paper == ((bits + 64 * 8) // 8, (bits + 128 * 8) // 8)


def _hidden_fold_resnet(blocks: list[int], folded: list[bool], classes: int) -> Graph:
    """The weights of a bottleneck ResNet for CIFAR as nodes; only what the papers' formula counts is filled in."""
    nodes: list[Conv] = []
    drawn = [0]

    def add(weight: Weight) -> None:
        nodes.append(Conv(f"n{len(nodes)}", "input", weight, _scale(0)))

    def block(inside: int, width: int) -> list[Supermask]:
        shapes = [(width, inside, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1)]
        drawn[0] += 3
        return [_supermask(drawn[0] + i, *shape) for i, shape in enumerate(shapes)]

    add(_supermask(1000 + len(nodes), 64, 3, 3, 3))
    channels = 64
    for depth, fold, width in zip(blocks, folded, (64, 128, 256, 512), strict=True):
        for weight in (*block(channels, width), _supermask(1000 + len(nodes), 4 * width, channels, 1, 1)):
            add(weight)
        channels = 4 * width
        shared = block(channels, width)
        for _ in range(depth - 1):
            for weight in shared if fold else block(channels, width):
                add(weight)
    add(_supermask(1000 + len(nodes), classes, channels, 1, 1))
    return Graph((Input("input", (3, 32, 32)), *nodes), seed=1)


def test_the_papers_formula_gives_the_papers_sizes() -> None:
    """López García-Arias et al., Hidden-Fold Networks, 2021: MB of 10^6 bytes for CIFAR-100, stages 3 and 4 folded."""
    for blocks, megabytes in (([3, 4, 6, 3], 1.953), ([3, 8, 36, 3], 2.461)):
        size, _ = paper(_hidden_fold_resnet(blocks, [False, False, True, True], classes=100))
        assert size / 1e6 == pytest.approx(megabytes, abs=0.0006)


@pytest.mark.qemu
def test_without_a_compiler_the_predictions_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = footprint(NETS["random"], "cortex-m4").to_json()
    monkeypatch.setenv("PATH", "/nonexistent")
    found = footprint(NETS["random"], "cortex-m4")
    assert found.measured is None
    predicted = found.to_json()
    assert predicted["measured"] is None
    assert predicted["predicted"] == measured["predicted"] == {key: predicted[key] for key in measured["predicted"]}
    assert measured["measured"] == {key: measured[key] for key in measured["measured"]}
    assert "predicted; no compiler" in report(NETS["random"], "net", found)


@pytest.mark.qemu
def test_a_net_larger_than_its_board_is_refused() -> None:
    wide = Graph(
        (Input("input", (40, 30, 30)), Conv("y", "input", _supermask(0, 8, 40, 1, 1, kept=99), _scale(8))), seed=1
    )
    with pytest.raises(ToolError, match=r"microbit: the program takes .* bytes of ram, the board has 16,384"):
        footprint(verify(wide), "microbit")


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "cortex-m33", "cortex-m55"])
def test_frames_are_the_compilers_own(core: str, tmp_path: Path) -> None:
    """What is read from machine code equals what GCC says of each C function (-fstack-usage)."""
    flags = boards.board(core).flags
    sources = [str(path) for path in firmware.runtime(assembly=True)]
    call([ARM_GCC, *flags, "-O2", "-fstack-usage", *firmware.includes(), "-c", *sources], timeout=100, cwd=tmp_path)
    objects = [str(path) for path in tmp_path.glob("*.o")]
    link = ["--specs=nano.specs", "-nostartfiles", "-Wl,-e,0,-Ttext,0", "-o", "all"]
    call([ARM_GCC, *flags, *objects, *link], timeout=60, cwd=tmp_path)
    said = [line.split("\t") for path in tmp_path.glob("*.su") for line in path.read_text().splitlines()]
    read = disassembly.functions(tmp_path / "all", ".text")
    compiled = {(place.rpartition(":")[2], int(frame)) for place, frame, _ in said}
    found = {(re.sub(r"\.\d+$", "", name.partition("@")[0]), function.frame) for name, function in read.items()}
    assert len(compiled & found) > 20
    for name, frame in compiled - found:  # GCC leaves out the arguments in registers that a function stores itself
        assert {(name, frame + 4 * stored) for stored in range(1, 5)} & found, name


def test_the_longest_chain_of_calls() -> None:
    def functions(**made: tuple[int, tuple[str, ...], bool]) -> dict[str, Function]:
        return {name: Function(name, 4, frame, calls, pointer) for name, (frame, calls, pointer) in made.items()}

    plain = functions(run=(8, ("a", "b"), False), a=(100, (), False), b=(16, ("c",), False), c=(90, (), False))
    assert disassembly.deepest(plain, "run") == 8 + 16 + 90
    pointed = functions(run=(8, ("a",), False), a=(100, (), True), unnamed=(64, (), False))
    assert disassembly.deepest(pointed, "run") == 8 + 100 + 64
    with pytest.raises(ToolError, match="a: calls itself"):
        disassembly.deepest(functions(run=(8, ("a",), False), a=(4, ("run2",), False), run2=(4, ("a",), False)), "run")


class _Page(HTMLParser):
    """Fails on tags that do not nest; keeps the text and what the page would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.loads: list[str | None] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


@pytest.mark.qemu
def test_the_report_is_one_page_with_every_figure() -> None:
    graph = NETS["folded"]
    found, counted = footprint(graph, "cortex-m4"), bench(graph, "cortex-m4")
    page = report(graph, "<kws> & more", found, counted)
    read = _Page(page)
    assert read.loads == []
    assert "url(" not in page
    assert "<kws> & more" in read.text
    for value in (
        *found.sizes.to_json().values(),
        *found.flash.values(),
        *(n for _, n in counted.nodes),
        counted.total,
    ):
        assert f"{value:,}" in read.text
    for name, buffer in plan(graph).tensors.items():
        assert f"{name}: {buffer.size:,} bytes at {buffer.offset:,}" in read.text


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "cortex-m55"])
def test_ram_of_streamed_rows_is_that_of_the_program(core: str) -> None:
    graph = NETS["folded"]
    points = curve(graph, core)
    assert len(points) >= 5
    for point in points[:: len(points) // 3]:
        found = footprint(graph, core, ram=point.ram)
        assert found.measured is not None
        assert found.measured.sizes.total_ram == found.predicted.total_ram == point.ram
        assert found.instructions == point.instructions


@pytest.mark.qemu
def test_the_report_shows_windows_and_groups() -> None:
    graph = NETS["folded"]
    found = footprint(graph, "cortex-m4", ram=plan(graph, "ram").size)
    read = _Page(report(graph, "kws", found, curve=curve(graph)))
    assert found.plan.groups
    for made in found.plan.groups:
        assert f"group of {made.last - made.first + 1} nodes, {made.ticks} ticks" in read.text
        for name, rows in made.windows.items():
            buffer = found.plan.tensors[name]
            kept = f"{rows} of {graph.tensors[name].shape[1]} rows"
            assert f"{name}: {buffer.size:,} bytes at {buffer.offset:,}, {kept}" in read.text
    assert f"--ram {found.plan.size}: {found.instructions:,} instructions" in read.text


@pytest.mark.qemu
def test_the_footprint_prints_as_a_table() -> None:
    text = str(footprint(NETS["tiny"], "cortex-m0"))
    assert "predicted" in text
    assert "measured" in text
    assert max(map(len, text.splitlines())) <= 160
