"""Recordings of sensors as tables: a CSV or Parquet file, or a folder of them, cut into windows of equal length.

    PATH/CLASS/*.csv          the folders' names are the classes, each file is a recording
    PATH/*.csv                a column named label, class, activity or target has the classes
    PATH/train/…, PATH/test/… either of these, already divided

Rows are places of time, columns channels. A column named subject, person, user, recording or session says what belongs
together, else each file does: that is either for training or for tests, never for both. Columns of time are not read.
Behind the path may stand ``:window=128,hop=64,label=NAME,subject=NAME,columns=NAME+NAME,test=0.25``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.data import tables
from edgehfn.data.tables import ENDINGS as ENDINGS
from edgehfn.data.tables import Table
from edgehfn.errors import InputError

LABELS = ("label", "class", "activity", "target")  # names of columns, in any case
SUBJECTS = ("subject", "person", "user", "recording", "session")
TIMES = ("", "time", "timestamp", "t", "index", "seconds", "date", "datetime")
PARTS = {"train": ("train",), "test": ("test", "val")}
OPTIONS = ("window", "hop", "label", "subject", "columns", "test")
SUFFIX = re.compile(rf"(.+?):((?:{'|'.join(OPTIONS)})=.*)", re.DOTALL)
TEST = 0.25  # of what belongs together

Text = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Options:
    """How recordings are read; ``window`` and ``hop`` in rows, ``test`` the part that is kept for tests."""

    window: int = 0  # 0: each recording is one example
    hop: int = 0  # 0: as the window
    label: str = ""
    subject: str = ""
    columns: tuple[str, ...] = ()
    test: float = TEST


@dataclass(frozen=True)
class _Run:
    """Rows of one recording that have one label: ``(L, C)``."""

    rows: npt.NDArray[np.float64]
    label: str
    whole: str  # what it belongs to


def reference(given: object) -> tuple[str, Options | None]:
    """Return a path without the options that it ends in, and these. Raises InputError for options with other values."""
    found = SUFFIX.fullmatch(str(given))
    if found is None:
        return str(given), None
    values = dict(part.partition("=")[::2] for part in found[2].split(","))
    unknown = next((name for name in values if name not in OPTIONS), None)
    if unknown is not None:
        raise InputError(f"{given}: option {unknown!r:.40} is none of {', '.join(OPTIONS)}")
    try:
        window, hop = (int(values.get(name, "0")) for name in ("window", "hop"))
        test = float(values.get("test", TEST))
    except ValueError:
        what = "whole rows, such as :window=128,hop=64, and a part such as test=0.25"
        raise InputError(f"{given}: give {what}") from None
    if window < 0 or hop < 0 or (hop and not window) or not 0 < test < 1:
        raise InputError(f"{given}: a window and a hop are positive, a hop needs a window, test is between 0 and 1")
    columns = tuple(filter(None, values.get("columns", "").split("+")))
    return found[1], Options(window, hop, values.get("label", ""), values.get("subject", ""), columns, test)


def holds(path: Path) -> bool:
    """Return whether this is a table, or a folder whose first file of a known kind is one."""
    return path.suffix.lower() in ENDINGS or (path.is_dir() and tables.first(path))


def read(path: Path, options: Options | None) -> dict[str, Any]:
    """Return what ``edgehfn.data.from_arrays`` takes: arrays, and the digest of all files.

    Samples are int16 where all are whole and fit, else float32. Raises InputError for a folder without tables, for
    tables that do not fit each other, for what is no number, and where there is no window or nothing to divide.
    """
    options = options or Options()
    files = tables.found(path)
    parts = {part: [file for file in files if _part(file, path) == part] for part in PARTS}
    divided = all(parts.values())
    if not divided:
        parts = {"": files}
    each: dict[str, list[_Run]] = {}
    unread: set[str] = set()
    channels: tuple[str, ...] = ()
    digest = hashlib.sha256(repr(options).encode())
    for part, those in parts.items():
        each[part] = []
        for file in those:
            table = tables.read(file)
            digest.update(f"{file.relative_to(path)} {table.digest}\n".encode(errors="surrogateescape"))
            chosen = _channels(table, options)
            channels = channels or chosen
            if chosen != channels:
                raise InputError(f"{file}: has columns {_few(chosen)}, other files {_few(channels)}; make them equal")
            known = {_column(table, options.label, LABELS), _column(table, options.subject, SUBJECTS), *chosen}
            unread |= {name for name in table.names if name not in known and name.strip().lower() not in TIMES}
            each[part] += _runs(table, chosen, options, _folder(file, path))
    if not divided:
        each = _divided(each[""], options, path)
    arrays: dict[str, Any] = {f"unread column {name}": np.zeros(0) for name in sorted(unread)}
    for part, runs in each.items():
        arrays[f"x_{part}"], arrays[f"y_{part}"] = _windows(runs, options, path)
    samples = [arrays["x_train"], arrays["x_test"]]
    whole = all(bool((x == np.rint(x)).all() and x.min() >= -32768 and x.max() <= 32767) for x in samples)
    for part in PARTS:
        arrays[f"x_{part}"] = arrays[f"x_{part}"].astype(np.int16 if whole else np.float32)
    return {"arrays": arrays, "sha256": digest.hexdigest()[:16], "place": str(path), "layout": "nhwc"}


def _part(file: Path, path: Path) -> str:
    """The part that a file's first folder, or the file itself, is named after."""
    top = file.relative_to(path).parts[0] if file != path else ""
    return next((part for part, names in PARTS.items() if Path(top).stem.lower() in names), "")


def _folder(file: Path, path: Path) -> str:
    """The class that a file's folder names, if it is no part."""
    parent = file.parent
    return "" if path in (file, parent) or (parent.parent == path and _part(file, path)) else parent.name


def _column(table: Table, asked: str, usual: Sequence[str]) -> str | None:
    """The column that is asked for, or one of a usual name. Raises InputError if it is not there."""
    if asked:
        if asked not in table.names:
            raise InputError(f"{table.place}: has no column {asked!r:.60}, but {_few(table.names)}")
        return asked
    return next((name for name in table.names if name.strip().lower() in usual), None)


def _channels(table: Table, options: Options) -> tuple[str, ...]:
    """The columns that are samples: those that are asked for, or all that are nothing else."""
    for name in options.columns:
        _column(table, name, ())
    others = {_column(table, options.label, LABELS), _column(table, options.subject, SUBJECTS)}
    plain = tuple(name for name in table.names if name not in others and name.strip().lower() not in TIMES)
    if not (options.columns or plain):
        raise InputError(f"{table.place}: has no column of samples, but {_few(table.names)}; add some")
    return options.columns or plain


def _runs(table: Table, channels: Sequence[str], options: Options, folder: str) -> Iterator[_Run]:
    """Rows in a row that have one label and belong to one whole."""
    rows = np.stack([table.numbers(name) for name in channels], 1)
    label, subject = _column(table, options.label, LABELS), _column(table, options.subject, SUBJECTS)
    if label is None and not folder:
        raise InputError(
            f"{table.place}: nothing says its class; add a column label, name one with :label=, or use a folder a class"
        )
    labels = np.full(len(rows), folder) if label is None else table.texts(label)
    wholes = np.full(len(rows), table.place) if subject is None else table.texts(subject)
    changes = np.flatnonzero((labels[1:] != labels[:-1]) | (wholes[1:] != wholes[:-1])) + 1
    for start, end in zip([0, *changes], [*changes, len(rows)], strict=True):
        yield _Run(rows[start:end], str(labels[start]), str(wholes[start]))


def _divided(runs: Sequence[_Run], options: Options, path: Path) -> dict[str, list[_Run]]:
    """The runs by part. Of what has mostly one class, a part goes to the tests; which is decided by the names."""
    rows: dict[str, dict[str, int]] = {}
    for run in runs:
        counts = rows.setdefault(run.whole, {})
        counts[run.label] = counts.get(run.label, 0) + len(run.rows)
    alike: dict[str, list[str]] = {}
    for whole, counts in sorted(rows.items()):
        alike.setdefault("" if len(counts) > 1 else next(iter(counts)), []).append(whole)
    tests: set[str] = set()
    for wholes in alike.values():
        count = min(max(1, round(options.test * len(wholes))), len(wholes) - 1)
        order = sorted(wholes, key=lambda whole: hashlib.sha256(Path(whole).name.encode(errors="replace")).digest())
        tests |= {*order[:count]}
    if not tests:
        raise InputError(
            f"{path}: each class is of one recording, which leaves none for tests; name a column of subjects with "
            ":subject=, record more, or divide them into train/ and test/"
        )
    return {part: [run for run in runs if (run.whole in tests) == (part == "test")] for part in PARTS}


def _windows(runs: Sequence[_Run], options: Options, path: Path) -> tuple[npt.NDArray[np.float64], Text]:
    """Windows ``(N, L, C)`` and their labels."""
    length, lengths = options.window, {len(run.rows) for run in runs}
    if not length and len(lengths) > 1:
        raise InputError(
            f"{path}: recordings have {min(lengths)} to {max(lengths)} rows; cut windows of one length, such as "
            f":window={min(lengths)},hop={max(1, min(lengths) // 2)} behind the path"
        )
    length = length or lengths.pop()
    hop = options.hop or length
    cut = [(run.rows[at : at + length], run.label) for run in runs for at in range(0, len(run.rows) - length + 1, hop)]
    if not cut:
        longest = max((len(run.rows) for run in runs), default=0)
        raise InputError(f"{path}: no recording has {length} rows, the longest {longest}; give a smaller :window=")
    return np.stack([rows for rows, _ in cut]), np.array([label for _, label in cut])


def _few(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(map(str, names))[:80]
