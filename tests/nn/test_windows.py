"""Layers of windows that are not square: as PyTorch has them, refused where no device has them, and in nets for
sensors, of published sizes, that lower to the same integers on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import calibrate
from edgehfn import emulate, nn
from edgehfn.backends import reference
from edgehfn.errors import GraphError, InputError
from edgehfn.ir import ops
from edgehfn.lowering.lower import lower
from edgehfn.lowering.untrained import untrained


def built(shape: tuple[int, int, int]) -> nn.Builder:
    return nn.Builder(nn.InputSpec(shape), seed=1, weights="int8")


def made(builder: nn.Builder, raw: Tensor) -> Tensor:
    y: Tensor = builder.net().eval()(raw)
    return y


def noise(shape: tuple[int, ...], count: int = 3) -> Tensor:
    return torch.from_numpy(np.random.default_rng(2).integers(0, 256, (count, *shape), np.uint8))


CONVS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"kernel": (1, 5)}, {"padding": (0, 2)}),
    ({"kernel": (10, 4), "stride": 2, "padding": (4, 5, 1, 1)}, {"stride": 2, "around": (1, 1, 4, 5)}),
    ({"kernel": (3, 2), "stride": (1, 3), "padding": 1}, {"stride": (1, 3), "padding": 1}),
    ({"kernel": 3, "dilation": 2}, {"padding": 2, "dilation": 2}),
    ({"kernel": (1, 3), "dilation": (1, 4), "padding": "causal"}, {"dilation": (1, 4), "around": (8, 0, 0, 0)}),
]


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize(("given", "wanted"), CONVS)
def test_a_convolution_is_that_of_pytorch(given: dict[str, Any], wanted: dict[str, Any], depthwise: bool) -> None:
    builder, raw = built((4, 13, 12)), noise((4, 13, 12))
    kernel = given["kernel"]
    rest = {name: value for name, value in given.items() if name != "kernel"}
    if depthwise:
        builder.depthwise("y", kernel, norm=False, relu=False, **rest)
    else:
        builder.conv("y", 6, kernel, norm=False, relu=False, **rest)
    op = builder.ops["y"]
    assert isinstance(op, nn.QuantisedConv2d)
    assert op.bias is not None
    op.bias.data.normal_()
    x = F.pad((raw >> 1) / 127, wanted.get("around", (0, 0, 0, 0)))
    options = {name: value for name, value in wanted.items() if name != "around"}
    y = F.conv2d(x, op.weight(), op.bias, groups=4 if depthwise else 1, **options)
    assert torch.allclose(made(builder, raw), y, atol=1e-5)


@pytest.mark.parametrize("size", [(7, 8), (9, 5), (1, 30)])
@pytest.mark.parametrize(("kernel", "stride"), [((3, 3), (2, 2)), ((2, 5), (1, 3)), ((1, 4), (1, 2))])
def test_same_is_that_of_tensorflow(size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int]) -> None:
    """Outputs are as many as strides begin in the input; of an odd number of zeros the odd one is behind."""
    builder = built((1, *size))
    builder.conv("y", 2, kernel, stride, padding="same")
    assert builder.shape[1:] == tuple(-(-n // s) for n, s in zip(size, stride, strict=True))
    op = builder.ops["y"]
    assert isinstance(op, nn.QuantisedConv2d)
    for side, n in zip(op.window.sides, size, strict=True):
        assert side.after - side.before in (0, 1)
        assert side.before + side.after == max(0, (-(-n // side.stride) - 1) * side.stride + side.kernel - n)


def test_pools_and_joined_maps_are_those_of_pytorch() -> None:
    builder, raw = built((2, 9, 8)), noise((2, 9, 8))
    first = builder.avg_pool("first", (3, 2), (2, 1), (1, 1, 0, 1))
    builder.x = "input"
    builder.avg_pool("second", (3, 2), (2, 1), (1, 1, 0, 1))
    builder.concat("y", first)
    x = (raw >> 1) / 127
    pooled = F.avg_pool2d(F.pad(x, (0, 1, 1, 1)), (3, 2), (2, 1))
    assert torch.allclose(made(builder, raw), torch.cat((pooled, pooled), 1), atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel": (8, 8)},
        {"kernel": (1, 50)},
        {"kernel": (1, 3), "dilation": (1, 128)},
        {"kernel": (1, 3), "stride": (1, 5)},
        {"kernel": (1, 3), "padding": (1, 0, 1, 1)},
        {"kernel": (1, 3), "padding": (0, 0, 1)},
        {"kernel": (1, 3), "padding": "valid"},
        {"kernel": (0, 3)},
    ],
)
def test_what_no_device_has_is_refused_in_one_line(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"kernel|padding") as caught:
        built((1, 20, 600)).conv("y", 2, **options)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 300


def test_maps_of_other_sizes_are_not_joined() -> None:
    builder = built((1, 8, 8))
    builder.max_pool("small", 2, 2)
    with pytest.raises(GraphError, match=r"step y: joins \(1, 4, 4\) and \(1, 8, 8\)"):
        builder.concat("y", "input")
    builder = built((1, 8, 8))
    builder.global_avg_pool("vector")
    with pytest.raises(GraphError, match="step y: a window of 3x3 needs"):
        builder.depthwise("y")


# Presets.

PUBLISHED = {"ds-cnn": 2_656_768, "autoencoder": 264_192, "mobilenet-vww": 7_489_664}  # MLPerf Tiny v1.0
CLASSES = {"ds-cnn": 12, "mobilenet-vww": 2}


@pytest.mark.parametrize("name", PUBLISHED)
def test_shapes_of_mlperf_tiny_are_the_published_ones(name: str) -> None:
    net = nn.preset(name, classes=CLASSES.get(name, 10))
    assert sum(net.macs.values()) == PUBLISHED[name]


@pytest.mark.parametrize("kind", ["supermask", "int4"])
@pytest.mark.parametrize("name", nn.SENSOR_PRESETS)
def test_a_preset_learns_and_is_the_same_integers_on_every_machine(name: str, kind: str) -> None:
    inputs = {"mobilenet-vww": (3, 32, 32)}
    net = nn.preset(name, inputs.get(name), 3, width=4, weights=kind, seed=5)
    raw = noise(net.input.shape, 8)
    net(raw).square().sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    net.eval()
    scales = calibrate.calibrate(net, [raw.numpy()]).scales
    graph = lower(net, scales)
    given = (
        raw.numpy().transpose(0, 2, 3, 1).copy()
        if isinstance(net.input, nn.InputSpec) and net.input.order == "hwc"
        else raw.numpy()
    )
    made = emulate(graph, given)
    assert np.array_equal(made, reference.run(graph, given))
    mantissa, exponent = graph.scales[graph.output.name]
    floats = net(raw).detach().numpy()
    assert np.abs(made * (mantissa * 2.0**exponent) - floats).max() < 0.15 * np.abs(floats).max()


def test_options_of_a_preset_change_it() -> None:
    assert nn.preset("tcn", width=8).shapes["stem"][0] == 8
    folded = nn.preset("ds-cnn", blocks=2, fold=3)
    assert sum(isinstance(node, ops.Depthwise) for node in untrained(folded, 2)) == 6
    assert len(folded.weights) == 6
    assert [op.shape[0] for op in nn.preset("mlp", width=(20, 30)).weights.values()] == [20, 30, 10]
    wrong: tuple[tuple[str, dict[str, Any]], ...] = (
        ("mlp", {"fold": 2}),
        ("tcn", {"blocks": 0}),
        ("mlp", {"width": (1, 2, 3)}),
    )
    for name, options in wrong:
        with pytest.raises(InputError):
            nn.preset(name, **options)
    with pytest.raises(InputError, match="tcn reads time series"):
        nn.preset("tcn", (1, 28, 28))
