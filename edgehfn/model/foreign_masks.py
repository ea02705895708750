"""Masks of other people's code: what a layer's own tensors say of its magnitudes, density and counts."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import torch
from torch import Tensor

from edgehfn.errors import InputError

CONSTANT = 1e-5  # by which magnitudes of signed constants may differ, relative
AGREE = 0.01  # by which a density and that of the weights may differ, relative


def counts(mask: Tensor, frozen: Tensor | None, most: int, what: str) -> Tensor:
    """Return a stored mask as the number of coats that keep each weight, uint8.

    Of frozen positions, of up to three kinds, one kind may be free: the others are all kept or all pruned. Raises
    InputError for other values, or if the two contradict.
    """
    if not bool(((mask >= 0) & (mask <= most) & (mask == mask.round())).all()):
        raise InputError(f"{what}.mask has values that are not 0 to {most}; save the mask, not what it is made of")
    kinds = [] if frozen is None else [mask[frozen == kind] > 0 for kind in frozen.unique()]
    mixed = sum(bool(kind.any()) and not bool(kind.all()) for kind in kinds)
    if len(kinds) > 3 or mixed > 1:
        raise InputError(f"{what}.mask and its frozen_mask contradict each other; give an undamaged checkpoint")
    return mask.to(torch.uint8)


def density(weights: Iterable[Tensor], given: float | None, fixed: bool, what: str) -> float:
    """Return the fraction of weights that a net's masks keep: what is ``given``, if its weights do not contradict.

    Signed constants are ±sqrt(2 / (fan_in·k)), whose k is the density; in the first public code it is one less it,
    which HFN's code has ``fixed``. Raises InputError for a contradiction, or if nothing is given and they do not say.
    """
    masked = list(weights)
    if not masked:
        return given or 1.0
    found = _said(masked)
    if found is None or found >= 1 - AGREE:
        if given is None:
            raise InputError(
                f"{what}: the weights' magnitudes do not say the density; give --density, the top_k of the training"
            )
        return given
    said = [found] if fixed else [found, round(1 - found, 4)]
    if given is None and len({*said}) == 1:
        return found
    if given is None or not any(abs(given / one - 1) < AGREE for one in said):
        right = " or ".join(f"{one:g}" for one in said)
        wrong = "" if given is None else f", not {given:g}"
        raise InputError(f"{what}: the weights' magnitudes are those of density {right}{wrong}; give --density {right}")
    return given


def _said(weights: Iterable[Tensor]) -> float | None:
    """The density of which these are the magnitudes, if all agree; those that are no constants say nothing."""
    each = []
    for weight in weights:
        size = constant(weight)
        if size is not None:
            each.append(2 / prod(weight.shape[1:]) / size / size)
    return round(each[0], 4) if each and max(each) < min(each) * (1 + AGREE) else None


def constant(weight: Tensor) -> float | None:
    """Return the magnitude that all have, if it is one."""
    size = weight.detach().double().abs()
    largest = float(size.max()) if size.numel() else 0.0
    return float(size.mean()) if largest > 0 and float(size.min()) >= largest * (1 - CONSTANT) else None
