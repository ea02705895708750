"""The smallest real set of images, which comes with scikit-learn."""

from __future__ import annotations

import importlib

import numpy as np

from edgehfn.data.image_files import Array
from edgehfn.errors import InputError
from edgehfn.spec import generator

DIGITS_TEST = 360  # of the 1,797 digits of scikit-learn, which has no test set of its own


def digits() -> dict[str, Array]:
    """Return the 8x8 digits of scikit-learn, 0..16 scaled to 0..255 and split by a fixed permutation, as arrays.

    Raises InputError without it.
    """
    try:
        source = importlib.import_module("sklearn.datasets").load_digits()
    except ImportError as error:
        raise InputError(
            "data set digits is part of scikit-learn, which is missing; pip install scikit-learn"
        ) from error
    images = np.rint(source.images * (255 / 16)).astype(np.uint8)
    labels = source.target.astype(np.int64)
    order = np.argsort(generator.words(generator.key(0, 0), len(images)), kind="stable")
    train, test = order[DIGITS_TEST:], order[:DIGITS_TEST]
    return {"x_train": images[train], "y_train": labels[train], "x_test": images[test], "y_test": labels[test]}
