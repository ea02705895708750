"""Which lines of the runtime's C the tests of the host execute: ``python -m benchmarks.kernels.coverage`` writes
docs/COVERAGE.md.

The tests run as they are, but for a compiler that counts instead of checking: a ``gcc`` that stands before the real one
on the path and swaps sanitizers and optimisation for ``--coverage``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.common.table import table
from edgehfn.backends.c import firmware

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "firmware" / "src"
DOCUMENT = ROOT / "docs" / "COVERAGE.md"
RUNTIME = {path.stem for path in firmware.runtime(assembly=False)}
TESTS = (
    "c/test_host.py",
    "c/test_host_pools.py",
    "c/test_far.py",
    "c/test_gnn.py",
    "c/test_input_maps.py",
    "c/test_input_table.py",
    "c/test_planes.py",
    "c/test_rows.py",
    "c/test_windows.py",
    "c/test_feed.py",
    "c/test_text.py",
    "cores/test_check_graph.py",
    "sound/test_machines.py",
    "sound/test_words.py",
)

WRAPPER = """#!/bin/sh
for word; do
    shift
    case $word in -O? | -fsanitize=* | -fno-sanitize-recover=*) ;; *) set -- "$@" "$word" ;; esac
done
exec {compiler} -O0 --coverage "$@"
"""

Places = dict[tuple[str, str], str]  # by a file and the text of a line

# Why lines are never executed, by the first of them, and why a branch is never taken. Nothing else may be missing.
REASONS: Places = {}
BRANCHES: Places = {
    (
        "conv/planes.c",
        "if (node->stride == 1 && plane->column == 0) {",
    ): "with stride 1 the only planes that are read begin at column 0; all others are moved",
    (
        "conv/rect_far.c",
        "HFN_RECT_ROWS(hfn_rect_far_rows, hfn_rect_far_run)",
    ): "a tick that makes no row of a far layer: the tests' few far layers have rows in every tick",
    (
        "conv_trained/rect_far_trained.c",
        "HFN_RECT_ROWS(hfn_rect_far_trained_rows, hfn_rect_far_trained_run)",
    ): "the same",
    (
        "core/int4.c",
        "if (first % 2 && to != end) {",
    ): "no caller unpacks 0 weights",
}


@dataclass
class Counts:
    """How often each line of a file, and each branch out of it, was taken: summed over all programs."""

    lines: Counter[int] = field(default_factory=Counter)
    branches: Counter[tuple[int, str, int]] = field(default_factory=Counter)


Coverage = dict[str, Counts]  # by path in firmware/src


def measure() -> Coverage:
    """Runs the tests; minutes. Raises CalledProcessError if one fails."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name in ("gcc", "g++"):
            (place / name).write_text(WRAPPER.format(compiler=shutil.which(name)))
            (place / name).chmod(0o755)
        words = ("-q", "-n", str(os.cpu_count()), "-k", "not cortex and not rv32", "--basetemp", str(place / "tests"))
        environment = {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}", "XDG_CACHE_HOME": str(place / "cache")}
        paths = [str(ROOT / "tests" / name) for name in TESTS]
        command = [sys.executable, "-m", "pytest", *words, *paths]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True)
        return _collected(place)


def _collected(place: Path) -> Coverage:
    """Counts lie where an object was compiled, notes where it is now: a finished build has been renamed."""
    notes = {_identity(path): path for path in place.rglob("*.gcno") if _is_ours(path)}
    pairs = [(notes[_identity(path)], path) for path in place.rglob("*.gcda") if _is_ours(path)]
    coverage: Coverage = defaultdict(Counts)
    work = place / "gcov"
    work.mkdir()
    for start in range(0, len(pairs), 100):
        names = []
        for number, (note, count) in enumerate(pairs[start : start + 100]):
            names.append(f"{number}.gcda")
            shutil.copy(note, work / f"{number}.gcno")
            shutil.copy(count, work / names[-1])
        for file in _gcov(work, names):
            path = Path(file["file"]).resolve()
            if path.is_relative_to(SOURCE):
                _add(coverage[path.relative_to(SOURCE).as_posix()], file["lines"])
    return dict(coverage)


def _is_ours(path: Path) -> bool:
    """Of the runtime: FILE.gcda, or PROGRAM-FILE.gcda where one call compiled and linked."""
    return path.stem.rpartition("-")[2] in RUNTIME


def _identity(path: Path) -> tuple[str, bytes]:
    """Name and stamp, the third word, which the two files of an object have in common."""
    with path.open("rb") as file:
        return path.stem, file.read(12)[8:]


def _gcov(place: Path, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    command = ["gcov", "--json-format", "--stdout", "--branch-probabilities", *names]
    printed = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout
    for line in printed.splitlines():
        yield from json.loads(line)["files"]


def _add(counts: Counts, lines: Sequence[dict[str, Any]]) -> None:
    for line in lines:
        number, function = line["line_number"], line.get("function_name", "")
        counts.lines[number] += line["count"]
        for index, branch in enumerate(line["branches"]):
            counts.branches[number, function, index] += branch["count"]


def _ranges(path: str, counts: Counts) -> Iterator[tuple[int, int, str]]:
    """Runs of lines that are missed, with no line between that is not; and the text of the first."""
    text = (SOURCE / path).read_text().splitlines()
    known = sorted(counts.lines)
    start: int | None = None
    for here, after in zip(known, [*known[1:], 0], strict=True):
        if counts.lines[here]:
            continue
        start = start or here
        if after == 0 or counts.lines[after]:
            yield start, here, text[start - 1].strip()
            start = None


def _untaken(path: str, counts: Counts) -> Iterator[tuple[int, str]]:
    """Lines that are executed, but never left by one of their branches."""
    text = (SOURCE / path).read_text().splitlines()
    for line in sorted({line for (line, _, _), count in counts.branches.items() if not count}):
        if counts.lines[line]:
            yield line, text[line - 1].strip()


def _percent(counts: Counter[Any]) -> str:
    return f"{100 * sum(map(bool, counts.values())) / len(counts):.1f} %" if counts else "—"


def _row(name: str, parts: Sequence[Counts]) -> list[str]:
    lines = Counter({(i, key): n for i, part in enumerate(parts) for key, n in part.lines.items()})
    branches = Counter({(i, key): n for i, part in enumerate(parts) for key, n in part.branches.items()})
    return [name, f"{len(lines):,}", _percent(lines), f"{len(branches):,}", _percent(branches)]


def document(coverage: Coverage) -> str:
    """The text of docs/COVERAGE.md. Raises KeyError where a line or branch is missed without a reason."""
    head = ("lines", "covered", "branches", "taken")
    families = sorted({path.split("/")[0] for path in coverage})
    rows = [_row(f, [c for path, c in coverage.items() if path.startswith(f"{f}/")]) for f in families]
    every = [_row(path, [coverage[path]]) for path in sorted(coverage)]
    missed = [
        [f"{path}:{first}" + (f"-{last}" if last > first else ""), f"`{text}`", REASONS[path, text]]
        for path in sorted(coverage)
        for first, last, text in _ranges(path, coverage[path])
    ]
    untaken = [
        [f"{path}:{line}", f"`{text}`", BRANCHES[path, text]]
        for path in sorted(coverage)
        for line, text in _untaken(path, coverage[path])
    ]
    others = sorted(p.relative_to(SOURCE).as_posix() for p in SOURCE.glob("*/*") if p.suffix != ".c")
    declared = [name for name in others if name.endswith(".h") and name not in coverage]
    assembly = [name for name in others if name.endswith(".S")]
    tests = ", ".join(f"`tests/{name}`" for name in TESTS)
    return f"""# Coverage

Written by `make coverage`; do not edit.

Which lines of the runtime's C the tests on the host execute, and which of the branches out of them they take. The
runtime is built for each objective, and a line counts once, whichever build executes it. The tests are those of
{tests}.

C for one instruction set, which stands in `#if`, is not counted: `tests/cores` runs it on emulated cores.

{table(("family", *head), [*rows, _row("all", list(coverage.values()))])}

## Not executed

{_bullets(missed)}

## Not taken

{_bullets(untaken)}

## By file

{table(("file", *head), every)}

Headers without code: {", ".join(declared)}.

Assembly, which `tests/cores` runs: {", ".join(assembly)}.
"""


def _bullets(missed: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"- {place}, {text}: {reason}" for place, text, reason in missed) or "Nothing."


if __name__ == "__main__":
    DOCUMENT.write_text(document(measure()), encoding="utf-8")
