"""How many weights each mask of a net keeps while its scores are learned (Okoshi et al. 2022, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from edgehfn.errors import InputError
from edgehfn.nn.supermask import Supermask
from edgehfn.nn.topk import NEVER, counts

Thresholds = Literal["layer", "adaptive"]

Keep = tuple[int, ...]  # how many weights each coat keeps


@dataclass(frozen=True)
class Search:
    """The rule for a net's densities. What a model file keeps of it is the mask that it led to.

    ``thresholds``: each ``layer`` keeps its own most important weights, or all layers compete for as many
    (``adaptive``: one threshold a coat for the whole net, on scores whose spread is each layer's ``1 / sqrt(fan in)``).
    ``floor``: the fraction of its own number that a layer keeps in any case. ``ramp``: over this fraction of the
    training the sparsity of every coat grows linearly from 0; 0 is no ramp, 0.5 the paper's. Raises InputError.
    """

    thresholds: Thresholds = "layer"
    ramp: float = 0.0
    floor: float = 0.1

    def __post_init__(self) -> None:
        if self.thresholds not in get_args(Thresholds):
            raise InputError(f"thresholds {self.thresholds!r}: choose {' or '.join(get_args(Thresholds))}")
        if not (0 <= self.ramp <= 1 and 0 <= self.floor <= 1):
            raise InputError(f"ramp {self.ramp}, floor {self.floor}: each is a fraction, 0 to 1")

    def apply(self, masks: Sequence[Supermask], fraction: float) -> None:
        """Fix how many weights the masks keep when ``fraction`` (0..1) of the training is over."""
        reached = 1.0 if fraction >= self.ramp else fraction / self.ramp
        densities = [tuple(1 - (1 - density) * reached for density in mask.densities) for mask in masks]
        found = [mask.quota(wanted) for mask, wanted in zip(masks, densities, strict=True)]
        if self.thresholds == "adaptive":
            # layers frozen alike differ from their densities by chance alone, which is not for others to even out
            asked = [
                mask.asked(d) if mask.spread else own for mask, d, own in zip(masks, densities, found, strict=True)
            ]
            found = _compete(masks, asked, found, self.floor)
        for mask, keep in zip(masks, found, strict=True):
            mask.keep = keep


def _compete(masks: Sequence[Supermask], asked: Sequence[Keep], own: Sequence[Keep], floor: float) -> list[Keep]:
    """As many weights as asked in all, coat by coat, shared out by one threshold over all masks that have that coat."""
    found: list[list[int]] = [[] for _ in masks]
    pools = [mask.importance() for mask in masks]
    if not pools:
        return []
    everything = [
        pool if mask.free is None else pool.where(mask.free, NEVER) for pool, mask in zip(pools, masks, strict=True)
    ]
    for coat in range(max(mask.coats for mask in masks)):
        competing = [i for i, mask in enumerate(masks) if mask.coats > coat]
        held = [masks[i].holds if coat == 0 else 0 for i in competing]
        least = [max(0, round(floor * own[i][coat]) - h) for i, h in zip(competing, held, strict=True)]
        room = sum(masks[i].most if coat == 0 else found[i][-1] for i in competing)
        total = max(0, min(sum(asked[i][coat] for i in competing), room) - sum(held))
        for i, h, share in zip(competing, held, _shares([everything[i] for i in competing], total, least), strict=True):
            found[i].append(min([h + share, *found[i][-1:]]))
        if coat == 0:  # further coats compete where the first one is, locked positions among them
            everything = [
                pool.where(mask.first(pool, keep[0]), NEVER)
                for mask, pool, keep in zip(masks, pools, found, strict=True)
            ]
    return [tuple(keep) for keep in found]


def _shares(pools: Sequence[Tensor], total: int, least: Sequence[int]) -> list[int]:
    """How many of each pool are among the ``total`` largest of all, where each has at least so many."""
    found = list(least)
    competing, left = list(range(len(pools))), total
    while competing and left > 0:
        chosen = counts(torch.cat([pools[i] for i in competing]), [left])
        above = torch.stack([part.sum() for part in chosen.split([pools[i].numel() for i in competing])]).tolist()
        short = {i for i, count in zip(competing, above, strict=True) if count < least[i]}
        if not short:
            for i, count in zip(competing, above, strict=True):
                found[i] = count
            break
        left -= sum(least[i] for i in short)
        competing = [i for i in competing if i not in short]
    return found
