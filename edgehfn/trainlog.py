"""How a model came to be, written beside it: X.log.json. It is no part of the model, whose bytes depend on no clock."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from edgehfn.errors import InputError
from edgehfn.training import Epoch


@dataclass(frozen=True)
class TrainLog:
    """``model``: the digest of the model file. ``data``: the digest of the set's arrays, as its ``digest`` has it."""

    model: str
    command: str
    data: str
    epochs: tuple[Epoch, ...]

    @property
    def cpu_minutes(self) -> float:
        """Of the training steps, all threads together, those before an interruption among them."""
        return sum(epoch.cpu_seconds for epoch in self.epochs) / 60


def place(model: Path) -> Path:
    """Where the log of a model file lies: ``kws.hfn`` → ``kws.log.json``."""
    return model.with_suffix(".log.json")


def save(path: Path, model: str, command: str, data: str, epochs: Sequence[Epoch]) -> None:
    """Write the log beside the model file ``path``, whole or not at all."""
    log = place(path)
    fresh = log.with_name(f"{log.name}.{os.getpid()}.tmp")
    fresh.write_text(json.dumps(asdict(TrainLog(model, command, data, tuple(epochs))), indent=1) + "\n")
    fresh.replace(log)


def load(path: Path, model: str) -> TrainLog:
    """The log beside the model file ``path`` with the digest ``model``.

    Raises InputError if it is missing, damaged or another model's.
    """
    log = place(path)
    try:
        content = json.loads(log.read_text())
        found = TrainLog(**{**content, "epochs": tuple(Epoch(**epoch) for epoch in content["epochs"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{log}: no readable training log ({error}); train the model with edgehfn train") from error
    if found.model != model:
        raise InputError(f"{log}: belongs to another model than {path}; train {path} again")
    return found
