"""The sanitized host: only where it is asked for, and one line where it cannot be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import nets
from support.commands import complaint, result_of

from edgehfn import target, zoo
from edgehfn.errors import ToolError
from edgehfn.target.build import HOST, SANITIZED, runtime

pytestmark = pytest.mark.gcc


def watched(archive: Path) -> bool:
    """Whether a sanitizer's calls are in it."""
    content = archive.read_bytes()
    return b"__asan_" in content or b"__ubsan_" in content


def test_only_the_sanitized_host_is_watched() -> None:
    assert watched(runtime(SANITIZED))
    assert not watched(runtime(HOST))


def test_verify_sanitizes_where_it_is_asked(tmp_path: Path) -> None:
    model, _ = zoo.get("digits", tmp_path / "d.hfn")
    words = ("verify", model, "--data", "digits", "--limit", 2, "--on")
    assert result_of(*words, "emulator,host")["machines"] == ["emulator", "host"]
    found = result_of(*words, "emulator,host", "--sanitize")
    assert (found["machines"], found["mismatches"]) == (["emulator", "host-sanitized"], 0)
    assert "--sanitize is for the machine host" in complaint(*words, "emulator,pytorch", "--sanitize")


@pytest.mark.slow
def test_a_limit_of_the_address_space_is_told_in_one_line(tmp_path: Path) -> None:
    """The shadow of the address sanitizer takes 15 TB of addresses; all else runs within the limit."""
    model, _ = zoo.get("digits", tmp_path / "d.hfn")
    words = [sys.executable, "-m", "edgehfn", "verify", str(model), "--data", "digits", "--limit", "2", "--on"]
    for more, status in ((["emulator,host"], 0), (["emulator,host", "--sanitize"], 2)):
        command = ["bash", "-c", 'ulimit -v 16000000; exec "$@"', "bash", *words, *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("edgehfn: error: the address sanitizer gets no address space here: lift the limit")


def test_a_compiler_without_sanitizers_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another gcc, which finds no libasan, as one without its development files does."""
    gcc = tmp_path / "gcc"
    gcc.write_text(
        f"""#!/bin/sh
case "$*" in
*-fsanitize*-o*) echo "/usr/bin/ld: cannot find libasan_preinit.o: No such file or directory" >&2; exit 1 ;;
esac
exec {shutil.which("gcc")} "$@"
"""
    )
    gcc.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    graph = nets.random_graph(4, macs=20_000, size=7, channels=12)
    with pytest.raises(ToolError, match=r"gcc finds no libasan and libubsan: install .*--sanitize"):
        target.run(graph, nets.random_input(graph, 1, 1), SANITIZED)
