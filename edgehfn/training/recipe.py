"""How a training takes its steps and picks its epoch, as a user may change it (docs/ABLATION.md has results)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from edgehfn.errors import InputError
from edgehfn.training.loop import real_number
from edgehfn.training.metrics import Choice, Labels, Metric

Schedule = Literal["cosine", "constant"]
ClassWeights = Literal["none", "balanced"]


@dataclass(frozen=True)
class GraphRecipe:
    """``metric`` picks the best epoch in validation; ``auto`` is the one that fits the labels' frequencies.
    ``class_weights``: each example counts as one, or (``balanced``) each class counts as much. The rate rises from 0
    over ``warm_up`` epochs; then ``schedule`` holds it, or it falls to 0 along a cosine. Raises InputError."""

    metric: Choice = "auto"
    class_weights: ClassWeights = "none"
    schedule: Schedule = "constant"
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        for name, value, values in (
            ("metric", self.metric, ("auto", *get_args(Metric))),
            ("class_weights", self.class_weights, get_args(ClassWeights)),
            ("schedule", self.schedule, get_args(Schedule)),
        ):
            if value not in values:
                raise InputError(f"{name} {value!r:.60} is unknown; use {', '.join(values)}")
        self._within("warm_up", 0.0, math.inf, "epochs; 5 is usual")

    def _within(self, name: str, low: float, high: float, what: str) -> None:
        if not low <= real_number(name, getattr(self, name)) < high:
            raise InputError(f"{name} {getattr(self, name)}: give {what}")


@dataclass(frozen=True)
class Recipe(GraphRecipe):
    """That of images: SGD. ``weight_decay`` is that of scores, ``weight_decay_others`` that of norms and trained
    weights (None: the same), ``rate_others`` the latter's rate as a fraction of the scores'; ternary and binary weights
    keep 0.3. ``validation`` is the part of the training images, of each class, that is held back; the net ends with
    the epoch that was best on it, and without any with the last. Raises InputError."""

    schedule: Schedule = "cosine"
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 5e-4
    weight_decay_others: float | None = None
    rate_others: float = 0.1
    validation: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._within("momentum", 0.0, 1.0, "a fraction below 1; 0.9 is usual")
        self._within("weight_decay", 0.0, math.inf, "0 or more; 5e-4 is usual")
        if self.weight_decay_others is not None:
            self._within("weight_decay_others", 0.0, math.inf, "0 or more; 5e-4 is usual")
        self._within("rate_others", 0.0, math.inf, "a fraction of the scores' rate; 0.1 is usual")
        self._within("validation", 0.0, 1.0, "a fraction below 1; 0.1 is usual")
        if self.nesterov and self.momentum == 0:
            raise InputError("nesterov needs momentum; give --no-nesterov (nesterov=False), too")


def decisive(settings: Any) -> dict[str, Any]:
    """Return all settings of a training by name; of the recipe only what is not the default."""
    found = asdict(settings)
    recipe, usual = found.pop("recipe"), asdict(type(settings.recipe)())
    return {**found, **{name: value for name, value in recipe.items() if value != usual[name]}}


def rate(recipe: GraphRecipe, lr: float, step: int, steps: int, per_epoch: int) -> float:
    """Return the learning rate of a step; ``lr`` is the highest."""
    warm = round(recipe.warm_up * per_epoch)
    if step < warm:
        return lr * (step + 1) / warm
    if recipe.schedule == "constant":
        return lr
    return lr * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def check_warm_up(recipe: GraphRecipe, epochs: int) -> None:
    """Raise InputError unless the warm-up ends before the training."""
    if recipe.warm_up >= epochs:
        raise InputError(f"warm_up {recipe.warm_up} of {epochs} epochs: it must end before the training does")


def class_weights(recipe: GraphRecipe, labels: Labels, classes: int) -> Tensor | None:
    """Return what an example of each class counts in the loss, in the mean over examples 1; None: all 1."""
    if recipe.class_weights == "none":
        return None
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (np.maximum(counts, 1) * np.count_nonzero(counts))
    return torch.from_numpy(weights).float()


def split(labels: Labels, fraction: float, seed: int) -> tuple[Labels, Labels]:
    """Return which examples are trained on and which held back, ``fraction`` of each class, sampled from the seed.

    Raises InputError if either is none.
    """
    draw = np.random.default_rng((seed, 1))
    held = np.zeros(len(labels), bool)
    for c in np.unique(labels):
        of = np.flatnonzero(labels == c)
        held[of] = (draw.permutation(len(of)) + draw.random(len(of))) / len(of) < fraction  # of 2 in a class, too
    if not 0 < held.sum() < len(labels):
        raise InputError(f"validation {fraction} of {len(labels)} images holds back {held.sum()}; give another part")
    return np.flatnonzero(~held), np.flatnonzero(held)
