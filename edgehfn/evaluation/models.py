"""Opening what commands are given: a model file and the calibration beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgehfn.errors import InputError

if TYPE_CHECKING:
    from calibrate import Calibration
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
    """Where the calibration of a model file lies: ``kws.hfn`` → ``kws.cal.json``."""
    return model.with_suffix(".cal.json")


def open_model(path: Path) -> Model:
    """Load a model and its calibration and lower them. Raises InputError naming the command that makes the missing."""
    import calibrate
    from edgehfn import lower
    from edgehfn.model import modelfile

    net, beside = modelfile.load(path), calibration_of(path)
    if not beside.exists():
        raise InputError(f"{beside}: no such file; run edgehfn calibrate {path} --data … first")
    calibration = calibrate.load_for(beside, path, modelfile.digest(path))
    return Model(path, net, calibration, lower(net, calibration.scales))
