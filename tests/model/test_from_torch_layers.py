"""Ways of writing layers in PyTorch, each taken over: outputs are the module's, and its integers those of the net."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import calibrate
import edgehfn as hfn
from edgehfn.errors import GraphError, InputError
from edgehfn.model.pytorch.build import nearest_steps
from edgehfn.nn import QuantisedConv2d, QuantisedLinear, SupermaskConv2d, SupermaskLinear
from edgehfn.nn.builder import Weights

Forward = Callable[["Parts", Tensor], Tensor]


class Parts(nn.Module):
    """Layers that the ways below put together."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.wide = nn.Conv2d(8, 4, 1)
        self.norm, self.norm2, self.vectors = nn.BatchNorm2d(4), nn.BatchNorm2d(4), nn.BatchNorm1d(4)
        self.fc, self.fc2 = nn.Linear(4, 4), nn.Linear(4 * 8 * 8, 4)
        self.way = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.way(self, x)


def in_place(m: Parts, x: Tensor) -> Tensor:
    y = m.norm(m.conv(x))
    F.relu_(y)
    return y + m.conv(y)  # type: ignore[no-any-return]


def dense(m: Parts, x: Tensor) -> Tensor:
    y = F.relu(m.norm(m.conv(x)))
    return F.relu(m.wide(F.relu(m.norm2(torch.cat([x, y], 1)[:, :4].contiguous()))))


def pooled_heads(m: Parts, x: Tensor) -> Tensor:
    y = F.adaptive_avg_pool2d(m.conv(x), 1)
    return F.conv2d(y, m.wide.weight[:, :4]).flatten(1)


WAYS: dict[str, Forward] = {
    "a norm first": lambda m, x: m.conv(F.relu(m.norm(x))),
    "a norm behind a linear layer": lambda m, x: F.relu(m.vectors(m.fc2(x.flatten(1)))),
    "a sum of two ReLUs": lambda m, x: F.relu(m.conv(x)) + F.relu6(m.norm(m.conv(x))),
    "a sum with itself": lambda m, x: (lambda y: y + y)(m.conv(x)),
    "the input as a residual": lambda m, x: F.relu(x + m.conv(x)),
    "a sum of pools": lambda m, x: F.max_pool2d(m.conv(x), 2) + F.avg_pool2d(x, 2),
    "a ReLU behind a max pool": lambda m, x: F.relu(F.max_pool2d(m.conv(x), 2)),
    "the larger of two columns": lambda m, x: F.relu(F.max_pool2d(m.conv(x), (1, 2))),
    "the largest of six places": lambda m, x: F.max_pool2d(F.relu(m.conv(x)), (2, 3), (1, 2)),
    "a ReLU behind an average": lambda m, x: F.relu(F.avg_pool2d(m.conv(x), 2, ceil_mode=False)),
    "two ReLUs": lambda m, x: F.relu(F.relu(m.conv(x))),
    "a clamp": lambda m, x: m.conv(x).clamp(0, 2).clamp(min=0),
    "a read twice": lambda m, x: (lambda y: F.relu(y) + m.norm(y))(m.conv(x)),
    "in place": in_place,
    "joined maps": lambda m, x: m.wide(torch.cat((x, F.relu(m.conv(x))), dim=-3)),
    "three joined maps": lambda m, x: torch.cat([m.conv(x), x, F.relu(m.norm(m.conv(x)))], 1),
    "shared weights": lambda m, x: m.conv(F.relu(m.norm(m.conv(F.relu(m.norm(m.conv(x))))))),
    "a convolution over a mean": pooled_heads,
    "a mean that keeps its places": lambda m, x: m.conv(x).mean((2, 3), keepdim=True).squeeze(-1).squeeze(-1),
    "four means": lambda m, x: F.adaptive_avg_pool2d(m.conv(x), (2, 2)),
    "padded by itself": lambda m, x: F.conv2d(F.pad(x, (2, 0, 1, 0)), m.conv.weight, m.conv.bias, stride=2),
    "same": lambda m, x: F.conv2d(x, m.conv.weight[:, :, :2], padding="same", dilation=(2, 1)),
    "cut off": lambda m, x: F.relu(m.conv(x)[:, :, 1:])[:, :, :, :-1],
    "views": lambda m, x: m.fc2(m.conv(x).view(x.size(0), -1)).reshape(-1, 4),
    "dropped": lambda m, x: F.dropout(m.conv(F.dropout2d(x, 0.5, m.training)), 0.5, m.training),
}


def lived_in(module: nn.Module) -> nn.Module:
    """Norms as after a training."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d):
            assert part.running_mean is not None
            assert part.running_var is not None
            nn.init.uniform_(part.running_mean, -0.5, 0.5)
            nn.init.uniform_(part.running_var, 0.3, 2)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.5, 0.5)
    return module.eval()


@pytest.mark.parametrize("way", WAYS)
def test_every_way_computes_what_the_module_does(way: str) -> None:
    torch.manual_seed(len(way))
    module, raw = lived_in(Parts(WAYS[way])), torch.randint(0, 256, (8, 4, 8, 8), dtype=torch.uint8)
    net = hfn.from_torch(module, torch.zeros(1, 4, 8, 8), weights="float")
    with torch.no_grad():
        wanted, found = module(raw.float() / 255), net(raw)
    assert float((wanted.reshape(8, -1) - found.reshape(8, -1)).abs().max()) < 1e-4
    net = hfn.from_torch(module, torch.zeros(1, 4, 8, 8))
    scales = calibrate.calibrate(net, [raw]).scales
    graph = hfn.lower(net, scales)
    integers = hfn.emulate(graph, raw.numpy()).reshape(8, -1)
    last = net.steps[-1].name
    error = (torch.from_numpy(integers * scales[last]) - wanted.reshape(8, -1)).abs().max()
    assert float(error) < 12 * scales[last] + 0.02  # of 127 steps
    assert np.array_equal(hfn.run(graph, raw.numpy(), on="pytorch").reshape(8, -1), integers)


def test_calls_of_one_module_share_a_weight_and_its_norm_if_that_is_one() -> None:
    module = lived_in(Parts(WAYS["shared weights"]))
    net = hfn.from_torch(module, torch.zeros(1, 4, 8, 8))
    assert [step.name for step in net.steps] == ["conv", "conv@1", "conv@2"]
    assert len(net.weights) == 1
    assert net.steps[0].norm is net.steps[1].norm is not None


def test_a_last_softmax_is_left_out_and_no_other() -> None:
    layers = nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    module = nn.Sequential(*layers, nn.Softmax(1)).eval()
    net = hfn.from_torch(module, torch.zeros(1, 4, 8, 8), weights="float")
    raw = torch.randint(0, 256, (5, 4, 8, 8), dtype=torch.uint8)
    assert torch.allclose(net(raw).softmax(1), module(raw / 255), 0, 1e-5)
    with pytest.raises(GraphError, match="only a last softmax"):
        hfn.from_torch(nn.Sequential(nn.Conv2d(4, 4, 3), nn.Softmax(1), nn.Conv2d(4, 4, 3)), torch.zeros(1, 4, 8, 8))


def test_each_layer_has_the_weights_that_the_first_pattern_names() -> None:
    module = lived_in(Parts(lambda m, x: m.fc2(F.relu(m.norm(m.conv(x))).flatten(1))))
    chosen: dict[str, Weights] = {"fc*": "binary", "conv": "int4", "*": "int8"}
    net = hfn.from_torch(module, torch.zeros(1, 4, 8, 8), weights=chosen)
    bits = {name: op.bits for name, op in net.weights.items() if isinstance(op, QuantisedConv2d | QuantisedLinear)}
    assert bits == {"conv": 4, "fc2": 1}


def test_weights_of_4_bits_begin_nearer_than_a_step_that_clips_nothing() -> None:
    torch.manual_seed(0)
    weight = torch.randn(6, 50)
    steps = nearest_steps(weight)

    def error(step: Tensor) -> Tensor:
        return ((weight / step[:, None]).round().clamp(-7, 7) * step[:, None] - weight).square().sum(1)

    largest = weight.abs().amax(1) / 7
    assert float(error(steps).sum()) < 0.9 * float(error(largest).sum())
    assert all(bool((error(steps) <= error(largest * part)).all()) for part in (0.3, 0.5, 0.7, 0.9))


def test_masks_are_searched_from_seeded_signs_and_biases_kept_in_norms() -> None:
    module = lived_in(Parts(lambda m, x: m.fc2(F.relu(m.norm(m.conv(x))).flatten(1))))
    net = hfn.from_torch(module, torch.zeros(1, 4, 8, 8), weights="supermask", density=0.3, seed=5)
    assert net.seed == 5
    masks = [op for op in net.weights.values() if isinstance(op, SupermaskConv2d | SupermaskLinear)]
    assert [(op.tensor, op.densities, op.scores is None) for op in masks] == [(0, (0.3,), False), (1, (0.3,), False)]
    norm = net.steps[-1].norm
    assert norm is not None
    assert torch.equal(norm.bias.data, module.state_dict()["fc2.bias"])


def test_the_module_is_left_as_it_was() -> None:
    module = nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    module.train()
    module[1].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    net = hfn.from_torch(module, torch.zeros(1, 4, 8, 8))
    with torch.no_grad():
        for tensor in (*net.parameters(), *net.buffers()):
            tensor += 1
    assert [part.training for part in module] == [True, False, True, True, True]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (lambda m, x: m.conv(x / 0.5), "div: no layer .* scales the input"),
        (lambda m, x: m.conv(x).sigmoid(), "sigmoid: no layer computes it; docs"),
        (lambda m, x: m.conv(x + 1.0), "takes a constant where"),
        (lambda m, x: m.conv(x) + m.conv(x)[:, :, :1], "cuts more off a convolution"),
        (lambda m, x: F.linear(m.conv(x), torch.ones(2, 8)), "reads .* flatten, or is a 1x1"),
        (lambda m, x: F.max_pool2d(m.conv(x), (1, 3), padding=(0, 1)), "has a square window"),
        (lambda m, x: F.max_pool2d(m.conv(x), 3, 2, ceil_mode=True), "ceil_mode"),
        (lambda m, x: F.adaptive_avg_pool2d(m.conv(x), 3), "makes .* places of"),
        (lambda m, x: F.hardtanh(m.conv(x)), "a ReLU begins at 0"),
        (lambda m, x: m.conv(x).mean(1), "only that over all places"),
        (lambda m, x: m.conv(x).transpose(2, 3), "swaps dimensions"),
        (lambda m, x: m.fc(m.conv(x).reshape(-1, 4)), "whose first dimension is not the batch"),
        (lambda m, x: F.relu(m.conv(x).flatten(1).relu() + m.fc2(x.flatten(1)).sum()), "sum"),
        (lambda m, x: torch.cat([m.conv(x), x], 2), "only the channels"),
        (lambda m, x: F.batch_norm(x, None, None, training=True), "running statistics"),
        (lambda m, x: F.pad(m.conv(x), (1, 1), value=2.0), "pads with other than zeros"),
    ],
)
def test_what_no_layer_computes_is_told(way: Forward, told: str) -> None:
    with pytest.raises(GraphError, match=told) as caught:
        hfn.from_torch(Parts(way), torch.zeros(1, 4, 8, 8))
    assert "test_from_torch_layers.py, line" in str(caught.value)


def test_a_forward_that_export_does_not_see_whole_is_refused() -> None:
    """What branches on the module's own state is another function the next time."""
    calls = []

    def way(m: Parts, x: Tensor) -> Tensor:
        calls.append(1)
        return m.conv(x) if len(calls) < 2 else F.relu(m.conv(x))

    with pytest.raises(GraphError, match="computes other outputs than"):
        hfn.from_torch(Parts(way), torch.zeros(1, 4, 8, 8))


def test_several_inputs_or_outputs_are_refused() -> None:
    with pytest.raises(InputError, match="reads 1 tensors and returns 2"):
        hfn.from_torch(Parts(lambda m, x: (m.conv(x), x)), torch.zeros(1, 4, 8, 8))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("pool", [nn.MaxPool1d(2), nn.MaxPool1d(3, 2, 1), nn.MaxPool1d(3, 3), nn.MaxPool1d(3, 1, 1)])
def test_max_pools_of_series(pool: nn.MaxPool1d) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv1d(4, 4, 3), pool).eval()
    net = hfn.from_torch(module, torch.zeros(1, 4, 17), weights="float")
    raw = torch.randint(0, 256, (5, 4, 1, 17), dtype=torch.uint8)
    assert torch.allclose(net(raw)[:, :, 0], module(raw[:, :, 0] / 255), 0, 1e-5)
