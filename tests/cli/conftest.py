"""A trained model, and a user's own folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.commands import result_of


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained and calibrated model; tests must not change it."""
    model = tmp_path_factory.mktemp("digits") / "digits.hfn"
    trained = result_of("train", "--data", "digits", "--arch", "tiny", "--epochs", 2, "-o", model)
    assert trained["model"] == str(model)
    assert trained["accuracy"] > 0.5
    result_of("calibrate", model, "--data", "digits")
    return model


@pytest.fixture
def own(digits: Path, tmp_path: Path) -> Path:
    """A copy of the model and its calibration, to be spoiled."""
    for file in digits.parent.glob("digits.*"):
        shutil.copy(file, tmp_path)
    return tmp_path / "digits.hfn"
