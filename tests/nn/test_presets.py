"""Residual nets and presets: published sizes and operation counts, every shape of input, every wrong option."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from support.floats import masked_weight

import calibrate
from edgehfn import lower, nn
from edgehfn.errors import GraphError, InputError
from edgehfn.evaluation.models import open_model
from edgehfn.model import modelfile
from edgehfn.nn.initial import Initial
from edgehfn.nn.structure import signature

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (2, 49, 10)]
LEAST = {"conv8": 16}  # pixels a side, where a net pools more often than 8 pixels can be halved


def images(count: int, shape: tuple[int, int, int]) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", nn.PRESETS)
def test_every_preset_learns_from_every_shape(name: str, shape: tuple[int, int, int]) -> None:
    small = min(shape[1:]) < LEAST.get(name, 0)
    shape = (shape[0], 16, 16) if small else shape
    net = nn.preset(name, shape, 3, seed=5)
    raw = images(4, shape)
    logits = net(raw)
    assert logits.shape == (4, 3)
    logits.square().sum().backward()
    for parameter_name, parameter in net.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name
    names = [step.name for step in net.steps]
    assert len(set(names)) == len(names)
    assert net.classes == ("0", "1", "2")
    again = nn.preset(name, shape, 3, seed=5)
    assert torch.equal(again(raw), logits)
    assert not torch.equal(nn.preset(name, shape, 3, seed=6)(raw), logits)


def test_mlperf_resnet8_has_the_published_shape() -> None:
    net = nn.resnet8_mlperf()
    assert sum(net.macs.values()) == 12_501_632  # MLPerf Tiny v1.0, image classification
    shapes = {name: tuple(op.shape) for name, op in net.weights.items()}
    assert shapes == {
        "stem": (16, 3, 3, 3),
        "stage1.0.conv1": (16, 16, 3, 3),
        "stage1.0.conv2": (16, 16, 3, 3),
        "stage2.0.shortcut": (32, 16, 1, 1),
        "stage2.0.conv1": (32, 16, 3, 3),
        "stage2.0.conv2": (32, 32, 3, 3),
        "stage3.0.shortcut": (64, 32, 1, 1),
        "stage3.0.conv1": (64, 32, 3, 3),
        "stage3.0.conv2": (64, 64, 3, 3),
        "classifier": (10, 64),
    }
    assert all(isinstance(op, nn.SupermaskConv2d | nn.SupermaskLinear) for op in net.weights.values())
    assert net.shapes["stage3.0.conv2"] == (64, 8, 8)
    assert {step.name: step.residual for step in net.steps if step.residual} == {
        "stage1.0.conv2": "stem",
        "stage2.0.conv2": "stage2.0.shortcut",
        "stage3.0.conv2": "stage3.0.shortcut",
    }


@pytest.mark.parametrize(
    ("blocks", "fold", "megabytes"), [((2, 3, 1, 1), (1, 1, 5, 2), 1.953), ((2, 7, 1, 1), (1, 1, 35, 2), 2.461)]
)
def test_paper_bytes_of_hfn_resnet50_and_152(blocks: Any, fold: Any, megabytes: float) -> None:
    widths = (256, 512, 1024, 2048)
    net = nn.resnet(
        (3, 32, 32),
        100,
        widths=widths,
        blocks=blocks,
        fold=fold,
        block="bottleneck",
        transition="block",
        stem_width=64,
        coats=(0.3,),
    )
    assert round(nn.paper_bytes(net) / 1e6, 3) == megabytes  # López García-Arias et al. 2021, table 1, CIFAR-100


def test_paper_bytes_by_hand() -> None:
    net = nn.resnet((1, 8, 8), 2, widths=(4,), fold=3, coats=(0.5, 0.25), classifier="int8")
    masked, channels = 4 * 9 + 2 * 16 * 9, 3 * 2 * 4
    assert nn.unique_weights(net) == masked + 2 * 4
    assert nn.folded_channels(net) == channels
    assert nn.mask_bits(net) == masked + masked // 2
    assert nn.paper_bytes(net) == (32 + masked + masked // 2 + 8 * 2 * 4 + 64 * channels + 7) // 8


def test_demo_fits_its_budget_and_folding_adds_no_weights() -> None:
    net = nn.demo()
    channels = sum(step.norm.num_features for step in net.steps if step.norm is not None)
    assert nn.mask_bits(net) / 8 + 16 * 9 + 32 * 10 + 2 * (channels + 10) == pytest.approx(6493, abs=1)
    assert sum(net.macs.values()) == pytest.approx(4.0e6, rel=0.02)
    for once, thrice in [(nn.preset(n, fold=1), nn.preset(n, fold=3)) for n in ("tiny", "demo", "resnet8")]:
        assert nn.mask_bits(once) == nn.mask_bits(thrice)
        assert sum(step.name.endswith("@2") for step in thrice.steps) >= 4


def test_resnet20_folds_as_asked() -> None:
    def depth(net: nn.Net) -> int:
        return sum("shortcut" not in step.name for step in net.steps if step.weight)

    plain, folded, whole = nn.resnet20(fold=1), nn.resnet20(), nn.resnet20(fold=(3, 2, 2))
    assert depth(plain) == depth(folded) == depth(whole) == 20
    assert sum(plain.macs.values()) == sum(folded.macs.values()) == sum(whole.macs.values())
    for more, fewer in pairwise(nn.unique_weights(net) for net in (plain, folded, whole)):
        assert more > fewer


def test_options_reach_the_net() -> None:
    net = nn.resnet8(input=(1, 28, 28), classes=10, width=32, fold=2, density=0.3, seed=7)
    assert [net.shapes[f"stage{n}.{min(n - 1, 1)}.conv2@1"][0] for n in (1, 2, 3)] == [32, 64, 128]
    masked = [op for op in net.weights.values() if isinstance(op, nn.SupermaskConv2d)]
    assert {op.densities for op in masked} == {(0.3,)}
    assert {op.seed for op in masked} == {net.seed} == {7}
    for op in masked:
        assert int(op.counts().sum()) == round(0.3 * op.counts().numel())
    assert isinstance(net.weights["stem"], nn.QuantisedConv2d)
    odd = nn.demo(
        (2, 9, 9), ("yes", "no"), stem="supermask", classifier="supermask", affine=False, coats=[0.7, 0.3, 0.1]
    )
    assert odd.classes == ("yes", "no")
    assert isinstance(odd.weights["stem"], nn.SupermaskConv2d)
    assert isinstance(odd.weights["classifier"], nn.SupermaskLinear)
    assert not any(norm.affine for norm in odd.norms)
    assert {masked_weight(odd, name).coats for name in odd.weights} == {3}
    spec = nn.InputSpec((3, 32, 32), "hwc")
    assert nn.preset("tiny", spec).input == spec


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"density": 0.0}, r"\(0, 1\]"),
        ({"density": 1.5}, r"\(0, 1\]"),
        ({"density": float("nan")}, r"\(0, 1\]"),
        ({"coats": (0.3, 0.6)}, "must not grow"),
        ({"coats": ()}, "1 to 7"),
        ({"coats": [0.5] * 8}, "1 to 7"),
        ({"density": 0.5, "coats": (0.5,)}, "give one"),
        ({"fold": 0}, "fold"),
        ({"fold": (1, 1, 1)}, "fold"),
        ({"width": 0}, "widths"),
        ({"width": -8}, "widths"),
        ({"width": float("inf")}, "width inf"),
        ({"width": (8, 16, 24, 32)}, "one for each of the"),
        ({"weights": "int3"}, "supermask or int8 or int4 or ternary or binary"),
        ({"stem": "dense"}, "supermask or int8"),
        ({"classifier": "masked"}, "supermask or int8"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        (
            {"depth": 3},
            "choose width, density, coats, blocks, fold, weights, stem, classifier, affine, masks, norms, frozen, "
            "freeze_over, score_init, weight_init, seed",
        ),
        ({"classes": 1}, "at least 2"),
        ({"input": (3, 0, 32)}, "channels, height, width"),
        ({"input": (3, 32)}, "channels, height, width"),
    ],
    ids=str,
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        nn.preset("demo", **options)
    if "input" in options:
        with pytest.raises(InputError, match=message):
            nn.preset("tiny", **options)


def test_unknown_names_and_small_inputs_are_refused() -> None:
    with pytest.raises(InputError, match="tiny, demo, resnet8, resnet8-mlperf, resnet20"):
        nn.preset("resnet9")
    with pytest.raises(GraphError, match="too small"):
        nn.preset("demo", (1, 1, 30))
    with pytest.raises(InputError, match="transition"):
        nn.resnet((1, 8, 8), 2, widths=(4,), transition="none")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="block"):
        nn.resnet((1, 8, 8), 2, widths=(4,), block="wide")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="blocks"):
        nn.resnet((1, 8, 8), 2, widths=(4, 8), blocks=(1, 1, 1))


# Conv-2 to Conv-8.


@pytest.mark.parametrize(
    ("name", "convolutions", "linear"),
    [
        ("conv2", 38_592, 64 * 16 * 16 * 256 + 256 * 256 + 2560),
        ("conv4", 259_776, 128 * 8 * 8 * 256 + 256 * 256 + 2560),
        ("conv6", 1_144_512, 256 * 4 * 4 * 256 + 256 * 256 + 2560),
        ("conv8", 4_683_456, 512 * 2 * 2 * 256 + 256 * 256 + 2560),
    ],
)
def test_plain_convs_have_the_published_layers(name: str, convolutions: int, linear: int) -> None:
    net = nn.preset(name)
    ops = list(net.weights.values())
    kinds = [type(op).__name__ for op in ops]
    assert kinds == ["SupermaskConv2d"] * int(name[4:]) + ["SupermaskLinear"] * 3
    counts = [int(np.prod(op.shape)) for op in ops]
    assert (sum(counts[:-3]), sum(counts[-3:])) == (convolutions, linear)  # Frankle and Carbin 2019, figure 2: 38 K,
    # 260 K, 1.1 M convolutional weights of Conv-2, 4 and 6; Conv-8 is Ramanujan's
    assert not len(net.norms)
    assert [step.relu for step in net.steps if step.weight] == [True] * (len(ops) - 1) + [False]
    assert [net.shapes[f"pool{n}"][1] for n in range(1, int(name[4:]) // 2 + 1)] == [16, 8, 4, 2][: int(name[4:]) // 2]


def test_plain_convs_take_what_they_can() -> None:
    net = nn.preset("conv4", (1, 12, 12), 3, width=(4, 6), coats=(0.6, 0.2), frozen=0.5, stem="int8", seed=9)
    assert [net.shapes[name][0] for name in ("stem", "stage1.1", "stage2.0", "stage2.1")] == [4, 4, 6, 6]
    assert net.shapes["hidden1"] == (16,)
    assert isinstance(net.weights["stem"], nn.QuantisedConv2d)
    assert masked_weight(net, "stage2.0").coats == 2
    assert masked_weight(net, "hidden0").free is not None
    for option in ({"fold": 2}, {"blocks": 1}, {"affine": False}, {"norms": "shared"}, {"masks": "unshared"}):
        with pytest.raises(InputError, match=f"leave out {next(iter(option))}"):
            nn.preset("conv4", **option)
    with pytest.raises(InputError, match="supermask or int8"):
        nn.preset("conv2", weights="int3")
    with pytest.raises(InputError, match="widths"):
        nn.preset("conv2", width=0)
    with pytest.raises(GraphError, match="too small"):
        nn.preset("conv8", (1, 8, 8))


@pytest.mark.parametrize("initial", get_args(Initial))
def test_scores_and_weights_begin_as_asked(initial: Initial) -> None:
    fan_in, fan_out = 64 * 9, 96 * 9
    spread = {"torch": 1 / (3 * fan_in), "he": 2 / fan_in, "xavier": 2 / (fan_in + fan_out)}[initial.split("-")[0]]
    largest = {"torch": 1 / 3, "uniform": 1 / 3}.get(initial.rsplit("-", maxsplit=1)[-1])  # variance / bound squared
    sets: tuple[dict[str, Any], ...] = ({"score_init": initial}, {"weight_init": initial, "weights": "int8"})
    for options in sets:
        made = nn.resnet((3, 8, 8), 3, widths=(64, 96), seed=3, **options)
        op: Any = made.weights["stage2.0"]
        values = (op.trained if "weights" in options else op.scores).detach()
        assert values.shape == (96, 64, 3, 3)
        assert float(values.var()) == pytest.approx(spread, rel=0.03)
        if largest:
            assert float(values.abs().max() ** 2) == pytest.approx(spread / largest, rel=0.01)
        again: Any = nn.resnet((3, 8, 8), 3, widths=(64, 96), seed=3, **options).weights["stage2.0"]
        assert all(torch.equal(a, b) for a, b in zip(op.parameters(), again.parameters(), strict=True))
        other: Any = nn.resnet((3, 8, 8), 3, widths=(64, 96), seed=4, **options)
        assert signature(made) != signature(other)
        usual = nn.resnet((3, 8, 8), 3, widths=(64, 96), seed=3, **{k: v for k, v in options.items() if v != initial})
        assert (signature(made) == signature(usual)) == (initial == "torch")
    with pytest.raises(InputError, match=r"score_init 'zeros' is unknown; use torch, he-uniform"):
        nn.preset("demo", score_init="zeros")


# Float32 references.


def test_float_weights_are_float_everywhere_and_learn_as_they_are() -> None:
    for name in ("demo", "hfn-resnet18", "conv2"):
        net = nn.preset(name, (3, 16, 16), 3, weights="float", seed=4, width=8)
        masked = nn.preset(name, (3, 16, 16), 3, seed=4, width=8, stem="supermask", classifier="supermask")
        assert {getattr(op, "bits", None) for op in net.weights.values()} == {32}
        assert {k: op.shape for k, op in net.weights.items()} == {k: op.shape for k, op in masked.weights.items()}
        assert nn.dense_bytes(net) == nn.dense_bytes(masked)
        for op in net.weights.values():
            assert isinstance(op, nn.QuantisedConv2d | nn.QuantisedLinear)
            assert op.weight() is op.trained
    spent = nn.paper_bytes(nn.preset("conv2", weights="float"))
    assert spent == 4 + 4 * 4_300_992  # a seed, and four bytes a weight


def test_float_weights_are_kept_and_never_lowered(tmp_path: Path) -> None:
    net = nn.preset("demo", (1, 9, 9), 3, weights="float", fold=2)
    modelfile.save(net, tmp_path / "x.hfn", {})
    again = modelfile.load(tmp_path / "x.hfn")
    raw = images(3, (1, 9, 9))
    assert torch.equal(again.eval()(raw), net.eval()(raw))
    for refused in (
        lambda: calibrate.calibrate(again, [raw.numpy()]),
        lambda: lower(again, {}),
        lambda: open_model(tmp_path / "x.hfn"),
    ):
        with pytest.raises(InputError, match=r"weight stem: is float32.*--weights supermask, int8"):
            refused()
