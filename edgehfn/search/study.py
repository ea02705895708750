"""The search itself: an Optuna study of nets that fit, each trained for longer as long as it is among the best."""

from __future__ import annotations

import hashlib
import time
import weakref
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState
from sqlalchemy.exc import IntegrityError

import calibrate
from edgehfn.data.sets import Dataset
from edgehfn.errors import GraphError, InputError
from edgehfn.lowering.lower import lower
from edgehfn.nn import Net
from edgehfn.progress import Report
from edgehfn.search import interrupted
from edgehfn.search.budget import Budget, Fit, Fitting
from edgehfn.search.space import SPACE, STARTS, Candidate, build
from edgehfn.search.storage import shown, stored, why
from edgehfn.search.trials import Tried, candidate_of, ended, note, trained
from edgehfn.spec import generator
from edgehfn.training.images import train
from edgehfn.training.loop import Diverged

FACTOR, RUNGS = 3, 3  # each rung trains so many times as long as the one before; one in FACTOR goes on
FIRST_STEPS = 390  # of the optimizer, in the first rung: an epoch of 50,000 images
BATCH = 128
HELD_BACK = (6, 10_000)  # training images to measure on: one in so many, but no more than that
FRUITLESS = 200  # candidates in a row that do not fit or were tried before, after which a search ends
OPENINGS = 20  # attempts to open a storage that others open at the same moment
BEGUN = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
ORDER, SAMPLER = 32, 33  # streams of the generator, beyond those of training


class Search:
    """A study of one data set, budget and seed in a storage, which it shares with others of the same settings.

    ``rung`` is the epochs of the first rung, by default as many as make ``FIRST_STEPS`` steps. ``recipe`` is passed on
    to ``edgehfn.train``. Raises InputError if nothing fits the budget or the storage cannot be used.
    """

    def __init__(
        self, data: Dataset, budget: Budget, storage: str, *, seed: int = 0, rung: int | None = None, **recipe: Any
    ) -> None:
        if data.sampled:
            raise InputError(f"{data.name}: a search is for images of bytes; train a preset on {data.x_train.dtype}")
        self.part, self.budget, self.seed, self.recipe = hold_back(data), budget, seed, recipe
        first = rung or max(1, round(FIRST_STEPS / max(1, len(self.part.y_train) // BATCH)))
        self.rungs = tuple(first * FACTOR**n for n in range(RUNGS))
        self.fitting = Fitting(budget, data.shape, data.classes)
        settings = (data.digest(), asdict(budget), seed, self.rungs, SPACE)
        self.name = f"{data.name} {hashlib.sha256(repr(settings).encode()).hexdigest()[:12]}"
        self.storage, self.study = storage, _open(storage, self.name, first)

    def run(self, trials: int | None, seconds: float | None, progress: Report | None = None) -> None:
        """Try candidates until the study has ``trials`` trained ones, or this call has taken ``seconds``.

        Raises InputError if the storage fails, or the study in it is damaged.
        """
        started = time.monotonic()
        fruitless = 0
        while fruitless < FRUITLESS:
            count, elapsed = len(trained(self.tried())), time.monotonic() - started
            share = max(count / trials if trials else 0.0, elapsed / seconds if seconds else 0.0)
            if share >= 1:
                return
            deadline = None if seconds is None else started + seconds
            tried = self._try(deadline, _hear(progress, share))
            fruitless = 0 if tried else fruitless + 1

    def tried(self) -> list[Tried]:
        """Return the trials that ended so far, here and elsewhere."""
        with stored(self.storage):
            return ended(self.study.get_trials(deepcopy=False))

    def net(self, candidate: Candidate, width: int) -> Net:
        """Build a fresh net of a candidate."""
        return build(candidate, width, self.part.shape, self.part.classes, self.seed)

    def _try(self, deadline: float | None, tell: Callable[[str, str], None]) -> bool:
        """One trial; whether it trained anything."""
        with stored(self.storage):
            interrupted.recover(self.study)
            begun = self.study.get_trials(deepcopy=False, states=BEGUN)
            # A new sampler each time: what it samples depends on the study alone, not on when a process began or ended.
            self.study.sampler = optuna.samplers.TPESampler(seed=generator.key(self.seed, len(begun), SAMPLER))
            trial = self.study.ask()
            interrupted.claim(trial)  # first: parameters take long to store
        try:
            with stored(self.storage):
                candidate = candidate_of(_drawn(trial))
            fit = self.fitting.fit(candidate)
            duplicate = self._duplicate(candidate, fit)
            with stored(self.storage):
                note(trial, fit, duplicate=duplicate.number if duplicate else None)
                if fit.over or duplicate:
                    for epochs, accuracy in duplicate.accuracies.items() if duplicate else ():
                        trial.report(accuracy, epochs)
                    self._tell(trial, fit, None)
                    return False
            self._halve(trial, candidate, fit, deadline, tell)
        except optuna.exceptions.UpdateFinishedTrialError:
            return False  # by another process: two may take a trial at the same moment where a database locks no rows
        except BaseException:
            with stored(self.storage):
                interrupted.again(self.study, trial.number)
            raise
        return True

    def _halve(
        self,
        trial: optuna.Trial,
        candidate: Candidate,
        fit: Fit,
        deadline: float | None,
        tell: Callable[[str, str], None],
    ) -> None:
        """Train the candidate rung by rung, each time from the start: a rate that falls to its end shows more of a net
        than the same epochs amid a longer run."""
        cpu = 0.0
        accuracy = 0.0
        for epochs in self.rungs:
            started, cpu_started = time.monotonic(), time.process_time()
            net = self.net(candidate, fit.width)
            try:
                accuracy = self._train(net, epochs, lambda text: tell(f"trial {trial.number}, {text}", ""))
                graph = lower(net, calibrate.calibrate(net, calibrate.batches(self.part.x_train)).scales)
                last = epochs == self.rungs[-1]
                cost = self.budget.measured(graph) if last else self.budget.predicted(graph)
                fit = Fit(fit.width, cost, self.budget.over(cost))  # trained masks may take a little more or less
            except (Diverged, GraphError):  # GraphError: trained so that no integers express it
                accuracy = 0.0
            cpu += time.process_time() - cpu_started
            late = deadline is not None and time.monotonic() + FACTOR * (time.monotonic() - started) > deadline
            with stored(self.storage):
                note(trial, fit, cpu)
                trial.report(accuracy, epochs)
                if fit.over or (epochs != self.rungs[-1] and (trial.should_prune() or late)):
                    self._tell(trial, fit, None)
                    break
        else:
            with stored(self.storage):
                self._tell(trial, fit, accuracy)
        tell("", _line(trial.number, candidate, fit, accuracy, epochs))

    def _train(self, net: Net, epochs: int, tell: Callable[[str], None]) -> float:
        def report(done: int, total: int, note: str = "", milestone: str = "") -> None:
            tell(note)

        return train(
            net, self.part, epochs=epochs, batch=BATCH, seed=self.seed, progress=report, **self.recipe
        ).accuracy

    def _tell(self, trial: optuna.Trial, fit: Fit, accuracy: float | None) -> None:
        """End a trial, pruned unless it has the accuracy of the last rung."""
        trial.set_constraint("over", sum(fit.over.values()))
        self.study.tell(trial, accuracy, TrialState.PRUNED if accuracy is None else TrialState.COMPLETE)

    def _duplicate(self, candidate: Candidate, fit: Fit) -> Tried | None:
        """An earlier trial of the very same net."""
        same = (candidate.shape, fit.width)
        return next(
            (one for one in self.tried() if (one.candidate.shape, one.width) == same and one.duplicate is None), None
        )


def hold_back(data: Dataset) -> Dataset:
    """Return the training images, a part of them in place of the test images, which a search never sees."""
    total = len(data.y_train)
    count = min(max(1, total // HELD_BACK[0]), HELD_BACK[1])
    order = np.argsort(generator.words(generator.key(0, 0, ORDER), total), kind="stable")
    test, rest = order[:count], order[count:]
    x, y = data.x_train, data.y_train
    return replace(
        data, x_train=x[rest], y_train=y[rest], x_test=x[test], y_test=y[test], sha256=f"{data.sha256} held back"
    )


def _open(storage: str, name: str, first: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = interrupted.Halving(min_resource=first, reduction_factor=FACTOR)
    for attempt in range(OPENINGS):
        try:
            # A connection is tried before each use: a server may have started anew since the last one, hours ago.
            opened = optuna.storages.RDBStorage(storage, engine_kwargs={"pool_pre_ping": True})
            weakref.finalize(opened, opened.engine.dispose)  # closes the connections with the study, or at exit
            study = optuna.create_study(
                storage=opened, study_name=name, direction="maximize", pruner=pruner, load_if_exists=True
            )
            break
        except ImportError as error:
            raise InputError(
                f"{shown(storage)}: its driver is not installed ({why(error, storage)}); pip install one, for "
                "PostgreSQL psycopg[binary]"
            ) from None
        except Exception as error:  # of any kind, as stored() says
            raced = isinstance(error, IntegrityError) or "already exists" in str(error)
            if raced and attempt < OPENINGS - 1:  # another process is making the tables
                time.sleep(0.2)
                continue
            raise InputError(
                f"{shown(storage)}: no usable storage ({why(error, storage)}); give an SQLAlchemy URL such as "
                "sqlite:///s.db, or move a damaged file away"
            ) from None
    with stored(storage):
        ended(study.get_trials(deepcopy=False))  # nothing is added to a damaged study
        for start in STARTS:
            study.enqueue_trial(asdict(start), skip_if_exists=True)
    return study


def _drawn(trial: optuna.Trial) -> dict[str, Any]:
    """The trial's candidate, from the queue or from the sampler."""
    found: dict[str, Any] = {}
    for name, given in SPACE.items():
        match given:
            case optuna.distributions.IntDistribution():
                found[name] = trial.suggest_int(name, given.low, given.high, step=given.step, log=given.log)
            case optuna.distributions.CategoricalDistribution():
                found[name] = trial.suggest_categorical(name, given.choices)
    return found


def _hear(progress: Report | None, share: float) -> Callable[[str, str], None]:
    def tell(text: str, milestone: str) -> None:
        if progress is not None:
            progress(int(1000 * share), 1000, text, milestone)

    return tell


def _line(number: int, candidate: Candidate, fit: Fit, accuracy: float, epochs: int) -> str:
    assert fit.cost is not None
    fate = f", over its {' and '.join(fit.over)}" if fit.over else ""
    return (
        f"trial {number}: {100 * accuracy:.2f} % after {epochs} epochs, {fit.cost.flash:,} bytes of flash, "
        f"{fit.cost.ram:,} of RAM, {fit.cost.instructions / 1e6:.2f} M instructions, compiled for "
        f"{fit.cost.objective}{fate}: width {fit.width}, "
        f"{candidate.stages} stages growing to {candidate.growth} %, {candidate.blocks} and {candidate.later} blocks, "
        f"fold {candidate.fold}, {candidate.entry}, {candidate.coats} coats of {candidate.density} %"
    )
