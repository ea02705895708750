"""What a net is to tell of an input, which its file notes and its header says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["class", "labels", "regression", "anomaly", "pixels"]


@dataclass(frozen=True)
class Task:
    """``class``: one of several. ``labels``: each of several, or not. ``regression``: numbers; the ``i``-th is
    ``offset[i] + scale[i] * output``. ``anomaly``: how far the output, a reconstruction, is from the input, which is
    odd if that is over the ``threshold``. ``pixels``: a class for each place of a map."""

    kind: Kind = "class"
    scale: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    threshold: int | None = None  # in squared steps of the input; a calibration chooses it


CLASS = Task()
