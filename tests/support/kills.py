"""Trainings and searches killed at random moments, again and again, until one of them reaches its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from unittest import mock

from edgehfn import data, files
from edgehfn.search import Budget, Search, Tried
from edgehfn.training import loop
from edgehfn.training.images import train
from support.studies import SMALL, url
from support.toys import bits, small, toy

ROOT = Path(__file__).parents[2]
CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from support import kills; kills.{}(sys.argv[2:])"
TRIALS = 5
READY = "ready\n"


def train_child(words: list[str]) -> None:
    """What is killed: a training that saves after every step and leaves its bits at the end."""
    folder = Path(words[0])
    net, given = small(), toy()
    print(READY, end="", flush=True)
    with mock.patch.object(loop, "REPORT_EVERY", 0.0):
        train(net, given, epochs=12, batch=50, device="cpu", checkpoint=folder / "run.ckpt", save_every=0)
    files.write(folder / "bits", bits(net))


def search_child(words: list[str]) -> None:
    """What is killed: a search of a few nets, whose costs are predicted, for speed."""
    folder, digits = Path(words[0]), data.images("digits")
    print(READY, end="", flush=True)
    with mock.patch.object(Budget, "measured", Budget.predicted):
        searched(folder, digits)
    files.write(folder / "done", b"")


def searched(folder: Path, digits: data.Dataset) -> list[Tried]:
    made = Search(digits, SMALL, url(folder), rung=1)
    made.run(TRIALS, None)
    return made.tried()


def training(folder: Path, wanted: int, rng: Random) -> int:
    """Kill a training up to ``wanted`` times; it must end with the bits of one that nobody kills. Returns how often it
    was."""
    whole = small()
    train(whole, toy(), epochs=12, batch=50, device="cpu")
    kills = _until(folder / "bits", "train_child", wanted, rng, 1.0)
    assert (folder / "bits").read_bytes() == bits(whole)
    return kills


def search(folder: Path, wanted: int, rng: Random, whole: list[Tried]) -> int:
    """Kill a search up to ``wanted`` times; it must end with the trials of ``whole``, each once, in any order, and with
    their accuracies after as many epochs. Returns how often it was."""
    kills = _until(folder / "done", "search_child", wanted, rng, 4.0)
    found = Search(data.images("digits"), SMALL, url(folder), rung=1).tried()
    told = [sorted(_told(one) for one in trials) for trials in (found, whole)]
    assert told[0] == told[1], f"{told[0]} instead of {told[1]}"
    return kills


def _told(one: Tried) -> tuple[str, int, float | None]:
    return repr(one.candidate), one.width, one.accuracies.get(1)


def _until(end: Path, child: str, wanted: int, rng: Random, longest: float) -> int:
    """Run a child until the file is there; the first ``wanted`` of them are killed, each within so many seconds."""
    command = [sys.executable, "-c", CHILD.format(child), str(ROOT / "tests"), str(end.parent)]
    found = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": found, "OMP_NUM_THREADS": "1"}
    kills = 0
    while not end.exists():
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            running.stdout.readline()
            if kills < wanted:
                time.sleep(rng.uniform(0, longest))
                running.send_signal(signal.SIGKILL)
            heard = running.stderr.read().decode()
            status = running.wait()
            assert status in (0, -signal.SIGKILL), heard[-2000:]
            kills += status == -signal.SIGKILL
    return kills
