"""Checkpoints as the public code of hidden networks lays them out: the imported net computes what it computes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from support.floats import masked_weight
from torch import Tensor, nn
from torch.nn import functional as F

import calibrate
from edgehfn import load_checkpoint, lower
from edgehfn.backends import c
from edgehfn.cli import cli
from edgehfn.errors import InputError
from edgehfn.evaluation import agreement
from edgehfn.ir import plan
from edgehfn.model import modelfile

TOP_K = 0.3
SHAPE = (3, 16, 16)


class MaskedConv(nn.Conv2d):
    """A convolution of signed constants of which the best scores keep some."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.scores = nn.Parameter(torch.randn(self.weight.shape))
        self.weight.data = self.weight.data.sign() * (2 / (inputs * kernel**2 * TOP_K)) ** 0.5

    def forward(self, x: Tensor) -> Tensor:
        order = self.scores.abs().flatten().argsort()
        mask = torch.ones(order.numel())
        mask[order[: int((1 - TOP_K) * order.numel())]] = 0
        return F.conv2d(x, self.weight * mask.view_as(self.weight), None, self.stride, self.padding)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, affine=False)


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, planes: int, stride: int, shortcut: str) -> None:
        super().__init__()
        self.conv1, self.bn1 = MaskedConv(inputs, planes, 1), norm(planes)
        self.conv2, self.bn2 = MaskedConv(planes, planes, 3, stride), norm(planes)
        self.conv3, self.bn3 = MaskedConv(planes, 4 * planes, 1), norm(4 * planes)
        self.word = shortcut
        if stride != 1 or inputs != 4 * planes:
            setattr(self, shortcut, nn.Sequential(MaskedConv(inputs, 4 * planes, 1, stride), norm(4 * planes)))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return F.relu(y + (getattr(self, self.word)(x) if hasattr(self, self.word) else x))


class FoldedBottleneck(nn.Module):
    def __init__(self, channels: int, planes: int, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations
        self.conv1, self.conv2 = MaskedConv(channels, planes, 1), MaskedConv(planes, planes, 3)
        self.conv3 = MaskedConv(planes, channels, 1)
        for t in range(iterations):
            for number, width in ((1, planes), (2, planes), (3, channels)):
                setattr(self, f"bnorm{number}_{t}", nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        for t in range(self.iterations):
            y = x
            for number in (1, 2, 3):
                y = getattr(self, f"bnorm{number}_{t}")(getattr(self, f"conv{number}")(y))
                y = F.relu(y + x if number == 3 else y)
            x = y
        return x


class ResNet50(nn.Module):
    """Of bottlenecks; ``folds`` are the numbers of the stages with one block iterated behind the first."""

    def __init__(self, folds: tuple[int, ...], stage: str = "stage_", shortcut: str = "shortcut") -> None:
        super().__init__()
        self.conv1, self.bn1 = MaskedConv(3, 4, 3), norm(4)
        self.stages, inputs = [], 4
        for number, (planes, count) in enumerate(zip((4, 8, 16, 32), (3, 4, 6, 3), strict=True), start=1):
            blocks: list[nn.Module] = [Bottleneck(inputs, planes, 1 if number == 1 else 2, shortcut)]
            inputs = 4 * planes
            if number in folds:
                blocks.append(FoldedBottleneck(inputs, planes, count - 1))
            else:
                blocks += [Bottleneck(inputs, planes, 1, shortcut) for _ in range(count - 1)]
            setattr(self, f"{stage}{number}", nn.Sequential(*blocks))
            self.stages.append(f"{stage}{number}")
        self.fc = MaskedConv(inputs, 7, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in self.stages:
            x = getattr(self, stage)(x)
        return torch.flatten(self.fc(F.adaptive_avg_pool2d(x, 1)), 1)


def lived_in(net: ResNet50, shift: float = 0.0, scale: float = 1.0) -> ResNet50:
    """Norms such as training leaves behind; inputs are taken less ``shift`` and divided by ``scale``."""
    torch.manual_seed(3)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.uniform_(module.weight, 0.2, 0.8)
            nn.init.normal_(module.bias, std=0.1)
    for _ in range(20):
        net.train()((real(raw(32)) - shift) / scale)
    return net.eval()


def raw(count: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, *SHAPE), np.uint8)


def real(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images >> 1).float() / 127


@pytest.fixture(scope="module")
def folded() -> ResNet50:
    torch.manual_seed(1)
    return lived_in(ResNet50(folds=(3, 4)))


@pytest.mark.parametrize("wrapped", [False, True])
def test_logits_are_those_of_the_module(folded: ResNet50, wrapped: bool, tmp_path: Path) -> None:
    state = folded.state_dict()
    if wrapped:
        state = {"epoch": 3, "arch": "x", "state_dict": {f"module.{key}": value for key, value in state.items()}}
    torch.save(state, tmp_path / "x.pth")
    net = load_checkpoint(tmp_path / "x.pth", "hfn-resnet50", density=TOP_K, input=SHAPE)
    images = raw(16)
    expected = folded(real(images)).detach()
    torch.testing.assert_close(
        net(torch.from_numpy(images)), expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max())
    )
    assert net.classes == tuple("0123456")


def test_hidden_networks_layout(tmp_path: Path) -> None:
    torch.manual_seed(2)
    module = lived_in(ResNet50(folds=(), stage="layer", shortcut="downsample"))
    torch.save({"state_dict": module.state_dict()}, tmp_path / "x.pth")
    net = load_checkpoint(tmp_path / "x.pth", "hidden-resnet50", density=TOP_K, input=SHAPE)
    expected = module(real(raw(8))).detach()
    found = net(torch.from_numpy(raw(8)))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))


def test_the_stem_takes_over_a_normalisation(tmp_path: Path) -> None:
    """Exact but for the border, where padding of theirs meant the mean and ours means black."""
    torch.manual_seed(1)
    module = lived_in(ResNet50(folds=(3, 4)), 0.5, 0.25)
    torch.save(module.state_dict(), tmp_path / "x.pth")
    mean, deviation = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
    net = load_checkpoint(tmp_path / "x.pth", "hfn-resnet50", input=SHAPE, normalised=(mean, deviation))
    seen: dict[str, Tensor] = {}
    images = raw(4)
    net.run(torch.from_numpy(images), seen.__setitem__)
    stem = F.relu(module.bn1(module.conv1((real(images) - 0.5) / 0.25))).detach()
    torch.testing.assert_close(seen["stem"][..., 1:-1, 1:-1], stem[..., 1:-1, 1:-1], rtol=1e-3, atol=1e-3)
    modelfile.save(net, tmp_path / "x.hfn")
    loaded = modelfile.load(tmp_path / "x.hfn")
    assert torch.equal(loaded(torch.from_numpy(images)), net(torch.from_numpy(images)))
    with pytest.raises(InputError, match="3 input channels"):
        load_checkpoint(tmp_path / "x.pth", "hfn-resnet50", input=SHAPE, normalised=((0.5,), (0.25,)))


@pytest.mark.qemu
@pytest.mark.gcc
def test_imported_nets_are_the_same_on_every_machine(folded: ResNet50, tmp_path: Path) -> None:
    torch.save(folded.state_dict(), tmp_path / "x.pth")
    net = load_checkpoint(tmp_path / "x.pth", "hfn-resnet50", density=TOP_K, input=SHAPE)
    graph = lower(net, calibrate.calibrate(net, [raw(32)]).scales)
    agreed = agreement.verify(graph, raw(4), ("pytorch", "emulator", "host-sanitized", "cortex-m0"))
    assert agreed.mismatches == 0
    stored = sum(len(part.data) for part in c.layout(graph, plan(graph)) if part.member.startswith(("mask_", "signs_")))
    assert stored == sum(2 * 4 * -(-masked_weight(net, name).counts().numel() // 32) for name in net.weights)


def test_the_command_measures_both_nets(folded: ResNet50, tmp_path: Path) -> None:
    torch.save(folded.state_dict(), tmp_path / "x.pth")
    images = raw(120)
    labels = np.concatenate([folded(real(images[i : i + 40])).argmax(1).numpy() for i in (0, 40, 80)])
    labels[:7] = range(7)
    layout: dict[str, Any] = {"x_train": images, "y_train": labels, "x_test": images[7:], "y_test": labels[7:]}
    np.savez(tmp_path / "d.npz", **{k: v.transpose(0, 2, 3, 1) if v.ndim == 4 else v for k, v in layout.items()})
    command = ["import", tmp_path / "x.pth", "--arch", "hfn-resnet50", "--data", tmp_path / "d.npz", "--json"]
    done = CliRunner().invoke(cli, list(map(str, command)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["float_accuracy"] >= 0.95  # other batches, other order of sums: a near-tie may go the other way
    assert result["integer_accuracy"] > 0.7
    assert modelfile.load(tmp_path / "x.hfn").classes == tuple("0123456")


def test_what_is_no_such_checkpoint_is_refused(folded: ResNet50, tmp_path: Path) -> None:
    path = tmp_path / "x.pth"

    def refused(state: object, message: str, arch: str = "hfn-resnet50", **options: Any) -> None:
        torch.save(state, path)
        with pytest.raises(InputError, match=message):
            load_checkpoint(path, arch, input=SHAPE, **options)

    state = folded.state_dict()
    refused(state, "give the --arch", "hfn-resnet101")
    refused(state, "give the --arch", "hidden-resnet50")
    refused(state, "choose hfn-resnet18", "demo")
    refused({**state, "extra.weight": torch.ones(1)}, "extra.weight has no place")
    refused({**state, "fc.weight": torch.randn_like(state["fc.weight"])}, "no signed constant")
    refused({**state, "bn1.running_var": torch.full((4,), torch.nan)}, "not finite")
    refused({k: v for k, v in state.items() if k != "bn1.running_mean"}, "bn1")
    refused({**state, "conv1.scores": torch.ones(1)}, "scores of its shape")
    refused({"state_dict": [1, 2]}, "holds no state_dict")
    refused(state, "density", density=0.0)
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a checkpoint"):
        load_checkpoint(path, "hfn-resnet50")
    with pytest.raises(InputError, match="no such file"):
        load_checkpoint(tmp_path / "y.pth", "hfn-resnet50")


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "module._orig_mod.", "model.", "model._orig_mod.", "_fsdp_wrapped_module."]
)
@pytest.mark.parametrize("holder", ["state_dict", "model_state_dict", ""])
def test_names_under_wrappers_are_taken_off(tmp_path: Path, prefix: str, holder: str) -> None:
    state = lived_in(ResNet50((3, 4))).state_dict()
    wrapped = {prefix + name: value for name, value in state.items()}
    torch.save({holder: wrapped, "best": np.float64(1)} if holder else wrapped, tmp_path / "a.pth")
    torch.save(state, tmp_path / "b.pth")
    nets = [load_checkpoint(tmp_path / name, "hfn-resnet50", input=SHAPE) for name in ("a.pth", "b.pth")]
    x = torch.randint(0, 256, (2, *SHAPE), dtype=torch.uint8)
    assert torch.equal(nets[0](x), nets[1](x))


def test_two_nets_in_one_checkpoint_are_refused(tmp_path: Path) -> None:
    state = lived_in(ResNet50((3, 4))).state_dict()
    torch.save({**state, **{f"model.{name}": value for name, value in state.items()}}, tmp_path / "a.pth")
    with pytest.raises(InputError, match=r"holds conv1.* twice"):
        load_checkpoint(tmp_path / "a.pth", "hfn-resnet50", input=SHAPE)


@pytest.mark.parametrize("name", ["conv1.weight", "conv1.scores", "bn1.running_mean", "bn1.running_var", "fc.weight"])
@pytest.mark.parametrize("kind", ["sparse", "complex", "empty", "meta", "scalar", "five", "inf", "text", "negative"])
def test_odd_tensors_are_refused(tmp_path: Path, name: str, kind: str) -> None:
    state: dict[str, Any] = dict(lived_in(ResNet50((3, 4))).state_dict())
    value = state[name]
    odd = {
        "sparse": value.to_sparse(),
        "complex": value.to(torch.complex64),
        "empty": value[:0],
        "meta": torch.empty(value.shape, device="meta"),
        "scalar": torch.tensor(1.0),
        "five": value[None],
        "inf": value.double() * 1e300,  # beyond float32
        "text": "weights",
        "negative": -value.abs() - 1 if name.endswith("var") else torch.full_like(value, torch.nan),
    }
    torch.save({**state, name: odd[kind]}, tmp_path / "a.pth")
    with pytest.raises(InputError, match=r"a\.pth: "):
        load_checkpoint(tmp_path / "a.pth", "hfn-resnet50", input=SHAPE)
