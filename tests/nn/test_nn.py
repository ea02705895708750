"""Supermask, dense and pool layers, folds and nets, against formulas by hand, plain loops and published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import oracle_weights
from support.narrow import there
from torch.nn import functional as F

from edgehfn import nn
from edgehfn.errors import InputError


def conv(densities: tuple[float, ...] = (0.5,), tensor: int = 3, seed: int = 11) -> nn.SupermaskConv2d:
    return nn.SupermaskConv2d(5, 4, 3, 1, 1, tensor=tensor, seed=seed, densities=densities)


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
    minus = torch.tensor(oracle_weights.stream(11, 3, 0, 180), dtype=torch.bool)
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
        signs = 1.0 - 2.0 * torch.tensor(oracle_weights.stream(11, 3, 0, 180)).reshape(4, 5, 3, 3)
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
