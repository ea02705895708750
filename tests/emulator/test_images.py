"""The emulator against the oracle, node by node and byte by byte, and what it promises besides."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pytest
from support import nets, nodes, tools

from edgehfn.backends.emulator import kernels
from edgehfn.backends.emulator.images import emulate
from edgehfn.errors import InputError
from edgehfn.ir import Graph, verify
from edgehfn.ir.ops import SIGNED, Conv, Input, Linear, MaxPool, QuantisedWeight, Requantise
from edgehfn.spec.jit import compiled

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", tools.first(60, range(240)))
def test_equals_the_oracle_on_random_nets(seed: int) -> None:
    """Images of a group, and those behind it, which may run one by one."""
    graph = nets.random_graph(seed)
    raw = nets.random_input(graph, seed, 5)
    again = np.arange(kernels.LANES + 3) % len(raw)
    wanted = {name: tensor[again] for name, tensor in nodes.by_oracle(graph, raw).items()}
    nodes.assert_same(wanted, nodes.observed(emulate, graph, raw[again]))


def identity(channels: int) -> Requantise:
    """y = acc, clamped."""
    return Requantise((1,) * channels, (0,) * channels, 0, 0, SIGNED)


@pytest.mark.parametrize("ones", [258, 259])
def test_accumulators_beside_sixteen_bits(ones: int) -> None:
    """258 · 127 is the last sum of largest inputs that a 16-bit lane holds."""
    weight = QuantisedWeight("w", np.array([[1] * ones, [-1] * ones], np.int8))
    q = Requantise((1, 1), (0, 0), 0, 8, SIGNED)
    graph = verify(Graph((Input("input", (ones,)), Linear("y", "input", weight, q)), 0))
    y = emulate(graph, np.full((2, ones), 255, np.uint8))
    sums = 127 * ones
    assert y.tolist() == [[min((sums + 128) >> 8, 127), max((128 - sums) >> 8, -127)]] * 2


def test_accumulators_beside_thirty_one_bits() -> None:
    inputs = 132_000  # 132,000 · 127 · 127 + 2^24 = 0.999 · 2^31
    weight = QuantisedWeight("w", np.array([[127] * inputs, [-127] * inputs], np.int8))
    q = Requantise((1, 1), (0, 0), 0, 25, SIGNED)
    graph = verify(Graph((Input("input", (inputs,), dtype="s8"), Linear("y", "input", weight, q)), 0))
    y = emulate(graph, np.array([[127] * inputs, [-128] * inputs], np.int8))
    top, bottom = ((sign * inputs * 127 * 127 + 2**24) >> 25 for sign in (1, -1))
    assert y.tolist() == [[top, bottom], [bottom, top]]


def test_a_weight_kept_nowhere_leaves_the_bias() -> None:
    weight = QuantisedWeight("w", np.zeros((2, 3, 3, 3), np.int8))
    q = Requantise((127, -127), (5, -9), 1, 1, SIGNED)
    graph = Graph((Input("input", (3, 4, 5)), Conv("y", "input", weight, q, padding=1)), 0)
    y = emulate(graph, np.full((1, 3, 4, 5), 200, np.uint8))
    assert (y[:, 0] == 5).all()
    assert (y[:, 1] == -9).all()


def test_padding_never_wins_a_max_pool() -> None:
    graph = Graph((Input("input", (1, 2, 2), dtype="s8"), MaxPool("y", "input", 3, 2, 1)), 0)
    assert emulate(graph, np.full((1, 1, 2, 2), -128, np.int8)).tolist() == [[[[-127]]]]


@pytest.mark.parametrize("n", [0, 1, kernels.LANES - 1, kernels.LANES, kernels.LANES + 1, 3 * kernels.LANES])
def test_an_image_never_depends_on_its_neighbours(n: int) -> None:
    graph = nets.random_graph(8)
    raw = nets.random_input(graph, 1, 3 * kernels.LANES)
    y = emulate(graph, raw)[:n]
    assert np.array_equal(emulate(graph, raw[:n]), y)
    assert np.array_equal(emulate(graph, raw[:n][::-1]), y[::-1])


def test_reads_any_memory_layout_and_changes_none() -> None:
    graph = nets.folded_resnet(3, width=4, size=12)
    raw = nets.random_input(graph, 3, 10)
    wanted = emulate(graph, raw)
    fortran: npt.NDArray[Any] = np.asfortranarray(raw)
    fortran.flags.writeable = False
    before = raw.copy()
    assert np.array_equal(emulate(graph, fortran), wanted)
    assert np.array_equal(raw, before)


def test_threads_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nets.folded_resnet(4, width=4)
    raw = nets.random_input(graph, 4, 5 * kernels.LANES)
    monkeypatch.setattr(sys.modules[emulate.__module__], "THREADS", 1)
    alone = emulate(graph, raw)
    monkeypatch.setattr(sys.modules[emulate.__module__], "THREADS", 7)
    assert np.array_equal(emulate(graph, raw), alone)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros((2, 3, 4, 1), np.uint8), r"needs uint8 of shape \(N, 1, 3, 4\), got uint8 \(2, 3, 4, 1\)"),
        (np.zeros((1, 3, 4), np.uint8), r"got uint8 \(1, 3, 4\)"),
        (np.zeros((2, 1, 3, 4), np.int8), r"needs uint8 .* got int8"),
        (np.zeros((2, 1, 3, 4)), r"got float64"),
    ],
)
def test_refuses_images_that_do_not_fit(raw: np.ndarray, message: str) -> None:
    weight = QuantisedWeight("w", np.ones((1, 12), np.int8))
    graph = Graph((Input("input", (1, 3, 4)), Linear("y", "input", weight, identity(1))), 0)
    with pytest.raises(InputError, match=message):
        emulate(graph, raw)


def test_runs_without_torch() -> None:
    """Graphs, masks and every backend import and run where torch cannot be imported."""
    code = """
import pkgutil, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ImportError("torch is blocked")
sys.meta_path.insert(0, Block())
from edgehfn import ir, report, target
from edgehfn.backends import c, emulator, tflite
for package in (c, emulator, ir, report, target, tflite):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        __import__(module.name)
from support import nets
from edgehfn.backends.emulator.images import emulate
graph = nets.random_graph(5)
print(emulate(graph, nets.random_input(graph, 5, 3)).sum())
assert "torch" not in sys.modules
"""
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=path, check=False)
    assert ran.returncode == 0, ran.stderr
    graph = nets.random_graph(5)
    assert int(ran.stdout) == emulate(graph, nets.random_input(graph, 5, 3)).sum()


@pytest.mark.parametrize("module", [sys.modules[emulate.__module__], kernels])
def test_its_source_has_no_float(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text())
    for part in ast.walk(tree):
        assert not isinstance(part, ast.Div)
        assert not (isinstance(part, ast.Constant) and isinstance(part.value, float))
        assert not (isinstance(part, ast.Attribute | ast.Name) and "float" in ast.unparse(part))


def test_compiles_where_nothing_can_be_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = numba.njit

    def read_only(function: Callable[..., object], **options: Any) -> object:
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return compiler(function, **options)

    monkeypatch.setattr(numba, "njit", read_only)
    assert compiled()(lambda x: x + 1)(2) == 3
