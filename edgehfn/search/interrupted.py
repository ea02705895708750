"""Trials whose process was stopped or killed: each is tried again, and none counts twice."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import optuna
from optuna.trial import TrialState

from edgehfn.search.space import SPACE

PROCESS = "process"  # a trial's note of the machine and the process that run it
CLAIMED = 10.0  # seconds within which a trial that was begun has it


class Halving(optuna.pruners.SuccessiveHalvingPruner):
    """Among trials that were not interrupted: each of these is tried again, and would count twice."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Return whether the trial is not among the best third."""
        return super().prune(cast(optuna.Study, _Whole(study)), trial)


class _Whole:
    """A study without the trials that were interrupted."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)

    def get_trials(self, deepcopy: bool = True) -> list[optuna.trial.FrozenTrial]:
        return [one for one in self._study.get_trials(deepcopy) if one.state != TrialState.FAIL]


def claim(trial: optuna.Trial) -> None:
    """Note on a trial that this process runs it."""
    trial.set_user_attr(PROCESS, [platform.node(), os.getpid()])


def recover(study: optuna.Study) -> None:
    """Give up trials of processes that are no more."""
    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        began = trial.datetime_start
        old = began is not None and (datetime.now() - began).total_seconds() > CLAIMED
        if _dead(*trial.user_attrs[PROCESS]) if PROCESS in trial.user_attrs else old:
            again(study, trial.number)


def again(study: optuna.Study, number: int) -> None:
    """Queue the candidate of a trial that was interrupted anew, and give the trial up, unless it had just ended.

    In this order, and once: whoever is killed in between leaves both, of which the next one makes one. A candidate that
    was not stored whole is not queued; the sampler draws it again.
    """
    trials = study.get_trials(deepcopy=False)
    trial = trials[number]
    if trial.state != TrialState.RUNNING:
        return
    candidate: Mapping[str, Any] = trial.system_attrs.get("fixed_params", trial.params)
    waiting = [one.system_attrs.get("fixed_params") for one in trials if one.state == TrialState.WAITING]
    if set(candidate) == set(SPACE) and candidate not in waiting:
        study.enqueue_trial(dict(candidate))
    study.tell(number, state=TrialState.FAIL, skip_if_finished=True)


def _dead(machine: str, process: int) -> bool:
    """Whether it was a process of this machine that is no more."""
    try:
        if machine == platform.node():
            os.kill(process, 0)  # asks only
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
