"""Generated C as text and as data: the same bytes every time, on every machine, and as predicted."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from support import nets, oracle
from support.c_batch import FIRMWARE, WARNINGS

from edgehfn.backends import c
from edgehfn.backends.c import firmware
from edgehfn.errors import GraphError
from edgehfn.ir import Graph, plan
from edgehfn.ir.ops import SIGNED, Input, Linear, MaxPool, Node, QuantisedWeight, Requantise
from edgehfn.ir.validate import verify
from edgehfn.target.toolchain import ARM_GCC, HOST_GCC, available

RUNTIME = [str(path) for path in firmware.runtime(assembly=False)]


def files(graph: Graph, name: str = "kws", golden: int | None = 0) -> dict[str, str]:
    return c.emit(graph, plan(graph), name, golden)


def write(place: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (place / name).write_text(text)


def build(place: Path, compiler: str, *arguments: str) -> str:
    """What the compiler says, which is nothing if all is well. Skips the test that asks where there is none."""
    if not available(compiler):
        pytest.skip(f"no {compiler}")
    command = [compiler, *arguments, *firmware.includes()]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False).stderr


def data_of(object_file: Path, symbol: str) -> bytes:
    with object_file.open("rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab")
        assert isinstance(symbols, SymbolTableSection)
        named = symbols.get_symbol_by_name(symbol)
        assert named
        found = named[0]
        section = elf.get_section(found["st_shndx"])
        return bytes(section.data()[found["st_value"] : found["st_value"] + found["st_size"]])


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert files(nets.random_graph(3)) == files(nets.random_graph(3))
    assert all(text.isascii() for text in files(nets.random_graph(3)).values())


@pytest.mark.parametrize("compiler", [HOST_GCC, ARM_GCC])
def test_the_struct_holds_the_predicted_bytes(compiler: str, tmp_path: Path) -> None:
    """Whatever the size of a pointer: there are none, nor any hidden padding."""
    for seed in range(12):
        graph = nets.random_graph(seed)
        write(tmp_path, files(graph))
        assert build(tmp_path, compiler, *WARNINGS, "-c", "kws.c") == ""
        parts = c.layout(graph, plan(graph))
        assert data_of(tmp_path / "kws.o", "kws_data") == b"".join(part.data for part in parts)
        stored = {origin: sum(len(p.data) for p in parts if p.origin == origin) for origin in ("masks", "dense")}
        dense = [w for w in graph.weights if isinstance(w, QuantisedWeight)]
        assert stored["dense"] == sum(_stored(w) for w in dense)
        masked = [w for w in graph.weights if not isinstance(w, QuantisedWeight)]
        words = [array for w in masked for array in (w.mask_words, w.signs) if array is not None]
        assert stored["masks"] == sum(array.nbytes for array in words)


def _stored(weight: QuantisedWeight) -> int:
    words = 4 * -(-weight.values.size // 32)
    return {8: weight.values.size, 4: -(-weight.values.size // 2), 2: 2 * words, 1: words}[weight.bits]


def test_a_shared_weight_is_stored_once() -> None:
    graph = nets.folded_resnet(1, iterations=3)
    parts = c.layout(graph, plan(graph))
    assert sum(part.origin == "masks" for part in parts) == sum(
        not isinstance(w, QuantisedWeight) for w in graph.weights
    )


SELFTEST = """
#include "kws.c"
#include <stdlib.h>
static KWS_ARENA(arena);
int main(int count, char **arguments) {
    if (count > 1) {
        ((char *)&kws_data)[atoi(arguments[1])] ^= 4;
    }
    return kws_selftest(arena);
}
"""


@pytest.mark.slow
def test_the_selftest_passes_and_knows_each_byte(tmp_path: Path) -> None:
    """Held against the oracle's golden output, then with a bit of each member flipped, then against another output."""
    graph = nets.random_graph(4)
    assert graph.input is not None
    image = np.array(oracle.golden_input(graph.seed, prod(graph.input.shape)), np.uint8)
    output = oracle.run(graph, image.view("i1" if graph.input.dtype == "s8" else "u1").tolist())[graph.output.name]
    for wrong in (0, 1):
        texts = files(graph, golden=oracle.crc32(output) ^ wrong)
        texts["kws.c"] = texts["kws.c"].replace("static const struct", "static struct")
        write(tmp_path, texts | {"main.c": SELFTEST})
        assert build(tmp_path, "gcc", "main.c", *RUNTIME, "-o", "main") == ""
        assert subprocess.call([tmp_path / "main"]) == 2 * wrong
    offset = 0
    for part in c.layout(graph, plan(graph)):
        assert subprocess.call([tmp_path / "main", str(offset + len(part.data) - 1)]) == 1, part.member
        offset += len(part.data)


def test_without_a_golden_output_there_is_no_selftest() -> None:
    assert not any("selftest" in text for text in files(nets.random_graph(1), golden=None).values())


def hostile() -> Graph:
    """Node, weight and class names with everything C and the preprocessor trip over."""
    names = ["in/*put", "a.b@1", "a_b_1", "a b 1", "*/ #error x", "??/\\", "caf\u00e9\n", '"quoted"', "int", "9"]
    nodes: list[Node] = [Input(names[0], (2, 2, 2))]
    for name in names[1:-1]:
        nodes.append(MaxPool(name, nodes[-1].name, 1, 1))
    weights = [
        QuantisedWeight("w*/\n??/", np.ones((2, 8), np.int8)),
        QuantisedWeight("w-/\n??/", np.ones((3, 2), np.int8)),
    ]
    nodes.append(Linear(names[-1], nodes[-1].name, weights[0], Requantise((1, 2), (0, 300), 0, 4, SIGNED)))
    nodes.append(Linear("out", names[-1], weights[1], Requantise((1, 2, 3), (0, 1, 2), 0, 4, SIGNED)))
    classes = ('say "no"', "back\\slash??/", "na\u00efve 7", "\u96ea\n", "caf\udce9")
    return verify(Graph(tuple(nodes), 0, classes, {"out": (3, -7)}))


def test_hostile_names_are_made_harmless(tmp_path: Path) -> None:
    write(tmp_path, files(hostile()))
    main = '#include "kws.h"\n#include <stdio.h>\nint main(void) { const char *n[] = KWS_CLASS_NAMES;\n'
    main += 'for (int i = 0; i < KWS_CLASSES; i++) printf("%s|", n[i]);\n'
    main += 'printf("%.9f", (double)KWS_OUTPUT_SCALE);\nreturn 0; }'
    (tmp_path / "main.c").write_text(main)
    assert build(tmp_path, "gcc", *WARNINGS, "main.c", "kws.c", *RUNTIME, "-o", "main") == ""
    printed = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout
    assert printed == "|".join([*hostile().classes, "0.023437500"]).encode(errors="surrogateescape")


@pytest.mark.parametrize("scale", [(1, 0), (5, 3), (12345678, -30), (1, -60), (16777215, 40)])
def test_scales_are_float_constants(scale: tuple[int, int], tmp_path: Path) -> None:
    graph = replace(hostile(), scales={"out": scale})
    write(tmp_path, files(graph))
    (tmp_path / "main.c").write_text(
        f'#include "kws.h"\nint main(void) {{ return KWS_OUTPUT_SCALE == {scale[0]} * 0x1p{scale[1]}f ? 0 : 1; }}'
    )
    assert build(tmp_path, "gcc", "-std=c99", "-Wall", "main.c", "-o", "main") == ""
    assert subprocess.call([tmp_path / "main"]) == 0


def test_the_header_tells_sizes_and_shapes_to_c_and_cpp(tmp_path: Path) -> None:
    graph = nets.random_graph(5)
    write(tmp_path, files(graph))
    planned, raw = plan(graph), graph.input
    assert raw is not None
    shape = (*raw.shape[1:], raw.shape[0]) if raw.order == "hwc" else raw.shape
    cpp = f"""
#include "kws.h"
#include "edgehfn.h"
static KWS_ARENA(arena);
static const int shape[] = KWS_INPUT_SHAPE, output[] = KWS_OUTPUT_SHAPE;
static_assert(sizeof arena == {planned.size} && KWS_ARENA_SIZE == {planned.size}, "arena");
static_assert(KWS_INPUT_SIZE == {prod(shape)} && KWS_OUTPUT_SIZE == {graph.output.size}, "sizes");
static_assert(sizeof shape / sizeof *shape == {len(shape)} && KWS_NODES == {len(graph.nodes)}, "ranks");
int main() {{
    kws_run(arena);
    return KWS_OUTPUT(arena)[0] + *KWS_INPUT(arena) + shape[0] + output[0] + kws_selftest(arena);
}}
"""
    (tmp_path / "main.cpp").write_text(cpp)
    assert build(tmp_path, "g++", "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "main.cpp") == ""
    assert build(tmp_path, "gcc", *WARNINGS, "-c", "kws.c", *RUNTIME) == ""
    objects = [path.name for path in tmp_path.glob("*.o")]
    assert build(tmp_path, "g++", *objects, "-o", "main") == ""


def test_another_runtime_version_is_refused(tmp_path: Path) -> None:
    write(tmp_path, files(nets.random_graph(1)))
    public = FIRMWARE / "include" / "edgehfn.h"
    (tmp_path / "edgehfn.h").write_text(public.read_text().replace("VERSION 1", "VERSION 2"))
    said = build(tmp_path, "gcc", "-I.", "-c", "kws.c")
    assert "generated for version 1" in said


def test_a_number_beyond_its_field_is_refused() -> None:
    graph = verify(Graph((Input("input", (70_000, 1, 1)), MaxPool("pool", "input", 1, 1)), 0))
    with pytest.raises(GraphError, match="node_pool: channels = 70000"):
        files(graph)
