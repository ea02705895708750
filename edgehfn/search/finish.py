"""The best of a study, trained in full."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import calibrate
from edgehfn.data.sets import Dataset
from edgehfn.errors import GraphError, InputError
from edgehfn.ir import Graph
from edgehfn.lowering.lower import lower
from edgehfn.model import modelfile
from edgehfn.progress import Report
from edgehfn.search.budget import Budget, Cost
from edgehfn.search.space import build
from edgehfn.search.trials import Tried
from edgehfn.training import trainlog
from edgehfn.training.images import train
from edgehfn.training.loop import Diverged

CHANCES = 3  # candidates to train in full, if full training makes the first ones exceed the budget


@dataclass(frozen=True)
class Finished:
    """``accuracy`` on the test images, in floats, 0..1; ``cpu_minutes`` of the training in full."""

    model: Path
    graph: Graph
    tried: Tried
    cost: Cost
    accuracy: float
    cpu_minutes: float


def finish(
    best: Sequence[Tried],
    data: Dataset,
    budget: Budget,
    model: Path,
    command: str,
    *,
    epochs: int,
    seed: int = 0,
    progress: Report | None = None,
    **recipe: Any,
) -> Finished:
    """Train the first of ``best`` on all training images and leave it at ``model``, with calibration and log beside it.

    It goes on from its checkpoint after an interruption. If it diverges, or its trained masks exceed the budget, the
    next one's turn comes. Raises InputError if none fits.
    """
    run = repr((data.digest(), epochs, seed, recipe))
    places = [_checkpoint(model, one, run) for one in best[:CHANCES]]
    for one, place in zip(best, places, strict=False):
        net = build(one.candidate, one.width, data.shape, data.classes, seed)
        try:
            history = train(net, data, epochs=epochs, seed=seed, checkpoint=place, progress=progress, **recipe)
            calibration = calibrate.calibrate(net, calibrate.batches(data.x_train))
            graph = lower(net, calibration.scales)
        except (Diverged, GraphError):  # GraphError: trained so that no integers express it
            continue
        cost = budget.measured(graph)
        if budget.over(cost):
            continue
        facts = {"candidate": asdict(one.candidate), "width": one.width, "epochs": epochs, "seed": seed, **recipe}
        modelfile.save(net, model, {"data": data.name, "sha256": data.sha256, **facts, "accuracy": history.accuracy})
        digest = modelfile.digest(model)
        replace(calibration, model=digest).save(model.with_suffix(".cal.json"))
        trainlog.save(model, digest, command, data.digest(), history.epochs)
        for checkpoint in places:
            checkpoint.unlink(missing_ok=True)
        minutes = sum(epoch.cpu_seconds for epoch in history.epochs) / 60
        return Finished(model, graph, one, cost, history.accuracy, minutes)
    raise InputError(
        f"search: trained in full, the best {min(CHANCES, len(best))} fail or exceed the budget; try more --trials"
    )


def _checkpoint(model: Path, one: Tried, run: str) -> Path:
    """Another file for each net and run, since a checkpoint of another is refused."""
    told = hashlib.sha256(repr((one.candidate, one.width, run)).encode()).hexdigest()
    return model.with_name(f"{model.stem}-{told[:12]}.ckpt")
