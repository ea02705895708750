"""Opening what commands are given: a model file, the calibration beside it, and data that fits both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgehfn import machines
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from calibrate import Calibration
    from edgehfn.graph import Graph
    from edgehfn.nn import Net


@dataclass(frozen=True)
class Model:
    """A net, its calibration and integer graph, and the file they come from."""

    path: Path
    net: Net
    calibration: Calibration
    graph: Graph


def calibration_of(model: Path) -> Path:
    """Where the calibration of a model file lies: ``kws.hfn`` → ``kws.cal.json``."""
    return model.with_suffix(".cal.json")


def open_model(path: Path) -> Model:
    """Load a model and its calibration and lower them. Raises InputError naming the command that makes the missing."""
    import calibrate
    from edgehfn import lower, modelfile

    net, beside = modelfile.load(path), calibration_of(path)
    if not beside.exists():
        raise InputError(f"{beside}: no such file; run edgehfn calibrate {path} --data … first")
    calibration = calibrate.load_for(beside, path, modelfile.digest(path))
    return Model(path, net, calibration, lower(net, calibration.scales))


@dataclass(frozen=True)
class Images:
    """Test images ``(N, C, H, W)``, the same as the model's sensor delivers them, and their labels ``(N,)``."""

    x: npt.NDArray[np.uint8]
    raw: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]


def test_set(model: Model, name: str, limit: int | None) -> Images:
    """The first ``limit`` test images of a set; None means all. Raises InputError if the model cannot read them."""
    from edgehfn import data

    loaded = data.load(name)
    outputs = model.graph.output.size
    if len(loaded.classes) != outputs:
        raise InputError(
            f"{name}: has {len(loaded.classes)} classes, {model.path} tells {outputs} apart; give its own data"
        )
    x = loaded.x_test[:limit]
    return Images(x, machines.raw(model.graph, x), loaded.y_test[:limit])
