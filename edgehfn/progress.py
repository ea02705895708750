"""How far a long computation is: a bar on a terminal, one line a milestone elsewhere, always on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Report(Protocol):
    """What long computations call now and then."""

    def __call__(self, done: int, total: int, note: str = "", milestone: str = "") -> None:
        """``done`` of ``total`` units; ``note`` stands beside the bar, a ``milestone`` stays as a line of its own."""


@contextmanager
def progress(title: str, console: Console | None = None) -> Iterator[Report]:
    """A ``Report`` that draws while the block runs; the bar is gone afterwards, milestones stay."""
    console = console or Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    note_column = TextColumn("{task.fields[note]}", markup=False)
    with Progress(*columns, note_column, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, note="")

        def report(done: int, total: int, note: str = "", milestone: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)
            if milestone:
                console.print(milestone, markup=False, soft_wrap=True)

        yield report
