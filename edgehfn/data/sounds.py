"""Sets of recordings: what is spoken in each, cut or padded to a second, as rows of the integer front end.

    PATH/CLASS/*.wav                          every fifth of a class is for tests, by the numbers of their names
    PATH/train/CLASS/*.wav, PATH/test/CLASS/*.wav   (or val)

or a ``.npz`` of 8 kHz as the Free Spoken Digit Dataset's: ``samples`` (int16, recordings back to back), ``lengths``,
``digit``, ``speaker``, ``take``; takes below 5 are for tests.

For training each recording is there as it is, in the middle, and in some copies: higher or lower, louder or softer,
at another place, over noise. They are drawn from one seed, so that a set is the same whoever loads it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgehfn.data import image_files, sound_files
from edgehfn.data.sound_files import Recording
from edgehfn.errors import InputError
from edgehfn.sound import FrontEnd, features, mel
from edgehfn.sound.rows import Clips, Rows

NPZ = ("samples", "lengths", "digit", "speaker", "take")
NPZ_RATE, TEST_TAKES = 8000, 5
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COPIES = 3
SAID, MOST = re.compile("(.+):(speaker|copies)=([^:]*)"), {"speaker": 255, "copies": 50}
PITCH = (0.85, 1.18)  # times the speed of a recording
LEVEL = (-2.5, 1.5)  # octaves
NOISE, NOISY = (-1.0, 7.0), 0.7  # octaves above one step of a sample; of so many copies


@dataclass(frozen=True)
class Options:
    """What the name of a set may end in: the ``speaker`` who is left out for tests, and ``copies``."""

    speaker: int | None = None
    copies: int = COPIES


@dataclass(frozen=True, eq=False)
class Recordings:
    """Rows and labels of both parts, the front end, and the samples of the test part, ``(N, samples)``."""

    x_train: Rows
    y_train: npt.NDArray[np.int64]
    x_test: Rows
    y_test: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    front: FrontEnd
    clips: Clips
    digest: str

    def arrays(self) -> dict[str, npt.NDArray[np.uint8] | npt.NDArray[np.int64]]:
        """Return the four arrays of a set."""
        return {name: getattr(self, name) for name in image_files.ARRAYS}


def reference(given: object) -> tuple[str, Options | None]:
    """Return a name or path without ``:speaker=N`` and ``:copies=N``, and what these say. Raises InputError."""
    name, said = str(given), {}
    while split := SAID.fullmatch(name):
        name, word, value = split.groups()
        most = MOST[word]
        if not value.isdecimal() or int(value) > most:
            raise InputError(f"{given}: {word}={value}; give a number up to {most}")
        said[word] = int(value)
    return name, Options(**said) if said else None


def are(path: Path) -> bool:
    """Return whether a file or folder has recordings."""
    if path.is_dir():
        return sound_files.holds(path)
    held = image_files.held(path)
    return all(key in held for key in ("samples", "lengths"))


def read(path: Path, options: Options | None = None) -> Recordings:
    """Return the set at a path. Raises InputError for anything but a whole one."""
    chosen = options or Options()
    if path.is_dir():
        if chosen.speaker is not None:
            raise InputError(f"{path}: names of files do not say the speaker; leave out :speaker=")
        found, classes, rate, digest = sound_files.read(path)
    else:
        found, classes, rate, digest = *_from_npz(path, chosen.speaker), image_files.file_digest(path)
    if not any(r.test for r in found) or all(r.test for r in found):
        raise InputError(f"{path}: all recordings are of one part; training needs others than tests")
    front = mel(rate)
    samples = front.samples(front.rows(rate))
    train, test = ([r for r in found if r.test is part] for part in (False, True))
    draw = np.random.default_rng(0)
    parts = [_clips(train, samples), *(_clips(train, samples, draw) for _ in range(chosen.copies))]
    clips = _clips(test, samples)
    told = f"{digest} {chosen} {front}"
    return Recordings(
        np.concatenate([features(front, part) for part in parts]),
        np.tile(np.array([r.label for r in train], np.int64), len(parts)),
        features(front, clips),
        np.array([r.label for r in test], np.int64),
        classes,
        front,
        clips,
        hashlib.sha256(told.encode()).hexdigest()[:16],
    )


def _from_npz(path: Path, speaker: int | None) -> tuple[list[Recording], tuple[str, ...], int]:
    arrays = image_files.read_arrays(path, NPZ)
    samples, lengths = arrays["samples"], arrays["lengths"].astype(np.int64)
    same = {len(arrays[name]) for name in NPZ[1:]}
    if samples.dtype != np.int16 or samples.ndim != 1 or len(same) != 1 or lengths.sum() != len(samples):
        raise InputError(f"{path}: give samples, int16, all back to back, and lengths, digit, speaker, take of each")
    speakers = sorted({*arrays["speaker"].tolist()})
    if speaker is not None and speaker not in speakers:
        raise InputError(f"{path}: has no speaker {speaker}; use {', '.join(map(str, speakers))}")
    digits = arrays["digit"].astype(np.int64)
    if digits.min() < 0 or digits.max() >= len(DIGITS):
        raise InputError(f"{path}: digit goes from {digits.min()} to {digits.max()}; give 0 to 9")
    test = arrays["take"] < TEST_TAKES if speaker is None else arrays["speaker"] == speaker
    ends = np.cumsum(lengths)
    each = zip(ends - lengths, ends, digits, test, strict=True)
    return [Recording(samples[a:b], int(y), bool(t)) for a, b, y, t in each], DIGITS, NPZ_RATE


def _clips(recordings: Sequence[Recording], samples: int, draw: np.random.Generator | None = None) -> Clips:
    made = np.stack([placed(r.samples, samples, draw) for r in recordings])
    return np.rint(made).clip(-(2**15), 2**15 - 1).astype(np.int16)


def placed(
    recording: npt.NDArray[np.int16], samples: int, draw: np.random.Generator | None = None
) -> npt.NDArray[np.float64]:
    """Return a recording among so many samples, in their middle, or its own middle if it is longer; with ``draw`` a
    copy."""
    sound = recording.astype(np.float64)
    if draw is not None:
        speed = draw.uniform(*PITCH)
        sound = np.interp(np.arange(max(1, int(len(sound) / speed))) * speed, np.arange(len(sound)), sound)
        sound *= 2.0 ** draw.uniform(*LEVEL)
    room = samples - len(sound)
    at = room // 2 if draw is None else int(draw.integers(min(0, room), max(0, room) + 1))
    made = np.zeros(samples)
    cut = sound[max(0, -at) :][:samples]
    made[max(0, at) : max(0, at) + len(cut)] = cut
    if draw is not None:
        made += draw.normal(0, 2.0 ** draw.uniform(*NOISE), samples) * (draw.random() < NOISY)
    return made
