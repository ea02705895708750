"""Commands in this process: what they print, and what they leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result

from edgehfn.cli import cli


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def result_of(*words: object) -> Any:
    """The one JSON object of a command that must succeed."""
    done = call(*words, "--json")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def complaint(*words: object, status: int = 2) -> str:
    """The one line on standard error of a command that must fail."""
    done = call(*words)
    assert done.exit_code == status, done.output
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("edgehfn: error: ")
    assert "Traceback" not in line
    return line


def dataset(path: Path, **changed: Any) -> Path:
    """A sound .npz of the user's own, but for what is changed; None leaves an array out."""
    draw = np.random.default_rng(0)
    arrays = {
        "x_train": draw.integers(0, 256, (40, 8, 8), np.uint8),
        "y_train": np.arange(40) % 10,
        "x_test": draw.integers(0, 256, (20, 8, 8), np.uint8),
        "y_test": np.arange(20) % 10,
        **changed,
    }
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path
