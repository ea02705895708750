"""Nets for anomalies: the output is the difference of input and reconstruction, the score its squares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import oracle
from support.commands import call, result_of

import edgehfn
from edgehfn import nn
from edgehfn.backends import c
from edgehfn.errors import GraphError, InputError
from edgehfn.evaluation.answers import scores
from edgehfn.ir import Graph, ops, plan
from edgehfn.lowering import lower
from edgehfn.lowering.lower import DIFFERENCE
from edgehfn.lowering.untrained import untrained
from edgehfn.spec.limits import LEVELS
from edgehfn.spec.task import Task
from edgehfn.target.build import build
from edgehfn.target.execute import execute, machine, run


def graph(seed: int, weights: str = "supermask") -> Graph:
    widths = (9, 7, 6, 5, 3, 5, 6, 7, 8)
    net = nn.preset("autoencoder", (1 + seed % 3, 2, 4 + seed % 5), 2, seed=seed, width=widths, weights=weights)
    net.task = Task("anomaly")
    return untrained(net, 16)


def raw(made: Graph, seed: int) -> np.ndarray:
    assert made.input is not None
    images = np.random.default_rng(seed).integers(0, 256, (5, *made.input.shape), dtype=np.uint8)
    images[0], images[1] = 0, 255
    return images


@pytest.mark.gcc
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weights", ["supermask", "int8"])
def test_oracle_emulator_reference_and_host_agree(seed: int, weights: str) -> None:
    made = graph(seed, weights)
    x = raw(made, seed)
    outputs = edgehfn.emulate(made, x)
    assert np.array_equal(outputs, edgehfn.run(made, x, on="pytorch"))
    assert np.array_equal(outputs, run(made, x, "host-sanitized"))
    for image, output in zip(x[:3], outputs, strict=False):
        values = oracle.run(made, image.ravel().tolist())
        assert values[DIFFERENCE] == output.tolist()
    tensors: dict[str, np.ndarray] = {}
    edgehfn.run(made, x, on="pytorch", observe=lambda name, values: tensors.update({name: values.copy()}))
    node = made.nodes[-1]
    assert isinstance(node, ops.Add)
    own = tensors[node.x].astype(int) * node.x_multiplier / 2**node.shift
    apart = tensors["input"].reshape(len(x), -1) + own
    assert np.abs(np.clip(apart, -127, 127) - outputs).max() <= 1
    assert scores(outputs).tolist() == [sum(v * v for v in row) for row in outputs.astype(int).tolist()]


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m0", "rv32imc"])
def test_cores_agree(core: str) -> None:
    made = graph(7)
    x = raw(made, 7)
    assert np.array_equal(edgehfn.emulate(made, x), edgehfn.run(made, x, on=core))


SCORED = """
#include "odd.c"
#include "model.h"
void model_run(uint32_t *arena) {
    odd_run(arena);
    const uint32_t score = odd_score(arena);
    HFN_TRACE(0, &score, 4);
}
"""


@pytest.mark.qemu
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "rv32ec"])
def test_cores_make_the_same_score(core: str, tmp_path: Path) -> None:
    """In a program that runs a model and hands out its score behind the nodes."""
    made = graph(8)
    x, texts = raw(made, 8), c.emit(made, plan(made), "odd")
    names = {
        f"#define MODEL_{part} ODD_{part}" for part in ("ARENA_SIZE", "ARENA(arena)", "INPUT(arena)", "INPUT_SIZE")
    }
    header = "\n".join(['#include "odd.h"', *sorted(names), "void model_run(uint32_t *arena);", ""])
    board = machine(core)
    program = build({**texts, "model.h": header, "model.c": SCORED}, board, mode="trace")
    size = sum(tensor.size for tensor in made.tensors.values())
    rows = execute(program, board, x, size + 4).rows
    assert rows[:, size:].copy().view("<u4").ravel().tolist() == scores(edgehfn.emulate(made, x)).tolist()


def test_the_header_has_score_and_threshold() -> None:
    made = graph(1)
    limited = replace(made, task=replace(made.task, threshold=4_000_000_000))
    texts = c.emit(limited, plan(limited), "odd")
    assert "uint32_t odd_score(const uint32_t *arena);" in texts["odd.h"]
    assert "#define ODD_THRESHOLD 4000000000u" in texts["odd.h"]
    assert "THRESHOLD" not in c.emit(made, plan(made), "odd")["odd.h"]


def test_what_cannot_be_compared_is_refused() -> None:
    net = nn.preset("mlp", (1, 1, 9), 4)
    net.task = Task("anomaly")
    with pytest.raises(GraphError, match="not as many outputs as the 9 inputs"):
        untrained(net, 8)


def test_a_score_that_could_overflow_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lower.MOST_SQUARES * LEVELS**2 < 2**32
    monkeypatch.setattr(lower, "MOST_SQUARES", 11)
    net = nn.preset("autoencoder", (1, 3, 4), 2, width=(4, 4, 4, 4, 2, 4, 4, 4, 4))
    net.task = Task("anomaly")
    with pytest.raises(GraphError, match="a score over 12 inputs exceeds 32 bits; 11 are the most"):
        untrained(net, 8)


@pytest.mark.gcc
def test_one_digit_is_odd_on_the_device_as_on_the_laptop(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    model, data = tmp_path / "odd.hfn", "digits:normal=0"
    done = call(
        *(
            "train",
            "--data",
            data,
            "--arch",
            "autoencoder",
            "--width",
            "16,16,16,16,8,16,16,16,16",
            "--weights",
            "int8",
        ),
        *("--epochs", 20, "--batch", 16, "-o", model),
    )
    assert "task anomaly, as :normal= says so" in done.stderr
    told = result_of("calibrate", model, "--data", data, "--false-alarms", 0.1)
    found = result_of("run", model, "--data", data)
    assert found["roc-auc"] > 0.8
    assert {**found, "machine": ""} == {**result_of("run", model, "--data", data, "--on", "host"), "machine": ""}
    tests = edgehfn.data.images(data)
    np.save(tmp_path / "x.npy", tests.x_test[:40])
    rows = result_of("predict", model, tmp_path / "x.npy")["predictions"]
    assert [row["odd"] for row in rows] == [row["score"] > told["threshold"] for row in rows]
    with pytest.raises(InputError, match="digits:odd=eleven: is no class"):
        edgehfn.data.load("digits:odd=eleven")
