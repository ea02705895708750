"""TFLite export: every node, fed with our integers, within the steps promised, and a trained net as good as ours."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support import nets
from support.tflite_nets import plain
from support.tflite_nodes import contents, differences, operators

import edgehfn
from edgehfn.backends import tflite
from edgehfn.backends.emulator.images import emulate
from edgehfn.backends.tflite import run
from edgehfn.errors import GraphError, InputError, ToolError
from edgehfn.ir import Graph, ops, verify
from edgehfn.ir.inputs import Raw
from edgehfn.ir.ops import RELU, SIGNED, Add, Conv, Input, Linear, MaxPool, QuantisedWeight, Requantise


def exported(seed: int) -> tuple[Graph, bytes] | None:
    """A random graph and its model; about two in five are within what TFLite can follow."""
    graph = nets.random_graph(seed)
    try:
        return graph, tflite.emit(graph)
    except GraphError:
        return None


@pytest.mark.slow
def test_each_node_of_random_nets_is_within_the_steps_promised() -> None:
    seen: dict[tuple[type, int], int] = {}
    for seed in range(120):
        pair = exported(seed)
        if pair is None:
            continue
        for off in differences(*pair, nets.random_input(pair[0], seed, 6)):
            assert off.largest <= off.allowed, f"seed {seed}, {off}"
            kind = (type(off.node), off.allowed)
            seen[kind] = seen.get(kind, 0) + 1
    assert all(seen[kind, 1] >= least for kind, least in ((Conv, 100), (Linear, 30), (MaxPool, 20), (ops.AvgPool, 15)))
    assert seen[Conv, 2] >= 30
    assert seen[Add, 1] >= 3


def test_max_pools_are_exact_and_all_nodes_nearly_so() -> None:
    """A rounding that leans to one side, or a bias off by half a step, would stay within the promise but show here."""
    shares: dict[type, list[float]] = {}
    for seed in range(60):
        pair = exported(seed)
        for off in differences(*pair, nets.random_input(pair[0], seed, 6)) if pair else []:
            if off.allowed == 1:
                shares.setdefault(type(off.node), []).append(off.share)
    assert max(shares[MaxPool]) == 0
    assert np.median(shares[Linear]) < 0.01
    assert np.median(shares[Conv]) < 0.01


STEPS = {"input": (1, -7), "y": (3, -8)}


def graph_of(nodes: tuple[ops.Node, ...]) -> Graph:
    return verify(Graph(nodes, 0, (), STEPS))


def one(node: ops.Node, shape: ops.Shape, **input: Any) -> Graph:
    """A graph of one node behind its input."""
    return graph_of((Input("input", shape, **input), node))


def dense(*shape: int, largest: int = 127) -> QuantisedWeight:
    values = np.random.default_rng(0).integers(-largest, largest + 1, shape)
    return QuantisedWeight("w", values.astype(np.int8))


@pytest.mark.parametrize("order", ["chw", "hwc"])
def test_all_raw_bytes_are_mapped_exactly(order: Any) -> None:
    identity = QuantisedWeight("w", np.eye(3, dtype=np.int8).reshape(3, 3, 1, 1))
    node = Conv("y", "input", identity, Requantise((64,) * 3, (0,) * 3, 0, 6, RELU))
    graph = one(node, (3, 16, 16), order=order)
    raw = np.random.default_rng(0).permuted(np.tile(np.arange(256, dtype=np.uint8), (3, 1)), axis=1)
    raw = np.moveaxis(raw.reshape(1, 3, 16, 16), 1, -1) if order == "hwc" else raw.reshape(1, 3, 16, 16)
    model = tflite.emit(graph)
    for reference in (False, True):
        assert (run.run(graph, model, raw, reference=reference) == emulate(graph, raw)).all()


def test_signed_bytes_are_taken_as_they_are() -> None:
    node = Linear("y", "input", dense(4, 5), plain(4))
    graph = one(node, (5,), dtype="s8")
    model = tflite.emit(graph)
    (entry,) = run.interpreter(model).get_input_details()
    assert (entry["name"], entry["dtype"], tuple(entry["shape"])) == ("input", np.int8, (1, 5))
    raw = np.random.default_rng(0).integers(-127, 128, (50, 5), np.int8)
    assert np.abs(run.run(graph, model, raw).astype(int) - emulate(graph, raw)).max() <= 1


def test_the_input_is_what_a_user_expects() -> None:
    graph = one(Conv("y", "input", dense(4, 3, 3, 3), plain(4), 1, 1), (3, 6, 5))
    (entry,) = run.interpreter(tflite.emit(graph)).get_input_details()
    assert (entry["dtype"], tuple(entry["shape"])) == (np.uint8, (1, 6, 5, 3))
    assert entry["quantization"] == (1 / 256, 1)  # half the mapped tensor's step


@pytest.mark.parametrize(
    ("side", "kernel", "stride", "padding", "expected"),
    [
        (8, 3, 1, 1, ["CONV_2D"]),
        (8, 3, 1, 0, ["CONV_2D"]),
        (7, 3, 2, 1, ["CONV_2D"]),
        (8, 3, 2, 1, ["PAD", "CONV_2D"]),  # SAME would put nothing before the map
        (8, 2, 1, 1, ["PAD", "CONV_2D"]),
        (8, 1, 2, 0, ["CONV_2D"]),
        (9, 5, 1, 1, ["PAD", "CONV_2D"]),
        (9, 4, 3, 3, ["PAD", "CONV_2D"]),
    ],
)
def test_padding_is_an_operator_only_where_it_must_be(
    side: int, kernel: int, stride: int, padding: int, expected: list[str]
) -> None:
    graph = one(Conv("y", "input", dense(4, 2, kernel, kernel), plain(4), stride, padding), (2, side, side))
    model = tflite.emit(graph)
    assert operators(model) == ["QUANTIZE", *expected]
    raw = nets.random_input(graph, 0, 20)
    assert all(off.largest <= 1 for off in differences(graph, model, raw))


@pytest.mark.parametrize(("dtype", "pad"), [("u8", "PAD"), ("s8", "PADV2")])
def test_max_pools_never_choose_what_was_put_around_a_map(dtype: Any, pad: str) -> None:
    graph = one(MaxPool("y", "input", 3, 2, 1), (2, 8, 8), dtype=dtype)
    model = tflite.emit(graph)
    assert operators(model)[-2:] == [pad, "MAX_POOL_2D"]
    shape = (1, 2, 8, 8)
    raw: Raw = np.full(shape, 1, np.uint8) if dtype == "u8" else np.full(shape, -127, np.int8)
    assert (run.run(graph, model, raw) == emulate(graph, raw)).all()
    assert differences(graph, model, nets.random_input(graph, 0, 20))[0].largest == 0


def test_the_weights_of_a_linear_node_follow_the_order_of_its_inputs() -> None:
    """Each output picks one input of a 2x3x4 image, scaled by a gain of its own sign and size."""
    multipliers = tuple(64 if o % 2 else -32 for o in range(24))
    weight = QuantisedWeight("w", np.eye(24, dtype=np.int8))
    graph = one(Linear("y", "input", weight, Requantise(multipliers, (0,) * 24, 0, 6, SIGNED)), (2, 3, 4), dtype="s8")
    model = tflite.emit(graph)
    raw = 2 * np.arange(-12, 12, dtype=np.int8).reshape(1, 2, 3, 4)
    expected = raw.reshape(24) * np.where(np.arange(24) % 2, 1.0, -0.5)
    assert (run.run(graph, model, raw, reference=True)[0] == expected).all()


def test_a_multiplier_of_zero_leaves_the_bias_exactly() -> None:
    q = Requantise((0, 0, 5), (37, -8, 8), 7, 9, SIGNED)  # 37·128/512 = 9.25, -2, and 2 with 5·acc/512
    graph = one(Linear("y", "input", dense(3, 6), q), (6,), dtype="s8")
    made = run.run(graph, tflite.emit(graph), nets.random_input(graph, 0, 30), reference=True)
    assert (made[:, 0] == 9).all()
    assert (made[:, 1] == -2).all()
    assert len(set(made[:, 2].tolist())) > 5


def test_scales_are_what_the_integers_say() -> None:
    """Real values agree: of the products with the graph's multipliers, and of a residual with its ratio."""
    counts = np.random.default_rng(1).integers(0, 3, 3 * 3 * 9).astype(np.uint8)
    weight = ops.Supermask("w", 0, (3, 3, 3, 3), 2, counts, 0)
    q = Requantise((-77, 40, 9), (1, 2, 3), 5, 11, RELU, residual_multiplier=200, residual_shift=4)
    graph = one(Conv("y", "input", weight, q, 1, 1, "input"), (3, 5, 5))
    part = contents(tflite.emit(graph)).subgraphs[0]
    tensors = {tensor.name.decode(): tensor for tensor in part.tensors}
    scale = {name: tensor.quantization.scale for name, tensor in tensors.items()}
    stored = contents(tflite.emit(graph)).buffers[tensors["y/weight"].buffer].data.view(np.int8)
    real = scale["y/weight"][:, None, None, None] * stored.reshape(3, 3, 3, 3)
    ours = np.array(q.multiplier)[:, None, None, None] * weight.values / 2**11
    np.testing.assert_allclose(real.transpose(0, 3, 1, 2) * scale["input"] / scale["y"], ours, rtol=1e-6)
    assert scale["input"] / scale["y"] == pytest.approx(200 * 2**4 / 2**11)
    np.testing.assert_allclose(scale["y/bias"], scale["y/weight"] * scale["input"], rtol=1e-6)
    assert np.abs(stored).max() == 126  # counts of at most 2, spread over a byte


def test_a_weight_that_iterations_share_is_stored_once() -> None:
    weight = ops.Supermask("w", 0, (4, 4, 3, 3), 1, np.ones(144, np.uint8), 0)
    again = tuple(
        Conv(name, x, weight, replace(plain(4, m=m), clamp=RELU), 1, 1)
        for name, x, m in (("a", "input", 30), ("b", "a", 90), ("y", "b", 7))
    )
    model = contents(tflite.emit(graph_of((Input("input", (4, 6, 6)), *again))))
    named = {t.name.decode(): t.buffer for t in model.subgraphs[0].tensors}
    assert named["a/weight"] == named["b/weight"] == named["y/weight"]
    assert sum(buffer.data is not None and len(buffer.data) == 144 for buffer in model.buffers) == 1


def test_nodes_that_tflite_cannot_follow_are_named() -> None:
    x = Input("input", (2, 4, 4))
    identity = QuantisedWeight("w", np.eye(2, dtype=np.int8).reshape(2, 2, 1, 1))
    steep = Conv("steep", "input", dense(2, 2, 1, 1), Requantise((127, 127), (0, 0), 0, 5, SIGNED))
    residual = Requantise((1, 1), (0, 0), 0, 1, SIGNED, 255, 2)
    heavy = Conv("heavy", "input", identity, residual, residual="input")
    for node in (steep, heavy, Add("uneven", "input", "input", 5, 7, 3, SIGNED)):
        with pytest.raises(GraphError, match=f"node {node.name}: .* calibrate"):
            tflite.emit(graph_of((x, node)))


def test_sums_of_tensors_in_proportion_are_exported() -> None:
    nodes = (Input("input", (2, 4, 4)), MaxPool("a", "input", 3, 1, 1), Add("y", "input", "a", 40, 40, 7, RELU))
    graph = graph_of(nodes)
    assert differences(graph, tflite.emit(graph), nets.random_input(graph, 0, 20))[1].largest <= 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    graph = one(MaxPool("y", "input", 2, 2), (1, 4, 4))
    model = tflite.emit(graph)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    taken = SimpleNamespace(OpResolverType=SimpleNamespace(BUILTIN_REF=1, AUTO=2), Interpreter=lambda **given: given)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", taken)
    assert run.interpreter(model, reference=True)["experimental_op_resolver_type"] == 1
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", None)
    with pytest.raises(ToolError, match="pip install ai-edge-litert"):
        run.interpreter(model)
    monkeypatch.delattr("ai_edge_litert.schema_py_generated")
    monkeypatch.setitem(sys.modules, "ai_edge_litert.schema_py_generated", None)
    with pytest.raises(ToolError, match="pip install ai-edge-litert"):
        edgehfn.write_tflite(graph, tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())


def test_files_that_cannot_be_written_and_wrong_images(tmp_path: Path) -> None:
    graph = one(MaxPool("y", "input", 2, 2), (1, 4, 4))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another folder"):
        edgehfn.write_tflite(graph, tmp_path / "file" / "m.tflite")
    with pytest.raises(InputError, match="needs uint8"):
        run.run(graph, tflite.emit(graph), np.zeros((2, 1, 4, 5), np.uint8))
    assert run.run(graph, tflite.emit(graph), np.zeros((0, 1, 4, 4), np.uint8)).shape == (0, 1, 2, 2)


def test_the_same_graph_gives_the_same_bytes() -> None:
    code = (
        "import sys, hashlib; from support import nets; from edgehfn.backends import tflite; "
        "print(hashlib.sha256(tflite.emit(nets.random_graph(24))).hexdigest(), 'torch' in sys.modules)"
    )
    tests = Path(__file__).parents[1]
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(tests), "PYTHONHASHSEED": seed},
            cwd=tests.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    (line,) = said
    assert line.split()[1] == "False"
