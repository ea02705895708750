"""docs/COVERAGE.md is of the sources that there are, and what it computes is what gcov counted."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.kernels import coverage
from benchmarks.kernels.coverage import Counts, document

WRITTEN = coverage.DOCUMENT.read_text(encoding="utf-8")


def part(start: str, end: str) -> str:
    return WRITTEN[WRITTEN.index(start) : WRITTEN.index(end, WRITTEN.index(start))]


def counted(path: Path) -> bool:
    """Not a .c file that names a function and leaves the code to a header, unless by a macro of its own."""
    text = path.read_text(encoding="utf-8")
    return path.suffix != ".c" or "{" in text or re.search(r"^HFN_\w+\(", text, re.MULTILINE) is not None


def test_every_source_is_in_the_document() -> None:
    """C in the table, or a header without code, or assembly."""
    table = re.findall(r"^\| (\S+/\S+\.[ch]) ", part("## By file", "Headers"), re.MULTILINE)
    others = re.findall(r"\S+/\w+\.[hS]", part("Headers", "Assembly") + WRITTEN[WRITTEN.index("Assembly") :])
    sources = [path.relative_to(coverage.SOURCE).as_posix() for path in coverage.SOURCE.glob("*/*") if counted(path)]
    assert sorted([*table, *others]) == sorted(sources)


def test_what_is_not_executed_has_its_reason() -> None:
    for title, end, reasons in (
        ("## Not executed", "## Not taken", coverage.REASONS),
        ("## Not taken", "## By file", coverage.BRANCHES),
    ):
        listed = re.findall(r"^- (\S+\.[ch]):[\d-]+, `(.*)`: (.+)$", part(title, end), re.MULTILINE)
        assert {(path, line): reason for path, line, reason in listed} == reasons
    for path, line in coverage.REASONS | coverage.BRANCHES:
        assert line in [text.strip() for text in (coverage.SOURCE / path).read_text().splitlines()]


def test_a_line_or_branch_that_is_missed_without_a_reason_is_refused() -> None:
    text = (coverage.SOURCE / "core/fill.c").read_text().splitlines()
    (start,) = (number for number, line in enumerate(text, 1) if line.startswith("void hfn_fill"))
    branches = Counter({(start + 1, "hfn_fill", 0): 6})
    executed = {"core/fill.c": Counts(Counter({start: 3, start + 1: 9, start + 2: 6}), branches)}
    assert re.search(r"core/fill\.c \| +3 \| +100\.0 % \| +1 \| +100\.0 %", document(executed))
    branches[start + 1, "hfn_fill", 1] = 0
    with pytest.raises(KeyError, match="while"):
        document(executed)
    missed = {"core/fill.c": Counts(Counter({start: 3, start + 1: 0, start + 2: 0}))}
    with pytest.raises(KeyError, match="while"):
        document(missed)
