"""What labels are for: guessed where it is plain, else a class; every other form of labels gets one clear line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehfn import data
from edgehfn.errors import InputError

X = np.random.default_rng(0).integers(0, 256, (6, 3, 4), dtype=np.uint8)
BOTH = np.array([[0, 1], [1, 1], [0, 0], [1, 0], [1, 1], [0, 1]])


def made(y_train: Any, y_test: Any = None, task: Any = None, **more: Any) -> data.Dataset:
    given = {"x_train": X, "x_test": X, "y_train": y_train, "y_test": y_train if y_test is None else y_test}
    return data.from_arrays("mine", {k: v for k, v in given.items() if v is not None}, task=task, **more)


@pytest.mark.parametrize(
    ("y", "y_test", "task", "names"),
    [
        (np.array([0, 1, 2, 0, 1, 2]), None, "class", ("0", "1", "2")),
        (np.eye(2)[[0, 1, 1, 0, 1, 0]], None, "class", ("0", "1")),
        (np.linspace(0, 1, 6), None, "regression", ("value",)),
        (np.arange(12).reshape(6, 2) / 7, None, "regression", ("0", "1")),
        (BOTH, None, "labels", ("0", "1")),
        (np.where(BOTH[:, ::-1] & [[1], [0], [0], [0], [0], [0]], np.nan, BOTH), None, "labels", ("0", "1")),
        (np.zeros(6, int), np.array([0, 1, 0, 0, 1, 1]), "anomaly", ("normal", "odd")),
        (X % 3, None, "pixels", ("0", "1", "2")),
    ],
)
def test_labels_say_what_they_are_for(y: Any, y_test: Any, task: str, names: tuple[str, ...]) -> None:
    found = made(y, y_test)
    assert (found.task, found.classes) == (task, names)
    assert bool(found.guessed_by) == (task != "class")
    given = made(y, y_test, task)
    assert given.guessed_by == ""
    assert np.array_equal(given.y_train, found.y_train)


def test_a_label_that_is_missing_is_minus_one() -> None:
    y = np.array([[1, np.nan], [0, 1], [np.nan, 0], [1, 0], [1, 1], [0, -1]])
    assert made(y).y_train.tolist() == [[1, -1], [0, 1], [-1, 0], [1, 0], [1, 1], [0, -1]]


def test_normal_examples_need_no_labels() -> None:
    assert made(None, np.array([0, 1, 0, 1, 0, 1]), "anomaly").y_train.tolist() == [0] * 6


@pytest.mark.parametrize(
    ("y", "task", "says"),
    [
        (BOTH + 1, "labels", "y_train is int64 of shape .6, 2.; labels are N,K of 0 and 1, -1 or NaN"),
        (BOTH * [[1, 0]], "labels", "label 1 of y_train is never 1"),
        (np.zeros((6, 2, 2)), "regression", "a regression takes numbers of shape N or N,K"),
        (np.array([0, 1, np.nan, 3, 4, 5]), "regression", r"y_train\[2\] is \[nan\]"),
        (np.full(6, 2.5), "regression", "target 0 of y_train is 2.5 always"),
        (np.array([0, 1, 0, 0, 0, 1]), "anomaly", "2 of x_train are odd"),
        (np.zeros(6, int), "anomaly", "y_test is 0 alone"),
        (np.array([0, 2, 0, 0, 0, 1]), "anomaly", "an anomaly takes N of 0 .normal. and 1 .odd."),
        (np.zeros((6, 4, 3), int), "pixels", "labels of pixels are N,H,W 6,3,4"),
        (np.arange(6) / 7, "colour", "task 'colour' is unknown; use class, labels, regression, anomaly, pixels"),
        (np.array(["a", "b"] * 3), "regression", "a regression takes numbers"),
        (np.arange(6) / 7, "class", "y_train is float64; labels are integers"),
    ],
)
def test_labels_of_another_form_are_refused(y: Any, task: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        made(y, task=task)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_names_are_of_each_number() -> None:
    assert made(np.arange(6) / 7, classes=["litres"]).classes == ("litres",)
    with pytest.raises(InputError, match="y_train has 1 columns, classes names 2"):
        made(np.arange(6) / 7, classes=["litres", "bars"])


def test_pictures_and_graphs_have_classes_alone() -> None:
    with pytest.raises(InputError, match="motifs: has classes alone"):
        data.load("motifs", task="regression")


def test_diabetes_is_split_and_scaled_by_its_training_part() -> None:
    pytest.importorskip("sklearn.datasets")
    loaded = data.images("diabetes")
    assert (loaded.task, loaded.shape, len(loaded.x_train), len(loaded.x_test)) == ("regression", (1, 1, 10), 354, 88)
    assert loaded.x_train.min(0).max() == 0
    assert loaded.x_train.max(0).min() == 255
