"""Residual nets of supermasks or of trained weights: a stem, stages of folded blocks, an average and a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Literal, SupportsIndex, get_args

from edgehfn.data.labels import class_names as listed
from edgehfn.errors import InputError
from edgehfn.nn.blocks import BasicBlock, Block, Bottleneck, ConvNorm, Fold
from edgehfn.nn.builder import Affine, Builder, Kind, Sharing, Weights
from edgehfn.nn.frozen import Frozen, Over, freeze
from edgehfn.nn.initial import Initial
from edgehfn.nn.net import InputSpec, Net

BlockKind = Literal["basic", "bottleneck"]
Transition = Literal["conv", "block"]
PerStage = int | Sequence[int]
WEIGHTS = (*get_args(Kind), "float")


def resnet(
    input: tuple[int, int, int] | InputSpec,
    classes: int | Sequence[str],
    *,
    widths: Sequence[int],
    blocks: PerStage = 1,
    fold: PerStage = 1,
    block: BlockKind = "basic",
    squeeze: int = 4,
    transition: Transition = "conv",
    weights: Weights = "supermask",
    stem: Weights | None = None,
    stem_width: int | None = None,
    stem_kernel: int = 3,
    stem_stride: int = 1,
    shrink: int = 1,
    pool: int = 0,
    classifier: Weights | None = None,
    coats: Sequence[float] = (0.5,),
    affine: Affine = True,
    masks: Sharing = "shared",
    norms: Sharing = "unshared",
    frozen: Frozen = 0.0,
    freeze_over: Over = "uniform",
    score_init: Initial = "torch",
    weight_init: Initial = "torch",
    seed: int = 0,
) -> Net:
    """Build a net for raw images of shape (C, H, W).

    A stage of width ``w`` begins with a transition where the shape changes: a 3x3 convolution (``"conv"``) or a block
    with a projection (``"block"``, as in HFN), of weights that are never folded. After it come ``blocks`` blocks of own
    weights, each iterated ``fold`` times. Every stage but the first halves the map. ``blocks`` and ``fold`` are one
    number, or one a stage. The inner width of a bottleneck is a ``squeeze``-th of ``w``. The stem is a convolution to
    ``stem_width`` channels (default: the first stage's), behind it a max pool of stride 2 with a window of ``pool``
    unless that is 0, before it a max pool over ``shrink`` pixels a side. All ``weights`` are of one kind, but ``stem``
    and ``classifier`` may have their own, by default int8 where weights are trained (float where they are). ``coats``
    are densities of masks, one a coat, each at most the one before.
    ``affine``: norms, or those of folds only, have learned factors and offsets, which cost nothing on the device.
    ``masks`` and ``norms``: the iterations of a fold have one, or one each; masks lie over the same signs. ``frozen``
    is the fraction of masked weights that no mask bit is stored for, spread over the layers by the rule ``freeze_over``
    (see ``freeze``). ``score_init`` and ``weight_init`` are what scores and trained weights begin with.

    Raises InputError for an option out of range, GraphError for an input too small.
    """
    choose("block", block, get_args(BlockKind))
    choose("transition", transition, get_args(Transition))
    choose("masks", masks, get_args(Sharing))
    choose("norms", norms, get_args(Sharing))
    ends: Weights = weights if weights in ("supermask", "float") else "int8"
    stem, classifier = stem or ends, classifier or ends
    for name, kind in (("weights", weights), ("stem", stem), ("classifier", classifier)):
        choose(name, kind, WEIGHTS)
    if not widths or min(widths) < 1:
        raise InputError(f"widths {tuple(widths)}: give at least one, each 1 or more")
    names = class_names(classes)
    spec = input if isinstance(input, InputSpec) else InputSpec(input)
    builder = Builder(spec, seed, tuple(coats), affine, masks, norms, weights, score_init, weight_init)
    if shrink > 1:
        builder.max_pool("shrink", shrink, shrink)
    ConvNorm(stem_width or widths[0], stem_kernel, stem_stride, stem).add(builder, "stem")
    if pool:
        builder.max_pool("pool", pool, 2, (pool - 1) // 2)
    folds, repeats = _per_stage("fold", fold, widths, 1), _per_stage("blocks", blocks, widths, 0)
    for number, (width, iterations, repeat) in enumerate(zip(widths, folds, repeats, strict=True), start=1):
        parts: list[Block] = [Fold(_block(block, width, squeeze), iterations)] * repeat
        stride = 1 if number == 1 else 2
        if stride > 1 or builder.shape[0] != width:
            parts.insert(
                0, ConvNorm(width, stride=stride) if transition == "conv" else _block(block, width, squeeze, stride)
            )
        for index, part in enumerate(parts):
            part.add(builder, f"stage{number}.{index}")
    builder.global_avg_pool("mean")
    builder.linear("classifier", len(names), kind=classifier)
    net = builder.net(names)
    freeze(net, frozen, freeze_over)
    return net


def class_names(classes: SupportsIndex | Sequence[str]) -> tuple[str, ...]:
    """Return names as text, a number as "0", "1", … One alone is the name of a number that a net tells.

    Raises InputError for fewer than two that are a number, for none, or for what is no text.
    """
    names = listed(range(int(classes)) if isinstance(classes, Integral) else classes)
    if len(names) < 1 + isinstance(classes, Integral):
        raise InputError(f"classes {classes!r:.60}: a classifier needs at least 2")
    return names


def _block(kind: BlockKind, width: int, squeeze: int, stride: int = 1) -> Block:
    return BasicBlock(width, stride) if kind == "basic" else Bottleneck(width, stride, max(1, width // squeeze))


def _per_stage(name: str, values: PerStage, widths: Sequence[int], least: int) -> tuple[int, ...]:
    found = (values,) * len(widths) if isinstance(values, int) else tuple(values)
    if len(found) != len(widths) or min(found) < least:
        raise InputError(f"{name} {values}: give one number for all {len(widths)} stages or one each, {least} or more")
    return found


def choose(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise InputError for a value that is no choice."""
    if value not in choices:
        raise InputError(f"{name} {value!r}: choose {' or '.join(choices)}")
