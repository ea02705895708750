"""WAV files, and folders of them by class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError

ENDING = ".wav"
TRAIN, TESTS = "train", ("test", "val")
TEST_EVERY = 5  # recording of a class, where no folder says which are for tests
RATES = (4000, 24000)  # samples a second
CHANGE = "sox in.wav -c 1 -r 16000 out.wav"


class Recording(NamedTuple):
    """Samples, the number of the class, and whether they are for tests."""

    samples: npt.NDArray[np.int16]
    label: int
    test: bool


def holds(folder: Path) -> bool:
    """Return whether a folder has class folders with WAV files in one of the layouts."""
    return next(_files(folder), None) is not None


def read(folder: Path) -> tuple[list[Recording], tuple[str, ...], int, str]:
    """Return the recordings of a folder, the names of its classes, the rate, and a digest of its contents.

    Raises InputError for files of unlike rates, of several channels, or an empty class.
    """
    parts = {part: folder / part for part in (TRAIN, *TESTS) if (folder / part).is_dir()}
    roots = {False: parts.pop(TRAIN), True: next(iter(parts.values()), None)} if TRAIN in parts else {None: folder}
    classes = tuple(sorted({place.name for root in roots.values() if root for place in _folders(root)}))
    if len(classes) < 2:
        raise InputError(f"{folder}: has one class folder of recordings; training needs at least 2")
    found: list[Recording] = []
    rates: dict[int, Path] = {}
    hashed = hashlib.sha256()
    for test, root in roots.items():
        if root is None:
            raise InputError(f"{folder}: has train and no test or val; add one, or put class folders beside each other")
        for label, name in enumerate(classes):
            files = sorted(p for p in (root / name).glob("*") if p.suffix.lower() == ENDING)
            if not files:
                raise InputError(f"{root / name}: has no .wav files; add some, or remove the folder everywhere")
            for number, file in enumerate(files):
                samples, rate = wav(file)
                rates.setdefault(rate, file)
                if len(rates) > 1:
                    (one, first), (other, second) = rates.items()
                    raise InputError(
                        f"{second}: {other} samples a second, {first.name} has {one}; make them equal: {CHANGE}"
                    )
                hashed.update(f"{name}/{file.name}\0".encode(errors="surrogateescape") + samples.tobytes())
                found.append(Recording(samples, label, number % TEST_EVERY == 0 if test is None else test))
    return found, classes, next(iter(rates)), hashed.hexdigest()


def wav(path: Path, rate: int | None = None) -> tuple[npt.NDArray[np.int16], int]:
    """Return the samples of a WAV file of one channel and its rate. Raises InputError, for another ``rate``, too."""
    try:
        import soundfile
    except (ImportError, OSError):
        raise InputError(f"{path}: reading sound needs soundfile; pip install 'edgehfn[sound]'") from None
    try:
        samples, found = soundfile.read(str(path), dtype="int16", always_2d=True)
    except (RuntimeError, OSError, TypeError) as error:
        why = " ".join(str(error).split())[-80:]
        raise InputError(f"{path}: not a whole sound file ({why}); save it as WAV of 16 bits") from None
    if samples.shape[1] != 1:
        raise InputError(f"{path}: has {samples.shape[1]} channels, nets hear one; mix them: {CHANGE}")
    if not len(samples):
        raise InputError(f"{path}: has no samples; take it out")
    if rate is not None and found != rate:
        raise InputError(
            f"{path}: {found} samples a second, the model hears {rate}; {CHANGE.replace('16000', str(rate))}"
        )
    if not RATES[0] <= found <= RATES[1]:
        raise InputError(f"{path}: {found} samples a second, {RATES[0]} to {RATES[1]} are heard; {CHANGE}")
    return np.ascontiguousarray(samples[:, 0]), int(found)


def _folders(root: Path) -> list[Path]:
    return sorted(place for place in root.iterdir() if place.is_dir() and not place.name.startswith("."))


def _files(folder: Path) -> Iterator[Path]:
    for part in (folder, folder / TRAIN):
        for place in _folders(part) if part.is_dir() else ():
            yield from (path for path in place.iterdir() if path.suffix.lower() == ENDING)
