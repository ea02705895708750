"""The compiled layers of training against PyTorch's own."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgehfn.nn import topk
from edgehfn.nn.cpu import batch_norm
from edgehfn.nn.pool import MaxPool

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2**-7}


def near(found: Tensor | None, wanted: Tensor | None, tolerance: float) -> bool:
    assert found is not None
    assert wanted is not None
    return bool((found.float() - wanted).abs().max() <= tolerance * wanted.abs().max())


def maps(*shape: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(shape).to(dtype).contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("dtype", "relu", "added", "affine", "channels"),
    [*product(TOLERANCE, (False, True), (False, True), (False, True), (1, 5, 16, 300))],
)
def test_a_norm_with_what_follows_it(dtype: torch.dtype, relu: bool, added: bool, affine: bool, channels: int) -> None:
    torch.manual_seed(0)
    ours, theirs = nn.BatchNorm2d(channels, affine=affine), nn.BatchNorm2d(channels, affine=affine)
    if affine:
        nn.init.normal_(ours.weight)
        nn.init.normal_(ours.bias)
        theirs.load_state_dict(ours.state_dict())
    x = (3 * maps(8, channels, 6, 5, dtype=dtype) + 2).requires_grad_()
    residual = maps(8, channels, 6, 5, dtype=dtype).requires_grad_() if added else None
    twin = x.detach().float().requires_grad_()
    other = None if residual is None else residual.detach().float().requires_grad_()
    gradient = maps(8, channels, 6, 5, dtype=dtype)

    assert batch_norm.fits(x, ours)
    y = batch_norm.normalise(x, ours, residual, relu)
    y.backward(gradient)

    expected = theirs(twin)
    expected = expected if other is None else expected + other
    expected = expected.relu() if relu else expected
    expected.backward(gradient.float())
    pairs = [(y, expected), (x.grad, twin.grad), (ours.running_mean, theirs.running_mean)]
    pairs += [(ours.running_var, theirs.running_var)]
    pairs += [] if residual is None or other is None else [(residual.grad, other.grad)]
    pairs += [(ours.weight.grad, theirs.weight.grad), (ours.bias.grad, theirs.bias.grad)] if affine else []
    assert all(near(a, b, TOLERANCE[dtype]) for a, b in pairs)
    assert ours.num_batches_tracked == theirs.num_batches_tracked == 1


def test_a_nan_is_not_hidden_by_the_relu() -> None:
    x = maps(2, 4, 3, 3, dtype=torch.float32)
    x[0, 1, 1, 1] = torch.nan
    assert batch_norm.normalise(x, nn.BatchNorm2d(4), None, True)[:, 1].isnan().any()


@pytest.mark.parametrize("dtype", [*TOLERANCE])
def test_pooling_by_halves(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = (2 * maps(4, 7, 8, 6, dtype=dtype)).round().requires_grad_()  # many equals
    twin = x.detach().clone().requires_grad_()
    y, expected = MaxPool(2, 2).train()(x), F.max_pool2d(twin, 2)
    assert torch.equal(y, expected)
    gradient = torch.randn_like(y)
    y.backward(gradient)
    expected.backward(gradient)
    assert x.grad is not None
    assert twin.grad is not None
    assert torch.equal(x.grad, twin.grad)


@pytest.mark.parametrize("size", [1, 9, topk.FEW, 3 * topk.FEW + 1])
@pytest.mark.parametrize("steps", [1, 7, 10**9])
def test_the_largest_are_those_of_a_stable_sort(size: int, steps: int) -> None:
    """With many equals, and with none."""
    importance = (torch.rand(size, generator=torch.Generator().manual_seed(size)) * steps).floor() / steps
    importance[1::5] = topk.NEVER
    rivals = int((importance >= 0).sum())
    kept = [round(rivals * share) for share in (1.0, 0.9, 0.6, 0.25, 0.0)]
    order = torch.argsort(importance, descending=True, stable=True)
    expected = torch.zeros(size, dtype=torch.uint8)
    for number in kept:
        expected[order[:number]] += 1
    assert torch.equal(topk.counts(importance, kept), expected)
