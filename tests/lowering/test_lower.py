"""Lowering: what the integers stand for is what the float net computes, to within rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from support import oracle
from support.floats import norms
from support.narrow import only, there

import calibrate
from edgehfn import nn
from edgehfn.errors import GraphError
from edgehfn.ir import ops
from edgehfn.lowering import constants
from edgehfn.lowering.lower import lower
from edgehfn.nn.builder import Kind
from edgehfn.nn.net import Order


def trained_net(
    *, kind: Kind = "supermask", order: Order = "chw", channels: int = 2, densities: tuple[float, ...] = (0.6, 0.25)
) -> nn.Net:
    """A folded residual net with the norms of a net in use: statistics seen, and factors of both signs."""
    builder = nn.Builder(nn.InputSpec((channels, 12, 10), order), seed=11, densities=densities)
    nn.ConvNorm(8, 3, 1, kind).add(builder, "stem")
    builder.max_pool("pool", 2, 2)
    nn.BasicBlock(12, 2).add(builder, "stage.0")
    nn.Fold(nn.BasicBlock(12), 3).add(builder, "stage.1")
    builder.global_avg_pool("gap")
    builder.linear("classifier", 5, kind=kind)
    net = builder.net()
    torch.manual_seed(3)
    for norm in norms(net):
        torch.nn.init.uniform_(norm.weight, -1.5, 1.5)
        torch.nn.init.normal_(norm.bias)
    for _ in range(30):
        net(images(64, channels))
    return net.eval()


def images(count: int, channels: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (count, channels, 12, 10), dtype=torch.uint8)


def kept_in(tensors: dict[str, torch.Tensor]) -> Callable[[str, torch.Tensor], None]:
    """An observer that keeps copies."""

    def keep(name: str, values: torch.Tensor) -> None:
        tensors[name] = values.clone()

    return keep


def scales(net: nn.Net) -> dict[str, float]:
    return calibrate.calibrate(net, [images(256, net.input.shape[0])]).scales


@pytest.mark.parametrize("kind", ["supermask", "int8", "int4", "ternary", "binary"])
@pytest.mark.parametrize("order", ["chw", "hwc"])
def test_every_tensor_follows_the_float_net(kind: Kind, order: Order) -> None:
    net = trained_net(kind=kind, order=order)
    steps = scales(net)
    graph = lower(net, steps)
    raw = images(4)
    floats: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        net.run(raw, kept_in(floats))
    assert list(graph.tensors) == list(floats)
    for i, image in enumerate(raw):
        bytes_in = image if order == "chw" else image.permute(1, 2, 0)
        integers = oracle.run(graph, bytes_in.flatten().tolist())
        for name, values in floats.items():
            real = values[i].flatten().numpy() / steps[name]
            error = np.array(integers[name]) - np.clip(
                real, *((0, 127) if graph.tensors[name].lo == 0 else (-127, 127))
            )
            assert np.sqrt(np.mean(error**2)) < 2.5, name  # of 127 steps; each rounding on the way is 0.29


def test_iterations_share_one_weight_and_keep_their_norms() -> None:
    graph = lower(net := trained_net(), scales(net))
    folded = [n for n in graph if isinstance(n, ops.Conv) and n.weight.name == "stage.1.conv1"]
    assert len(folded) == 3
    assert len({id(n.weight) for n in folded}) == 1
    assert len({n.requantise for n in folded}) == 3
    assert len(graph.weights) == len(net.weights)


def test_scales_come_out_as_the_calibration_has_them() -> None:
    net = trained_net()
    steps = scales(net)
    graph = lower(net, steps)
    for name, (mantissa, exponent) in graph.scales.items():
        assert mantissa * 2.0**exponent == pytest.approx(steps[name], rel=2**-24)


def test_a_missing_scale_is_named() -> None:
    net = trained_net()
    steps = scales(net)
    del steps["stage.1.conv2@1"]
    with pytest.raises(GraphError, match=r"step stage\.1\.conv2@1: the calibration has no scale"):
        lower(net, steps)


def test_a_pool_must_keep_its_scale() -> None:
    net = trained_net()
    steps = scales(net)
    steps["pool"] *= 2
    with pytest.raises(GraphError, match=r"pool: .*max pooling keeps"):
        lower(net, steps)


def test_a_step_without_integer_form_is_refused() -> None:
    net = trained_net()
    step = next(s for s in net.steps if s.name == "gap")
    odd = nn.Net(net.input, [replace(s, relu=True) if s is step else s for s in net.steps], seed=net.seed)
    with pytest.raises(GraphError, match=r"gap: GlobalAvgPool with .*relu=True has no integer form; supported: "):
        lower(odd, scales(odd))


def test_channels_that_never_change_cost_the_others_nothing() -> None:
    net = trained_net(densities=(0.4,))
    conv = net.weights["stage.1.conv1"]
    assert isinstance(conv, nn.SupermaskConv2d)
    assert conv.scores is not None
    with torch.no_grad():
        conv.scores[0] = 0.0  # of no importance: nothing of channel 0 is kept
    net.train()
    for _ in range(200):
        net(images(16))
    net.eval()
    graph = lower(net, scales(net))
    node = next(n for n in graph if isinstance(n, ops.Conv) and n.name == "stage.1.conv1")
    assert not node.weight.values[0].any()
    assert node.requantise.multiplier[0] == 0
    assert sorted(map(abs, node.requantise.multiplier))[-2] >= 16


@pytest.mark.parametrize("clamped", [False, True])
def test_channels_without_inputs_are_what_their_norms_make_of_nothing(clamped: bool) -> None:
    """Their mask lost its last place lately: the norm still remembers that they varied."""
    net = trained_net(densities=(0.4,))
    step = next(s for s in net.steps if s.name == "stage.1.conv1@1")
    conv, norm = step.op, step.norm
    assert isinstance(conv, nn.SupermaskConv2d)
    assert norm is not None
    assert conv.scores is not None
    with torch.no_grad():
        conv.scores[0] = 0.0
        norm.weight[0], norm.bias[0] = 1.0, 0.5
    mean, variance = there(norm.running_mean), there(norm.running_var)
    mean[0], variance[0] = (1.0 if clamped else -1e-3), 1e-6
    net.set_progress(1.0)
    steps = scales(net)
    graph = lower(net, steps)
    q = next(n for n in graph if isinstance(n, ops.Conv) and n.name == step.name).requantise
    assert q.multiplier[0] == 0
    assert sorted(map(abs, q.multiplier))[-2] >= 16
    made = q.bias[0] * 2.0 ** (q.bias_shift - q.shift)
    real = (0.5 - mean[0].item() / (1e-6 + norm.eps) ** 0.5) / steps[step.name]
    assert made == pytest.approx(max(-127, real), abs=0.6)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("lift", [0.3, 0.305, -0.3])
def test_what_reads_constants_only_is_what_it_is_in_the_float_net(lift: float, residual: bool) -> None:
    """Rounding of a constant must not be taken for a departure from the mean, which a steep norm multiplies by 316."""
    builder = nn.Builder(nn.InputSpec((1, 6, 6)), seed=1, densities=(1.0,))
    builder.conv("first", 4, 3, kind="int8")
    builder.conv("second", 4, 1, kind="int8", residual="first" if residual else None)
    builder.conv("third", 4, 1, kind="int8")
    net = builder.net()
    first, second, third = (only(step.op, nn.QuantisedConv2d) for step in net.steps)
    with torch.no_grad():
        first.trained[0], second.trained[0], second.trained[0, 0] = 0.0, 0.0, 0.7
        third.trained[0], third.trained[0, 0] = 0.0, 0.9
        for norm in norms(net):
            norm.bias[0] = lift
    draw = torch.Generator().manual_seed(0)
    raw = torch.randint(0, 256, (64, 1, 6, 6), dtype=torch.uint8, generator=draw)
    for norm in norms(net):
        norm.momentum = 1.0
    net(raw)
    net.eval()
    floats: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        net.run(raw[:2], kept_in(floats))
    steps = calibrate.calibrate(net, [raw]).scales
    graph = lower(net, steps)
    assert any(only(next(n for n in graph if n.name == "third"), ops.Conv).requantise.multiplier[1:])
    for i in range(2):
        made = oracle.run(graph, raw[i].flatten().tolist())
        for name in ("first", "second", "third"):
            found = np.array(made[name]).reshape(4, 36)[0] * steps[name]
            wanted = floats[name][i, 0].flatten().numpy()
            assert np.abs(found - wanted).max() <= 1.6 * steps[name], name


@pytest.mark.parametrize("kind", ["supermask", "ternary"])
def test_channels_said_to_be_constant_are(kind: Kind) -> None:
    net = trained_net(kind=kind, densities=(0.02,))
    with torch.no_grad():
        for op in net.weights.values():
            if isinstance(op, nn.QuantisedConv2d):
                op.trained[::3] = 0.0
    for norm in norms(net):
        there(norm.running_var).fill_(0.3)
    graph = lower(net, scales(net))
    known: dict[str, constants.Values] = {}
    for node in graph:
        known[node.name] = constants.made(node, known, graph.tensors[node.name])
    found = 0
    for image in images(3):
        made = oracle.run(graph, image.flatten().tolist())
        for name, values in known.items():
            wanted = np.repeat(values, graph.tensors[name].size // len(values))
            fixed = ~np.isnan(wanted)
            found += int(fixed.sum())
            assert (np.array(made[name])[fixed] == wanted[fixed]).all(), name
    assert found
    assert np.isnan(known["input"]).all()


def test_gains_beyond_32_bits_are_refused() -> None:
    net = trained_net()
    steps = scales(net)
    steps["stem"] = steps["pool"] = 1e-12
    with pytest.raises(GraphError, match="step stem: requantisation: gains"):
        lower(net, steps)
