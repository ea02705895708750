"""What a study knows: each trial as plain numbers, their order, and the file that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from edgehfn.search.budget import Cost, Fit
from edgehfn.search.space import Candidate

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.trial import FrozenTrial

NOTES = ("width", "cost", "over", "cpu_seconds", "twin")


@dataclass(frozen=True)
class Tried:
    """A trial that has ended. ``accuracies``, 0..1 on images held back, by the epochs of training behind them."""

    number: int
    candidate: Candidate
    width: int
    cost: Cost | None  # None: there is no such net
    over: dict[str, float]  # limits exceeded, each with the excess as a part of it
    accuracies: dict[int, float]
    cpu_seconds: float
    twin: int | None  # an earlier trial of the very same net, whose accuracies these are

    @property
    def rank(self) -> tuple[int, float, int]:
        """Grows with merit: epochs survived, accuracy after them, and of equals fewer bytes of flash."""
        epochs = max(self.accuracies)
        return epochs, self.accuracies[epochs], -(self.cost.flash if self.cost else 0)

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)


def note(trial: Trial, fit: Fit, cpu_seconds: float = 0.0, twin: int | None = None) -> None:
    """Keep in the study what its parameters do not say."""
    cost = None if fit.cost is None else asdict(fit.cost)
    for name, value in zip(NOTES, (fit.width, cost, fit.over, cpu_seconds, twin), strict=True):
        trial.set_user_attr(name, value)


def ended(trials: Iterable[FrozenTrial]) -> list[Tried]:
    """The trials that ended whole, in the order of their numbers."""
    return [
        Tried(
            number=trial.number,
            candidate=Candidate(**trial.params),
            width=trial.user_attrs["width"],
            cost=_cost(trial.user_attrs["cost"]),
            over=trial.user_attrs["over"],
            accuracies=trial.intermediate_values,
            cpu_seconds=trial.user_attrs["cpu_seconds"],
            twin=trial.user_attrs["twin"],
        )
        for trial in trials
        if trial.state.name in ("COMPLETE", "PRUNED")
    ]


def trained(tried: Iterable[Tried]) -> list[Tried]:
    """Those that fit and were trained, the best first."""
    found = (one for one in tried if one.accuracies and not one.over and one.twin is None)
    return sorted(found, key=lambda one: one.rank, reverse=True)


def front(tried: Iterable[Tried]) -> list[Tried]:
    """Those trained longest that none of as little flash beats, from the smallest on."""
    best = trained(tried)
    longest = [one for one in best if max(one.accuracies) == best[0].rank[0]]
    chosen: list[Tried] = []
    for one in sorted(longest, key=lambda one: (-one.rank[2], -one.rank[1])):
        if not chosen or one.rank[1] > chosen[-1].rank[1]:
            chosen.append(one)
    return chosen


def _cost(stored: Mapping[str, Any] | None) -> Cost | None:
    return None if stored is None else Cost(**stored)
