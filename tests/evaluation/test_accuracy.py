"""Accuracy as a library function: what the command prints, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.gnn_sets import random

import edgehfn
from edgehfn import data, zoo
from edgehfn.data.sets import Dataset
from edgehfn.errors import InputError
from edgehfn.evaluation.models import open_model


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[edgehfn.Graph, Dataset]:
    model, _ = zoo.get("digits", tmp_path_factory.mktemp("zoo"))
    return open_model(Path(model)).graph, data.images("digits")


def test_it_is_the_share_of_right_answers(digits: tuple[edgehfn.Graph, Dataset]) -> None:
    graph, loaded = digits
    answers = edgehfn.emulate(graph, loaded.x_test).reshape(len(loaded.y_test), -1).argmax(1)
    assert edgehfn.accuracy(graph, loaded) == float(np.mean(answers == loaded.y_test))
    first = edgehfn.accuracy(graph, loaded, "pytorch", limit=50)
    assert first == float(np.mean(answers[:50] == loaded.y_test[:50]))


def test_progress_is_reported(digits: tuple[edgehfn.Graph, Dataset]) -> None:
    seen: list[tuple[int, int]] = []

    def report(done: int, total: int, note: str = "", milestone: str = "") -> None:
        seen.append((done, total))

    edgehfn.accuracy(*digits, progress=report)
    assert seen == [(0, 360)]


def test_other_data_is_refused(digits: tuple[edgehfn.Graph, Dataset]) -> None:
    graph, loaded = digits
    fewer = data.from_arrays(
        "few",
        {
            "x_train": loaded.x_train[:, 0],
            "y_train": loaded.y_train % 3,
            "x_test": loaded.x_test[:, 0],
            "y_test": loaded.y_test % 3,
        },
    )
    with pytest.raises(InputError, match="few: has 3 classes, the model tells 10 apart"):
        edgehfn.accuracy(graph, fewer)
    with pytest.raises(InputError, match="the model stores another graph"):
        edgehfn.accuracy(graph, random(seed=2, values=True))
    with pytest.raises(InputError, match="no core or board"):
        edgehfn.accuracy(graph, loaded, "cortex-m9")
