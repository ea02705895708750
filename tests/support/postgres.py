"""A PostgreSQL of one's own: in a folder of its own, reached by a socket in it alone, gone with it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER, SECRET, DATABASE = "searcher", "pass/wörd@1", "postgres"  # the password needs quoting in a URL
UNPRIVILEGED = ("postgres", "nobody")  # who runs the server where the tests run as root, which it refuses


@dataclass(frozen=True)
class Server:
    """A server that listens at a socket in ``folder``."""

    folder: Path
    programs: Path

    @property
    def url(self) -> str:
        """Where a study may lie, with the password."""
        return f"postgresql+psycopg://{USER}:pass%2Fw%C3%B6rd%401@/{DATABASE}?host={self.folder}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-o", options, "-l", "log", "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it as a crash would, or in another mode of pg_ctl."""
        self._run("pg_ctl", "-D", "data", "-m", mode, "-w", "stop")

    def create(self) -> None:
        """Make the cluster, whose password is really asked for."""
        (self.folder / "secret").write_text(SECRET)
        words = ("-U", USER, "--pwfile", "secret", "--auth", "scram-sha-256", "--no-sync", "-E", "UTF8")
        self._run("initdb", "-D", "data", "--locale", "C", *words)

    def _run(self, program: str, *words: str) -> None:
        # Not a pipe: the server that pg_ctl leaves behind would hold it open.
        with (self.folder / "said").open("w+") as said:
            command: Sequence[str] = (str(self.programs / program), *words)
            done = subprocess.run(command, cwd=self.folder, stdout=said, stderr=said, user=_user(), timeout=120)
            said.seek(0)
            assert done.returncode == 0, f"{program}: {said.read()}"


def missing() -> str:
    """Why no server can be had, or nothing."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "no psycopg: pip install -e '.[postgresql]'"
    if _programs() is None:
        return "no PostgreSQL: apt-get install postgresql"
    if os.geteuid() == 0 and _user() is None:
        return f"as root, one of the users {' and '.join(UNPRIVILEGED)} is needed"
    return ""


@contextmanager
def running() -> Iterator[Server]:
    """A fresh server."""
    programs = _programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path has at most 107 bytes
    server = Server(folder, programs)
    try:
        if (user := _user()) is not None:
            os.chown(folder, user, -1)
        server.create()
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian keeps out of the path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(installed, key=lambda path: int(path.parent.name), default=None)


def _user() -> int | None:
    """Whom to run the server as: nobody else, unless we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return next((names[name] for name in UNPRIVILEGED if name in names), None)
