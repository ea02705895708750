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
from support.foreign_nets import SHAPE, TOP_K, ResNet50, lived_in, raw, real
from support.pictures import pictures
from torch import Tensor, nn

import calibrate
from edgehfn import load_checkpoint, lower
from edgehfn.backends import c
from edgehfn.backends.emulator import emulate
from edgehfn.cli import cli
from edgehfn.errors import InputError
from edgehfn.evaluation import agreement
from edgehfn.ir import plan
from edgehfn.model import modelfile
from edgehfn.nn import Net


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


def test_the_whole_file_of_a_trainer(folded: ResNet50, tmp_path: Path) -> None:
    """As the papers' code saves it: from DataParallel, with the optimizer, whose rate NumPy computed."""
    optimizer = torch.optim.SGD(folded.parameters(), np.float64(0.1), momentum=0.9, weight_decay=5e-4)
    for parameter in folded.parameters():
        optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    state = {f"module.{key}": value for key, value in folded.state_dict().items()}
    optimizer.param_groups[0]["lr"] = 0.5 * (1 + np.cos(np.pi * 3 / 100)) * 0.1
    content = {"epoch": 3, "arch": "cResNet50", "state_dict": state, "best_acc1": np.float64(78.5)}
    torch.save({**content, "curr_acc1": torch.tensor(7.0), "optimizer": optimizer.state_dict()}, tmp_path / "x.pth")
    net = load_checkpoint(tmp_path / "x.pth", "hfn-resnet50", input=SHAPE)
    expected = folded(real(raw(16))).detach()
    found = net(torch.from_numpy(raw(16)))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))


def test_the_density_is_that_of_the_weights(folded: ResNet50, tmp_path: Path) -> None:
    path, state = tmp_path / "x.pth", folded.state_dict()
    torch.save(state, path)
    net = load_checkpoint(path, "hfn-resnet50", input=SHAPE)
    for name in net.weights:
        counts = masked_weight(net, name).counts()
        assert int((counts > 0).sum()) == counts.numel() - int(0.7 * counts.numel())
    with pytest.raises(InputError, match=r"those of density 0\.3, not 0\.5; give --density 0\.3$"):
        load_checkpoint(path, "hfn-resnet50", input=SHAPE, density=0.5)
    unscaled = {k: v * TOP_K**0.5 if k.endswith("weight") and v.dim() == 4 else v for k, v in state.items()}
    torch.save(unscaled, path)
    with pytest.raises(InputError, match="do not say the density"):
        load_checkpoint(path, "hfn-resnet50", input=SHAPE)
    given = load_checkpoint(path, "hfn-resnet50", input=SHAPE, density=0.4)
    assert masked_weight(given, "stem").densities == (11 / 27,)  # of its 27 weights, as the public code rounds


def test_the_first_public_code_scales_by_what_it_prunes(tmp_path: Path) -> None:
    torch.manual_seed(2)
    path, module = tmp_path / "x.pth", lived_in(ResNet50(folds=(), stage="layer", shortcut="downsample"))
    torch.save(module.state_dict(), path)
    with pytest.raises(InputError, match=r"density 0\.3 or 0\.7; give"):
        load_checkpoint(path, "hidden-resnet50", input=SHAPE)
    given = load_checkpoint(path, "hidden-resnet50", input=SHAPE, density=0.7)
    assert masked_weight(given, "stem").densities == (19 / 27,)


def test_hidden_networks_layout(tmp_path: Path) -> None:
    torch.manual_seed(2)
    module = lived_in(ResNet50(folds=(), stage="layer", shortcut="downsample"))
    torch.save({"state_dict": module.state_dict()}, tmp_path / "x.pth")
    net = load_checkpoint(tmp_path / "x.pth", "hidden-resnet50", density=TOP_K, input=SHAPE)
    expected = module(real(raw(8))).detach()
    found = net(torch.from_numpy(raw(8)))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))


def learned(module: ResNet50, images: Tensor, kinds: int) -> None:
    """Give the net a classifier of trained weights, for the number of an image modulo kinds."""
    with torch.no_grad():
        module.fc = nn.Identity()  # type: ignore[assignment]
        features = module(images)
        wanted = torch.eye(kinds)[torch.arange(len(images)) % kinds]
        squares = features.T @ features + 0.1 * len(images) * features.var() * torch.eye(features.shape[1])
        module.fc = nn.Conv2d(features.shape[1], kinds, 1, bias=False)  # type: ignore[assignment]
        module.fc.weight.copy_(torch.linalg.solve(squares, features.T @ wanted).T[..., None, None])


MEAN, DEVIATION = (0.491, 0.482, 0.447), (0.247, 0.243, 0.262)


def normalised(images: np.ndarray) -> Tensor:
    return (torch.from_numpy(images).float() / 255 - column(MEAN)) / column(DEVIATION)


def column(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).view(-1, 1, 1)


def test_a_normalised_net_reads_bytes(tmp_path: Path) -> None:
    """Floats as the net's own code computes them, padded with the mean; integers nearly so."""
    torch.manual_seed(1)
    path, images = tmp_path / "x.pth", pictures(200, SHAPE)
    images[7:] = images[7:] // 4 + images[np.arange(7, 200) % 7] // 4 * 3  # of seven kinds
    module = lived_in(ResNet50(folds=(3, 4), width=16), normalised(images[:64]))

    def both() -> tuple[Tensor, Tensor, Net]:
        torch.save({f"module.{key}": value for key, value in module.state_dict().items()}, path)
        net = load_checkpoint(path, "hfn-resnet50", input=SHAPE, normalised=(MEAN, DEVIATION))
        with torch.no_grad():
            return module(normalised(images)), net(torch.from_numpy(images)), net

    expected, found, _ = both()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))
    learned(module, normalised(images), 7)
    expected, found, net = both()
    modelfile.save(net, tmp_path / "x.hfn")
    loaded = modelfile.load(tmp_path / "x.hfn")
    assert torch.equal(loaded(torch.from_numpy(images)), found)
    graph = lower(loaded, calibrate.calibrate(loaded, [images[:64]]).scales)
    outputs = emulate(graph, images).reshape(len(images), -1)
    assert np.mean(outputs.argmax(1) == expected.argmax(1).numpy()) >= 0.97
    with pytest.raises(InputError, match="3 input channels"):
        load_checkpoint(path, "hfn-resnet50", input=SHAPE, normalised=((0.5,), (0.25,)))


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


def test_the_example_of_the_help_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the whole file of a trainer, normalised as the papers' code normalises."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(1)
    images = pictures(120, SHAPE)
    module = lived_in(ResNet50(folds=(3, 4)), normalised(images))
    optimizer = torch.optim.SGD(module.parameters(), np.float64(0.1), momentum=0.9)
    state = {f"module.{key}": value for key, value in module.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state, "optimizer": optimizer.state_dict()}, "model_best.pth")
    labels = module(normalised(images)).detach().argmax(1).numpy()
    labels[:7] = range(7)
    x = images.transpose(0, 2, 3, 1)
    np.savez("cifar100.npz", x_train=x, y_train=labels, x_test=x[7:], y_test=labels[7:])
    given = str(cli.commands["import"].epilog).partition("edgehfn import ")[2].split()
    assert given[0] == "model_best.pth"
    done = CliRunner().invoke(cli, ["import", *given, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["float_accuracy"] >= 0.98


def test_what_is_no_such_checkpoint_is_refused(folded: ResNet50, tmp_path: Path) -> None:
    path = tmp_path / "x.pth"

    def refused(state: object, message: str, arch: str = "hfn-resnet50", **options: Any) -> None:
        torch.save(state, path)
        with pytest.raises(InputError, match=message):
            load_checkpoint(path, arch, input=SHAPE, **options)

    state = folded.state_dict()
    refused(state, "give the --arch", "hfn-resnet101")
    refused(state, "give the --arch", "hidden-resnet50", density=TOP_K)
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
