"""Named nets. Every preset takes the same options; what is not given is the preset's own choice."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple, TypedDict, Unpack

from edgehfn.errors import InputError
from edgehfn.nn.builder import Affine, Sharing, Weights
from edgehfn.nn.frozen import Frozen, Over
from edgehfn.nn.initial import Initial
from edgehfn.nn.net import InputSpec, Net
from edgehfn.nn.presets.residual import BlockKind, PerStage, resnet
from edgehfn.nn.presets.sensor import SENSOR_PRESETS, sensor_preset
from edgehfn.nn.presets.vgg import CONVS, conv_net
from edgehfn.nn.supermask import nested

Input = tuple[int, int, int] | InputSpec
Classes = int | Sequence[str]

PRESETS = ("tiny", "demo", "resnet8", "resnet8-mlperf", "resnet20", *CONVS)


class Blocks(NamedTuple):
    """Blocks of each stage of a published net."""

    block: BlockKind
    blocks: tuple[int, int, int, int]
    squeeze: int = 4


BLOCKS = {
    "resnet18": Blocks("basic", (2, 2, 2, 2)),
    "resnet34": Blocks("basic", (3, 4, 6, 3)),
    "resnet50": Blocks("bottleneck", (3, 4, 6, 3)),
    "wideresnet50": Blocks("bottleneck", (3, 4, 6, 3), squeeze=2),
    "resnet101": Blocks("bottleneck", (3, 4, 23, 3)),
    "resnet152": Blocks("bottleneck", (3, 8, 36, 3)),
    "resnet200": Blocks("bottleneck", (3, 24, 36, 3)),
}
PAPERS = tuple(form.format(net) for net in BLOCKS for form in ("hfn-{}", "hfn-{}-fold-234", "hidden-{}", "plain-{}"))
CIFAR_STEM = 64  # pixels a side, up to which the first convolution keeps the size


class Options(TypedDict, total=False):
    """What a user may change in any preset."""

    width: float | Sequence[float]  # of the first stage, the others keep their ratio to it; or of each; rounded
    density: float  # of the first coat, which is the only one unless there are more coats
    coats: int | Sequence[float]  # how many, spaced evenly below the density; or their densities, none growing
    blocks: PerStage  # of weights of their own, in each stage
    fold: PerStage  # iterations: of every stage that folds, or of each stage; more than 1 leaves a stage one block
    weights: Weights  # of all layers but the stem and the classifier
    stem: Weights
    classifier: Weights
    affine: Affine
    masks: Sharing  # one for all iterations of a fold, or one each over the same signs
    norms: Sharing  # likewise; each iteration has its own unless asked
    frozen: Frozen  # fraction of the masked weights that are seeded to be kept or not, and take no mask bit
    freeze_over: Over  # how they are spread over the layers
    score_init: Initial  # what scores begin with
    weight_init: Initial  # and trained weights
    seed: int


def tiny(input: Input = (1, 28, 28), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """Build a net for parts of 16 KB flash and 16 KB RAM and inputs up to 3x32x32.

    It has three stages, of maps of at most 16x16, 8x8 and 4x4.

    The stem pools its map where there is room for it (one point more accurate than a stride on Fashion-MNIST).
    """
    spec = input if isinstance(input, InputSpec) else InputSpec(input)
    channels, height, width = spec.shape
    side = min(height, width)
    room = height * width * (8 + 4 * channels) <= 12 * 1024  # the stem's map, the raw input, and the stem's scratch
    stride = 1 if side < 16 or room else 2
    stem: dict[str, Any] = {"stem_stride": stride, "pool": 2 * (side >= 16 and (room or side >= 48))}
    return _build(spec, classes, options, widths=(8, 16, 32), blocks=(1, 1, 1), folded=(1, 2, 3), **stem)


def demo(input: Input = (1, 28, 28), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """Build the net of ``make demo``: a pooled stem and two stages of one block iterated twice."""
    return _build(input, classes, options, widths=(16, 32), blocks=(1, 1), folded=(1, 2), fold=2, pool=2)


def resnet8(input: Input = (3, 32, 32), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """Build three stages of one block each, with a 3x3 convolution between stages; every stage folds."""
    return _build(input, classes, options, widths=(16, 32, 64), blocks=(1, 1, 1), folded=(1, 2, 3))


def resnet8_mlperf(input: Input = (3, 32, 32), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """Build the very shape of MLPerf Tiny's ResNet-8 (Banbury et al. 2021), every layer masked.

    Its identity block folds.
    """
    shape: dict[str, Any] = {"widths": (16, 32, 64), "blocks": (1, 0, 0), "folded": (1,), "transition": "block"}
    return _build(input, classes, options, coats=(0.5,), stem=None, classifier=None, **shape)


def resnet20(input: Input = (3, 32, 32), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """Build ResNet-20 (He et al. 2016) folded as HFN does.

    Stages 2 and 3 are a projection block and one block iterated.
    """
    shape: dict[str, Any] = {"widths": (16, 32, 64), "blocks": (3, 2, 2), "folded": (2, 3), "transition": "block"}
    return _build(input, classes, options, fold=2, **shape)


def published(name: str, input: Input = (3, 32, 32), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """Build a residual net of He et al. 2016 or Zagoruyko et al. 2016, as López García-Arias et al. 2021 have it.

    ``plain-NET`` is trained, ``hidden-NET`` masked, ``hfn-NET`` has stages 3 and 4 folded too, and ``hfn-NET-fold-234``
    also stage 2: a block with a projection and one block iterated for all others of the stage. Only norms of folds are
    affine, except in the plain net. Images of over 64 pixels have the stem of ImageNet, others that of CIFAR. Raises
    InputError for iterations of a net that is not folded.
    """
    kind, net, *folded = name.split("-", 2)
    shape = BLOCKS[net]
    basic, plain = shape.block == "basic", kind == "plain"
    spec = input if isinstance(input, InputSpec) else InputSpec(input)
    widths = (64, 128, 256, 512) if basic else (256, 512, 1024, 2048)
    blocks = tuple(count - (number > 1 or not basic) for number, count in enumerate(shape.blocks, start=1))
    stages = {"hfn": (2, 3, 4) if folded else (3, 4)}.get(kind, ())
    fold = tuple(count if number in stages else 1 for number, count in enumerate(blocks, start=1))
    if not stages and isinstance(options.get("fold"), int):
        raise InputError(f"{name} has no fold to iterate; take hfn-{net}, or give iterations stage by stage")
    width = options.get("width", widths[0])
    first = width if isinstance(width, int | float) else width[0]
    large: dict[str, Any] = {"stem_kernel": 7, "stem_stride": 2, "pool": 3} if min(spec.shape[1:]) > CIFAR_STEM else {}
    return _build(
        spec,
        classes,
        options,
        widths=widths,
        blocks=blocks,
        folded=stages,
        fold=fold,
        coats=(0.3,),
        weights="int8" if plain else "supermask",
        stem=None,
        classifier=None,
        affine=True if plain else "folded",
        block=shape.block,
        squeeze=shape.squeeze,
        transition="block",
        stem_width=max(1, round(first * 64) // widths[0]) if isfinite(first) else 1,
        **large,
    )


def plain_convs(name: str, input: Input = (3, 32, 32), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """Build ``conv2``, ``conv4``, ``conv6`` or ``conv8`` (Frankle and Carbin 2019; Ramanujan et al. 2020), masked.

    Pairs of 3x3 convolutions and a max pool each, then three fully connected layers, all without norms and biases.
    Raises InputError for options of blocks, folds and norms, which it has none of.
    """
    stages = CONVS[name]
    _check_names(options)
    for option in ("blocks", "fold", "affine", "masks", "norms"):
        if option in options:
            raise InputError(f"{name} has neither blocks, folds nor norms; leave out {option}")
    return conv_net(
        input,
        classes,
        widths=_widths(options, stages),
        coats=nested(options.get("coats", 1), options.get("density"), 0.5),
        weights=options.get("weights", "supermask"),
        stem=options.get("stem"),
        classifier=options.get("classifier"),
        frozen=options.get("frozen", 0.0),
        freeze_over=options.get("freeze_over", "uniform"),
        score_init=options.get("score_init", "torch"),
        weight_init=options.get("weight_init", "he-normal"),
        seed=options.get("seed", 0),
    )


def preset(name: str, input: Input | None = None, classes: Classes = 10, **options: Any) -> Net:
    """Build the preset of this name, by default for its own input. Raises InputError for an unknown name or option."""
    given: dict[str, Any] = options if input is None else {"input": input, **options}
    match name:
        case "tiny":
            return tiny(classes=classes, **given)
        case "demo":
            return demo(classes=classes, **given)
        case "resnet8":
            return resnet8(classes=classes, **given)
        case "resnet8-mlperf":
            return resnet8_mlperf(classes=classes, **given)
        case "resnet20":
            return resnet20(classes=classes, **given)
        case _ if name in CONVS:
            return plain_convs(name, classes=classes, **given)
        case _ if name in SENSOR_PRESETS:
            return sensor_preset(name, input, classes, options)
        case _ if name in PAPERS:
            return published(name, classes=classes, **given)
        case _:
            known = ", ".join((*PRESETS, *SENSOR_PRESETS))
            raise InputError(f"preset {name!r} is unknown; choose {known}, or {PAPERS[0]} and the like")


def _build(
    input: Input,
    classes: Classes,
    options: Options,
    *,
    widths: tuple[int, ...],
    blocks: tuple[int, ...],
    folded: tuple[int, ...],
    fold: PerStage = 1,
    coats: int | Sequence[float] = (0.6, 0.25),
    weights: Weights = "supermask",
    stem: Weights | None = "int8",
    classifier: Weights | None = "int8",
    affine: Affine = True,
    **layout: Any,
) -> Net:
    """The recipe of a preset under a user's options; ``folded`` are the numbers (from 1) of the stages that fold."""
    _check_names(options)
    coats = options.get("coats", 1 if "density" in options else coats)
    asked = options.get("fold", fold)
    stages, floating = range(1, len(widths) + 1), options.get("weights") == "float"
    folds = tuple(asked if n in folded else 1 for n in stages) if isinstance(asked, int) else tuple(asked)
    return resnet(
        input,
        classes,
        widths=_widths(options, widths),
        blocks=options.get("blocks", [min(b, 1) if f > 1 else b for b, f in zip(blocks, folds, strict=False)]),
        fold=folds,
        coats=nested(coats, options.get("density"), 0.5),
        weights=options.get("weights", weights),
        stem=options.get("stem", None if floating else stem),  # of a float net all is float
        classifier=options.get("classifier", None if floating else classifier),
        affine=options.get("affine", affine),
        masks=options.get("masks", "shared"),
        norms=options.get("norms", "unshared"),
        frozen=options.get("frozen", 0.0),
        freeze_over=options.get("freeze_over", "uniform"),
        score_init=options.get("score_init", "torch"),
        weight_init=options.get("weight_init", "torch"),
        seed=options.get("seed", 0),
        **layout,
    )


def _check_names(options: Options) -> None:
    unknown = sorted(options.keys() - Options.__annotations__.keys())
    if unknown:
        raise InputError(f"option {unknown[0]!r} is unknown; choose {', '.join(Options.__annotations__)}")


def _widths(options: Options, usual: tuple[int, ...]) -> list[int]:
    """Channels of each stage, as asked."""
    width = options.get("width", usual[0])
    chosen = [w * width / usual[0] for w in usual] if isinstance(width, int | float) else list(width)
    if len(chosen) != len(usual) or not all(map(isfinite, chosen)):
        raise InputError(f"width {width}: give one number, or one for each of the {len(usual)} stages")
    return [round(w) for w in chosen]
