"""Kinds of cases in turn until time is up; a failing case is written down as a test of its own."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

Tally = Counter[str]  # what was done, by the words of the table
Kind = Callable[[int, Path, Tally], None]

REPRO = '''"""{kind}, seed {seed}: {what}"""

from pathlib import Path

{imports}

HERE = Path(__file__).parent


def test_repro(tmp_path: Path) -> None:
    {call}
'''


@dataclass
class Failure(Exception):
    """A case that fails, as small as it could be made: the call that shows it, and files that it reads beside it."""

    what: str
    imports: str
    call: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.what


class Slow(Exception):
    """A case that does not end."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises Slow in what takes longer; in the main thread only."""

    def stop(*_: object) -> None:
        raise Slow(f"does not end within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(kinds: Mapping[str, Kind], minutes: float, seed: int, into: Path, tell: Callable[[str], None]) -> Tally:
    """Give each kind its turns until the time is up; each has at least one. Failures are counted and written down."""
    tally: Tally = Counter()
    spent = dict.fromkeys(kinds, 0.0)
    seeds = {name: Random(f"{seed} {name}") for name in kinds}  # of each its own, whatever the clock says
    end = time.monotonic() + 60 * minutes
    while not all(spent.values()) or time.monotonic() < end:
        name = min(spent, key=lambda kind: spent[kind])  # the turns of each take about as long together
        drawn, started = seeds[name].randrange(2**32), time.monotonic()
        before = Counter(tally)
        place = Path(tempfile.mkdtemp(prefix="edgehfn-fuzz-"))
        try:
            kinds[name](drawn, place, tally)
            note = ", ".join(f"{count:,} {what}" for what, count in (tally - before).items())
        except Exception as error:
            tally["failures"] += 1
            note = f"FAILED: {' '.join(str(error).split())[:300]}; see {write(name, drawn, error, into)}"
        finally:
            shutil.rmtree(place, ignore_errors=True)
        spent[name] += max(time.monotonic() - started, 1e-3)
        tell(f"{name}, seed {drawn}, {time.monotonic() - started:.0f} s: {note}")
    return tally


def write(kind: str, seed: int, error: Exception, into: Path) -> Path:
    """A folder with a test that fails as the case did, its files, and the traceback."""
    place = into / f"{kind}-{seed}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "traceback.txt").write_text("".join(traceback.format_exception(error)), errors="replace")
    if not isinstance(error, Failure):
        again = f"{kind}.turn({seed}, tmp_path, Counter())"
        imports = f"from collections import Counter\n\nfrom scripts.fuzz import {kind}"
        error = Failure(f"{type(error).__name__}: {error}", imports, again)
    for name, content in error.files.items():
        (place / name).write_bytes(content)
    what = " ".join(error.what.split()).replace("\\", "/").replace('"', "'")[:200]
    text = REPRO.format(kind=kind, seed=seed, what=what, imports=error.imports, call=error.call)
    (place / "test_repro.py").write_text(text, errors="replace")
    return place / "test_repro.py"
