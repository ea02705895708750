"""Sets of what is normal and what is odd, out of sets of classes: ``digits:normal=3``, ``digits:odd=3``."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgehfn.data import targets
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.data.sets import Dataset

WORDS = ("normal", "odd")


def made(data: Dataset, word: str, name: str, streamed: bool) -> Dataset:
    """Return a set whose class of this name is the only normal, or the only odd one; odd ones are not trained on.
    ``streamed``: whether its images are pictures.

    Raises InputError if there is no such class, or none left to train on.
    """
    if streamed or data.task != "class" or name not in data.classes:
        listed = ", ".join(data.classes)[:100]
        raise InputError(f"{data.name}:{word}={name}: is no class of arrays of images; there are {listed}")
    number = data.classes.index(name)
    odd = [(y == number) == (word == "odd") for y in (data.y_train, data.y_test)]
    if odd[0].all() or not odd[1].any() or odd[1].all():
        raise InputError(f"{data.name}:{word}={name}: leaves no normal input to train on, or none of both to test")
    digest = hashlib.sha256(f"{data.sha256} {word} {name}".encode()).hexdigest()[:16]
    return replace(
        data,
        x_train=data.x_train[~odd[0]],
        y_train=np.zeros(int((~odd[0]).sum()), np.int64),
        y_test=odd[1].astype(np.int64),
        classes=targets.ODDITY,
        sha256=digest,
        task="anomaly",
        guessed_by=f":{word}= says so",
    )
