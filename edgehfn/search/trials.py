"""What a study knows: each trial as plain numbers, their order, and the file that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState, create_trial

from edgehfn.search.budget import Cost, Fit
from edgehfn.search.space import SPACE, Candidate
from edgehfn.spec.objective import OBJECTIVES

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.trial import FrozenTrial

NOTES = ("width", "cost", "over", "cpu_seconds", "duplicate")


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
    duplicate: int | None  # an earlier trial of the very same net, whose accuracies these are

    @property
    def rank(self) -> tuple[int, float, int]:
        """Grows with merit: epochs survived, accuracy after them, and of equals fewer bytes of flash."""
        epochs = max(self.accuracies)
        return epochs, self.accuracies[epochs], -(self.cost.flash if self.cost else 0)

    def to_json(self) -> dict[str, Any]:
        """Return the trial as the JSON of ``search.json``."""
        return asdict(self)


def note(trial: Trial, fit: Fit, cpu_seconds: float = 0.0, duplicate: int | None = None) -> None:
    """Keep in the study what its parameters lack."""
    cost = None if fit.cost is None else asdict(fit.cost)
    for name, value in zip(NOTES, (fit.width, cost, fit.over, cpu_seconds, duplicate), strict=True):
        trial.set_user_attr(name, value)


def ended(trials: Iterable[FrozenTrial]) -> list[Tried]:
    """Return the trials that ended whole, in the order of their numbers. Raises ValueError for one that is damaged."""
    return [_read(trial) for trial in trials if trial.state.name in ("COMPLETE", "PRUNED")]


def candidate_of(params: Mapping[str, Any]) -> Candidate:
    """Return the candidate of a trial's parameters. Raises ValueError for what is outside the space."""
    create_trial(state=TrialState.RUNNING, params=dict(params), distributions=SPACE)  # checks them
    return Candidate(**params)


def _read(trial: FrozenTrial) -> Tried:
    """A trial that this program has written, or ValueError: others write into a shared study too."""
    attrs, accuracies = trial.user_attrs, trial.intermediate_values
    missing = [name for name in NOTES if name not in attrs]
    _check(not missing, f"of trial {trial.number} {', '.join(missing)}")
    width, over, duplicate = attrs["width"], attrs["over"], attrs["duplicate"]
    _check(isinstance(width, int) and width > 0, f"width {width}")
    _check(isinstance(over, dict) and all(_is_number(part) for part in over.values()), f"excess {over}")
    _check(duplicate is None or isinstance(duplicate, int), f"duplicate {duplicate}")
    _check(_is_number(attrs["cpu_seconds"]), f"CPU time {attrs['cpu_seconds']}")
    _check(all(_is_number(one) and one <= 1 for one in accuracies.values()), f"accuracies of trial {trial.number}")
    _check(trial.state.name != "COMPLETE" or bool(accuracies and trial.values), f"accuracies of trial {trial.number}")
    return Tried(
        trial.number,
        candidate_of(trial.params),
        width,
        _cost(attrs["cost"]),
        over,
        accuracies,
        attrs["cpu_seconds"],
        duplicate,
    )


def trained(tried: Iterable[Tried]) -> list[Tried]:
    """Return those that fit and were trained, the best first, each net once: two processes may have drawn the same."""
    found = (one for one in tried if one.accuracies and not one.over and one.duplicate is None)
    best: dict[tuple[Candidate, int], Tried] = {}
    for one in sorted(found, key=lambda one: one.rank, reverse=True):
        best.setdefault((one.candidate.shape, one.width), one)
    return list(best.values())


def front(tried: Iterable[Tried]) -> list[Tried]:
    """Return those trained longest that none of as little flash beats, from the smallest on."""
    best = trained(tried)
    longest = [one for one in best if max(one.accuracies) == best[0].rank[0]]
    chosen: list[Tried] = []
    for one in sorted(longest, key=lambda one: (-one.rank[2], -one.rank[1])):
        if not chosen or one.rank[1] > chosen[-1].rank[1]:
            chosen.append(one)
    return chosen


def _cost(stored: Mapping[str, Any] | None) -> Cost | None:
    if stored is None:
        return None
    cost = Cost(**stored)
    _check(cost.objective in OBJECTIVES, f"objective {cost.objective}")
    _check(all(isinstance(n, int) for n in (cost.flash, cost.ram, cost.instructions)), f"cost {stored}")
    return cost


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value) and value >= 0


def _check(whole: bool, what: str) -> None:
    if not whole:
        raise ValueError(f"no or a wrong {what}")
