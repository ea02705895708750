"""Numbers that the planner and the runtime must agree on: what a C program reads in the headers, beside Python's."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import gnn_nets
from support.c_batch import WARNINGS, call

from edgehfn.backends.c import firmware, window_records
from edgehfn.errors import GraphError
from edgehfn.ir import arena, gnn_memory, gnn_rules, plan, scratch, topology
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import (
    SIGNED,
    Aggregate,
    Attention,
    Conv,
    Input,
    Node,
    QuantisedWeight,
    Requantise,
    SparseLinear,
    Supermask,
)
from edgehfn.ir.validate import verify
from edgehfn.spec import generator, masks
from edgehfn.spec.limits import COLUMNS, MOST_EDGES, MOST_NODES, SPEC_VERSION
from edgehfn.target.toolchain import HOST_GCC

pytestmark = pytest.mark.gcc

SEED = 3
Macros = dict[str, int]

EQUAL: Macros = {
    "HFN_VERSION": SPEC_VERSION,
    "HFN_ALIGN": scratch.ALIGN,
    "HFN_COLUMNS": COLUMNS,
    "HFN_MAX_NODES": MOST_NODES,
    "HFN_MAX_EDGES": MOST_EDGES,
    "HFN_SIGNED": window_records.SIGNED,
    "HFN_KEEP_LISTS": window_records.KEEP_LISTS,
    "HFN_SLACK": scratch.SLACK,
    "HFN_MAX_PLANES": scratch.OFFSET_LIMIT,
    "HFN_MAX_FAR_PLANES": scratch.FAR_LIMIT,
    "HFN_TABLES * sizeof(hfn_half)": arena.SUBSET_TABLES,
    "HFN_SIGN_STREAM": generator.SIGN_STREAM,
    "HFN_FROZEN_STREAM": generator.FROZEN_STREAM,
    **{
        f"HFN_GRAPH_{name}": getattr(topology, name)
        for name in ("OK", "NODES", "EDGES", "RANGE", "LOOP", "DEGREE", "DUPLICATE")
    },
}
CODED: Macros = {"HFN_HEADER": masks.HEADER, "HFN_RAW": masks.RAW}  # where HFN_SMALL is 1
OTHERS = (
    "HFN_MAX_KERNEL",
    "HFN_MAX_STRIDE",
    "HFN_MAX_COATS",
    "HFN_MAX_THRESHOLD",
    "HFN_DRAWS",
    "HFN_TAP_BYTES",
    "HFN_MIN_GROUP",
    "HFN_CHECK_SCRATCH",
    "HFN_SPARSE_SCRATCH",
    "HFN_AGGREGATE_SCRATCH",
    "HFN_ATTENTION_SCRATCH",
    "HFN_GOLDEN",
)
HASHED = [f"hfn_word({key}u, {index}u)" for key in (0, 7, 0xFFFFFFFF) for index in (0, 1, 1000)]
HEADERS = ("conv_dense.h", "conv_far.h", "generator.h", "linear_plain.h", "mask.h", "sparse_linear.h", "topology.h")


def read(place: Path, names: list[str], small: bool) -> Macros:
    """The values of C expressions, by a program that sees the runtime's headers."""
    lines = [f'#include "{header}"' for header in HEADERS] + ["#include <stdio.h>", "int main(void) {"]
    lines += [f'    printf("%lld\\n", (long long)({name}));' for name in names] + ["    return 0;", "}"]
    (place / "main.c").write_text("\n".join(lines) + "\n")
    call([HOST_GCC, *WARNINGS, f"-DHFN_SMALL={int(small)}", *firmware.includes(), "main.c", "-o", "main"], place)
    printed = subprocess.run([place / "main"], capture_output=True, text=True, check=True).stdout
    return dict(zip(names, map(int, printed.split()), strict=True))


@pytest.fixture(scope="module")
def macros(tmp_path_factory: pytest.TempPathFactory) -> Macros:
    return read(tmp_path_factory.mktemp("macros"), [*EQUAL, *OTHERS, *HASHED], small=False)


@pytest.mark.parametrize("small", [False, True])
def test_both_sides_have_the_same_numbers(small: bool, tmp_path: Path) -> None:
    wanted = EQUAL | CODED if small else EQUAL
    assert read(tmp_path, list(wanted), small) == wanted


def test_the_generators_are_one(macros: Macros) -> None:
    for name in HASHED:
        key, index = name.removeprefix("hfn_word(").rstrip(")").replace("u", "").split(", ")
        assert macros[name] == generator.word(int(key), int(index))
    assert generator.word(2**32 - macros["HFN_GOLDEN"], 0) == 0  # as the hash of 0


def conv(kernel: int = 1, stride: int = 1, coats: int = 1, pruned: int = 0) -> Graph:
    weight = Supermask("w", 0, (1, 1, kernel, kernel), coats, np.zeros(kernel**2, np.uint8), SEED, pruned)
    node = Conv("y", "input", weight, Requantise((1,), (0,), 0, 4, SIGNED), stride)
    return Graph((Input("input", (1, 20, 20)), node), SEED)


@pytest.mark.parametrize(
    ("macro", "make"),
    [
        ("HFN_MAX_KERNEL", lambda most: conv(kernel=most)),
        ("HFN_MAX_STRIDE", lambda most: conv(stride=most)),
        ("HFN_MAX_COATS", lambda most: conv(coats=most)),
        ("HFN_MAX_THRESHOLD", lambda most: conv(pruned=most)),
    ],
)
def test_the_compiler_takes_as_much_as_the_runtime(macro: str, make: Callable[[int], Graph], macros: Macros) -> None:
    verify(make(macros[macro]))
    with pytest.raises(GraphError):
        verify(make(macros[macro] + 1))


def test_thresholds_compare_draws(macros: Macros) -> None:
    assert macros["HFN_MAX_THRESHOLD"] == 2 ** macros["HFN_DRAWS"]


@pytest.mark.parametrize("inputs", [1, 3, 4, 5, 7, 100, 127, 128, 129, 200])
def test_a_tile_has_room_for_the_layout_of_any_core(inputs: int, macros: Macros) -> None:
    weight = QuantisedWeight("w", np.ones((2, inputs, 1, 1), np.int8))
    node = Conv("y", "input", weight, Requantise((1, 1), (0, 0), 0, 12, SIGNED))
    given = plan(verify(Graph((Input("input", (inputs, 4, 4)), node), SEED))).scratch["y"]
    group = max(macros["HFN_MIN_GROUP"], macros["HFN_TAP_BYTES"] * inputs)
    assert 2 * given.list_entries == group * max(1, scratch.TILE // group)


def bytes_of(node: Node, macros: Macros) -> int:
    match node:
        case Input(topology=topology.InputTopology(nodes=nodes)):
            return macros["HFN_CHECK_SCRATCH"] * gnn_memory.slots(nodes)
        case SparseLinear(features=features):
            return macros["HFN_SPARSE_SCRATCH"] * (gnn_memory.slots(features.nodes) + features.count)
        case Aggregate(topology=edges):
            return macros["HFN_AGGREGATE_SCRATCH"] * gnn_memory.slots(edges.nodes)
        case Attention(topology=edges):
            return macros["HFN_ATTENTION_SCRATCH"] * gnn_memory.slots(edges.nodes) + gnn_memory.entries(edges)
        case _:
            return 0


def test_scratch_of_graph_networks(macros: Macros) -> None:
    nodes = [n for seed in range(30) for g in (gnn_nets.stored(seed), gnn_nets.variable(seed)) for n in g]
    assert {Input, SparseLinear, Aggregate, Attention} <= {type(node) for node in nodes}
    for node in nodes:
        assert gnn_memory.scratch(node) == bytes_of(node, macros)


def test_lanes_share_a_word(tmp_path: Path) -> None:
    """A sum fits the lane that the compiler chose for it."""
    nodes = [n for seed in range(30) for n in gnn_nets.stored(seed) if isinstance(n, SparseLinear)]
    lanes = sorted({gnn_rules.lanes(node) for node in nodes})
    assert lanes == [1, 2, 4]
    names = [f"hfn_sparse_width(&(struct hfn_sparse_linear){{.lanes = {count}}})" for count in lanes]
    widths = dict(zip(lanes, read(tmp_path, names, small=False).values(), strict=True))
    assert widths == {1: 32, 2: 16, 4: 8}
    for node in nodes:
        largest = int(gnn_rules.sparse_accumulators(node.weight, node.features).max())
        assert largest < 2 ** (widths[gnn_rules.lanes(node)] - 1)
