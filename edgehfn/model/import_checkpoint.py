"""Checkpoints of the public code of hidden networks and Hidden-Fold Networks, as nets of ours.

Their masks are not stored but follow from the scores, so they are fixed here; their weights come from another
generator, so the signs are kept bit by bit (docs/SPEC.md section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import BatchNorm2d

from edgehfn import nn
from edgehfn.errors import InputError
from edgehfn.model import torchfile
from edgehfn.nn.net import ITERATION
from edgehfn.nn.presets.residual import class_names
from edgehfn.nn.topk import counts
from edgehfn.spec import generator

WRAPPERS = (  # what torch.compile, DataParallel, Lightning and FSDP put into the names of a net they hold
    *("_orig_mod", "module", "model"),
    *("_fsdp_wrapped_module", "_checkpoint_wrapped_module"),
)
HOLDERS = ("state_dict", "model_state_dict", "model")  # names under which trainers save it
# Their checkpoints note accuracies as NumPy's numbers, which name their types; these make numbers, and nothing else.
_SCALAR = np.float64().__reduce__()[0]
NUMBERS = (
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),  # of NumPy 1 and 2
    *(np.dtype, *(kind for kind in vars(np.dtypes).values() if isinstance(kind, type))),
)
CONSTANT = 1e-5  # by which magnitudes of signed constants may differ, relative
Normalised = tuple[Sequence[float], Sequence[float]]  # mean and standard deviation of each input channel, in 0..1


def load_checkpoint(
    path: str | Path,
    arch: str,
    *,
    density: float = 0.3,
    input: tuple[int, int, int] = (3, 32, 32),
    classes: Sequence[str] | None = None,
    normalised: Normalised | None = None,
) -> nn.Net:
    """Return the net of a checkpoint, with its mask, signs and norms, in eval mode.

    ``arch`` is the published net's name, such as ``hfn-resnet50``; widths and the number of classes are the
    checkpoint's own. ``density`` is the fraction of weights kept (their ``top_k``). Where the net was trained on
    ``normalised`` inputs, the stem's weights and norm take that over: exactly inside the image for equal deviations,
    nearly at its border, where padding meant the mean.

    Raises InputError for a file that is no such checkpoint or of another net.
    """
    if arch not in nn.PAPERS:
        raise InputError(f"there are no checkpoints of {arch!r}; choose {', '.join(nn.PAPERS)}")
    if not 0 < density <= 1:
        raise InputError(f"density {density} is no fraction of weights; give a number in (0, 1]")
    tensors = _Tensors(Path(path), _state(Path(path)))
    basic = nn.BLOCKS[arch.split("-")[1]].block == "basic"
    outline = nn.preset(arch, input, 2, width=1 if basic else 4)
    ops = {
        name: _weight(name, op, number, density, tensors) for number, (name, op) in enumerate(outline.weights.items())
    }
    steps = []
    for step in outline.steps:
        norm = None if step.norm is None else _norm(step.name, tensors)
        steps.append(replace(step, op=ops.get(step.weight, step.op), norm=norm))
    tensors.close()
    names = class_names(ops[outline.steps[-1].weight].shape[0] if classes is None else classes)
    net = nn.Net(outline.input, steps, names, seed=outline.seed)
    if normalised is not None:
        _absorb(net.steps[0], *normalised)
    return net.eval()


class _Tensors:
    """A checkpoint's tensors by their names there, each handed out once."""

    def __init__(self, path: Path, state: dict[str, Tensor]) -> None:
        self.path = path
        self.left: dict[str, Tensor] = {}
        for wrapped, value in state.items():
            name = ".".join(part for part in wrapped.split(".") if part not in WRAPPERS)
            if name in self.left:
                raise InputError(f"{path}: holds {name} twice, once as {wrapped}; save the state_dict of one net")
            self.left[name] = value

    def place(self, *names: str) -> str:
        """Return the first of these modules that the checkpoint has. Raises InputError."""
        for name in names:
            if any(key.startswith(name + ".") for key in self.left):
                return name
        raise InputError(f"{self.path}: has no {' or '.join(names)}; give the --arch that was trained")

    def take(self, name: str) -> Tensor | None:
        """Hand out a tensor; None if the checkpoint has none of this name."""
        value = self.left.pop(name, None)
        if value is None:
            return None
        plain = value.layout == torch.strided and not (value.is_quantized or value.is_complex() or value.is_meta)
        if not plain or not value.numel():
            kind = f"{value.dtype} of shape {tuple(value.shape)}, {value.layout}"
            raise InputError(f"{self.path}: {name} is no plain tensor of numbers ({kind}); save it as dense float32")
        found = value.detach().float()
        if not bool(torch.isfinite(found).all()):
            raise InputError(f"{self.path}: {name} is not finite; give a checkpoint of a training that did not diverge")
        return found

    def need(self, name: str) -> Tensor:
        """Hand out a tensor. Raises InputError if it is missing."""
        value = self.take(name)
        if value is None:
            raise InputError(f"{self.path}: has no {name}; give the --arch that was trained")
        return value

    def close(self) -> None:
        """Raise InputError if anything that matters is left over."""
        for name in self.left:
            if not name.endswith("num_batches_tracked"):
                raise InputError(f"{self.path}: {name} has no place in this net; give the --arch that was trained")


def _state(path: Path) -> dict[str, Tensor]:
    try:
        content = torchfile.read(path, NUMBERS)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give a checkpoint that torch.save wrote") from None
    except torchfile.Unreadable as error:
        raise InputError(f"{path}: not a checkpoint of tensors; save its state_dict alone with torch.save") from error
    state = content
    for name in HOLDERS if isinstance(content, dict) else ():
        if isinstance(content.get(name), dict):
            state = content[name]
            break
    if not isinstance(state, dict) or not all(isinstance(n, str) and isinstance(v, Tensor) for n, v in state.items()):
        raise InputError(f"{path}: holds no state_dict; save that of the net with torch.save")
    return state


def _module(name: str, tensors: _Tensors) -> str:
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


def _norm(name: str, tensors: _Tensors) -> BatchNorm2d:
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


def _weight(name: str, op: nn.Weighted, number: int, density: float, tensors: _Tensors) -> nn.Weighted:
    """The layer in the place of ``op``; one without scores was trained."""
    place = _module(name, tensors)
    weight, scores, bias = (tensors.take(f"{place}.{part}") for part in ("weight", "scores", "bias"))
    linear = isinstance(op, nn.SupermaskLinear | nn.QuantisedLinear)
    if weight is None or weight.dim() not in (2, 4) or (scores is not None and scores.shape != weight.shape):
        raise InputError(
            f"{tensors.path}: {place} has no weight with scores of its shape; give the --arch that was trained"
        )
    if linear:
        weight = weight.flatten(1)
    if weight.dim() != (2 if linear else 4) or (not linear and weight.shape[2:] != op.shape[2:]):
        wanted = "two dimensions" if linear else f"four, the last of which {op.shape[2:]}"
        raise InputError(
            f"{tensors.path}: {place}.weight is {tuple(weight.shape)}, {name} needs {wanted}; "
            "give the --arch that was trained"
        )
    outputs, inputs = weight.shape[:2]
    window = () if isinstance(op, nn.SupermaskLinear | nn.QuantisedLinear) else (op.kernel, op.stride, op.padding)
    if scores is None:
        trained = (nn.QuantisedLinear if linear else nn.QuantisedConv2d)(
            inputs, outputs, *window, bias=bias is not None
        )
        trained.trained.data.copy_(weight)
        if trained.bias is not None and bias is not None:
            trained.bias.data.copy_(bias)
        return trained
    size = prod(weight.shape)
    pruned = int((1 - density) * size)  # as their code rounds
    if not 0 <= pruned < size:
        raise InputError(f"density {density:g} is outside (0, 1]; give the top_k that the net was trained with")
    source: nn.Source = {
        "tensor": number,
        "seed": 0,
        "densities": (density,),
        "counts": counts(scores.abs().flatten(), [size - pruned]),
        "signs": generator.pack_bits((weight < 0).flatten().to(torch.uint8).numpy()),
        "magnitude": _magnitude(weight, f"{tensors.path}: {place}"),
    }
    return (nn.SupermaskLinear if linear else nn.SupermaskConv2d)(inputs, outputs, *window, **source)


def _magnitude(weight: Tensor, what: str) -> float:
    """Of signed constants. Raises InputError for other weights."""
    size = weight.abs()
    largest = float(size.max())
    if not largest > 0 or float(size.min()) < largest * (1 - CONSTANT):
        raise InputError(f"{what}.weight is no signed constant; only nets initialised so can be kept as masks")
    return float(size.double().mean())


def _absorb(step: nn.Step, mean: Sequence[float], deviation: Sequence[float]) -> None:
    """Let the stem read inputs as they are: w·(x - m)/d = (w/d)·x - Σ w·m/d, the last of which its norm takes off."""
    op, norm = step.op, step.norm
    if not isinstance(op, nn.SupermaskConv2d) or norm is None or norm.running_mean is None:
        raise InputError("the stem is no masked convolution with a norm, so it cannot take over a normalisation")
    if not len(mean) == len(deviation) == op.shape[1] or min(deviation) <= 0:
        raise InputError(f"give a mean and a positive deviation for each of {op.shape[1]} input channels")
    each = op.weight().detach().sum((2, 3)) @ (torch.tensor(mean) / torch.tensor(deviation))
    norm.running_mean += each
    step_size = 1 / float(torch.tensor(deviation).log().mean().exp())
    op.magnitude *= step_size
    op.base *= step_size
