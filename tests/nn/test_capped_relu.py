"""ReLUs that end at a number: in floats, in training, in the model file, and in integers by a scale that ends there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import calibrate
import edgehfn as hfn
from edgehfn.errors import GraphError
from edgehfn.nn import Builder, InputSpec, Net
from edgehfn.nn.quantised import Quantised
from edgehfn.nn.structure import describe


def capped(cap: float = 2.0) -> Net:
    builder = Builder(InputSpec((2, 6, 6)), weights="float", seed=3)
    builder.conv("first", 4, 3, relu=cap)
    builder.depthwise("second", 3, norm=False, relu=cap)
    builder.linear("last", 5, relu=cap)
    return builder.net()


def raw(count: int = 6) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (count, 2, 6, 6), dtype=np.uint8))


def gradient(op: Quantised) -> torch.Tensor:
    assert op.trained.grad is not None
    return op.trained.grad.clone()


@pytest.mark.parametrize("training", [False, True])
def test_it_is_a_clamp_in_either_mode(training: bool) -> None:
    """In training, norm and ReLU are one compiled pass, whose gradient a cap behind it must not spoil."""
    net, x = capped(0.5).train(training), raw()
    norm = net.steps[0].norm
    assert norm is not None
    layers = [op for op in net.weights.values() if isinstance(op, Quantised)]
    first, second, last = layers
    assert second.bias is not None
    assert last.bias is not None
    net(x).sum().backward()
    got = [gradient(op) for op in layers]
    net.zero_grad()
    y = F.conv2d((x >> 1).float() / 127, first.trained, padding=1)
    y = F.batch_norm(y, norm.running_mean, norm.running_var, norm.weight, norm.bias, training, 0.0)
    y = F.conv2d(y.clamp(0, 0.5), second.trained, second.bias, padding=1, groups=4).clamp(0, 0.5)
    y = F.linear(y.flatten(1), last.trained, last.bias).clamp(0, 0.5)
    if not training:  # where its statistics have not moved in between
        torch.testing.assert_close(net(x), y)
    y.sum().backward()
    for op, before in zip(layers, got, strict=True):
        torch.testing.assert_close(gradient(op), before, atol=1e-4, rtol=1e-3)


def test_a_model_file_keeps_it_as_a_number_that_readers_of_old_refuse(tmp_path: Path) -> None:
    builder = Builder(InputSpec((2, 6, 6)))
    builder.conv("first", 4, 3, relu=6)
    builder.conv("second", 4, 3)
    net = builder.net()
    hfn.save(net, tmp_path / "x.hfn")
    again = hfn.load(tmp_path / "x.hfn")
    assert [step["relu"] for step in describe(again)["steps"]] == [6.0, True]
    assert [(step.relu, step.cap) for step in again.steps] == [(True, 6.0), (True, None)]
    assert torch.equal(again.eval()(raw()), net.eval()(raw()))


def test_integers_end_at_the_cap() -> None:
    builder = Builder(InputSpec((2, 6, 6)), weights="int8")
    builder.conv("first", 4, 3, relu=0.25)
    net = builder.net().eval()
    scales = calibrate.calibrate(net, [raw(50)]).scales
    found = hfn.emulate(hfn.lower(net, scales), raw().numpy()) * scales["first"]
    wanted = net(raw()).detach().numpy()
    assert wanted.max() == found.max() == pytest.approx(0.25)
    assert abs(found - wanted).max() < 2 * scales["first"]


def test_a_scale_beyond_it_is_refused() -> None:
    builder = Builder(InputSpec((2, 6, 6)), weights="int8")
    builder.conv("first", 4, 3, relu=6)
    with pytest.raises(GraphError, match=r"ReLU that ends at 6 needs a scale of at most 0.0472441, not 0.1"):
        hfn.lower(builder.net().eval(), {"input": 1 / 127, "first": 0.1})


@pytest.mark.parametrize("cap", [0, -1.0, float("inf"), float("nan")])
def test_a_cap_is_positive_and_finite(cap: float) -> None:
    with pytest.raises(GraphError, match="needs a ReLU, and to be a positive number"):
        capped(cap)
