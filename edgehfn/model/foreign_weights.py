"""Layers of other people's checkpoints as layers of ours.

What a device can hold as it is: signs and a mask, with one magnitude (a supermask with stored signs), or one a channel
(ternary weights). Everything else is rounded to the bits that the user names, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from edgehfn import nn
from edgehfn.errors import InputError
from edgehfn.model import foreign_masks
from edgehfn.model.foreign_tensors import Tensors
from edgehfn.nn import topk
from edgehfn.spec import generator
from edgehfn.spec.limits import LARGEST, MOST_COATS

TERNARY, USUAL = 2, 8  # bits of trained weights
FRACTIONS = torch.linspace(0.3, 1.0, 36)  # of the largest magnitude, that the largest integer of 4 bits may stand for
ENDS = ("stem", "classifier")  # their weights are few, and rounding them costs most


@dataclass(frozen=True)
class Rule:
    """The density of masks that scores alone tell, and the bits that weights are rounded to where they must be."""

    density: float
    bits: int | None = None


def layer(name: str, place: str, op: nn.Weighted, number: int, rule: Rule, tensors: Tensors) -> nn.Weighted:
    """The layer in the place of ``op``, the ``number``-th one. Raises InputError."""
    weight, scores = _one(tensors, place, "weight", "weight_orig"), _one(tensors, place, "scores", "score")
    mask, frozen = _one(tensors, place, "mask", "weight_mask"), _one(tensors, place, "frozen_mask")
    bias, linear = tensors.take(f"{place}.bias"), isinstance(op, nn.SupermaskLinear | nn.QuantisedLinear)
    for part in (scores, mask, frozen):
        if weight is None or weight.dim() not in (2, 4) or (part is not None and part.shape != weight.shape):
            raise InputError(
                f"{tensors.path}: {place} has no weight with scores of its shape; give the --arch that was trained"
            )
    assert weight is not None
    shape = weight.flatten(1).shape if linear else weight.shape
    if len(shape) != (2 if linear else 4) or (not linear and shape[2:] != op.shape[2:]):
        wanted = "two dimensions" if linear else f"four, the last of which {op.shape[2:]}"
        raise InputError(
            f"{tensors.path}: {place}.weight is {tuple(weight.shape)}, {name} needs {wanted}; "
            "give the --arch that was trained"
        )
    what, bits = f"{tensors.path}: {place}", rule.bits
    if bits is not None and name in ENDS:
        bits = USUAL
    weight = weight.reshape(shape)
    if scores is None and mask is None:
        return _trained(op, weight, bias, USUAL if bits is None else bits)
    if mask is not None:
        counts = foreign_masks.counts(mask, frozen, MOST_COATS, what).reshape(shape)
    elif frozen is not None:
        raise InputError(f"{what} has frozen weights and no mask; save the mask with the scores")
    else:
        pruned = int((1 - rule.density) * prod(shape))  # as their code rounds
        assert scores is not None
        counts = topk.counts(scores.abs().flatten(), [prod(shape) - pruned]).reshape(shape)
    return _masked(op, weight, counts * (weight != 0), bias, number, bits, what)


def _masked(
    op: nn.Weighted, weight: Tensor, counts: Tensor, bias: Tensor | None, number: int, bits: int | None, what: str
) -> nn.Weighted:
    """A weight that ``counts`` masks, in the first form that holds it."""
    kept, coats = weight[counts > 0], int(counts.max())
    if not coats:
        raise InputError(f"{what} keeps no weight; give an undamaged checkpoint")
    size = foreign_masks.constant(kept)
    if size is not None and (bias is None or not bool(bias.any())):
        source: nn.Source = {
            "tensor": number,
            "seed": 0,
            "densities": tuple(float((counts >= coat).double().mean()) for coat in range(1, coats + 1)),
            "counts": counts.flatten(),
            "signs": generator.pack_bits((weight < 0).flatten().to(torch.uint8).numpy()),
            "magnitude": size,
        }
        if isinstance(op, nn.SupermaskLinear | nn.QuantisedLinear):
            return nn.SupermaskLinear(weight.shape[1], weight.shape[0], **source)
        window = op.window.kernel, op.window.stride, op.window.padding
        return nn.SupermaskConv2d(weight.shape[1], weight.shape[0], *window, **source)
    effective = weight * counts
    channels = zip(weight, counts > 0, strict=True)
    if coats == 1 and all(not part.any() or foreign_masks.constant(w[part]) is not None for w, part in channels):
        return _trained(op, effective, bias, TERNARY)
    if bits is None:
        raise InputError(
            f"{what}.weight is no signed constant: a mask keeps signs and one magnitude a channel, and these differ "
            "within one; round them with --weights int8, int4 or ternary, or train with signed constants"
        )
    if bits == 1:
        raise InputError(f"{what} is masked, and a binary weight is never 0; give --weights ternary, int4 or int8")
    return _trained(op, effective, bias, bits)


def _trained(op: nn.Weighted, weight: Tensor, bias: Tensor | None, bits: int) -> nn.Weighted:
    """A layer of this weight, in whole steps of each channel's own."""
    outputs, inputs = weight.shape[:2]
    made: nn.QuantisedLinear | nn.QuantisedConv2d
    if isinstance(op, nn.SupermaskLinear | nn.QuantisedLinear):
        made = nn.QuantisedLinear(inputs, outputs, bias=bias is not None, bits=bits)
    else:
        window = op.window.kernel, op.window.stride, op.window.padding
        made = nn.QuantisedConv2d(inputs, outputs, *window, bias=bias is not None, bits=bits)
    made.trained.data.copy_(weight)
    if made.step is not None:
        made.step.data.copy_(_best_step(weight.flatten(1), LARGEST[bits]))
    if made.bias is not None and bias is not None:
        made.bias.data.copy_(bias)
    return made


def _best_step(weight: Tensor, largest: int) -> Tensor:
    """Of each channel the step with the least squared error."""
    steps = FRACTIONS[:, None] * weight.abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny) / largest
    errors = [
        ((weight / step[:, None]).round().clamp(-largest, largest) * step[:, None] - weight).square().sum(1)
        for step in steps
    ]
    return steps.gather(0, torch.stack(errors).argmin(0, keepdim=True))[0]


def _one(tensors: Tensors, place: str, *parts: str) -> Tensor | None:
    """The part of a module under the first of these names that it has."""
    found = (tensors.take(f"{place}.{part}") for part in parts)
    return next((value for value in found if value is not None), None)
