"""Rows of sound: the fast emulation against the oracle of SPEC section 10, and both against the published formula."""

from __future__ import annotations

from dataclasses import replace
from math import log10
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support import oracle_sound, sounds

from edgehfn.errors import InputError
from edgehfn.sound import FrontEnd, features, mel
from edgehfn.sound.front_end import POINTS
from edgehfn.sound.rows import Clips

LOW, RATE = 60.0, 8000  # Hz, of mel's own choice


def reference(front: FrontEnd, clips: Clips) -> npt.NDArray[np.float64]:
    """The log mel spectrum in floats, in steps of a row.

    It is that of ``torchaudio.transforms.MelSpectrogram(sample_rate=8000, n_fft=256, hop_length=160, f_min=60,
    n_mels=32, center=False, power=2, norm=None, mel_scale="htk")`` (periodic Hann window), of samples less 0.96875
    times the one before, and of ``librosa.feature.melspectrogram`` with ``htk=True, norm=None``; written from their
    formulas.
    """
    before = np.concatenate([np.zeros((len(clips), 1)), clips], 1)
    x = before[:, 1:] - front.emphasis / 64 * before[:, :-1]
    n, rows = front.points, front.rows(x.shape[1])
    frames = np.stack([x[:, r * front.hop : r * front.hop + n] for r in range(rows)], 1)
    power = np.abs(np.fft.rfft(frames * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)))) ** 2
    mels = np.linspace(_mel(LOW), _mel(RATE / 2), front.bands + 2)
    points, bins = 700 * (10 ** (mels / 2595) - 1), np.arange(n // 2 + 1) * RATE / n
    rising = (bins[:, None] - points[:-2]) / np.diff(points)[:-1]
    falling = (points[2:] - bins[:, None]) / np.diff(points)[1:]
    energy = power @ np.maximum(0, np.minimum(rising, falling))
    octaves = np.log2(np.maximum(energy, 1e-9)) + 14 + 12 - 16  # in SPEC: (2·64)^2 of power, 2^12 of weight, >> 16
    return np.asarray(np.clip((octaves * 256 - front.offset) * front.multiplier / 2**front.shift, 0, 255))


def _mel(hertz: float) -> float:
    return 2595 * log10(1 + hertz / 700)


@pytest.mark.parametrize("points", POINTS)
def test_the_emulation_is_that_of_the_oracle(points: int) -> None:
    rng = np.random.default_rng(points)
    front = replace(
        mel(16000, sounds.BANDS[points], points=points, hop=points // 3, low=300, emphasis=int(rng.integers(65))),
        offset=int(rng.integers(2000, 6000)),
        multiplier=int(rng.integers(1, 9)),
        shift=int(rng.integers(4, 8)),
    )
    clips = sounds.clips(24, front.samples(2) + 5)
    wanted = [oracle_sound.rows(front.to_json(), clip.tolist()) for clip in clips]
    np.testing.assert_array_equal(features(front, clips), wanted)


def test_rows_are_within_a_step_of_floats() -> None:
    front = mel()
    rng, samples = np.random.default_rng(1), front.samples(20)
    t = np.arange(samples) / RATE
    voiced = [
        level * sum(np.sin(2 * np.pi * k * pitch * t + k) / k for k in range(1, 30)) * np.hanning(samples)
        for level, pitch in zip(2.0 ** rng.uniform(5, 13, 40), rng.uniform(80, 300, 40), strict=True)
    ]
    noise = [rng.normal(0, level, samples) for level in 2.0 ** rng.uniform(0, 13, 40)]
    clips = (np.stack([*voiced, *noise]) + rng.normal(0, 2, (80, samples))).clip(-32768, 32767).round().astype(np.int16)
    wanted, found = reference(front, clips), features(front, clips)
    assert (np.abs(found - wanted) <= 1).mean() >= 0.99
    assert np.count_nonzero((found > 0) & (found < 255)) > found.size / 2


def test_tables_are_nearest_integers() -> None:
    for points in POINTS:
        assert mel(16000, sounds.BANDS[points], points=points, low=300).wave.tolist() == oracle_sound.sines(points)


def test_rows_begin_with_silence_and_need_whole_frames() -> None:
    front = mel()
    clip = sounds.clips(40, 1000)[-1:]
    assert features(front, clip[:, : front.points - 1]).shape == (1, 0, 32)
    whole = features(front, clip)
    assert whole.shape[1] == front.rows(1000) == 5
    assert front.samples(5) <= 1000 < front.samples(6)
    np.testing.assert_array_equal(features(front, clip[:, : front.samples(3)]), whole[:, :3])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"points": 200}, "200 samples; use 128"),
        ({"hop": 0}, "hop is 0"),
        ({"emphasis": 65}, "emphasis is 65"),
        ({"shift": 1.5}, "whole numbers"),
        ({"edges": (0, 5000, 4000)}, "ascend"),
        ({"edges": (0, 1, 2)}, "band 0 has no bin"),
        ({"edges": (0, 64 * 1024, 128 * 1024)}, "band 0 has too many bins"),
        ({"average": 17}, "average is 17"),
    ],
)
def test_other_parameters_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        replace(mel(), **changes)


def test_clips_of_other_types_are_refused() -> None:
    with pytest.raises(InputError, match="float64 of shape \\(2, 3\\); give int16"):
        features(mel(), np.zeros((2, 3)))
