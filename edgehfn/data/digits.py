"""The smallest real sets, which come with scikit-learn: images of digits, and what became of patients."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from edgehfn.data.image_files import Array
from edgehfn.errors import InputError
from edgehfn.spec import generator

TABLE = Path("datasets", "data", "digits.csv.gz")  # in scikit-learn
DIGITS_TEST = 360  # of the 1,797 digits of scikit-learn, which has no test set of its own
DIABETES_TEST = 88  # of 442 patients


def digits() -> dict[str, Array]:
    """Return the 8x8 digits of scikit-learn, 0..16 scaled to 0..255 and split by a fixed permutation, as arrays.

    Raises InputError without it.
    """
    source = _table()
    images = np.rint(source[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return _divided(images, source[:, -1].astype(np.int64), DIGITS_TEST)


def _table() -> Array:
    """Rows of 64 pixels and a label, read without importing scikit-learn, which takes longer than to run a net."""
    found = importlib.util.find_spec("sklearn")
    place = None if found is None or found.origin is None else Path(found.origin).parent / TABLE
    if place is None or not place.is_file():
        raise InputError("data set digits is part of scikit-learn, which is missing; pip install scikit-learn")
    with gzip.open(place, "rt") as file:
        return np.loadtxt(file, delimiter=",")


def diabetes() -> dict[str, Array]:
    """Return ten figures of each patient of scikit-learn's set, each scaled to 0..255 by its range in training, and
    their disease's progression a year later, split by a fixed permutation, as arrays.

    Raises InputError without it.
    """
    source = _source()
    found = _divided(source.data, source.target.astype(np.float64), DIABETES_TEST)
    low, high = found["x_train"].min(0), found["x_train"].max(0)
    for key in ("x_train", "x_test"):
        found[key] = np.rint(((found[key] - low) / (high - low)).clip(0, 1) * 255).astype(np.uint8)
    return found


def _source() -> Any:
    try:
        return importlib.import_module("sklearn.datasets").load_diabetes()
    except ImportError as error:
        raise InputError(
            "data set diabetes is part of scikit-learn, which is missing; pip install scikit-learn"
        ) from error


def _divided(x: Array, y: Array, tested: int) -> dict[str, Array]:
    order = np.argsort(generator.words(generator.key(0, 0), len(x)), kind="stable")
    train, test = order[tested:], order[:tested]
    return {"x_train": x[train], "y_train": y[train], "x_test": x[test], "y_test": y[test]}
