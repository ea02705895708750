"""Trainings and searches killed at random moments: the same bits, and each trial once."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from random import Random
from unittest import mock

from support import kills

from edgehfn import data
from edgehfn.search import Budget, Tried
from scripts.fuzz.campaign import Tally

TRAINING, SEARCH = 5, 5  # kills of a turn, at most


def turn(seed: int, place: Path, tally: Tally) -> None:
    """A training and a search, killed a few times each."""
    rng = Random(seed)
    for name in ("training", "search"):
        (place / name).mkdir()
    tally["kills of trainings"] += kills.training(place / "training", TRAINING, rng)
    with mock.patch.object(Budget, "measured", Budget.predicted):
        tally["kills of searches"] += kills.search(place / "search", SEARCH, rng, _whole())


@functools.cache
def _whole() -> list[Tried]:
    """The trials of a search that nobody kills."""
    with tempfile.TemporaryDirectory(prefix="edgehfn-fuzz-") as folder:
        return kills.searched(Path(folder), data.images("digits"))
