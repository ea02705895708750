"""Rows of a comparison between kinds of nets: kept one by one, and shown as a table, a figure and a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from pathlib import Path

from edgehfn import files, report
from edgehfn.errors import InputError
from edgehfn.report import figures

COSTS = {
    "bytes": "model data, bytes",
    "flash": "total flash, bytes",
    "ram": "total RAM, bytes",
    "instructions": "instructions an inference",
}


@dataclass(frozen=True)
class Row:
    """A trained net. Bytes and emulated instructions are those on ``core``, compiled for speed or for the
    fewest instructions within the RAM; accuracies are of all test images, 0..1."""

    kind: str
    budget: int  # bytes that it was to take at most
    width: float
    seed: int
    limit: str  # of model data ("bytes") or of RAM ("ram")
    epochs: int
    accuracy: float
    float_accuracy: float
    bytes: int
    flash: int
    ram: int
    instructions: int
    mac: int
    core: str
    cpu_minutes: float  # of training
    command: str  # that trained it


def load(path: Path) -> Row:
    """Return a row that was saved. Raises InputError for anything else."""
    try:
        return Row(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: is no row of a comparison; delete it to make it again") from error


def save(row: Row, path: Path) -> None:
    """Write a row, whole or not at all."""
    files.write(path, json.dumps(asdict(row), indent=1) + "\n")


def write(rows: Sequence[Row], title: str, folder: Path) -> list[Path]:
    """Write ``table.csv``, ``table.json``, ``compare.png`` and ``compare.html``, and return where they are."""
    figure = figures.fronts(
        {label: _points(rows, cost) for cost, label in COSTS.items()}, [COSTS["instructions"]], title
    )
    texts = {
        "table.csv": _csv(rows),
        "table.json": json.dumps([asdict(row) for row in rows], indent=1) + "\n",
        "compare.html": _page(rows, title, figures.svg(figure)),
    }
    for name, text in texts.items():
        files.write(folder / name, text)
    files.write(folder / "compare.png", figures.png(figure))
    return [folder / name for name in (*texts, "compare.png")]


def _points(rows: Sequence[Row], cost: str) -> dict[str, list[tuple[float, float]]]:
    """Of each kind and width, the means over the seeds."""
    found: dict[str, list[tuple[float, float]]] = {}
    for kind, width in dict.fromkeys((row.kind, row.width) for row in rows):
        same = [row for row in rows if (row.kind, row.width) == (kind, width)]
        means = (sum(getattr(row, name) for row in same) / len(same) for name in (cost, "accuracy"))
        found.setdefault(kind, []).append((next(means), next(means)))
    return found


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(field.name for field in fields(Row))
    table.writerows(asdict(row).values() for row in rows)
    return text.getvalue()


def _page(rows: Sequence[Row], title: str, figure: str) -> str:
    columns = ["kind", "width", "seed", "accuracy %", "float %", *COSTS.values(), "MAC", "CPU minutes"]
    cells = [
        [
            row.kind,
            f"{row.width:g}",
            str(row.seed),
            f"{100 * row.accuracy:.2f}",
            f"{100 * row.float_accuracy:.2f}",
            *(f"{getattr(row, cost):,}" for cost in (*COSTS, "mac")),
            f"{row.cpu_minutes:.1f}",
        ]
        for row in rows
    ]
    commands = "\n".join(dict.fromkeys(row.command for row in rows))
    note = f"Bytes and emulated instructions on {rows[0].core}; integer accuracy of all test images."
    body = (
        f"<p>{note}</p>{figure}<h2>Models</h2>{report.table(columns, cells)}"
        f"<h2>Commands</h2><pre>{escape(commands)}</pre>"
    )
    return report.page(title, f"<h1>{escape(title)}</h1>{body}")
