"""The smallest real set of images, which comes with scikit-learn."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np

from edgehfn.data.image_files import Array
from edgehfn.errors import InputError
from edgehfn.spec import generator

TABLE = Path("datasets", "data", "digits.csv.gz")  # in scikit-learn
DIGITS_TEST = 360  # of the 1,797 digits of scikit-learn, which has no test set of its own


def digits() -> dict[str, Array]:
    """Return the 8x8 digits of scikit-learn, 0..16 scaled to 0..255 and split by a fixed permutation, as arrays.

    Raises InputError without it.
    """
    source = _table()
    images = np.rint(source[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    labels = source[:, -1].astype(np.int64)
    order = np.argsort(generator.words(generator.key(0, 0), len(images)), kind="stable")
    train, test = order[DIGITS_TEST:], order[:DIGITS_TEST]
    return {"x_train": images[train], "y_train": labels[train], "x_test": images[test], "y_test": labels[test]}


def _table() -> Array:
    """Rows of 64 pixels and a label, read without importing scikit-learn, which takes longer than to run a net."""
    found = importlib.util.find_spec("sklearn")
    place = None if found is None or found.origin is None else Path(found.origin).parent / TABLE
    if place is None or not place.is_file():
        raise InputError("data set digits is part of scikit-learn, which is missing; pip install scikit-learn")
    with gzip.open(place, "rt") as file:
        return np.loadtxt(file, delimiter=",")
