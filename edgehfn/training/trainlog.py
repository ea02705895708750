"""How a model came to be, written beside it: X.log.json. It is no part of the model, whose bytes depend on no clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgehfn import files
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.sets import Dataset
from edgehfn.errors import InputError
from edgehfn.nn import Net
from edgehfn.training.gnn import GraphSettings
from edgehfn.training.recipe import decisive
from edgehfn.training.run import Epoch, Settings

STEP = "feature_step"  # noted where nodes' features have values: what a byte of 1 stands for in the set


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
    """Return where the log of a model file lies: ``kws.hfn`` → ``kws.log.json``."""
    return model.with_suffix(".log.json")


def about(net: Net, arch: str, data: Dataset | GraphSet, settings: Settings | GraphSettings) -> dict[str, Any]:
    """Return what a model file notes of its training: all that decided it, of digests the data's only."""
    used = {name: value for name, value in decisive(settings).items() if name not in ("data", "net", "teacher")}
    search = {"thresholds": net.search.thresholds, "ramp": net.search.ramp, **net.initial}
    step = {STEP: data.features.step} if isinstance(data, GraphSet) and data.features.values is not None else {}
    return {"arch": arch, "data": data.name, "sha256": data.sha256, **search, **used, **step}


def save(path: Path, model: str, command: str, data: str, epochs: Sequence[Epoch]) -> None:
    """Write the log beside the model file ``path``, whole or not at all."""
    log = place(path)
    files.write(log, json.dumps(asdict(TrainLog(model, command, data, tuple(epochs))), indent=1) + "\n")


def load(path: Path, model: str) -> TrainLog:
    """Return the log beside the model file ``path`` with the digest ``model``.

    Raises InputError if it is missing, damaged or another model's.
    """
    log = place(path)
    try:
        content = json.loads(log.read_text(encoding="utf-8"))
        found = TrainLog(**{**content, "epochs": tuple(Epoch(**epoch) for epoch in content["epochs"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{log}: no readable training log ({error}); train the model with edgehfn train") from error
    if found.model != model:
        raise InputError(f"{log}: belongs to another model than {path}; train {path} again")
    return found
