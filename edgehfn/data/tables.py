"""Tables of numbers and text in CSV and Parquet files."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.data.pictures import read_file
from edgehfn.errors import InputError

ENDINGS = (".csv", ".tsv", ".parquet")
OTHERS = (".jpg", ".jpeg", ".png", ".bmp", ".tar", ".gz", ".wav", ".npz")  # what other sets are made of
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Table:
    """Columns of a file by their names; ``row`` says where a row is, for people."""

    place: str
    names: tuple[str, ...]
    columns: dict[str, list[Any]]
    row: Callable[[int], str]
    digest: str

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Return a column. Raises InputError, which names the first of them, for what is no finite number."""
        column = self.columns[name]
        try:
            found = np.array(column, np.float64)
        except (ValueError, TypeError):
            found = np.array([_number(value) for value in column])
        wrong = np.flatnonzero(~np.isfinite(found))
        if wrong.size:
            at = int(wrong[0])
            raise InputError(
                f"{self.place}, {self.row(at)}: {str(column[at])!r:.40} in column {name!r:.40} is no finite number; "
                "leave out the row, fill it in, or name the columns of samples with :columns="
            )
        return found

    def texts(self, name: str) -> npt.NDArray[np.str_]:
        """Return a column as text."""
        return np.array([str(value) for value in self.columns[name]], np.str_)


def first(folder: Path) -> bool:
    """Return whether the first file below a folder that is of any set is a table."""
    for _, folders, names in os.walk(folder):
        folders.sort()
        for name in names:
            ending = Path(name).suffix.lower()
            if ending in (*ENDINGS, *OTHERS):
                return ending in ENDINGS
    return False


def found(path: Path) -> list[Path]:
    """Return the tables at or below a path, by name. Raises InputError if there is none."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix.lower() in ENDINGS)
    if not files:
        raise InputError(f"{path}: holds no table; put recordings as {', '.join(ENDINGS)} files into it")
    return files


def read(path: Path) -> Table:
    """Read a table with a row of names. Raises InputError if it is none, or empty."""
    content = read_file(path)
    digest = hashlib.sha256(content).hexdigest()
    if path.suffix.lower() == ".parquet":
        columns = _parquet(path, content)
        return _checked(Table(str(path), tuple(columns), columns, lambda at: f"row {at}", digest))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no UTF-8 text; save it as CSV in UTF-8") from None
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count), strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}; quote text that holds quotes or commas") from None
    if not rows:
        raise InputError(f"{path}: is empty; give a row of names and rows of samples")
    names = tuple(name.strip() for name in rows[0])
    odd = next((i for i, row in enumerate(rows) if len(row) != len(names)), None)
    if odd is not None:
        raise InputError(f"{path}, line {lines[odd]}: has {len(rows[odd])} cells, the first row {len(names)}; mend it")
    by_name = {name: [row[i] for row in rows[1:]] for i, name in enumerate(names)}
    return _checked(Table(str(path), names, by_name, lambda at: f"line {lines[at + 1]}", digest))


def _checked(table: Table) -> Table:
    if len({*table.names}) < len(table.names):
        raise InputError(f"{table.place}: two columns have one name; rename one")
    if not table.names or not table.columns[table.names[0]]:
        raise InputError(f"{table.place}: has no rows below the names; give samples, a row each")
    if all(_is_number(name) for name in table.names):
        raise InputError(f"{table.place}: its first row is of numbers; begin with a row of the columns' names")
    return table


def _parquet(path: Path, content: bytes) -> dict[str, list[Any]]:
    try:
        from pyarrow import ArrowException, BufferReader, parquet
    except ImportError:
        raise InputError(f"{path}: reading Parquet needs pyarrow; pip install pyarrow, or save it as CSV") from None
    try:
        columns: dict[str, list[Any]] = parquet.read_table(BufferReader(content)).to_pydict()
    except (ArrowException, OSError, ValueError) as error:
        why = " ".join(str(error).split())[:80]
        raise InputError(f"{path}: no whole Parquet file ({why}); write it again") from None
    return columns


def _is_number(text: str) -> bool:
    return np.isfinite(_number(text)) is np.True_


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")
