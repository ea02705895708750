"""Model files: what is read is what was saved, bit for bit, and nothing damaged or invented is read at all."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from support import oracle_weights
from support.floats import norms
from support.forge import forge, members, spec_digest
from support.narrow import there

from edgehfn import nn
from edgehfn.errors import InputError
from edgehfn.model import modelfile
from edgehfn.nn.presets.vgg import CONVS

SHAPE = (1, 8, 8)
Change = Callable[[dict[str, str], dict[str, Any]], object]


def lived_in(net: nn.Net) -> nn.Net:
    """The net with norms and dense weights such as training leaves behind."""
    draw = torch.Generator().manual_seed(1)
    for norm in norms(net):
        for value in (norm.running_mean, norm.weight, norm.bias):
            if value is not None:
                value.data.copy_(torch.randn(value.shape, generator=draw))
        there(norm.running_var).copy_(torch.rand(norm.num_features, generator=draw) + 0.1)
    for op in net.weights.values():
        if isinstance(op, nn.QuantisedConv2d | nn.QuantisedLinear):
            op.trained.data.add_(0.01)
        else:
            there(op.scores).data.copy_(torch.randn(op.shape, generator=draw))
    return net.eval()


def small() -> nn.Net:
    return lived_in(nn.resnet(SHAPE, ("no", "yes"), widths=(4,), fold=2, coats=(0.6, 0.25), classifier="int8", seed=9))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.hfn"
    modelfile.save(small(), path, {"epochs": 3})
    return path


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net with frozen positions and, in its stem, signs and a magnitude of its own."""
    path = tmp_path_factory.mktemp("imported") / "small.hfn"
    net = nn.resnet(SHAPE, 2, widths=(4,), fold=2, coats=(0.6, 0.25), frozen=0.5, seed=9)
    stem = nn.SupermaskConv2d(
        1, 4, 3, 1, 1, tensor=0, seed=9, densities=(0.6, 0.25), magnitude=0.7, signs=np.array([5, 7], np.uint32)
    )
    steps = [replace(step, op=stem) if step.weight == "stem" else step for step in net.steps]
    modelfile.save(lived_in(nn.Net(net.input, steps, net.classes, seed=9)), path)
    return path


def test_an_imported_net_is_kept(imported: Path, tmp_path: Path) -> None:
    net = modelfile.load(imported)
    stem = net.weights["stem"]
    assert isinstance(stem, nn.SupermaskConv2d)
    minus = torch.tensor([0, 2, 32, 33, 34])  # bits 0 and 2 of the first word, 0 to 2 of the second
    signs = torch.ones(36).index_fill(0, minus, -1)
    assert torch.equal(stem.weight().flatten(), 0.7 * signs * stem.counts())
    modelfile.save(net, tmp_path / "again.hfn", {"classes": []})
    assert (tmp_path / "again.hfn").read_bytes() == imported.read_bytes()


@pytest.mark.parametrize("name", nn.PRESETS)
def test_a_loaded_net_is_the_same(name: str, tmp_path: Path) -> None:
    norms = {} if name in CONVS else {"affine": name != "tiny"}
    net = lived_in(nn.preset(name, (3, 18, 17), 5, width=8, seed=2**32 - 1, **norms))
    modelfile.save(net, tmp_path / "a.hfn")
    loaded = modelfile.load(tmp_path / "a.hfn")
    raw = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 3, 18, 17), np.uint8))
    tensors: dict[str, torch.Tensor] = {}
    net.run(raw, tensors.__setitem__)

    def observe(step: str, tensor: torch.Tensor) -> None:
        """Where memory lies may change the order of sums, in fp32 without AVX; the bytes of the file are compared."""
        largest = float(tensors[step].detach().abs().max())
        torch.testing.assert_close(tensor, tensors[step], rtol=0, atol=1e-4 * max(1.0, largest))

    loaded.run(raw, observe)
    assert not loaded.training
    assert (loaded.input, loaded.classes, loaded.seed, loaded.shapes) == (net.input, net.classes, net.seed, net.shapes)
    assert not any(p.endswith("scores") for p, _ in loaded.named_parameters())
    modelfile.save(loaded, tmp_path / "b.hfn")
    assert (tmp_path / "a.hfn").read_bytes() == (tmp_path / "b.hfn").read_bytes()


def test_any_net_of_steps_is_kept(tmp_path: Path) -> None:
    """Signed channels-last input, padded pool, a norm of its own eps, a dense conv with bias, a residual input."""
    conv = nn.QuantisedConv2d(2, 2, 3, 1, 1, bias=True, seed=4)
    steps = [
        nn.Step("a", "input", conv, "w", torch.nn.BatchNorm2d(2, eps=0.25), relu=True, residual="input"),
        nn.Step("b", "a", nn.MaxPool(3, 2, 1)),
        nn.Step("c", "b", nn.SupermaskLinear(2 * 3 * 2, 3, tensor=7, seed=6, densities=(1.0,)), "m"),
    ]
    net = nn.Net(nn.InputSpec((2, 5, 4), "hwc", "s8"), steps, seed=6)
    assert conv.bias is not None
    conv.bias.data.uniform_(-1, 1)
    modelfile.save(net, tmp_path / "x.hfn")
    loaded = modelfile.load(tmp_path / "x.hfn")
    raw = torch.arange(-40, 40, dtype=torch.int8).reshape(2, 2, 5, 4)
    assert torch.equal(loaded(raw), net.eval()(raw))
    assert (loaded.input, loaded.classes) == (net.input, ())


def test_the_file_is_what_the_specification_says(saved: Path) -> None:
    net = small()
    with safe_open(saved, "np") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert {k: metadata[k] for k in ("format", "version", "seed")} == {"format": "edgehfn", "version": "1", "seed": "9"}
    assert json.loads(metadata["info"]) == {"classes": ["no", "yes"], "epochs": 3} == modelfile.info(saved)
    assert metadata["digest"] == spec_digest(metadata, tensors) == modelfile.digest(saved)
    parts = ("mean", "var", "weight", "bias")
    norms = ["stem.0", *(f"stage1.0.conv{n}.{t}" for n in (1, 2) for t in (0, 1))]
    masks = ["stem.mask", "stage1.0.conv1.mask", "stage1.0.conv2.mask"]
    assert set(tensors) == {f"{norm}.{part}" for norm in norms for part in parts} | set(masks) | {
        "classifier.weight",
        "classifier.bias",
    }
    for name in masks:
        op = net.weights[name.removesuffix(".mask")]
        assert isinstance(op, nn.SupermaskConv2d)
        found = oracle_weights.counts(tensors[name].tolist(), 2, ["free"] * op.counts().numel())
        assert found == op.counts().tolist()
    second = next(step.norm for step in net.steps if step.name == "stage1.0.conv2@1")
    assert second is not None
    np.testing.assert_array_equal(tensors["stage1.0.conv2.1.var"], second.running_var)


def test_every_cut_and_every_flipped_byte_is_refused(tmp_path: Path) -> None:
    builder = nn.Builder(nn.InputSpec(SHAPE), 1)
    builder.conv("stem", 2, 3)
    path = tmp_path / "bad.hfn"
    modelfile.save(builder.net(), path)
    whole = path.read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    flips = [(at, bit) for at in range(len(whole)) for bit in (range(8) if at < 16 else [at * 5 % 8, at * 3 % 7])]
    damaged = [whole[:size] for size in (*range(40), *range(40, len(whole), 7), header, len(whole) - 1)]
    damaged += [whole + b"\0", b"", b"\xff" * 100]
    damaged += [whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :] for at, bit in flips]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"bad\.hfn: "):
            modelfile.load(path)


def test_half_a_character_is_damage(saved: Path, tmp_path: Path) -> None:
    """A flip turns the escape of an astral character into a lone surrogate, which has no UTF-8."""
    path = tmp_path / "x.hfn"
    forge(saved, path, noted(info='{"classes": ["a", "b"], "note": "\U0001f600"}'))
    assert modelfile.info(path)["note"] == "\U0001f600"
    content = path.read_bytes()
    assert b"\\ud83d\\ude00" in content
    path.write_bytes(content.replace(b"\\ud83d\\ude00", b"\\ud83d\\udd00".replace(b"udd", b"tdd")))
    with pytest.raises(InputError, match="damaged"):
        modelfile.load(path)


def noted(**changed: str) -> Change:
    return lambda metadata, _: metadata.update(changed)


def test_other_formats_and_versions_are_refused(saved: Path, tmp_path: Path) -> None:
    for key, value, message in (("format", "other", "no edgehfn model"), ("version", "2", "has version 2")):
        with pytest.raises(InputError, match=message):
            modelfile.load(forge(saved, tmp_path / "x.hfn", noted(**{key: value})))
    for path in (tmp_path / "none.hfn", tmp_path):
        for reader in (modelfile.load, modelfile.digest, modelfile.info):
            with pytest.raises(InputError, match="cannot be read"):
                reader(path)


def test_forged_tensors_are_refused(saved: Path, tmp_path: Path) -> None:
    def put(name: str, value: Any) -> Change:
        return lambda _, tensors: tensors.update({name: value})

    four = np.ones(4, np.float32)
    changes: dict[str, Change] = {
        "stem.mask": lambda _, tensors: tensors.pop("stem.mask"),
        "belongs to no step": put("spare", four),
        r"float32\(4,\)": put("stem.0.var", four.astype(np.uint32)),
        r"float32\(2, 4\)": put("classifier.weight", four),
        "not finite": put("stem.0.mean", four * np.inf),
        "negative": put("stem.0.var", -four),
        "more mask": put("stem.mask", np.zeros(1, np.uint32)),
        "are stored": put("stem.mask", np.zeros(9, np.uint32)),
        "unused mask bits": put("stem.mask", np.array([0, 1 << 31], np.uint32)),
        "norm of 5 channels": lambda _, t: t.update({f"stem.0.{p}": np.ones(5, np.float32) for p in PARTS}),
        "F16": put("stem.0.mean", four.astype(np.float16)),
        "seed": noted(seed="-1"),
        "invalid literal": noted(seed="x"),
        "info": lambda metadata, _: metadata.pop("info"),
        "class names must be text": noted(info='{"classes": [1, 2]}'),
        "3 class names": noted(info='{"classes": ["a", "b", "c"]}'),
        "arch": lambda metadata, _: metadata.pop("arch"),
        "recursion": noted(arch="[" * 10**5),
    }
    for message, change in changes.items():
        with pytest.raises(InputError, match=rf"(?i)x\.hfn: .*{message}"):
            modelfile.load(forge(saved, tmp_path / "x.hfn", change))


def test_forged_signs_and_thresholds_are_refused(imported: Path, tmp_path: Path) -> None:
    def put(**members: Any) -> Change:
        def change(metadata: dict[str, str], _: dict[str, Any]) -> None:
            arch = json.loads(metadata["arch"])
            arch["weights"][members.get("of", "stage1.0.conv1")].update(members)
            metadata["arch"] = json.dumps(arch)

        return change

    changes: dict[str, Change] = {
        "together 256 or less": put(pruned=200, locked=57),
        "must be 0 or more": put(pruned=-1),
        "needs more than": put(pruned=0, locked=1),
        "of 144 weights": put(pruned=0, locked=0),
        "a bit for each": lambda _, t: t.update({"stem.signs": np.array([5], np.uint32)}),
        "a bit for each of 36": lambda _, t: t.update({"stem.signs": np.array([5, 16], np.uint32)}),
        "stem.signs": lambda _, t: t.pop("stem.signs"),
        "positive and finite": put(of="stem", magnitude=-1.0),
        "signs must be bool": put(of="stem", signs=3),
        "belongs to no step": put(of="stem", signs=False),
    }
    for message, change in changes.items():
        with pytest.raises(InputError, match=rf"(?i)x\.hfn: .*{message}"):
            modelfile.load(forge(imported, tmp_path / "x.hfn", change))


PARTS = ("mean", "var", "weight", "bias")
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    3,
    10**12,
    10**30,
    1e308,
    float("nan"),
    "",
    "x",
    "input",
    [],
    [1],
    [10**9] * 4,
    {},
    {"op": "max"},
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["saved", "imported"])
def test_forged_structures_are_refused_or_whole(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Any member of ``arch`` replaced by anything: a net that fits its tensors, or InputError; never another error."""
    whole, draw, refused = request.getfixturevalue(kind), Random(0), 0

    def corrupt(metadata: dict[str, str], _: dict[str, Any]) -> None:
        arch = json.loads(metadata["arch"])
        places = list(members(arch))
        entry, key = draw.choice(places)
        if draw.random() < 0.2:
            del entry[key]
        else:
            entry[key] = draw.choice(HOSTILE)
        metadata["arch"] = json.dumps(arch)

    for _ in range(600):
        try:
            modelfile.load(forge(whole, tmp_path / "x.hfn", corrupt))
        except InputError:
            refused += 1
    assert refused > 300


def test_nothing_half_written_or_diverged_is_left(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kws.hfn"
    path.write_bytes(saved.read_bytes())
    broken = small()
    there(norms(broken)[0].running_var)[0] = float("nan")
    with pytest.raises(InputError, match=r"stem\.0\.var is not finite"):
        modelfile.save(broken, path)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(InputError, match="No space left"):
        modelfile.save(lived_in(nn.tiny(SHAPE, 2)), path)
    assert path.read_bytes() == saved.read_bytes()
    monkeypatch.undo()
    with pytest.raises(InputError, match="cannot be written"):
        modelfile.save(small(), tmp_path / "no" / "such" / "folder.hfn")
