"""Modules of plain PyTorch, trained there: the net computes what the module does, and its integers on every machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from support.torch_modules import Attention, DsCnn, Lstm, ResNet, Tcn, fit, mlp, waves
from torch import Tensor, nn

import calibrate
import edgehfn as hfn
from edgehfn.data.sets import Dataset
from edgehfn.errors import GraphError, InputError

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """A module, what its net reads, and what the module itself does of that."""

    module: nn.Module
    train: Bytes
    test: Bytes
    read: Callable[[Tensor], Tensor]

    def real(self, x: Bytes) -> Tensor:
        return self.read(torch.from_numpy(x).float() / 255)


def digits_as(shape: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    return lambda x: x.reshape(len(x), *shape)


@pytest.fixture(scope="module", params=["resnet", "ds-cnn", "mlp", "tcn"])
def case(request: pytest.FixtureRequest) -> Case:
    torch.manual_seed(0)
    if request.param == "tcn":
        (x, y), (test, _) = waves(800, 0), waves(400, 1)
        found = Case(Tcn(), x, test, lambda x: x[:, :, 0].transpose(1, 2))
    else:
        data = hfn.data.load("digits")
        assert isinstance(data, Dataset)
        module = {"resnet": ResNet, "ds-cnn": DsCnn, "mlp": mlp}[request.param]()
        shape = (64,) if request.param == "mlp" else (1, 8, 8)
        x, y, test = data.x_train, data.y_train, data.x_test
        if request.param == "mlp":
            x, test = x.reshape(-1, 1, 1, 64), test.reshape(-1, 1, 1, 64)
        found = Case(module, x, test, digits_as(shape))
    fit(found.module, found.real(x), torch.from_numpy(y), epochs=6)
    return found


@torch.no_grad()
def outputs(module: nn.Module, x: Tensor) -> Tensor:
    return module(x)  # type: ignore[no-any-return]


def delivered(net: hfn.nn.Net, case: Case) -> Bytes:
    """The test inputs in the order in which the device reads them."""
    assert isinstance(net.input, hfn.nn.InputSpec)
    return np.ascontiguousarray(case.test.transpose(0, 2, 3, 1)) if net.input.order == "hwc" else case.test


def test_float_logits_are_those_of_the_module(case: Case) -> None:
    net = hfn.from_torch(case.module, case.real(case.test[:1]), weights="float")
    assert not net.training
    wanted = outputs(case.module, case.real(case.test))
    assert float((outputs(net, torch.from_numpy(case.test)) - wanted).abs().max()) < 1e-4


def test_weights_of_8_bits_begin_as_the_trained_floats(case: Case) -> None:
    """Through which they are folded bit by bit where nothing is rounded."""
    floats = hfn.from_torch(case.module, case.real(case.test[:1]), weights="float")
    for name, op in hfn.from_torch(case.module, case.real(case.test[:1])).weights.items():
        same = floats.weights[name]
        assert isinstance(op, hfn.nn.QuantisedConv2d | hfn.nn.QuantisedLinear)
        assert isinstance(same, hfn.nn.QuantisedConv2d | hfn.nn.QuantisedLinear)
        assert torch.equal(op.trained, same.trained)
        largest = op.trained.abs().flatten(1).amax(1).reshape(-1, *[1] * (op.trained.dim() - 1))
        assert bool(((op.weight() - op.trained).abs() <= largest / 253).all())  # half a step of 1/127


@pytest.mark.gcc
def test_integers_answer_as_the_module_does_on_the_host_too(case: Case, tmp_path: Path) -> None:
    net = hfn.from_torch(case.module, case.real(case.test[:1]))
    hfn.save(net, tmp_path / "net.hfn")
    net = hfn.load(tmp_path / "net.hfn")
    graph, raw = hfn.lower(net, calibrate.calibrate(net, calibrate.batches(case.train)).scales), delivered(net, case)
    found = hfn.emulate(graph, raw)
    answers = outputs(case.module, case.real(case.test)).argmax(1).numpy()
    assert (found.reshape(len(found), -1).argmax(1) == answers).mean() >= 0.97
    assert np.array_equal(hfn.run(graph, raw[:20], on="host"), found[:20])
    assert np.array_equal(hfn.run(graph, raw[:20], on="pytorch"), found[:20])


@pytest.mark.qemu
@pytest.mark.slow
def test_a_core_computes_the_same_bytes(case: Case) -> None:
    net = hfn.from_torch(case.module, case.real(case.test[:1]), weights={"*conv1*": "int8", "*": "int4"})
    graph = hfn.lower(net, calibrate.calibrate(net, calibrate.batches(case.train)).scales)
    agreement = hfn.verify(graph, delivered(net, case)[:2], ["emulator", "cortex-m4"])
    assert agreement.mismatches == 0


@pytest.mark.parametrize(
    ("module", "shape", "told"),
    [
        (Lstm(), (1, 16, 3), r"torch_modules.py, line \d+, `y, _ = self.rnn\(x\)`: lstm of LSTM 'rnn': no layer"),
        (Attention(), (1, 3, 16), r"torch_modules.py, line \d+, `weights = torch.softmax.*`: "),
        (nn.Sequential(nn.Linear(4, 4), nn.GELU()), (1, 4), "gelu of GELU '1': no layer computes it"),
        (nn.Sequential(nn.Conv2d(4, 8, 3, groups=2)), (1, 4, 8, 8), "conv2d of Conv2d '0': 2 groups of 4 channels"),
        (nn.Sequential(nn.Conv2d(4, 8, 9)), (1, 4, 16, 16), "conv2d of Conv2d '0': kernel 9"),
        (nn.Sequential(nn.Conv1d(4, 8, 3), nn.MaxPool1d(2, dilation=2)), (1, 4, 16), "max_pool1d of MaxPool1d '1'"),
    ],
)
def test_what_is_not_supported_is_refused_by_name_and_line(
    module: nn.Module, shape: tuple[int, ...], told: str
) -> None:
    with pytest.raises(GraphError, match=told) as caught:
        hfn.from_torch(module, torch.zeros(shape))
    assert "docs/YOUR_NET.md" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_wrong_arguments_are_named() -> None:
    module, example = nn.Sequential(nn.Linear(4, 2)), torch.zeros(1, 4)
    for wrong in ((module, torch.zeros(4)), (nn.ReLU, example), (module, [1.0])):
        with pytest.raises(InputError, match="Module and a batch of its inputs"):
            hfn.from_torch(*wrong)
    with pytest.raises(InputError, match="use supermask, int8"):
        hfn.from_torch(module, example, weights="int7")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="none matches '0'; add a last pattern"):
        hfn.from_torch(module, example, weights={"conv*": "int8"})
    with pytest.raises(InputError, match=r"first layer reads \(1, 1, 4\)"):
        hfn.from_torch(module, example, input=hfn.nn.InputSpec((1, 1, 5)))
    with pytest.raises(InputError, match="cannot follow it with an input of"):
        hfn.from_torch(module, torch.zeros(1, 5))
