"""Masks as other code stores them, and plain nets: the imported net computes what the file's own net computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from support.foreign_nets import SHAPE, MaskedConv, ResNet50, lived_in, raw, real
from torch import Tensor

from edgehfn import load_checkpoint
from edgehfn.errors import InputError
from edgehfn.model import modelfile
from edgehfn.nn import QuantisedConv2d, QuantisedLinear, SupermaskConv2d, SupermaskLinear

Layout = Literal["scores", "mask", "pruned", "frozen"]
Magnitudes = Literal["one", "channel", "normal"]
LAYOUTS: tuple[Layout, ...] = ("mask", "pruned", "frozen")


def masked_net(magnitudes: Magnitudes, coats: int = 1) -> ResNet50:
    torch.manual_seed(4)
    module = ResNet50(folds=(3, 4))
    for part in module.modules():
        if isinstance(part, MaskedConv):
            part.kept = sum(((torch.rand(part.weight.shape) < 0.5).float() for _ in range(coats)), torch.zeros(()))
            if magnitudes == "channel":
                part.weight.data *= torch.rand(len(part.weight), 1, 1, 1) + 0.5
            elif magnitudes == "normal":
                torch.nn.init.kaiming_normal_(part.weight)
    return lived_in(module)


def saved(module: ResNet50, layout: Layout, path: Path) -> None:
    """As a trainer saves it: under ``module.``, with an optimizer whose rate is NumPy's."""
    state: dict[str, Tensor] = {}
    kept = {name: part.kept for name, part in module.named_modules() if isinstance(part, MaskedConv)}
    for key, value in module.state_dict().items():
        place, _, part = key.rpartition(".")
        mask = kept.get(place)
        if mask is None:
            state[key] = value
        elif layout == "pruned":
            state |= {f"{place}.weight_orig": value, f"{place}.weight_mask": mask} if part == "weight" else {}
        elif part == "weight":
            state |= {key: value, f"{place}.mask": mask.bool() if mask.max() == 1 else mask}
            if layout == "frozen":
                free = torch.rand(value.shape) < 0.4
                state[f"{place}.frozen_mask"] = torch.where(free, 0.0, 2 * mask - 1)
                state[f"{place}.score"] = torch.randn(value.shape)
    content: dict[str, Any] = {"state_dict": {f"module.{key}": value for key, value in state.items()}}
    optimizer = torch.optim.SGD(module.parameters(), np.float64(0.1), momentum=0.9)
    torch.save({**content, "epoch": 9, "optimizer": optimizer.state_dict(), "best_acc1": np.float64(70)}, path)


def assert_same_logits(path: Path, module: ResNet50, arch: str = "hfn-resnet50", **options: Any) -> Any:
    net = load_checkpoint(path, arch, input=SHAPE, **options)
    images = raw(8)
    with torch.no_grad():
        expected, found = module(real(images)), net(torch.from_numpy(images))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))
    return net


@pytest.mark.parametrize("layout", LAYOUTS)
def test_stored_masks_are_kept(layout: Layout, tmp_path: Path) -> None:
    module = masked_net("one")
    saved(module, layout, tmp_path / "x.pth")
    net = assert_same_logits(tmp_path / "x.pth", module)
    assert all(isinstance(op, SupermaskConv2d | SupermaskLinear) for op in net.weights.values())


def test_masks_of_coats_are_kept(tmp_path: Path) -> None:
    module = masked_net("one", coats=3)
    saved(module, "mask", tmp_path / "x.pth")
    net = assert_same_logits(tmp_path / "x.pth", module)
    assert {op.coats for op in net.weights.values()} == {3}


def test_a_magnitude_a_channel_is_kept(tmp_path: Path) -> None:
    module = masked_net("channel")
    saved(module, "pruned", tmp_path / "x.pth")
    net = assert_same_logits(tmp_path / "x.pth", module)
    assert {op.bits for op in net.weights.values()} == {2}
    modelfile.save(net, tmp_path / "x.hfn")
    images = torch.from_numpy(raw(4))
    assert torch.equal(modelfile.load(tmp_path / "x.hfn")(images), net(images))


def test_normal_weights_are_refused_or_rounded(tmp_path: Path) -> None:
    module, path = masked_net("normal"), tmp_path / "x.pth"
    saved(module, "mask", path)
    with pytest.raises(InputError, match=r"one magnitude a channel, and these differ within one; round them with"):
        load_checkpoint(path, "hfn-resnet50", input=SHAPE)
    with pytest.raises(InputError, match="a binary weight is never 0"):
        load_checkpoint(path, "hfn-resnet50", input=SHAPE, weights="binary")
    with pytest.raises(InputError, match="choose int8"):
        load_checkpoint(path, "hfn-resnet50", input=SHAPE, weights="int5")  # type: ignore[arg-type]
    for part in module.modules():
        if isinstance(part, MaskedConv) and part.kept is not None:
            part.weight.data, part.kept = rounded(part.weight.detach() * part.kept, 8), torch.ones(())
    assert_same_logits(path, module, weights="int8")


def test_contradictions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    saved(masked_net("one"), "frozen", path)
    state = torch.load(path, weights_only=False)["state_dict"]

    def refused(changes: dict[str, Tensor | None], message: str) -> None:
        changed = {key: value for key, value in {**state, **changes}.items() if value is not None}
        torch.save(changed, path)
        with pytest.raises(InputError, match=message):
            load_checkpoint(path, "hfn-resnet50", input=SHAPE)

    mask = state["module.conv1.mask"]
    noise = torch.rand(mask.shape)
    refused({"module.conv1.frozen_mask": (noise * 3).floor()}, "conv1.mask and its frozen_mask contradict")
    refused({"module.conv1.mask": noise}, "conv1.mask has values that are not 0 to 7")
    refused({"module.conv1.mask": torch.zeros_like(mask)}, "keeps no weight")
    refused({"module.conv1.mask": mask[:1]}, "of its shape")
    without = {key: None for key in state if key.endswith(".mask")}
    refused({**without}, "save the mask with the scores")


def rounded(weight: Tensor, bits: int) -> Tensor:
    """By the definitions of the literature, one step a channel."""
    made = []
    for channel in weight:
        size = channel.abs()
        if bits == 8:
            step = size.max().clamp_min(1e-30) / 127
            made.append((channel / step).round() * step)
        elif bits == 2:
            kept = size > 0.7 * size.mean()
            made.append(channel.sign() * kept * size[kept].mean())
        else:
            made.append(channel.sign() * size.mean())
    return torch.stack(made)


@pytest.mark.parametrize(("weights", "bits"), [(None, 8), ("int8", 8), ("ternary", 2), ("binary", 1)])
def test_plain_nets_are_rounded(weights: str | None, bits: int, tmp_path: Path) -> None:
    path, module = tmp_path / "x.pth", plain_net()
    for name, part in module.named_modules():
        if isinstance(part, MaskedConv):
            part.weight.data = rounded(part.weight.detach(), 8 if name in ("conv1", "fc") else bits)
    save_plain(plain_net(), path)
    net = assert_same_logits(path, module, "hidden-resnet50", weights=weights)
    assert {op.bits for op in net.weights.values()} == {8, bits}
    assert isinstance(net.weights["classifier"], QuantisedConv2d | QuantisedLinear)


def test_four_bits_take_steps_of_little_error(tmp_path: Path) -> None:
    module = plain_net()
    save_plain(module, tmp_path / "x.pth")
    net = load_checkpoint(tmp_path / "x.pth", "hidden-resnet50", input=SHAPE, weights="int4")
    for number in (1, 2, 3):
        wanted = getattr(module.layer1[0], f"conv{number}").weight.detach()
        found = net.weights[f"stage1.0.conv{number}"].weight().detach()
        assert float((found - wanted).square().mean() / wanted.square().mean()) < 0.02


def plain_net() -> Any:
    torch.manual_seed(6)
    module = ResNet50(folds=(), stage="layer", shortcut="downsample")
    for part in module.modules():
        if isinstance(part, MaskedConv):
            torch.nn.init.kaiming_normal_(part.weight)
            part.kept = torch.ones(())
    return lived_in(module)


def save_plain(module: ResNet50, path: Path) -> None:
    torch.save({k: v for k, v in module.state_dict().items() if not k.endswith("scores")}, path)
