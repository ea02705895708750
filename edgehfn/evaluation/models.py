"""Opening what commands are given: a model file and the calibration beside it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgehfn.errors import InputError

if TYPE_CHECKING:
    from calibrate import Calibration
    from edgehfn.data.sets import Dataset
    from edgehfn.evaluation.accuracy import Examples
    from edgehfn.ir import Graph
    from edgehfn.nn import Net


@dataclass(frozen=True)
class Model:
    """A net, its calibration and integer graph, and the file they come from."""

    path: Path
    net: Net
    calibration: Calibration
    graph: Graph


def calibration_of(model: Path) -> Path:
    """Return where the calibration of a model file lies: ``kws.hfn`` → ``kws.cal.json``."""
    return model.with_suffix(".cal.json")


def open_model(path: Path) -> Model:
    """Load a model and its calibration and lower them. Raises InputError naming the command that makes the missing."""
    import calibrate
    from edgehfn import lower
    from edgehfn.model import modelfile
    from edgehfn.nn.net import check_integer

    net, beside = modelfile.load(path), calibration_of(path)
    check_integer(net)
    if not beside.exists():
        raise InputError(f"{beside}: no such file; run edgehfn calibrate {shlex.quote(str(path))} --data … first")
    calibration = calibrate.load_for(beside, path, modelfile.digest(path))
    graph = lower(net, calibration.scales)
    if calibration.threshold is not None:
        graph = replace(graph, task=replace(graph.task, threshold=calibration.threshold))
    return Model(path, net, calibration, graph)


def calibrated(path: Path, data: Dataset) -> Model:
    """Calibrate a model on the training images of a set, write the calibration beside it, and open both."""
    import calibrate
    from edgehfn.model import modelfile

    net, digest = modelfile.load(path), modelfile.digest(path)
    calibrate.calibrate(net, calibrate.batches(data.x_train), model=digest).save(calibration_of(path))
    return open_model(path)


def load_examples(model: Model, name: str | Path, limit: int | None) -> Examples:
    """Return the test part of a set by name or path, or its first ``limit`` inputs. Raises InputError if it is not this
    model's."""
    from edgehfn import data
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.data.series import fitting
    from edgehfn.evaluation.accuracy import examples_of
    from edgehfn.training.gnn import fits

    loaded = data.load(name, task=model.net.task.kind)
    if isinstance(loaded, GraphSet):
        fits(model.net, loaded)
    else:
        loaded = fitting(loaded, model.net.input.shape)
    return examples_of(model.graph, loaded, limit)
