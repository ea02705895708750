"""Generated C of three models of the zoo is the same bytes from one version to the next.

tests/c/generated.csv has the beginning of each file's SHA-256. Whoever changes it on purpose says so in CHANGELOG.md,
and raises the version of docs/SPEC.md where a stored or computed bit changes.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from edgehfn import write_c, zoo
from edgehfn.evaluation.models import open_model
from edgehfn.spec.objective import OBJECTIVES

with Path(__file__).with_name("generated.csv").open(newline="", encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['model']}-{row['objective']}")
def test_generated_files_are_the_same_bytes(row: dict[str, str], tmp_path: Path) -> None:
    model, _ = zoo.get(row["model"], tmp_path)
    objective = OBJECTIVES[OBJECTIVES.index(row["objective"])]
    files = write_c(open_model(model).graph, row["model"].replace("-", "_"), tmp_path, objective)
    found = [hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files]
    assert found == [row["header"], row["source"]]
