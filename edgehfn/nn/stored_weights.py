"""What a model file has of weights and norms, in writing and reading order (docs/SPEC.md section 7): of each what its
description says, its tensors, and what is made of both again."""

from __future__ import annotations

from math import isfinite, prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edgehfn.errors import InputError
from edgehfn.nn.entries import Json, field, integers
from edgehfn.nn.net import ITERATION
from edgehfn.nn.quantised import QuantisedConv2d, QuantisedLinear
from edgehfn.nn.supermask import (
    Source,
    SupermaskConv2d,
    SupermaskLinear,
    check_densities,
    check_seed,
    check_thresholds,
    magnitude,
)
from edgehfn.spec import generator, masks
from edgehfn.spec.limits import FROZEN_UNIT
from edgehfn.spec.window import Padding, Pair

Array = npt.NDArray[Any]  # of uint32 or float32
Named = list[tuple[str, Array]]

T = TypeVar("T", QuantisedConv2d, QuantisedLinear)


class Stored:
    """A file's tensors, handed out once each and only in the shape that the description expects of them."""

    def __init__(self, tensors: dict[str, Array], seed: int) -> None:
        self.tensors = dict(tensors)
        self.seed = check_seed(seed)

    def words(self, name: str) -> Array:
        """Of whatever type and shape. Raises KeyError if it is missing."""
        return self.tensors.pop(name)

    def floats(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Raises InputError unless it is finite, float32 and of this shape, KeyError if it is missing."""
        value = self.tensors.pop(name)
        if value.dtype != np.float32 or value.shape != shape:
            raise InputError(f"{name}: has {value.dtype}{value.shape}, not float32{shape}")
        if not np.isfinite(value).all():
            raise InputError(f"{name}: has values that are not finite")
        return torch.from_numpy(value)

    def close(self) -> None:
        """Raises InputError if anything is left over."""
        if self.tensors:
            raise InputError(f"tensor {next(iter(self.tensors))!r} belongs to no step")


# Windows of convolutions.


def window(op: SupermaskConv2d | QuantisedConv2d) -> Json:
    """The shape and the window of a convolution."""
    slid = op.window
    found = {"shape": list(op.shape), "stride": _plain(slid.stride), "padding": _plain(slid.padding)}
    apart = {} if slid.dilation == 1 else {"dilation": _plain(slid.dilation)}
    return {**found, **apart, **({"depthwise": True} if op.depthwise else {})}


def _plain(value: Pair | Padding) -> int | list[int]:
    return list(value) if isinstance(value, tuple) else value


def read_window(name: str, entry: Json) -> tuple[int, int, Pair, Pair, Padding, Pair, bool]:
    """The numbers of channels read and made; kernel, stride, padding, dilation, and whether each channel is alone."""
    outputs, inputs, rows, columns = integers(entry, "shape", 4)
    each = "depthwise" in entry and field(entry, "depthwise", bool)
    if each and inputs != 1:
        raise InputError(f"{name}: a depthwise weight has the shape O, 1, k, k, not {outputs}, {inputs}, …")
    dilation = _two(entry, "dilation") if "dilation" in entry else 1
    slid = (rows, columns), _two(entry, "stride"), read_padding(entry), dilation
    return (outputs if each else inputs, outputs, *slid, each)


def _two(entry: Json, name: str) -> Pair:
    if not isinstance(entry.get(name), list):
        return field(entry, name, int)
    rows, columns = integers(entry, name, 2)
    return rows, columns


def read_padding(entry: Json) -> Padding:
    """One number for all sides, or four."""
    if not isinstance(entry.get("padding"), list):
        return field(entry, "padding", int)
    top, bottom, left, right = integers(entry, "padding", 4, least=0)
    return top, bottom, left, right


# Supermasks.


def describe_mask(op: SupermaskConv2d | SupermaskLinear) -> Json:
    """What a mask's words do not tell of it."""
    frozen = {"pruned": op.pruned, "locked": op.locked} if op.frozen is not None else {}
    usual = op.magnitude == magnitude(prod(op.shape[1:]), op.densities)
    imported = {} if usual and op.signs is None else {"magnitude": op.magnitude, "signs": op.signs is not None}
    return {"tensor": op.tensor, "densities": list(op.densities), **frozen, **imported}


def mask_tensors(name: str, op: SupermaskConv2d | SupermaskLinear) -> Named:
    """The words of a mask and, where they are stored, of its signs."""
    free = None if op.frozen is None else op.frozen.cpu().numpy()
    mask = (f"{name}.mask", masks.pack(op.counts().cpu().numpy(), op.coats, free))
    return [mask] if op.signs is None else [mask, (f"{name}.signs", op.signs)]


def restore_mask(name: str, entry: Json, stored: Stored) -> Source:
    """What a masked layer is made of. Raises InputError for words that do not fit the description."""
    size = prod(field(entry, "shape", list))
    densities = check_densities(tuple(field(entry, "densities", list)))
    tensor = check_seed(field(entry, "tensor", int))
    pruned, locked = check_thresholds(entry.get("pruned", 0), entry.get("locked", 0))
    words = stored.words(f"{name}.mask")
    most = 32 * words.size  # positions; where some are frozen, twice as many as the bits make likely
    if pruned + locked:
        most = 2 * (most + 512) * FROZEN_UNIT // max(1, FROZEN_UNIT - pruned - locked)
    if words.dtype != np.uint32 or words.ndim != 1 or size > most:
        raise InputError(f"{name}: {size} weights need more mask than the file has")
    held, free = None, None
    if pruned + locked:
        gone, held = masks.frozen(stored.seed, tensor, size, pruned, locked)
        free = ~(gone | held)
    counts = masks.unpack(words, size, len(densities), held, free)
    if not np.array_equal(masks.pack(counts, len(densities), free), words):
        raise InputError(f"{name}: unused mask bits are not 0")
    signs = None
    if "signs" in entry and field(entry, "signs", bool):
        signs = stored.words(f"{name}.signs")
        fits = signs.dtype == np.uint32 and signs.shape == (-(-size // 32),)
        if not fits or generator.bits(signs, 32 * signs.size)[size:].any():
            raise InputError(f"{name}: signs are not a bit for each of {size} weights")
    return {
        "tensor": tensor,
        "seed": stored.seed,
        "signs": signs,
        "magnitude": field(entry, "magnitude", float) if "magnitude" in entry else None,
        "densities": densities,
        "counts": torch.from_numpy(counts),
        "pruned": pruned,
        "locked": locked,
    }


# Trained weights.


def describe_trained(op: QuantisedConv2d | QuantisedLinear) -> Json:
    """What the tensors of a trained weight do not tell of it."""
    return {"bias": op.bias is not None, **({"bits": op.bits} if op.bits != 8 else {})}


def trained_tensors(name: str, op: QuantisedConv2d | QuantisedLinear) -> Named:
    """A trained weight, its bias and its learned step, where it has them."""
    parts = (("weight", op.trained), ("bias", op.bias), ("step", op.step))
    return [(f"{name}.{part}", _floats(value)) for part, value in parts if value is not None]


def read_trained(name: str, entry: Json, stored: Stored) -> tuple[Tensor, int, bool]:
    """The weight, its bits, and whether it has a bias."""
    weight = stored.floats(f"{name}.weight", tuple(field(entry, "shape", list)))
    return weight, field({"bits": 8, **entry}, "bits", int), field(entry, "bias", bool)


def restore_trained(name: str, op: T, weight: Tensor, stored: Stored) -> T:
    """The layer with its trained weight, bias and step put in."""
    op.trained.data.copy_(weight)
    for part, parameter in (("bias", op.bias), ("step", op.step)):
        if parameter is not None:
            parameter.data.copy_(stored.floats(f"{name}.{part}", op.shape[:1]))
    return op


# Norms.


def describe_norm(norm: nn.BatchNorm2d) -> Json:
    """What the statistics of a norm do not tell of it."""
    return {"affine": norm.affine, "eps": float(norm.eps)}


def norm_tensors(step: str, norm: nn.BatchNorm2d) -> Named:
    """The statistics, factors and offsets of a norm."""
    return [(f"{_norm_name(step)}.{part}", _floats(value)) for part, value in _parts(norm).items()]


def restore_norm(step: str, entry: Json, stored: Stored) -> nn.BatchNorm2d:
    """The norm of a step."""
    name, affine, eps = _norm_name(step), field(entry, "affine", bool), field(entry, "eps", float)
    if not (isfinite(eps) and eps > 0):
        raise InputError(f"{name}: eps {eps} must be positive")
    shape = stored.tensors[f"{name}.mean"].shape[:1]
    norm = nn.BatchNorm2d(prod(shape), eps=eps, affine=affine)
    for part, value in _parts(norm).items():
        value.data.copy_(stored.floats(f"{name}.{part}", shape))
    if bool((_parts(norm)["var"] < 0).any()):
        raise InputError(f"{name}: a variance is negative")
    return norm


def _parts(norm: nn.BatchNorm2d) -> dict[str, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    parts: dict[str, Tensor] = {"mean": norm.running_mean, "var": norm.running_var}
    return {**parts, "weight": norm.weight, "bias": norm.bias} if norm.affine else parts


def _norm_name(step: str) -> str:
    """``NAME.T`` of the norm of a step ``NAME@T``; iteration 0 has no mark."""
    name, _, iteration = step.partition(ITERATION)
    return f"{name}.{iteration or 0}"


def _floats(value: Tensor) -> Array:
    return value.detach().cpu().numpy().astype(np.float32)
