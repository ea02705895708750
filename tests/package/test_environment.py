"""Environments of real machines: each works, or is refused in one line that names the remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgehfn import files, zoo

ROOT = Path(__file__).resolve().parents[2]


def compiled(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``compile`` of a model, which runs the emulator, in a process of its own."""
    model, _ = zoo.get("digits", tmp_path)
    return subprocess.run(
        [sys.executable, "-m", "edgehfn", "compile", str(model), "--name", "kws", "-o", str(tmp_path / "b")],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        {"XDG_CACHE_HOME": "/proc/no/such"},
        {"XDG_CACHE_HOME": "/dev/null"},
        {"HOME": "/nonexistent/home", "XDG_CACHE_HOME": ""},
        {"NUMBA_CACHE_DIR": "/proc/no/such"},
    ],
    ids=lambda environment: "-".join(environment),
)
def test_it_works(environment: dict[str, str], tmp_path: Path) -> None:
    done = compiled(tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "b" / "kws.c").is_file()
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("environment", [{"NUMBA_DISABLE_JIT": "1"}, {"NUMBA_NUM_THREADS": "0"}])
def test_it_is_refused_with_the_remedy(environment: dict[str, str], tmp_path: Path) -> None:
    done = compiled(tmp_path, **environment)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert next(iter(environment)) in line
    assert "unset it" in line


def test_a_cache_that_serves_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a, b"))
    assert files.cache_folder() == tmp_path / "a, b" / "edgehfn"


def test_another_cache_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = files.cache_folder()
    assert place.parent == tmp_path
    assert place.stat().st_mode & 0o77 == 0
    assert files.cache_folder() == place
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "XDG_CACHE_HOME" in said
