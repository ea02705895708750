"""Named nets. Every preset takes the same options; what is not given is the preset's own choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from edgehfn.errors import InputError
from edgehfn.nn.draft import Kind, Sharing
from edgehfn.nn.frozen import Frozen, Over
from edgehfn.nn.net import InputSpec, Net
from edgehfn.nn.resnet import PerStage, resnet
from edgehfn.nn.supermask import spaced

Input = tuple[int, int, int] | InputSpec
Classes = int | Sequence[str]

PRESETS = ("tiny", "demo", "resnet8", "resnet8-mlperf", "resnet20")


class Options(TypedDict, total=False):
    """What a user may change in any preset."""

    width: int  # channels of the first stage; the others keep their ratio to it
    density: float  # of the first coat, which is the only one unless there are more coats
    coats: int | Sequence[float]  # how many, spaced evenly below the density; or their densities, none growing
    blocks: PerStage  # of weights of their own, in each stage
    fold: PerStage  # iterations: of every stage that folds, or of each stage; more than 1 leaves a stage one block
    weights: Kind  # of all layers but the stem and the classifier
    stem: Kind
    classifier: Kind
    affine: bool
    masks: Sharing  # one for all iterations of a fold, or one each over the same signs
    norms: Sharing  # likewise; each iteration has its own unless asked
    frozen: Frozen  # fraction of the masked weights that are seeded to be kept or not, and take no mask bit
    freeze_over: Over  # how they are spread over the layers
    seed: int


def tiny(input: Input = (1, 28, 28), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """For parts of 16 KB flash and 16 KB RAM, for inputs up to 3x32x32: three stages of at most 16x16, 8x8 and 4x4.

    The stem pools its map where there is room for it (one point more accurate than a stride on Fashion-MNIST).
    """
    spec = input if isinstance(input, InputSpec) else InputSpec(input)
    channels, height, width = spec.shape
    side = min(height, width)
    room = height * width * (8 + 4 * channels) <= 12 * 1024  # the stem's map, the raw input, and the stem's scratch
    stride = 1 if side < 16 or room else 2
    stem: dict[str, Any] = {"stem_stride": stride, "pool": side >= 16 and (room or side >= 48)}
    return _build(spec, classes, options, widths=(8, 16, 32), blocks=(1, 1, 1), folded=(1, 2, 3), **stem)


def demo(input: Input = (1, 28, 28), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """The net of the demonstration on Fashion-MNIST: a pooled stem and two stages of one block iterated twice."""
    return _build(input, classes, options, widths=(16, 32), blocks=(1, 1), folded=(1, 2), fold=2, pool=True)


def resnet8(input: Input = (3, 32, 32), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """Three stages of one block each, with a 3x3 convolution between stages; every stage folds."""
    return _build(input, classes, options, widths=(16, 32, 64), blocks=(1, 1, 1), folded=(1, 2, 3))


def resnet8_mlperf(input: Input = (3, 32, 32), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """The very shape of MLPerf Tiny's ResNet-8 (Banbury et al. 2021), every layer masked; its identity block folds."""
    shape: dict[str, Any] = {"widths": (16, 32, 64), "blocks": (1, 0, 0), "folded": (1,), "transition": "block"}
    return _build(input, classes, options, coats=(0.5,), stem=None, classifier=None, **shape)


def resnet20(input: Input = (3, 32, 32), classes: Classes = 10, **options: Unpack[Options]) -> Net:
    """ResNet-20 (He et al. 2016) folded as HFN does: in stages 2 and 3, a projection block and one block iterated."""
    shape: dict[str, Any] = {"widths": (16, 32, 64), "blocks": (3, 2, 2), "folded": (2, 3), "transition": "block"}
    return _build(input, classes, options, fold=2, **shape)


def preset(name: str, input: Input | None = None, classes: Classes = 10, **options: Any) -> Net:
    """The preset of this name, by default for its own input. Raises InputError for an unknown name or option."""
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
        case _:
            raise InputError(f"preset {name!r} is unknown; choose {', '.join(PRESETS)}")


def _build(
    input: Input,
    classes: Classes,
    options: Options,
    *,
    widths: tuple[int, ...],
    blocks: tuple[int, ...],
    folded: tuple[int, ...],
    fold: int = 1,
    coats: int | Sequence[float] = (0.6, 0.25),
    stem: Kind | None = "int8",
    classifier: Kind | None = "int8",
    **layout: Any,
) -> Net:
    """The recipe of a preset under a user's options; ``folded`` are the numbers (from 1) of the stages that fold."""
    unknown = sorted(options.keys() - Options.__annotations__.keys())
    if unknown:
        raise InputError(f"option {unknown[0]!r} is unknown; choose {', '.join(Options.__annotations__)}")
    coats = options.get("coats", 1 if "density" in options else coats)
    if isinstance(coats, int):
        coats = spaced(coats, options.get("density", 0.5))
    elif "density" in options:
        raise InputError("density and coats: give one, or a number of coats; their densities tell the first one's")
    width = options.get("width", widths[0])
    asked = options.get("fold", fold)
    stages = range(1, len(widths) + 1)
    folds = tuple(asked if n in folded else 1 for n in stages) if isinstance(asked, int) else tuple(asked)
    return resnet(
        input,
        classes,
        widths=[round(w * width / widths[0]) for w in widths],
        blocks=options.get("blocks", [min(b, 1) if f > 1 else b for b, f in zip(blocks, folds, strict=False)]),
        fold=folds,
        coats=coats,
        weights=options.get("weights", "supermask"),
        stem=options.get("stem", stem),
        classifier=options.get("classifier", classifier),
        affine=options.get("affine", True),
        masks=options.get("masks", "shared"),
        norms=options.get("norms", "unshared"),
        frozen=options.get("frozen", 0.0),
        freeze_over=options.get("freeze_over", "uniform"),
        seed=options.get("seed", 0),
        **layout,
    )
