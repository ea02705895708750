"""Nets for sensors: time series, vectors, and the shapes of MLPerf Tiny (Banbury et al. 2021) beside ResNet-8.

Masks lie over the layers that have most weights. The first and the last layer, and depthwise convolutions, whose few
weights a mask would leave too few of, are int8 unless weights of one kind are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

from edgehfn.errors import InputError
from edgehfn.nn.blocks import Block, Fold
from edgehfn.nn.builder import Builder, Kind
from edgehfn.nn.frozen import freeze
from edgehfn.nn.net import InputSpec, Net
from edgehfn.nn.presets.residual import class_names
from edgehfn.nn.supermask import nested

SENSOR_PRESETS = ("tcn", "ds-cnn", "mlp", "autoencoder", "mobilenet-vww")

LONGEST = 128  # places of a series, beyond which the first convolution of tcn has a stride
Shape = tuple[int, int, int]
Classes = int | Sequence[str]

INPUTS: dict[str, Shape] = {
    "tcn": (6, 1, 128),
    "ds-cnn": (1, 49, 10),
    "mlp": (1, 1, 64),
    "autoencoder": (1, 1, 640),
    "mobilenet-vww": (3, 96, 96),
}
VWW = (
    (2, 1),
    (4, 2),
    (4, 1),
    (8, 2),
    (8, 1),
    (16, 2),
    *[(16, 1)] * 5,
    (32, 2),
    (32, 1),
)  # of the blocks of MobileNet the width, in that of the first convolution, and the stride


@dataclass(frozen=True)
class Separable:
    """A depthwise 3x3 convolution and one of 1x1 (Howard et al. 2017)."""

    channels: int
    stride: int = 1
    kind: Kind | None = None  # of the depthwise one

    def add(self, builder: Builder, name: str) -> None:
        """Add both, padded as TensorFlow does."""
        builder.depthwise(f"{name}.depthwise", 3, self.stride, padding="same", kind=self.kind)
        builder.conv(f"{name}.pointwise", self.channels, 1)


@dataclass(frozen=True)
class Temporal:
    """Two dilated convolutions over time and what goes round them (Bai et al. 2018)."""

    channels: int
    dilation: int = 1
    kernel: int = 3

    def add(self, builder: Builder, name: str) -> None:
        """Add both; a place sees as far ahead as behind."""
        x, apart = builder.x, (1, self.dilation)
        builder.conv(f"{name}.conv1", self.channels, (1, self.kernel), dilation=apart)
        builder.conv(f"{name}.conv2", self.channels, (1, self.kernel), dilation=apart, residual=x)


def sensor_preset(name: str, input: Shape | InputSpec | None, classes: Classes, options: dict[str, Any]) -> Net:
    """Build the preset of this name. Raises InputError for an option that it does not have."""
    spec = InputSpec(INPUTS[name]) if input is None else input if isinstance(input, InputSpec) else _spec(name, input)
    names = class_names(classes)
    match name:
        case "tcn":
            return _tcn(spec, names, options)
        case "ds-cnn":
            return _ds_cnn(spec, names, options)
        case "mlp":
            widths = _widths(options, (64, 64))
            return _vectors(spec, (*widths, len(names)), names, options)
        case "autoencoder":
            widths = _widths(options, (*[128] * 4, 8, *[128] * 4))
            return _vectors(spec, (*widths, prod(spec.shape)), (), options)
        case _:
            return _mobilenet(spec, names, options)


def _spec(name: str, shape: Shape) -> InputSpec:
    """Several channels of a time series come place by place."""
    return InputSpec(shape, "hwc" if name == "tcn" and shape[0] > 1 else "chw")


def _tcn(spec: InputSpec, names: tuple[str, ...], options: dict[str, Any]) -> Net:
    """A stem, residual blocks whose dilation doubles, an average and a classifier."""
    if spec.shape[1] != 1:
        raise InputError(f"tcn reads time series, C,1,L, not {spec.shape}; give data of shape N,L or N,L,C")
    builder, stem, classifier = _begun(spec, options, fold=1, blocks=4)
    (width,) = _widths(options, (16,))
    stride = next((s for s in (1, 2) if spec.shape[2] <= s * LONGEST), 4)
    builder.conv("stem", width, (1, min(5, 2 * spec.shape[2] - 1)), (1, stride), kind=stem)
    for number in range(_number(options, "blocks", 4)):
        if 2 * 2**number < 128:  # a block beyond sees the longest kernel's span already
            _add(builder, Temporal(width, 2**number), f"block{number}", _number(options, "fold", 1))
    return _named(builder, names, classifier, options)


def _ds_cnn(spec: InputSpec, names: tuple[str, ...], options: dict[str, Any]) -> Net:
    """The keyword net of MLPerf Tiny: a 10x4 convolution of stride 2, separable blocks, an average, a classifier."""
    builder, stem, classifier = _begun(spec, options, fold=1, blocks=4)
    (width,) = _widths(options, (64,))
    builder.conv("stem", width, (10, 4), 2, padding="same", kind=stem)
    for number in range(_number(options, "blocks", 4)):
        _add(builder, Separable(width, kind=_thin(builder)), f"block{number}", _number(options, "fold", 1))
    return _named(builder, names, classifier, options)


def _mobilenet(spec: InputSpec, names: tuple[str, ...], options: dict[str, Any]) -> Net:
    """MobileNet (Howard et al. 2017), by default of a quarter of its width."""
    builder, stem, classifier = _begun(spec, options)
    (width,) = _widths(options, (8,))
    builder.conv("stem", width, 3, 2, padding="same", kind=stem)
    for number, (times, stride) in enumerate(VWW):
        Separable(times * width, stride, _thin(builder)).add(builder, f"block{number}")
    return _named(builder, names, classifier, options)


def _vectors(spec: InputSpec, widths: Sequence[int], names: tuple[str, ...], options: dict[str, Any]) -> Net:
    """Fully connected layers, each but the last with a norm and ReLU."""
    builder, stem, classifier = _begun(spec, options)
    *inner, outputs = widths
    for number, width in enumerate(inner):
        builder.linear(f"layer{number}", width, kind=stem if number == 0 else None, norm=True, relu=True)
    builder.linear("classifier" if names else "output", outputs, kind=classifier)
    return _frozen(builder.net(names), options)


def _begun(spec: InputSpec, options: dict[str, Any], **counts: int) -> tuple[Builder, Kind | None, Kind | None]:
    """A builder under a user's options, and the kinds of the first and the last layer."""
    taken = {*COMMON, *counts}
    unknown = sorted(options.keys() - taken)
    if unknown:
        raise InputError(f"option {unknown[0]!r} is none of this preset; choose {', '.join(sorted(taken))}")
    coats = nested(options.get("coats", 1), options.get("density"), 0.5)
    weights: Kind = options.get("weights", "supermask")
    shared = options.get("masks", "shared"), options.get("norms", "unshared")
    builder = Builder(spec, options.get("seed", 0), coats, options.get("affine", True), *shared, weights)
    builder.score_init, builder.weight_init = (options.get(name, "torch") for name in ("score_init", "weight_init"))
    return builder, options.get("stem", "int8"), options.get("classifier", "int8")


COMMON = (
    *("width", "density", "coats", "weights", "stem", "classifier", "affine", "masks", "norms"),
    *("frozen", "freeze_over", "score_init", "weight_init", "seed"),
)


def _thin(builder: Builder) -> Kind | None:
    """The kind of depthwise weights."""
    return "int8" if builder.weights == "supermask" else None


def _add(builder: Builder, block: Block, name: str, iterations: int) -> None:
    Fold(block, iterations).add(builder, name)


def _named(builder: Builder, names: tuple[str, ...], classifier: Kind | None, options: dict[str, Any]) -> Net:
    builder.global_avg_pool("mean")
    builder.linear("classifier", len(names), kind=classifier)
    return _frozen(builder.net(names), options)


def _frozen(net: Net, options: dict[str, Any]) -> Net:
    freeze(net, options.get("frozen", 0.0), options.get("freeze_over", "uniform"))
    return net


def _number(options: dict[str, Any], name: str, usual: int) -> int:
    found = options.get(name, usual)
    if type(found) is not int or found < 1:
        raise InputError(f"{name} {found}: give one number, 1 or more")
    return found


def _widths(options: dict[str, Any], usual: tuple[int, ...]) -> tuple[int, ...]:
    """Widths in proportion to the first, or each as given."""
    width = options.get("width", usual[0])
    chosen = [w * width / usual[0] for w in usual] if isinstance(width, int | float) else list(width)
    if len(chosen) != len(usual) or not all(map(isfinite, chosen)) or min(chosen) <= 0:
        raise InputError(f"width {width}: give one number, or one for each of the {len(usual)} layers")
    return tuple(max(1, round(w)) for w in chosen)
