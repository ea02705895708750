"""Commands whose files cannot be written: full file systems, limits of a file's size, folders that are read-only."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from support.bad_inputs import state
from support.commands import call
from support.modes import obeyed

from edgehfn import zoo
from scripts.fuzz.campaign import Failure, Tally

COUNT = 12  # commands of a turn
COMMANDS = {  # what is written, with words; {} is the folder
    "train": ("train", "--data", "digits", "--arch", "tiny", "--epochs", "1", "-o", "{}/t.hfn", "--restart"),
    "calibrate": ("calibrate", "{}/m.hfn", "--data", "digits", "--images", "50"),
    "size": ("size", "{}/m.hfn", "--html", "{}/m.html"),
    "compile": ("compile", "{}/m.hfn", "--name", "kws", "-o", "{}/build"),
    "export": ("export", "{}/m.hfn", "--tflite", "{}/m.tflite"),
    "zoo get": ("zoo", "get", "fashion-mnist", "-o", "{}/f.hfn"),
}
DEVICES = {"size": "--html", "export": "--tflite"}
DATED = (".log.json", ".ckpt")  # files whose bytes depend on the clock


def turn(seed: int, place: Path, tally: Tally, count: int = COUNT) -> None:
    """So many commands, each with a fault."""
    rng = Random(seed)
    for _ in range(count):
        name = rng.choice(list(COMMANDS))
        fault = rng.choice(("limit", "limit", "limit", "read-only", "full"))
        size = rng.choice((0, 1, rng.randrange(300), rng.randrange(40_000)))
        tally["faults of the file system"] += 1
        try:
            hold(name, fault, size, place)
        except AssertionError as error:
            call = f"faults.hold({name!r}, {fault!r}, {size}, tmp_path)"
            raise Failure(f"{name}, {fault} {size}: {error}", "from scripts.fuzz import faults", call) from error


def hold(name: str, fault: str, size: int, place: Path) -> None:
    """Assert that a command succeeds, or ends in one line of ours, with each file as it was or whole."""
    folder, whole = place / "work", place / "whole"
    for one in (folder, whole):
        shutil.rmtree(one, ignore_errors=True)
        one.mkdir()
        zoo.get("digits", one / "m.hfn")
    assert call(*(word.format(whole) for word in COMMANDS[name])).exit_code == 0
    before, words = state(folder), [word.format(folder) for word in COMMANDS[name]]
    if fault == "full" and name in DEVICES:
        words[words.index(DEVICES[name]) + 1] = "/dev/full"
    with _limit(size) if fault == "limit" else _read_only(folder, fault == "read-only"):
        done = call(*words)
    line = done.stderr.splitlines()[-1] if done.stderr else ""
    assert done.exit_code in (0, 2), f"{done.exit_code} {done.output[-300:]} {done.exception!r}"
    if done.exit_code:
        assert line.startswith("edgehfn: error: "), done.output
        assert len(line) <= 300
    if name in DEVICES and fault == "full":
        assert done.exit_code == 2, "nothing can be written to /dev/full"
    found = {Path(path).relative_to(folder): content for path, content in state(folder).items()}
    sound = [
        {Path(path).relative_to(root): content for path, content in given.items()}
        for root, given in ((folder, before), (whole, state(whole)))
    ]
    for path, content in found.items():
        told = str(path).endswith(DATED) or content in [given[path] for given in sound if path in given]
        assert told, f"{path} is neither as it was nor whole"


@contextmanager
def _limit(size: int) -> Iterator[None]:
    """No file may be longer than so many bytes; Python ignores the signal and gets EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def _read_only(folder: Path, closed: bool) -> Iterator[None]:
    if closed:
        folder.chmod(0o555)
    with obeyed():
        yield
    folder.chmod(0o755)
