"""The nets that are searched: residual nets of few numbers, each as wide as the budget lets it be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, get_args

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from edgehfn.nn import Net
from edgehfn.nn.builder import Kind, Sharing
from edgehfn.nn.presets.residual import Transition, resnet
from edgehfn.nn.supermask import spaced

Shape = tuple[int, int, int]
Entry = Literal["full", "pool", "stride", "stride+pool", "shrink", "shrink+pool"]
ENDS: tuple[Kind, ...] = ("supermask", "int8")  # what the stem and the classifier may be

SPACE: dict[str, BaseDistribution] = {
    "stages": IntDistribution(1, 3),
    "growth": IntDistribution(100, 200, step=50),
    "blocks": IntDistribution(0, 2),
    "later": IntDistribution(0, 2),
    "fold": IntDistribution(1, 4),
    "entry": CategoricalDistribution(get_args(Entry)),
    "transition": CategoricalDistribution(get_args(Transition)),
    "weights": CategoricalDistribution(get_args(Kind)),
    "stem": CategoricalDistribution(ENDS),
    "classifier": CategoricalDistribution(ENDS),
    "coats": IntDistribution(1, 3),
    "density": IntDistribution(30, 90, step=10),
    "masks": CategoricalDistribution(get_args(Sharing)),
    "frozen": IntDistribution(0, 60, step=20),
    "fill": IntDistribution(60, 100, step=10),
}


@dataclass(frozen=True)
class Candidate:
    """A net but for its width, which is ``fill`` percent of the largest that the budget allows.

    ``growth``: percent of the width from stage to stage. ``blocks`` of the first stage and of each ``later`` one, each
    iterated ``fold`` times. ``entry``: what the map goes through before the first stage: a 2x2 max pool of the raw
    image (``shrink``), a stem of stride 1 or 2, a pool behind it. ``coats`` are spaced evenly below ``density``
    percent; ``frozen`` percent of the masked weights take no mask bit; ``masks`` of a fold's iterations are one or one
    each.
    """

    stages: int
    growth: int
    blocks: int
    later: int
    fold: int
    entry: Entry
    transition: Transition
    weights: Kind
    stem: Kind
    classifier: Kind
    coats: int
    density: int
    masks: Sharing = "shared"
    frozen: int = 0
    fill: int = 100

    @property
    def shape(self) -> Candidate:
        """What decides the net beside its width: equal for candidates that only differ in what has no effect."""
        growth, later = (self.growth, self.later) if self.stages > 1 else (100, self.blocks)
        fold = self.fold if self.blocks or later else 1
        masked = "supermask" in (self.weights, self.stem, self.classifier)
        sparse = self if masked else replace(self, coats=1, density=100, frozen=0)
        masks: Sharing = "shared" if fold == 1 or self.weights != "supermask" else self.masks
        return replace(sparse, growth=growth, later=later, fold=fold, masks=masks, fill=100)


# Where a search begins: at the shapes of the presets `demo` and `tiny`, and near that of the zoo's image nets.
STARTS = (
    Candidate(2, 200, 1, 1, 2, "pool", "conv", "supermask", "int8", "int8", 2, 60),
    Candidate(3, 200, 1, 1, 1, "pool", "conv", "supermask", "int8", "int8", 2, 60),
    Candidate(3, 150, 1, 2, 1, "pool", "conv", "supermask", "int8", "int8", 1, 50),
)
# Those that cost least: one of them fits, or nothing does.
LEAST = tuple(
    Candidate(1, 100, 0, 0, 1, entry, "conv", "supermask", stem, classifier, 1, 30, "shared", 60)
    for entry, stem, classifier in product(reversed(get_args(Entry)), ENDS, ENDS)
)


def build(candidate: Candidate, width: int, input: Shape, classes: int | Sequence[str], seed: int) -> Net:
    """Build the candidate's net, ``width`` channels in its first stage. Raises GraphError if the input is too small."""
    parts = candidate.entry.split("+")
    return resnet(
        input,
        classes,
        widths=[round(width * (candidate.growth / 100) ** stage) for stage in range(candidate.stages)],
        blocks=(candidate.blocks, *[candidate.later] * (candidate.stages - 1)),
        fold=candidate.fold,
        transition=candidate.transition,
        weights=candidate.weights,
        shrink=2 if "shrink" in parts else 1,
        stem_stride=2 if "stride" in parts else 1,
        pool=2 if "pool" in parts else 0,
        stem=candidate.stem,
        classifier=candidate.classifier,
        coats=spaced(candidate.coats, candidate.density / 100),
        masks=candidate.masks,
        frozen=candidate.frozen / 100,
        seed=seed,
    )
