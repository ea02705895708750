"""A trained net as TFLite, and the command that exports it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.tflite_nodes import differences

import calibrate
import edgehfn
from edgehfn import data, nn
from edgehfn.backends.emulator.images import emulate
from edgehfn.backends.tflite import run
from edgehfn.cli import cli
from edgehfn.data.sets import Dataset
from edgehfn.evaluation import machines
from edgehfn.ir import Graph
from edgehfn.ir.ops import Conv, Linear
from edgehfn.model import modelfile


@dataclass(frozen=True)
class Trained:
    path: Path
    graph: Graph
    model: bytes
    data: Dataset


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A folded net with residuals, pools and strides, on part of Fashion-MNIST."""
    whole = data.images("fashion-mnist")
    part = replace(whole, x_train=whole.x_train[:8000], y_train=whole.y_train[:8000])
    net = nn.preset("demo", part.shape, part.classes, width=8)
    edgehfn.train(net, part, epochs=2)
    path = tmp_path_factory.mktemp("tflite") / "kws.hfn"
    modelfile.save(net, path, {})
    calibration = calibrate.calibrate(net, [part.x_train[:256]], model=modelfile.digest(path))
    calibration.save(path.with_suffix(".cal.json"))
    graph = edgehfn.lower(net, calibration.scales)
    model = edgehfn.write_tflite(graph, path.with_suffix(".tflite")).read_bytes()
    return Trained(path, graph, model, whole)


@pytest.mark.slow
def test_a_trained_net_is_as_good_in_tflite(trained: Trained) -> None:
    raw, labels = machines.raw(trained.graph, trained.data.x_test), trained.data.y_test
    ours = machines.classes(emulate(trained.graph, raw))
    theirs = machines.classes(run.run(trained.graph, trained.model, raw))
    accuracy = float((ours == labels).mean())
    assert accuracy > 0.5
    assert (ours == theirs).mean() >= 0.95  # what was trained, and XNNPACK's kernels, are the processor's own
    assert abs(float((theirs == labels).mean()) - accuracy) <= 0.02
    some = machines.classes(run.run(trained.graph, trained.model, raw[:1000], reference=True))
    assert (some == ours[:1000]).mean() >= 0.95


@pytest.mark.slow
def test_each_node_of_a_trained_net_is_within_the_steps_promised(trained: Trained) -> None:
    found = differences(trained.graph, trained.model, machines.raw(trained.graph, trained.data.x_test[:100]))
    assert all(off.largest <= off.allowed for off in found)
    plain = [off.share for off in found if isinstance(off.node, Conv | Linear) and off.allowed == 1]
    assert max(plain) < 0.02
    assert {off.allowed for off in found} == {1, 2}


def export(*words: object) -> Any:
    return CliRunner().invoke(cli, ["export", *map(str, words)])


@pytest.mark.slow
def test_export_writes_and_compares(trained: Trained, tmp_path: Path) -> None:
    to = tmp_path / "new" / "kws.tflite"
    done = export(trained.path, "--tflite", to, "--data", "fashion-mnist", "--limit", 300, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert to.read_bytes() == trained.model
    assert (found["tflite"], found["bytes"], found["images"]) == (str(to), len(trained.model), 300)
    assert found["same_class"] >= 0.95
    assert abs(found["accuracy"] - found["tflite_accuracy"]) <= 1 - found["same_class"] + 1e-9
    text = export(trained.path, "--tflite", to, "--data", "fashion-mnist", "--limit", 300).stdout
    assert f"{100 * found['tflite_accuracy']:.2f} %" in text
    assert export(trained.path, "--tflite", to).stdout == f"{to}: {len(trained.model):,} bytes\n"


@pytest.mark.slow
def test_export_says_in_one_line_what_is_wrong(trained: Trained, tmp_path: Path) -> None:
    for words, named in (
        ((trained.path,), "--tflite"),
        ((trained.path, "--tflite", tmp_path), "directory"),
        ((tmp_path / "absent.hfn", "--tflite", tmp_path / "m.tflite"), "absent.hfn"),
        ((trained.path, "--tflite", tmp_path / "m.tflite", "--data", "absent.npz"), "absent.npz"),
    ):
        done = export(*words)
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        assert named in line
    assert not list(tmp_path.iterdir())
