"""Plain PyTorch modules as nets of ours: their layers become masks to be searched, or trained weights of few bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from math import prod
from typing import get_args

import torch
from torch import Tensor, nn

from edgehfn.errors import GraphError, InputError
from edgehfn.model.pytorch.build import KindOf, net_of
from edgehfn.model.pytorch.operators import outline
from edgehfn.model.pytorch.outline import Outline, Source, Weight, order_of
from edgehfn.model.pytorch.program import BATCH, in_eval, program
from edgehfn.model.pytorch.shaping import left_out
from edgehfn.nn.builder import Kind, Weights
from edgehfn.nn.image_input import RAW_DTYPES
from edgehfn.nn.net import InputSpec, Net
from edgehfn.nn.presets.residual import class_names
from edgehfn.nn.supermask import nested

WEIGHTS: tuple[Weights, ...] = (*get_args(Kind), "float")
TOLERANCE = 1e-3  # of the largest output: far more than what float32 in another order makes, far less than a mistake


def from_torch(
    module: nn.Module,
    example: Tensor,
    *,
    weights: Weights | Mapping[str, Weights] = "int8",
    input: InputSpec | None = None,
    classes: int | Sequence[str] | None = None,
    density: float | None = None,
    coats: int | Sequence[float] = 1,
    seed: int = 0,
) -> Net:
    """Return a plain PyTorch module as a net, with its weights and norms, in eval mode.

    ``example`` is a batch of what its ``forward`` takes: ``(N, C, H, W)``, ``(N, C, L)`` or ``(N, F)``. The module is
    followed by ``torch.export`` as in eval mode, and is not changed. ``weights`` are those of all layers, or of the
    modules whose names match a pattern, the first that does: ``{"conv1": "int8", "*": "int4"}``. Trained weights start
    from the module's own. ``supermask`` starts a search among seeded signs, of a ``density`` or ``coats`` as in a
    preset, and keeps the module's norms alone: train it. ``input`` says how raw bytes become what the module reads; by
    default that is bytes / 255.

    Raises GraphError for an operator that no layer computes, with its module and line, and InputError for a module that
    ``torch.export`` cannot follow, or for other arguments that do not fit.
    """
    followed = program(module, example)
    made = outline(followed)
    layers = order_of(made.values[followed.y].layer)
    if not layers:
        raise InputError(f"{type(module).__name__} computes nothing; give a module with a layer")
    spec = _input(input, made.source)
    kind_of = _kinds(weights)
    names = () if classes is None else class_names(classes)
    _check(net_of(layers, spec, lambda _: "float").eval(), module, made, example)
    return net_of(layers, spec, kind_of, names, seed, nested(coats, density, 0.5)).eval()


def _input(given: InputSpec | None, source: Source) -> InputSpec:
    """The input as given, or bytes / 255 in the shape that the layers read. Raises InputError for another shape."""
    channels, rows, columns = source.layer.shape
    shape = (channels, rows, columns)
    if given is None:
        last = source.order[-1:] == (len(source.order) - 2,) and source.order[1] == len(source.order) - 1
        return InputSpec(shape, "hwc" if last else "chw", mean=(0.0,) * channels, deviation=(1.0,) * channels)
    if given.shape != shape and (source.mapped or prod(given.shape) != prod(shape)):
        raise InputError(f"input of {given.shape}: the module's first layer reads {shape}; give that of an InputSpec")
    return given


def _kinds(weights: Weights | Mapping[str, Weights]) -> KindOf:
    """Which kind each weight is of. Raises InputError for an unknown kind."""
    chosen: dict[str, Weights] = {"*": weights} if isinstance(weights, str) else dict(weights)
    for kind in chosen.values():
        if kind not in WEIGHTS:
            raise InputError(f"weights {kind!r:.40}: use {', '.join(WEIGHTS)}")

    def kind_of(weight: Weight) -> Weights:
        if weight.fixed:
            return "float" if "float" in chosen.values() else "int8"
        found = next((kind for pattern, kind in chosen.items() if fnmatchcase(weight.path, pattern)), None)
        if found is None:
            raise InputError(f"weights {', '.join(chosen)}: none matches {weight.path!r}; add a last pattern *")
        return found

    return kind_of


def _check(net: Net, module: nn.Module, made: Outline, example: Tensor) -> None:
    """Raise GraphError unless the net of float weights computes what the module does, on random inputs."""
    assert isinstance(net.input, InputSpec)
    kind = RAW_DTYPES[net.input.dtype]
    low, high = torch.iinfo(kind).min, torch.iinfo(kind).max
    draw = torch.Generator().manual_seed(0)
    raw = torch.randint(low, high + 1, (BATCH, *net.input.shape), generator=draw, dtype=kind)
    read = made.source.seen(net.input.real(raw)).contiguous().to(example.device, example.dtype)
    with torch.no_grad(), in_eval(module):
        wanted, found = module(read).cpu().float(), net(raw)
    found = left_out(made.program.y, found.reshape(wanted.shape))
    if not torch.allclose(wanted, found, 0, TOLERANCE * float(wanted.abs().max())):
        raise GraphError(
            f"{type(module).__name__} computes other outputs than its layers as torch.export tells them; a forward "
            "that changes with its state or with what is read cannot be taken over"
        )
