"""Folds, and nets of steps: what iterations share, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.floats import masked_weight, norms
from support.narrow import there
from torch import Tensor
from torch.nn import functional as F

from edgehfn import nn
from edgehfn.errors import GraphError, InputError

IMAGE = (1, 12, 10)


def images(count: int, shape: tuple[int, int, int], seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8))


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
