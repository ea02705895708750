"""The papers' residual nets: their published sizes, a step of training each, and the deep ones on a core."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import calibrate
from edgehfn import footprint, lower, nn
from edgehfn.errors import InputError
from edgehfn.evaluation import agreement
from edgehfn.ir import Graph
from edgehfn.nn.net import ITERATION

CIFAR, IMAGENET = (3, 32, 32), (3, 224, 224)


def narrow(name: str, shape: tuple[int, int, int] = (3, 16, 16), **options: Any) -> nn.Net:
    """A sixteenth of the published width, or an eighth of a net of basic blocks."""
    basic = name.split("-")[1] in ("resnet18", "resnet34")
    return nn.preset(name, shape, 4, width=8 if basic else 16, seed=1, **options)


def images(count: int, shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


def test_sizes_and_ratios_are_the_published_ones() -> None:
    """López García-Arias et al. 2021 and 2023: MB of 10^6 bytes; 32-bit seed, a bit a weight, 64 bits a folded norm."""
    hfn50, hfn152 = nn.preset("hfn-resnet50", CIFAR, 100), nn.preset("hfn-resnet152", CIFAR, 100)
    assert round(nn.paper_bytes(hfn50) / 1e6, 3) == 1.953
    assert round(nn.paper_bytes(hfn152) / 1e6, 3) == 2.461
    resnet50 = nn.dense_bytes(nn.preset("plain-resnet50", CIFAR, 100))
    assert round(resnet50 / 1e6, 2) == 94.82
    assert nn.dense_bytes(hfn50) == resnet50
    assert round(resnet50 / nn.paper_bytes(hfn50), 2) == 48.55
    assert round(resnet50 / nn.paper_bytes(hfn152), 1) == 38.5
    assert round(nn.paper_bytes(nn.preset("hfn-resnet50", IMAGENET, 1000)) / 1e6, 3) == 2.184
    hfn200 = nn.paper_bytes(nn.preset("hfn-resnet200", IMAGENET, 1000))
    resnet34 = nn.dense_bytes(nn.preset("plain-resnet34", IMAGENET, 1000))
    assert round(hfn200 / 1e6, 3) == 3.249
    assert round(resnet34 / 1e6, 2) == 87.19
    assert round(resnet34 / hfn200, 1) == 26.8


@pytest.mark.parametrize("name", nn.PAPERS)
def test_every_published_net_takes_a_step_of_training(name: str) -> None:
    torch.manual_seed(0)
    net = narrow(name)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    raw = torch.from_numpy(images(3, (3, 16, 16)))
    before = [parameter.detach().clone() for parameter in net.parameters()]
    net.set_progress(0.0)
    loss = torch.nn.functional.cross_entropy(net(raw), torch.tensor([0, 1, 3]))
    loss.backward()
    optimizer.step()
    assert torch.isfinite(loss)
    for (key, parameter), old in zip(net.named_parameters(), before, strict=True):
        assert torch.isfinite(parameter).all(), key
        assert not torch.equal(parameter, old), key


@pytest.mark.parametrize("net", nn.BLOCKS)
def test_forms_differ_in_what_is_trained_and_what_is_folded(net: str) -> None:
    def depth(form: nn.Net) -> int:
        return sum("shortcut" not in step.name for step in form.steps if step.weight)

    plain, hidden, folded, more = (
        narrow(f.format(net)) for f in ("plain-{}", "hidden-{}", "hfn-{}", "hfn-{}-fold-234")
    )
    published = 50 if net == "wideresnet50" else int(net.removeprefix("resnet"))
    assert depth(plain) == depth(hidden) == depth(folded) == depth(more) == published
    assert sum(plain.macs.values()) == sum(hidden.macs.values()) == sum(folded.macs.values()) == sum(more.macs.values())
    assert all(isinstance(op, nn.QuantisedConv2d | nn.QuantisedLinear) for op in plain.weights.values())
    assert all(isinstance(op, nn.SupermaskConv2d | nn.SupermaskLinear) for op in more.weights.values())
    iterated = {step.weight for step in folded.steps if ITERATION in step.name}
    assert {name.split(".")[0] for name in iterated} <= {"stage3", "stage4"}
    for step in folded.steps:
        if step.norm is not None:
            assert step.norm.affine == (step.weight in iterated)
    if published > 18:
        assert nn.unique_weights(hidden) > nn.unique_weights(folded) > nn.unique_weights(more)


def test_stems_are_those_of_cifar_and_imagenet() -> None:
    small, large = narrow("hfn-resnet50"), narrow("hfn-resnet50", (3, 96, 96))
    assert small.shapes["stem"] == (4, 16, 16)
    assert "pool" not in small.shapes
    assert large.weights["stem"].shape == (4, 3, 7, 7)
    assert (large.shapes["stem"], large.shapes["pool"]) == ((4, 48, 48), (4, 24, 24))
    assert large.shapes["stage4.0.conv3"] == (128, 3, 3)
    wide, usual = narrow("hfn-wideresnet50"), narrow("hfn-resnet50")
    assert wide.weights["stage1.0.conv1"].shape[0] == 2 * usual.weights["stage1.0.conv1"].shape[0]
    assert wide.shapes["stage4.0.conv3"] == usual.shapes["stage4.0.conv3"]


def lowered(net: nn.Net) -> Graph:
    raw = images(16, net.input.shape)
    with torch.no_grad():
        for _ in range(3):
            net.train()(torch.from_numpy(raw))
    net.eval()
    return lower(net, calibrate.calibrate(net, [raw]).scales)


@pytest.mark.qemu
@pytest.mark.gcc
@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [
        ("hfn-resnet50", (3, 72, 72), {}),
        ("hfn-resnet152", (3, 8, 8), {"coats": 2, "frozen": 0.5}),
        ("hfn-resnet200-fold-234", (3, 8, 8), {"masks": "unshared"}),
        ("plain-resnet18", (3, 8, 8), {}),
        ("hidden-wideresnet50", (3, 8, 8), {}),
    ],
)
def test_deep_nets_are_the_same_on_every_machine(
    name: str, shape: tuple[int, int, int], options: dict[str, Any]
) -> None:
    graph = lowered(narrow(name, shape, **options))
    agreed = agreement.verify(graph, images(3, shape), ("pytorch", "emulator", "host-sanitized", "cortex-m4"))
    assert agreed.mismatches == 0
    assert len(np.unique(agreed.machines["emulator"].outputs)) > 1
    assert footprint(graph, "cortex-m4").sizes.weights_flash > 0


def test_wrong_names_and_folds_are_refused() -> None:
    with pytest.raises(InputError, match="hfn-resnet18"):
        nn.preset("hfn-resnet51")
    with pytest.raises(InputError, match="no fold to iterate"):
        narrow("hidden-resnet18", fold=2)
