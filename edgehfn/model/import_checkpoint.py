"""Checkpoints of the public code of hidden networks and Hidden-Fold Networks, as nets of ours.

Their masks are not stored but follow from the scores, so they are fixed here; their weights come from another
generator, so the signs are kept bit by bit (docs/SPEC.md section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from torch.nn import BatchNorm2d

from edgehfn import nn
from edgehfn.errors import InputError
from edgehfn.model import foreign_masks, foreign_weights
from edgehfn.model.foreign_tensors import Tensors
from edgehfn.model.foreign_weights import Rule
from edgehfn.nn.builder import BITS, Kind
from edgehfn.nn.net import ITERATION
from edgehfn.nn.presets.residual import class_names

Normalised = tuple[Sequence[float], Sequence[float]]  # mean and standard deviation of each input channel, in 0..1


def load_checkpoint(
    path: str | Path,
    arch: str,
    *,
    density: float | None = None,
    input: tuple[int, int, int] = (3, 32, 32),
    classes: Sequence[str] | None = None,
    normalised: Normalised | None = None,
    weights: Kind | None = None,
) -> nn.Net:
    """Return the net of a checkpoint, with its mask, signs and norms, in eval mode.

    ``arch`` is the published net's name, such as ``hfn-resnet50``; widths and the number of classes are the
    checkpoint's own. ``density`` is the fraction of weights kept (their ``top_k``), by default what the magnitudes of
    the weights say. Where the net was trained on ``normalised`` inputs, the net takes bytes and normalises them.

    Layers are weights with scores, with a stored mask (``mask``, or ``weight_orig`` and ``weight_mask`` of torch's
    pruning), or plain ones. Masks of signed constants, of the layer or of each channel, are kept as they are.
    ``weights`` are those that others are rounded to, by default int8 for plain ones; stem and classifier take int8.

    Raises InputError for a file that is no such checkpoint or of another net.
    """
    if arch not in nn.PAPERS:
        raise InputError(f"there are no checkpoints of {arch!r}; choose {', '.join(nn.PAPERS)}")
    if density is not None and not 0 < density <= 1:
        raise InputError(f"density {density} is no fraction of weights; give a number in (0, 1]")
    tensors = Tensors(Path(path))
    fixed = arch.startswith("hfn-")
    kinds = [kind for kind in BITS if kind != "float"]
    if weights is not None and weights not in kinds:
        raise InputError(f"weights {weights!r:.40}: choose {', '.join(kinds)}")
    bits = None if weights is None else BITS[weights]
    rule = Rule(foreign_masks.density(tensors.scored(), density, fixed, str(path)), bits)
    basic = nn.BLOCKS[arch.split("-")[1]].block == "basic"
    mean, deviation = normalised or ((), ())
    outline = nn.preset(
        arch, nn.InputSpec(input, mean=tuple(mean), deviation=tuple(deviation)), 2, width=1 if basic else 4
    )
    ops = {
        name: foreign_weights.layer(name, _module(name, tensors), op, number, rule, tensors)
        for number, (name, op) in enumerate(outline.weights.items())
    }
    steps = []
    for step in outline.steps:
        norm = None if step.norm is None else _norm(step.name, tensors)
        steps.append(replace(step, op=ops.get(step.weight, step.op), norm=norm))
    tensors.close()
    names = class_names(ops[outline.steps[-1].weight].shape[0] if classes is None else classes)
    net = nn.Net(outline.input, steps, names, seed=outline.seed)
    return net.eval()


def _module(name: str, tensors: Tensors) -> str:
    """What they call our weight ``stem``, ``classifier``, ``stageN.I.convK`` or ``stageN.I.shortcut``."""
    if name == "stem":
        return tensors.place("conv1")
    if name == "classifier":
        return tensors.place("fc", "linear")
    stage, index, layer = name.removeprefix("stage").split(".")
    blocks = [f"{word}{stage}.{index}" for word in ("stage_", "layer")]
    if layer == "shortcut":
        return tensors.place(*(f"{block}.{word}.0" for block in blocks for word in ("shortcut", "downsample")))
    return tensors.place(*(f"{block}.{layer}" for block in blocks))


def _norm(name: str, tensors: Tensors) -> BatchNorm2d:
    """The norm behind a step of ours: theirs are bn1, STAGE.I.bnK, STAGE.I.shortcut.1, or bnormK_T where folded."""
    weight, _, iteration = name.partition(ITERATION)
    if weight == "stem":
        place = tensors.place("bn1")
    else:
        stage, index, layer = weight.removeprefix("stage").split(".")
        blocks = [f"{word}{stage}.{index}" for word in ("stage_", "layer")]
        number, turn = layer.removeprefix("conv"), iteration or 0
        words = ("shortcut.1", "downsample.1") if layer == "shortcut" else (f"bnorm{number}_{turn}", f"bn{number}")
        place = tensors.place(*(f"{block}.{word}" for block in blocks for word in words))
    mean, var = tensors.need(f"{place}.running_mean"), tensors.need(f"{place}.running_var")
    slope, offset = tensors.take(f"{place}.weight"), tensors.take(f"{place}.bias")
    if bool((var < 0).any()):
        raise InputError(f"{tensors.path}: {place}.running_var has a negative variance; give an undamaged checkpoint")
    norm = BatchNorm2d(mean.numel(), affine=slope is not None)
    for own, value in ((norm.running_mean, mean), (norm.running_var, var), (norm.weight, slope), (norm.bias, offset)):
        if own is not None and value is not None:
            if own.shape != value.shape:
                raise InputError(
                    f"{tensors.path}: the parts of {place} differ in size; give the --arch that was trained"
                )
            own.data.copy_(value)
    return norm
