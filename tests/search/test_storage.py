"""Storages of a search: no password is told, and what is damaged ends in one line."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import optuna
import pytest
from click.testing import CliRunner

from edgehfn import data
from edgehfn.cli import cli
from edgehfn.cli._common import typed
from edgehfn.cli.search import search as command
from edgehfn.errors import InputError, masked
from edgehfn.search import Budget, Search
from edgehfn.search.storage import shown, stored, why

BUDGET = Budget("cortex-m4", 12 * 1024)
WORDS = ("search", "--data", "digits", "--flash", "12K", "--rung", "1", "--trials", "2", "--epochs", "1")
SECRET = "hunter2"
URLS = (
    f"postgresql://me:{SECRET}@localhost:1/x",
    f"postgresql+psycopg2://me:{SECRET}@db/x",
    f"mysql://me:a@{SECRET}@db/x",
    f"mysql://me:a/{SECRET}@db/x",
    f"mysql://me:a b {SECRET}@db/x",
    f"postgresql+psycopg://me:{SECRET}@one:1,two:2/x?target_session_attrs=any",
    f"postgresql+psycopg://me:{SECRET}@/x?host=localhost:1&host=localhost:2&sslmode=disable",
    f"postgresql+psycopg://me@localhost:1/x?password={SECRET}&connect_timeout=2",
    f"postgresql+psycopg://me:%40{SECRET}%2F%3A@localhost:1/x",
    f"postgresql+psycopg://me:@{SECRET}@[::1]:1/x",
    f"host=localhost port=1 user=me password={SECRET}",
    f"redis://:{SECRET}@localhost:1/0",
    f"sqlite:///s.db?password={SECRET}",
    f"mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3D{SECRET}",
    f"postgresql://me:{SECRET}",
    f"postgresql:/me:{SECRET}@db/x",
    f"me:{SECRET}@db/x",
)


@pytest.mark.parametrize("url", URLS)
def test_no_password_is_in_an_error(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, [*WORDS, "--storage", url, "-o", "s"])
    assert done.exit_code == 2, done.output
    assert len(done.stderr.splitlines()) == 1
    assert SECRET not in done.output
    if "@" in url:
        assert "***@" in done.stderr  # and it says which storage
    left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in content for content in left)


@pytest.mark.parametrize("url", URLS[:-1])
def test_no_password_is_in_the_command_that_is_kept(url: str) -> None:
    with command.make_context("edgehfn search", ["--flash", "12K", "--data", "digits", "--storage", url, "-o", "s"]):
        kept = typed()
    assert SECRET not in kept
    assert "***" in kept


def test_a_word_too_many_is_not_repeated_with_its_password() -> None:
    for words in ([URLS[0]], ["--trials", URLS[1]], ["--seed", URLS[0]]):
        done = CliRunner().invoke(cli, ["search", "--flash", "12K", "--data", "digits", "-o", "s", *words])
        assert done.exit_code == 2
        assert SECRET not in done.output


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:////tmp/a b/s.db",
        "sqlite:///C:/x.db",
        "postgresql://me@db:5432/x",
        "postgresql://db:5432: no usable storage (a@b)",
        "trial 3: no cost: a@b",
        "/home/me:too/a@b.npz: no such file",
        "see https://example.org/a/b?",
    ],
)
def test_what_is_no_password_stays(text: str) -> None:
    assert masked(text) == text


def test_masking_twice_is_masking_once() -> None:
    for url in URLS:
        assert masked(masked(url)) == masked(url)
        assert shown(shown(url)) == shown(url)


def test_what_a_driver_says_is_left_out_where_it_repeats_a_password() -> None:
    for url, said in (
        (URLS[0], f"password {SECRET} of me is wrong"),
        (URLS[2], f'could not translate host name "{SECRET}@db"'),
        ("postgresql://me:hunter%202@db/x", "FATAL: hunter 2"),
        (URLS[7], f"[x] PWD={SECRET}"),
    ):
        assert why(OSError(said), url) == "OSError"
    assert why(OSError("refused"), URLS[0]) == "OSError: refused"
    assert why(AssertionError(), URLS[0]) == "AssertionError"
    with pytest.raises(InputError) as found, stored(URLS[0]):
        raise KeyError(SECRET)
    assert SECRET not in str(found.value)
    assert found.value.__suppress_context__


# Damaged studies.


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A study of two trials, the training left out."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Search, "_train", lambda *_: 0.5)
        patch.setattr(Budget, "measured", Budget.predicted)
        Search(data.images("digits"), BUDGET, f"sqlite:///{folder / 'study.db'}", rung=1).run(2, None)
        yield folder


def attribute(name: str, value: str) -> str:
    return f"update trial_user_attributes set value_json='{value}' where key='{name}'"


@pytest.mark.parametrize(
    "sql",
    [
        attribute("cost", "{"),
        attribute("cost", "3"),
        attribute("cost", '{"flash": 1}'),
        attribute("cost", '{"flash": "x", "ram": 1, "instructions": 1, "objective": "speed"}'),
        attribute("cost", '{"flash": 1, "ram": 1, "instructions": 1, "objective": "taste"}'),
        attribute("width", '"wide"'),
        attribute("width", "-3"),
        attribute("over", "7"),
        attribute("over", '{"flash": "much"}'),
        attribute("cpu_seconds", "null"),
        attribute("cpu_seconds", "NaN"),
        attribute("duplicate", '"one"'),
        "delete from trial_user_attributes where key='width'",
        "update trial_params set distribution_json='{}'",
        "update trial_params set param_value=1000000",
        "update trial_params set param_name='other' where param_name='fold'",
        "delete from trial_params where param_name='stages'",
        "update trial_intermediate_values set intermediate_value=17.0",
        "delete from trial_intermediate_values",
        "update trials set state='LOST'",
        "update trials set number=null",
        "update trials set datetime_start='yesterday'",
        "drop table trial_values",
        "update trial_values set value=null",
        "delete from trial_values",
    ],
)
def test_a_damaged_study_ends_in_one_line(sql: str, whole: Path, tmp_path: Path) -> None:
    shutil.copy(whole / "study.db", tmp_path)
    with sqlite3.connect(tmp_path / "study.db") as opened:
        opened.execute(sql)
    opened.close()
    done = CliRunner().invoke(cli, [*WORDS, "-o", str(tmp_path)])
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()[-1:]
    assert "study.db" in line
    assert "move it away" in line or "move a damaged file away" in line
    assert "Traceback" not in done.output
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize(
    "sql",
    [
        "create table studies (name text)",
        "create table trials (trial_id integer primary key, state text)",
        "create table version_info (version_info_id integer primary key); insert into version_info values (1)",
        "create table alembic_version (version_num text); insert into alembic_version values ('ffff')",
        "create view trial_params as select 1",
    ],
)
def test_a_database_of_something_else(sql: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "study.db") as opened:
        opened.executescript(sql)
    opened.close()
    done = CliRunner().invoke(cli, [*WORDS, "-o", str(tmp_path)])
    assert done.exit_code == 2, done.output
    assert len(done.stderr.splitlines()) == 1
    assert "study.db" in done.stderr


def test_a_study_of_another_space(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(whole / "study.db", tmp_path)
    place = f"sqlite:///{tmp_path / 'study.db'}"
    made = Search(data.images("digits"), BUDGET, place, rung=1)
    foreign = optuna.trial.create_trial(
        params={"width": 3}, distributions={"width": optuna.distributions.IntDistribution(1, 9)}, value=0.5
    )
    made.study.add_trial(foreign)
    with pytest.raises(InputError, match="the study in it is damaged"):
        made.run(9, None)
    with pytest.raises(InputError, match="the study in it is damaged"):
        Search(data.images("digits"), BUDGET, place, rung=1)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(84), bytes(5000)])
def test_a_file_that_is_no_study(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one is a new database."""
    monkeypatch.setattr(Search, "_train", lambda *_: 0.5)
    (tmp_path / "study.db").write_bytes(content)
    if not content:
        Search(data.images("digits"), BUDGET, f"sqlite:///{tmp_path / 'study.db'}", rung=1)
        return
    done = CliRunner().invoke(cli, [*WORDS, "-o", str(tmp_path)])
    assert done.exit_code == 2, done.output
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "study.db").read_bytes() == content


@pytest.mark.parametrize("seed", range(12))
def test_noise_in_a_study(seed: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be harmless; a search then goes on."""
    monkeypatch.setattr(Search, "_train", lambda *_: 0.5)
    content = bytearray((whole / "study.db").read_bytes())
    for turn in range(40):
        content[(seed * 7919 + turn * 104729) % len(content)] ^= 1 + (seed + turn) % 255
    (tmp_path / "s.db").write_bytes(content)
    with suppress(InputError):  # and nothing else
        made = Search(data.images("digits"), BUDGET, f"sqlite:///{tmp_path / 's.db'}", rung=1)
        made.run(2, None)
        json.dumps([one.to_json() for one in made.tried()])
