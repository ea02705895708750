"""A study that processes share on a real PostgreSQL, which crashes and starts anew while they search."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner
from optuna.trial import TrialState
from support import postgres
from support.studies import SEARCH, SMALL

from edgehfn import data
from edgehfn.cli import cli
from edgehfn.errors import InputError
from edgehfn.search import Search, trained

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing())]

TRIALS = 4
WORKER = """
import sys
from edgehfn import data
from edgehfn.search import Budget, Search
from edgehfn.errors import InputError
from support.studies import SMALL

def tell(done, total, note="", milestone=""):
    for line in filter(None, (note, milestone)):
        print(line, flush=True)

Budget.measured = Budget.predicted
try:
    Search(data.images("digits"), SMALL, sys.argv[1], rung=1).run(int(sys.argv[2]), None, tell)
except InputError as error:
    sys.exit(f"error: {error}")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.running() as made:
        yield made


class Worker:
    """A process that searches, and what it has said."""

    def __init__(self, url: str, trials: int) -> None:
        words = [sys.executable, "-c", WORKER, url, str(trials)]
        support = Path(__file__).parents[1]  # as pytest's pythonpath
        self.process = subprocess.Popen(words, cwd=support, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []

    def hear(self, pattern: str) -> str:
        """Wait for a line; what the pattern's group found."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.match(pattern, line):
                return found[1]
        raise AssertionError((self.lines, self.end()[1]))

    def end(self) -> tuple[int, str]:
        """Wait for its end: the exit status and its complaint."""
        rest, complaint = self.process.communicate(timeout=300)
        self.lines += rest.splitlines()
        return self.process.returncode, complaint

    def ended(self) -> list[int]:
        """The trials that it has brought to their end."""
        return [int(found[1]) for line in self.lines if (found := re.match(r"trial (\d+): ", line))]


def test_neither_a_kill_nor_a_crash_of_the_server_loses_or_doubles_a_trial(server: postgres.Server) -> None:
    workers = [Worker(server.url, TRIALS) for _ in range(2)]
    killed, other = workers
    killed.hear(r"trial (\d+): ")
    number = int(killed.hear(r"trial (\d+), "))
    killed.process.kill()
    killed.end()
    other.hear(r"trial (\d+), ")
    server.stop()
    server.start()
    status, complaint = other.end()  # in its training it does not notice; else it says how to go on
    if status:
        assert re.fullmatch(r"error: .* the storage failed .* the same command goes on.*\n", complaint)
    more = TRIALS + 2  # so that what the killed one was at has its turn
    workers += [Worker(server.url, more) for _ in range(2)]
    for worker in workers[2:]:
        assert worker.end() == (0, "")

    found = Search(data.images("digits"), SMALL, server.url, rung=1)
    told = [number for worker in workers for number in worker.ended()]
    assert len(told) == len(set(told))  # no trial was brought to its end twice
    tried = {one.number: one for one in found.tried()}
    assert set(told) <= set(tried)  # nothing is lost that was heard of before the crash
    best = trained(tried.values())
    nets = [(one.candidate.shape, one.width) for one in best]
    assert len(nets) == len(set(nets)) >= more
    trials = found.study.get_trials(deepcopy=False)
    assert trials[number].state == TrialState.FAIL
    again = [one for one in tried.values() if asdict(one.candidate) == trials[number].params]
    assert again  # what the killed process was at, tried anew
    assert len([one for one in again if one in best]) == (not again[0].over)
    assert not [one for one in trials if one.state == TrialState.RUNNING]


@pytest.mark.parametrize(
    ("change", "to"),
    [
        (":pass%2Fw%C3%B6rd%401@", ":pass%2Fw%C3%B6rd%402@"),
        (":pass%2Fw%C3%B6rd%401@", ":pass/wörd@1@"),
        (":pass%2Fw%C3%B6rd%401@", "@"),
        ("/postgres?", "/missing?"),
        ("?host=", "?passwort=pass%2Fw%C3%B6rd%401&host="),
    ],
)
def test_what_does_not_open_is_told_without_the_password(
    change: str, to: str, server: postgres.Server, tmp_path: Path
) -> None:
    url = server.url.replace(change, to)
    assert url != server.url
    done = CliRunner().invoke(cli, [*SEARCH, "--storage", url, "-o", str(tmp_path / "s")])
    assert done.exit_code == 2, done.output
    assert len(done.output.splitlines()) == 1
    assert "no usable storage" in done.output
    assert not re.search(r"pass(?!word|wort)|rd(@|%40)", done.output), done.output


def test_a_server_that_is_gone_is_told_without_the_password(server: postgres.Server) -> None:
    def stop(done: int, total: int, note: str = "", milestone: str = "") -> None:
        if (server.folder / "data" / "postmaster.pid").exists():
            server.stop()

    try:
        with pytest.raises(InputError, match=r"searcher:\*\*\*@/.*the storage failed.*the same command goes on"):
            Search(data.images("digits"), SMALL, server.url, rung=1).run(99, None, stop)
    finally:
        server.start()
