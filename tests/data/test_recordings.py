"""Recordings as tables: how they are cut, divided and refused."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import result_of

from edgehfn import data
from edgehfn.data.sets import Dataset
from edgehfn.errors import InputError

WALK, SIT = 'walk, "fast"', "sit"


def table(path: Path, rows: list[list[Any]], names: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    return path


def rows_of(label: str, count: int, whole: bool = False) -> list[list[Any]]:
    """Slow waves of one class, fast ones of the other; the second channel is 100 times as large."""
    draw, period = np.random.default_rng(len(label)), 8 if label == SIT else 25
    wave = np.sin(2 * np.pi * np.arange(count) / period) + draw.normal(0, 0.1, count)
    found = np.stack([100 * wave, 10_000 * wave], 1)
    return [list(row) for row in (found.round().astype(int) if whole else found.round(4)).tolist()]


def labelled(folder: Path, people: int = 4, count: int = 120, *, whole: bool = False) -> Path:
    """A file a person, with a column of labels and one of times."""
    for person in range(people):
        rows = [[at / 50, *row, label] for label in (WALK, SIT) for at, row in enumerate(rows_of(label, count, whole))]
        table(folder / f"{person}.csv", rows, ["time", "ax", "ay", "activity"])
    return folder


def loaded(reference: object) -> Dataset:
    found = data.load(str(reference))
    assert isinstance(found, Dataset)
    return found


def test_windows_are_cut_and_labels_are_text_with_commas_and_quotes(tmp_path: Path) -> None:
    found = loaded(f"{labelled(tmp_path / 'rec')}:window=40,hop=20")
    assert found.shape == (2, 1, 40)
    assert found.classes == (SIT, WALK)
    assert found.x_train.dtype == np.float32
    assert (len(found.x_train), len(found.x_test)) == (3 * 2 * 5, 2 * 5)
    assert found.unread == ()
    with (tmp_path / "rec" / "0.csv").open(newline="") as file:
        rows = [row[1:3] for row in list(csv.reader(file))[1:]]
    windows = {np.array(rows[at : at + 40], np.float32).T[:, None].tobytes() for at in range(0, 81, 20)}
    every = [window.tobytes() for window in (*found.x_train, *found.x_test)]
    assert windows <= {*every}


def test_whole_numbers_are_samples_of_16_bits(tmp_path: Path) -> None:
    assert loaded(f"{labelled(tmp_path / 'rec', whole=True)}:window=40").x_train.dtype == np.int16


def test_a_file_is_an_example_where_no_window_is_named(tmp_path: Path) -> None:
    for label in (WALK, SIT):
        for number in range(4):
            table(tmp_path / "rec" / label.replace('"', "'") / f"{number}.csv", rows_of(label, 60), ["x", "y"])
    found = loaded(tmp_path / "rec")
    assert found.shape == (2, 1, 60)
    assert found.classes == (SIT, "walk, 'fast'")
    assert (len(found.x_train), len(found.x_test)) == (6, 2)
    assert sorted(found.y_test.tolist()) == [0, 1]


@pytest.mark.parametrize("parts", [("train", "test"), ("train", "val")])
def test_what_is_divided_stays_so(parts: tuple[str, str], tmp_path: Path) -> None:
    for part, count in zip(parts, (3, 2), strict=True):
        for label in ("a", "b"):
            for number in range(count):
                table(tmp_path / "rec" / part / label / f"{number}.csv", rows_of(label, 30), ["x", "y"])
    found = loaded(tmp_path / "rec")
    assert (len(found.x_train), len(found.x_test)) == (6, 4)


def test_a_subject_is_in_one_part_alone(tmp_path: Path) -> None:
    """One file holds all; the first channel of each row is the number of its person."""
    rows = [[p, p + 0.5, label, f"p{p}"] for p in range(8) for label in ("a", "b") for _ in range(20)]
    path = table(tmp_path / "all.csv", rows, ["x", "y", "label", "who"])
    found = loaded(f"{path}:window=5,subject=who,test=0.5")
    people = [{*np.unique(x[:, 0])} for x in (found.x_train, found.x_test)]
    assert not people[0] & people[1]
    assert [len(each) for each in people] == [4, 4]
    assert loaded(f"{path}:window=5,subject=who,columns=x").shape == (1, 1, 5)


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    arrow, parquet = (pytest.importorskip(f"pyarrow{name}") for name in ("", ".parquet"))
    folder = labelled(tmp_path / "rec")
    wanted, others = loaded(f"{folder}:window=40"), tmp_path / "other"
    others.mkdir()
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            names, *rows = list(csv.reader(file))
        columns: dict[str, Any] = dict(zip(names, zip(*rows, strict=True), strict=True))
        columns |= {name: [float(cell) for cell in columns[name]] for name in ("time", "ax", "ay")}
        parquet.write_table(arrow.table(columns), others / path.with_suffix(".parquet").name)
    found = loaded(f"{others}:window=40")
    assert len(found.x_train) == len(wanted.x_train)
    assert {x.tobytes() for x in (*found.x_train, *found.x_test)} == {
        x.tobytes() for x in (*wanted.x_train, *wanted.x_test)
    }


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("x,label\n1,a\n,a\n", ":window=1", "line 3: '' in column 'x' is no finite number"),
        ("x,label\n1,a\nnan,a\n", ":window=1", "line 3: 'nan' in column 'x' is no finite number"),
        ("x,note,label\n1,hm,a\n", ":window=1", "'hm' in column 'note' .*:columns="),
        ("x,label\n1,a\n2\n", ":window=1", "line 3: has 1 cells, the first row 2"),
        ('x,label\n1,"a\n', ":window=1", "quote text"),
        ("1,2\n3,4\n", ":window=1", "first row is of numbers"),
        ("x,y\n3,4\n", ":window=1", "nothing says its class"),
        ("x,label\n", ":window=1", "no rows below the names"),
        ("", ":window=1", "is empty"),
        ("x,x\n1,2\n", ":window=1", "two columns have one name"),
        ("label\na\n", ":window=1", "no column of samples"),
        ("x,label\n1,a\n2,b\n", ":window=1", "each class is of one recording"),
        ("x,label\n1,a\n2,b\n", ":window=1,label=z", "has no column 'z', but x, label"),
        ("x,label\n1,a\n2,b\n", ":window=1,pad=2", "option 'pad' is none of window, hop"),
        ("x,label\n1,a\n2,b\n", ":window=one", "give whole rows"),
        ("x,label\n1,a\n2,b\n", ":hop=2", "a hop needs a window"),
    ],
)
def test_bad_tables_are_refused_in_one_line(text: str, options: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as error:
        data.load(f"{path}{options}")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) <= 300


def test_recordings_that_fit_no_window_or_each_other_are_refused(tmp_path: Path) -> None:
    folder = labelled(tmp_path / "rec")
    with pytest.raises(InputError, match=r"no recording has 500 rows, the longest 120; give a smaller :window="):
        data.load(f"{folder}:window=500")
    table(folder / "9.csv", [[0, *row, SIT] for row in rows_of(SIT, 90)], ["time", "ax", "ay", "activity"])
    with pytest.raises(InputError, match=r"recordings have 90 to 120 rows; cut .*:window=90,hop=45 behind the path"):
        data.load(folder)
    table(folder / "a.csv", [[1, SIT]], ["az", "activity"])
    with pytest.raises(InputError, match=r"a\.csv: has columns az, other files ax, ay; make them equal"):
        data.load(folder)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"none: .*a folder holds pictures .*recordings \(\*\.csv\)"):
        data.load(tmp_path / "none")
    with pytest.raises(InputError, match="holds no table"):
        data.load(f"{tmp_path / 'none'}:window=5")


@pytest.mark.gcc
def test_a_folder_of_recordings_is_learned_and_runs(tmp_path: Path) -> None:
    name, model = f"{labelled(tmp_path / 'rec')}:window=40,hop=10", str(tmp_path / "m.hfn")
    result_of("train", "--data", name, "--arch", "tcn", "-o", model, "--epochs", 8, "--batch", 10, "--width", 8)
    result_of("calibrate", model, "--data", name)
    same = result_of("verify", model, "--data", name, "--on", "pytorch,emulator,host", "--limit", 10)
    assert same["mismatches"] == 0
    assert result_of("run", model, "--data", name)["accuracy"] > 0.9
