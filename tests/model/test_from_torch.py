"""Modules of plain PyTorch, trained there: the net computes what the module does, and its integers on every machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.torch_modules import Cnn, fit
from torch import Tensor, nn

import calibrate
import edgehfn as hfn
from edgehfn.data.sets import Dataset


@pytest.fixture(scope="module")
def digits() -> Dataset:
    found = hfn.data.load("digits")
    assert isinstance(found, Dataset)
    return found


def reals(x: np.ndarray) -> Tensor:
    return torch.from_numpy(x).float() / 255


@pytest.fixture(scope="module")
def cnn(digits: Dataset) -> nn.Module:
    torch.manual_seed(0)
    return fit(Cnn(), reals(digits.x_train), torch.from_numpy(digits.y_train), epochs=8)


@pytest.mark.gcc
def test_a_trained_module_becomes_integers_that_answer_as_it_does(
    cnn: nn.Module, digits: Dataset, tmp_path: Path
) -> None:
    x = digits.x_test
    with torch.no_grad():
        wanted = cnn(reals(x))
    floats = hfn.from_torch(cnn, reals(x[:1]), weights="float")
    with torch.no_grad():
        assert float((floats(torch.from_numpy(x)) - wanted).abs().max()) < 1e-4
    net = hfn.from_torch(cnn, reals(x[:1]), classes=10)
    hfn.save(net, tmp_path / "cnn.hfn")
    net = hfn.load(tmp_path / "cnn.hfn")
    graph = hfn.lower(net, calibrate.calibrate(net, calibrate.batches(digits.x_train)).scales)
    found = hfn.emulate(graph, x)
    assert (found.reshape(len(x), -1).argmax(1) == wanted.argmax(1).numpy()).mean() >= 0.97
    assert np.array_equal(hfn.run(graph, x[:20], on="host"), found[:20])
