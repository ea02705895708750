"""What trainings on images and on graphs share: running to the end, saving and reporting on the way, and going on."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from numbers import Real
from operator import index
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from edgehfn.errors import InputError
from edgehfn.nn import Net
from edgehfn.nn.frozen import shortfall
from edgehfn.progress import Report
from edgehfn.training import checkpoint, distributed

REPORT_EVERY = 0.2  # seconds


class Diverged(InputError):
    """The loss, or the net itself, is no longer finite."""


class Run(Protocol):
    """A training between two steps: everything its future depends on."""

    @property
    def net(self) -> Net:
        """What is trained."""

    @property
    def step(self) -> int:
        """How many are done."""

    @property
    def steps(self) -> int:
        """How many there are."""

    def advance(self) -> None:
        """One step."""

    def ended(self) -> bool:
        """Whether a part of the run, such as an epoch, has just ended. It is then reported and saved."""

    def describe(self) -> str:
        """Where the run stands, on one line. Raises Diverged if the loss is not finite."""

    def settings(self) -> Mapping[str, str | int | float]:
        """All that decides the bits of the result; a checkpoint of other settings is refused."""

    def state(self) -> dict[str, Any]:
        """What ``restore`` takes, for a checkpoint."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go to where a state stands. Raises one of ``DAMAGE`` for what ``state`` cannot have made."""


DAMAGE = (KeyError, TypeError, ValueError, RuntimeError, AttributeError)


def finish(run: Run, path: Path | None, resume: bool, save_every: float, progress: Report | None) -> None:
    """Run to the end from where the checkpoint ``path`` stands, if there is one and ``resume`` asks for it.

    It is saved at the end of each part and every ``save_every`` seconds. Raises InputError if the checkpoint is damaged
    or of another run, Diverged if the net is not finite where it is saved or at the end.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a loss that is not finite is told in our own words
        _finish(run, path, resume, save_every, progress)
    check_finite(run)


def _finish(run: Run, path: Path | None, resume: bool, save_every: float, progress: Report | None) -> None:
    if path is not None and resume:
        load(run, path)
    saved = shown = time.monotonic()
    while run.step < run.steps:
        run.advance()
        ended, now = run.ended(), time.monotonic()
        due = path is not None and now - saved >= save_every
        if not (ended or due or now - shown >= REPORT_EVERY):
            continue
        note = run.describe()
        if path is not None and (ended or due):
            if ended or distributed.processes() == 1:  # one process must not stop while others go on
                check_finite(run)
            save(run, path)
            saved = now
        if progress is not None:
            progress(run.step, run.steps, note, note if ended else "")
        shown = now


def save(run: Run, path: Path) -> None:
    """Replace the checkpoint; of several processes one does. Raises InputError if it cannot be written."""
    if distributed.leads():
        checkpoint.save(path, run.settings(), run.state())


def load(run: Run, path: Path) -> None:
    """Go to where the checkpoint stands, if there is one. Raises InputError if it is damaged or of another run."""
    state = checkpoint.load(path, run.settings())
    if state is None:
        return
    try:
        run.restore(state)
    except DAMAGE as error:
        raise InputError(f"{path}: damaged checkpoint; delete it or give another file") from error


def check_finite(run: Run) -> None:
    """Raise Diverged if a weight, score or statistic of the net is not finite."""
    for name, tensor in run.net.state_dict().items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise Diverged(f"training diverged by step {run.step} of {run.steps}: {name} is not finite; use a lower lr")


def finite(logits: Tensor) -> Tensor:
    """Return logits as they are. Raises InputError if one is not finite."""
    if not bool(logits.isfinite().all()):
        raise InputError("the net's outputs are not finite; train it again at a lower lr")
    return logits


def whole_number(name: str, value: object) -> int:
    """Return a setting as an int. Raises InputError if it is none."""
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"{name} {value!r:.60} is no whole number; give one such as 8") from None


def real_number(name: str, value: object) -> float:
    """Return a setting as a float. Raises InputError if it is none."""
    if not isinstance(value, Real):
        raise InputError(f"{name} {value!r:.60} is no number; give one such as 0.1")
    return float(value)


def check_masks(net: Net) -> None:
    """Raises InputError if the net's masks cannot be learned. Warns of layers frozen off their densities."""
    if any(getattr(step.op, "scores", net) is None for step in net.steps):
        raise InputError("the net's masks are fixed, as in any net out of a model file; build a new one to train")
    if told := shortfall(net):
        logging.getLogger("edgehfn").warning("edgehfn: warning: %s", told)
