"""Trained models that come with the package: for each a model file, its calibration, and a card of how it was made.

``python -m benchmarks.zoo add RUN.hfn NAME`` makes an entry; nothing in a card is written by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from edgehfn.errors import InputError

CARD, MODEL, CALIBRATION = ".card.json", ".hfn", ".cal.json"


@dataclass(frozen=True)
class Card:
    """What an entry can do, costs, and was made by. Accuracies are from 0 to 1, on the test part of the data.

    An input is an image or a small graph. A net that stores its graph has one input, without bytes, and a label to
    each of its ``unit``, nodes.
    """

    name: str
    data: str
    unit: str  # what has a label: images, nodes or graphs
    tested: int  # so many of them
    accuracy: float  # in integers
    float_accuracy: float
    weights_flash: int  # bytes of model data on the device
    mac: int
    seed: int
    epochs: int
    cpu_minutes: float  # of training
    command: str
    calibration: str
    digest: str  # of the model file
    data_digest: str  # of the data set's arrays
    subset: int  # the first so many test inputs
    subset_accuracy: float  # in integers
    subset_digest: str  # SHA-256 of the integer outputs
    random_digest: str  # the same of random inputs (``random_inputs``), which need no data set
    log: tuple[str, ...]  # a line for each epoch of training


def cards() -> tuple[Card, ...]:
    """Of all entries, by name."""
    found = [json.loads(file.read_text()) for file in _folder().iterdir() if file.name.endswith(CARD)]
    return tuple(sorted((Card(**{**one, "log": tuple(one["log"])}) for one in found), key=lambda card: card.name))


def card(name: str) -> Card:
    """Of one entry. Raises InputError naming those that exist."""
    known = {one.name: one for one in cards()}
    if name not in known:
        raise InputError(f"the zoo has no {name!r}; it has {', '.join(known)}")
    return known[name]


def get(name: str, output: str | Path) -> tuple[Path, Path]:
    """Copy an entry to ``output``, a folder or a file that ends in ``.hfn``, and its calibration beside it.

    Raises InputError for an unknown name or another ending.
    """
    output, chosen = Path(output), card(name)
    if output.is_dir():
        output /= f"{name}{MODEL}"
    if output.suffix != MODEL:
        raise InputError(f"{output}: model files end in {MODEL}; use {output}{MODEL}")
    copies = (output, output.with_suffix(CALIBRATION))
    output.parent.mkdir(parents=True, exist_ok=True)
    for copy, suffix in zip(copies, (MODEL, CALIBRATION), strict=True):
        copy.write_bytes((_folder() / f"{chosen.name}{suffix}").read_bytes())
    return copies


def _folder() -> Traversable:
    return resources.files(__name__)
