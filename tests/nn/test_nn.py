"""Supermask, dense and pool layers, folds and nets, against formulas by hand, plain loops and published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import oracle
from support.floats import masked_weight, norms
from support.narrow import there
from torch import Tensor
from torch.nn import functional as F

from edgehfn import nn
from edgehfn.errors import GraphError, InputError

IMAGE = (1, 12, 10)


def images(count: int, shape: tuple[int, int, int], seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8))


def conv(densities: tuple[float, ...] = (0.5,), tensor: int = 3, seed: int = 11) -> nn.SupermaskConv2d:
    return nn.SupermaskConv2d(5, 4, 3, 1, 1, tensor=tensor, seed=seed, densities=densities)


# Supermask layers


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-6, 6), min_size=2, max_size=80),  # many ties
    st.lists(st.floats(0.01, 1), min_size=1, max_size=4),
)
def test_each_coat_keeps_the_largest_scores_first_come_first_served(scores: list[int], densities: list[float]) -> None:
    densities.sort(reverse=True)
    layer = nn.SupermaskLinear(len(scores), 1, tensor=0, seed=0, densities=tuple(densities))
    assert layer.scores is not None
    layer.scores.data = torch.tensor([scores], dtype=torch.float32)
    order = sorted(range(len(scores)), key=lambda i: (-abs(scores[i]), i))
    expected = [0] * len(scores)
    for density in densities:
        for i in order[: max(1, round(density * len(scores)))]:
            expected[i] += 1
    assert layer.counts().tolist() == expected


def test_signs_are_the_specified_ones_and_magnitudes_keep_the_variance() -> None:
    layer = conv((0.6, 0.25, 0.05))
    weight = layer.weight().detach().flatten()
    minus = torch.tensor(oracle.stream(11, 3, 0, 180), dtype=torch.bool)
    assert layer.magnitude == pytest.approx(sqrt(2 / (45 * (0.6 * 1 + 0.25 * 3 + 0.05 * 5))))
    expected = torch.where(minus, -1.0, 1.0) * layer.counts() * layer.magnitude
    torch.testing.assert_close(weight, expected, rtol=1e-6, atol=0)
    assert weight.square().mean().item() == pytest.approx(2 / 45)  # He initialisation; every density·180 is whole here
    assert conv((0.3,)).magnitude == pytest.approx(sqrt(2 / (45 * 0.3)))  # Ramanujan's, with k as HFN corrected it


def test_gradient_passes_the_mask_straight_through_once_for_each_coat() -> None:
    x, g = torch.randn(2, 5, 6, 6), torch.randn(2, 4, 6, 6)
    for densities in ((0.5,), (0.6, 0.25, 0.05)):
        layer = conv(densities)
        assert layer.scores is not None
        layer(x).backward(g)
        plain = layer.weight().detach().clone().requires_grad_()
        F.conv2d(x, plain, padding=1).backward(g)
        assert plain.grad is not None
        signs = 1.0 - 2.0 * torch.tensor(oracle.stream(11, 3, 0, 180)).reshape(4, 5, 3, 3)
        expected = plain.grad * layer.magnitude * signs * layer.scores.detach().sign() * len(densities)
        assert layer.scores.grad is not None
        torch.testing.assert_close(layer.scores.grad, expected)
        assert (layer.scores.grad[layer.counts().reshape(4, 5, 3, 3) == 0] != 0).any()  # pruned weights can come back


def test_scores_depend_on_seed_and_tensor_alone() -> None:
    torch.manual_seed(1)
    first = conv().scores
    torch.manual_seed(2)
    again, others = conv().scores, [conv(seed=12).scores, conv(tensor=4).scores]
    assert first is not None
    assert torch.equal(first, there(again))
    assert not any(torch.equal(first, there(other)) for other in others)
    assert first.abs().max() <= 1 / sqrt(45)  # kaiming_uniform(a=√5)
    assert first.std().item() == pytest.approx(1 / sqrt(45 * 3), rel=0.1)


def test_fixed_counts_take_the_place_of_scores() -> None:
    counts = torch.randint(0, 3, (180,), dtype=torch.uint8)
    layer = nn.SupermaskConv2d(5, 4, 3, tensor=3, seed=11, densities=(0.6, 0.25), counts=counts)
    assert layer.scores is None
    assert torch.equal(layer.counts(), counts)
    assert torch.equal(layer.weight().abs(), layer.magnitude * counts.reshape(4, 5, 3, 3).float())
    with pytest.raises(InputError, match="at most 2"):
        nn.SupermaskConv2d(5, 4, 3, tensor=3, seed=11, densities=(0.6, 0.25), counts=counts + 1)


# QuantisedWeight layers and pools


def test_dense_weights_are_whole_steps_and_their_gradient_is_unrounded() -> None:
    layer = nn.QuantisedConv2d(3, 4, 3, 2, 1, seed=5)
    layer.trained.data[1] = 0
    layer.trained.data[2] *= 40
    integers, step = layer.integer_weight()
    assert integers.dtype == np.int8
    largest = layer.trained.detach().abs().amax((1, 2, 3)).numpy()
    assert np.abs(integers).max((1, 2, 3)).tolist() == [127, 0, 127, 127]
    np.testing.assert_allclose(step[[0, 2, 3]], largest[[0, 2, 3]] / 127, rtol=1e-6)
    weight = layer.weight()
    np.testing.assert_array_equal(weight.detach().numpy(), integers * step[:, None, None, None])
    assert (weight - layer.trained).detach().abs().amax((1, 2, 3)).numpy() == pytest.approx(step / 2, rel=0.5, abs=1e-6)
    g = torch.randn(4, 3, 3, 3)
    weight.backward(g)
    assert layer.trained.grad is not None
    assert torch.equal(layer.trained.grad, g)


@pytest.mark.parametrize(("bits", "values"), [(4, range(-7, 8)), (2, (-1, 0, 1)), (1, (-1, 1))])
def test_weights_of_few_bits_are_whole_steps_too(bits: int, values: Sequence[int]) -> None:
    layer = nn.QuantisedConv2d(16, 4, 3, bits=bits, seed=5)
    layer.trained.data[1] *= 3
    integers, step = layer.integer_weight()
    assert set(np.unique(integers).tolist()) == set(values)
    np.testing.assert_array_equal(layer.weight().detach().numpy(), integers * step[:, None, None, None])
    assert step[1] > 2 * step[0] or bits == 4  # whose steps are learned
    assert all(f"{value}" in repr(layer) for value in ("4x16x3x3", bits))
    with pytest.raises(InputError, match="3 bits"):
        nn.QuantisedConv2d(16, 4, 3, bits=3)


@pytest.mark.parametrize("bits", [2, 1])
def test_steps_are_those_of_the_least_squares(bits: int) -> None:
    """Of ternary and binary weights, given their integers; TWN's threshold leaves at most a percent to be had."""
    layer = nn.QuantisedLinear(4096, 2, bits=bits, seed=5)
    torch.nn.init.normal_(layer.trained)
    integers, step = layer.integer_weight()
    exact = layer.trained.detach().numpy()
    np.testing.assert_allclose(step, (integers * exact).sum(1) / (integers.astype(float) ** 2).sum(1), rtol=1e-5)
    error = ((exact - layer.weight().detach().numpy()) ** 2).mean()
    thresholds = np.linspace(0.1, 1.5, 50) if bits == 2 else [0]
    errors = []
    for threshold in thresholds:
        kept = np.abs(exact) > threshold
        alpha = np.abs(exact)[kept].mean()
        errors.append(((exact - alpha * np.sign(exact) * kept) ** 2).mean())
    assert error < 1.01 * min(errors)


def test_the_learned_step_has_the_gradient_of_its_paper() -> None:
    """Esser et al. 2020, equations 2 and 3, weight by weight."""
    layer = nn.QuantisedLinear(40, 2, bits=4, seed=5)
    torch.nn.init.normal_(layer.trained)
    assert layer.step is not None
    layer.step.data = torch.tensor([0.25, 0.5])
    g = torch.randn(2, 40)
    layer.weight().backward(g)
    assert layer.trained.grad is not None
    assert layer.step.grad is not None
    clamped = 0
    for o, step in enumerate((0.25, 0.5)):
        total = 0.0
        for w, each, passed in zip(
            layer.trained[o].tolist(), g[o].tolist(), layer.trained.grad[o].tolist(), strict=True
        ):
            x = w / step
            inside = -7 < x < 7
            clamped += not inside
            total += each * (round(x) - x if inside else 7 * np.sign(x))
            assert passed == (each if inside else 0)
        assert layer.step.grad[o].item() == pytest.approx(total / np.sqrt(40 * 7), rel=1e-4)
    assert clamped


def test_dense_linear_adds_its_bias() -> None:
    layer = nn.QuantisedLinear(6, 2, seed=1)
    assert layer.bias is not None
    layer.bias.data = torch.tensor([1.0, -2.0])
    x = torch.randn(3, 1, 2, 3)
    integers, step = layer.integer_weight()
    expected = x.reshape(3, 6) @ torch.from_numpy(integers * step[:, None]).T + torch.tensor([1.0, -2.0])
    torch.testing.assert_close(layer(x), expected)


def test_pools() -> None:
    x = torch.randn(2, 3, 5, 4)
    assert nn.MaxPool(3, 2, 1)(x)[0, 1, 0, 1] == x[0, 1, :2, 1:4].max()
    assert nn.MaxPool(3, 2, 1)(x).shape[1:] == nn.MaxPool(3, 2, 1).output_shape((3, 5, 4)) == (3, 3, 2)
    assert nn.GlobalAvgPool()(x)[1, 2].item() == pytest.approx(x[1, 2].sum().item() / 20, abs=1e-6)


# Folds


def folded(iterations: int, affine: bool = True) -> nn.Net:
    builder = nn.Builder(nn.InputSpec(IMAGE), 3, affine=affine)
    nn.ConvNorm(6).add(builder, "stem")
    nn.Fold(nn.BasicBlock(6), iterations).add(builder, "stage1.0")
    builder.global_avg_pool("mean")
    builder.linear("classifier", 4)
    return builder.net()


def test_iterations_share_weights_and_masks_but_not_norms() -> None:
    once, thrice = folded(1), folded(3)

    def sizes(net: nn.Net, end: str) -> int:
        return sum(p.numel() for name, p in net.named_parameters() if name.endswith(end))

    assert sizes(once, "scores") == sizes(thrice, "scores") == 6 * 9 + 2 * 36 * 9 + 6 * 4
    norms = [step.norm for step in thrice.steps if step.norm is not None]
    assert len(norms) == len(set(map(id, norms))) == 1 + 3 * 2
    convs = [step.op for step in thrice.steps if step.name.startswith("stage1.0.conv2")]
    assert len(convs) == 3
    assert len(set(map(id, convs))) == 1
    assert [step.name for step in thrice.steps if step.weight == "stage1.0.conv1"] == [
        "stage1.0.conv1",
        "stage1.0.conv1@1",
        "stage1.0.conv1@2",
    ]
    assert [masked_weight(thrice, name).tensor for name in thrice.weights] == [0, 1, 2, 3]


def test_forward_is_the_loop_of_the_paper() -> None:
    net, raw = folded(3), images(4, IMAGE)
    for norm in norms(net):
        torch.nn.init.normal_(norm.weight)
        torch.nn.init.normal_(norm.bias)

    def bn(x: Tensor, number: int) -> Tensor:
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
        norm = norms(net)[number]
        return (x - mean) / torch.sqrt(var + 1e-5) * norm.weight[:, None, None] + norm.bias[:, None, None]

    stem, conv1, conv2, classifier = (op.weight() for op in net.weights.values())
    x = torch.relu(bn(F.conv2d((raw // 2).float() / 127, stem, padding=1), 0))
    for t in range(3):
        y = torch.relu(bn(F.conv2d(x, conv1, padding=1), 1 + 2 * t))
        x = torch.relu(bn(F.conv2d(y, conv2, padding=1), 2 + 2 * t) + x)
    expected = x.mean((2, 3)) @ classifier.T
    torch.testing.assert_close(net(raw), expected, rtol=1e-4, atol=1e-4)
    expected.square().sum().backward()
    scores = [there(masked_weight(net, name).scores) for name in net.weights]
    by_hand = [there(each.grad).clone() for each in scores]
    net.zero_grad()
    net(raw).square().sum().backward()
    for each, gradient in zip(scores, by_hand, strict=True):  # iterations add up
        torch.testing.assert_close(each.grad, gradient, rtol=1e-3, atol=1e-4)


def test_folds_within_folds_number_their_iterations() -> None:
    class Pair:
        def add(self, builder: nn.Builder, name: str) -> None:
            nn.ConvNorm(1).add(builder, f"{name}.a")
            nn.Fold(nn.ConvNorm(1), 2).add(builder, f"{name}.b")

    builder = nn.Builder(nn.InputSpec(IMAGE))
    nn.Fold(Pair(), 3).add(builder, "p")
    names = [step.name for step in builder.net().steps]
    assert names == ["p.a", "p.b", "p.b@1", "p.a@1", "p.b@2", "p.b@3", "p.a@2", "p.b@4", "p.b@5"]


def test_a_block_that_changes_the_shape_does_not_fold() -> None:
    builder = nn.Builder(nn.InputSpec(IMAGE))
    with pytest.raises(GraphError, match="keeps the shape"):
        nn.Fold(nn.BasicBlock(6), 2).add(builder, "stage1.0")
    with pytest.raises(InputError, match="1 or more"):
        nn.Fold(nn.BasicBlock(6), 0)


# Nets


@pytest.mark.parametrize("dtype", ["u8", "s8"])
def test_input_is_what_the_device_makes_of_every_byte(dtype: str) -> None:
    builder = nn.Builder(nn.InputSpec((1, 16, 16), dtype=dtype))  # type: ignore[arg-type]
    builder.global_avg_pool("mean")
    raw = np.arange(256).astype(np.uint8).view(np.uint8 if dtype == "u8" else np.int8).reshape(1, 1, 16, 16)
    seen: dict[str, Tensor] = {}
    builder.net().run(torch.from_numpy(raw), seen.__setitem__)
    whole = [int(x) // 2 if dtype == "u8" else max(int(x), -127) for x in raw.flat]
    torch.testing.assert_close(seen["input"].flatten(), torch.tensor(whole) / 127)


def test_run_hands_out_every_tensor_as_it_stays() -> None:
    net, raw = folded(2).eval(), images(3, IMAGE)
    seen: list[tuple[str, Tensor, Tensor]] = []
    out = net.run(raw, lambda name, tensor: seen.append((name, tensor, tensor.clone())))
    assert [name for name, _, _ in seen] == ["input", *(step.name for step in net.steps)] == list(net.shapes)
    assert all(torch.equal(kept, copy) for _, kept, copy in seen)
    assert [tuple(kept.shape[1:]) for _, kept, _ in seen] == list(net.shapes.values())
    assert torch.equal(seen[-1][1], out)
    assert torch.equal(net(raw), out)
    relu = {step.name: step.relu for step in net.steps}
    assert all((kept.min() >= 0) == relu[name] for name, kept, _ in seen[1:] if name in ("stem", "classifier"))


def test_steps_that_do_not_fit_are_refused() -> None:
    net = folded(1)
    stem, first, second, *_ = net.steps

    def build(*steps: nn.Step, **options: object) -> nn.Net:
        return nn.Net(net.input, steps, **{"seed": 3, **options})  # type: ignore[arg-type]

    wide = nn.SupermaskConv2d(7, 6, 3, 1, 1, tensor=9, seed=3, densities=(0.5,))
    for message, steps in {
        "second tensor": (stem, replace(first, name="stem")),
        "reads nowhere": (stem, replace(first, x="nowhere")),
        "7 channels reads a map of 6": (stem, replace(first, op=wide, weight="wide")),
        "adds input": (replace(stem, residual="input"),),
        "norm of 5 channels": (replace(stem, norm=torch.nn.BatchNorm2d(5)),),
        "must name this op's weight": (stem, replace(second, name="x", x="stem", residual=None, weight="stem")),
        "made of letters": (replace(stem, name="*/"),),
        "at least one step": (),
        "one seed": (replace(stem, op=nn.SupermaskConv2d(1, 6, 3, 1, 1, tensor=0, seed=4, densities=(0.5,))),),
    }.items():
        with pytest.raises(GraphError, match=message):
            build(*steps)
    with pytest.raises(InputError, match="3 class names for 4 outputs"):
        build(*net.steps, classes=("a", "b", "c"))
    with pytest.raises(InputError, match="seed"):
        nn.Net(net.input, net.steps, seed=2**32)
    with pytest.raises(InputError, match="channels, height, width"):
        nn.InputSpec((0, 8, 8))


@pytest.mark.parametrize("options", [(0, 1, 0), (8, 1, 0), (3, 5, 0), (3, 0, 0), (3, 1, 3), (3, 1, -1)])
def test_windows_out_of_range_are_refused(options: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=r"kernel is 1\.\.7"):
        nn.QuantisedConv2d(1, 1, *options)
    with pytest.raises(InputError):
        nn.MaxPool(*options)
