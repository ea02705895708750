"""Sets of recordings: folders of WAV files and spoken digits; what is wrong with them is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edgehfn import data
from edgehfn.data.sound_files import wav
from edgehfn.data.sounds import placed
from edgehfn.errors import InputError
from edgehfn.sound import features, mel

soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed")
Samples = npt.NDArray[np.int16]


def tone(seed: int, samples: int = 3000) -> Samples:
    rng = np.random.default_rng(seed)
    sound = 4000 * np.sin(np.arange(samples) * (0.2 + seed % 7 / 5)) + rng.normal(0, 100, samples)
    return np.asarray(np.rint(sound), np.int16)


def save(path: Path, samples: Samples, rate: int = 8000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(str(path), samples, rate, subtype="PCM_16")


def digits(path: Path, **changes: npt.NDArray[np.generic]) -> Path:
    lengths = np.array([2000 + 10 * i for i in range(24)], np.int32)
    arrays = {
        "samples": np.concatenate([tone(i, n) for i, n in enumerate(lengths)]),
        "lengths": lengths,
        "digit": np.arange(24, dtype=np.uint8) % 3,
        "speaker": np.arange(24, dtype=np.uint8) % 4,
        "take": np.arange(24, dtype=np.uint8) // 3,
    }
    np.savez(path, **{**arrays, **changes})  # type: ignore[arg-type]
    return path


def test_class_folders(tmp_path: Path) -> None:
    for number in range(10):
        for name in ("no", "yes"):
            save(tmp_path / name / f"{number}.wav", tone(number + 3 * (name == "yes")))
    loaded = data.images(tmp_path)
    assert loaded.classes == ("no", "yes")
    assert (loaded.shape, len(loaded.x_train), len(loaded.x_test)) == ((1, 49, 32), 4 * 16, 4)
    assert loaded.sound == mel(8000)
    assert loaded.clips is not None
    np.testing.assert_array_equal(features(loaded.sound, loaded.clips), loaded.x_test[:, 0])
    np.testing.assert_array_equal(loaded.clips[0, (7936 - 3000) // 2 :][:3000], tone(0))
    np.testing.assert_array_equal(data.images(tmp_path).x_train, loaded.x_train)
    assert len(data.images(f"{tmp_path}:copies=0").x_train) == 16


def test_parts_in_folders(tmp_path: Path) -> None:
    for part, count in (("train", 3), ("val", 2)):
        for name in ("a", "b", "c"):
            for number in range(count):
                save(tmp_path / part / name / f"{number}.wav", tone(number), 16000)
    loaded = data.images(f"{tmp_path}:copies=1")
    assert (len(loaded.x_train), len(loaded.x_test)) == (18, 6)
    assert loaded.sound == mel(16000)


def test_digits_by_take_and_by_speaker(tmp_path: Path) -> None:
    path = digits(tmp_path / "spoken.npz")
    loaded = data.images(f"{path}:copies=0")
    assert (len(loaded.x_train), len(loaded.x_test)) == (9, 15)  # takes from 5 on, and below
    assert loaded.classes[:3] == ("zero", "one", "two")
    left = data.images(f"{path}:speaker=3:copies=2")
    assert (len(left.x_train), len(left.x_test)) == (3 * 18, 6)


def test_what_is_longer_is_cut_to_its_middle() -> None:
    long = np.arange(1000, dtype=np.int16)
    np.testing.assert_array_equal(placed(long, 600), long[200:800])
    draw = np.random.default_rng(0)
    assert all(placed(long, 600, draw).shape == (600,) for _ in range(50))


def stereo(place: Path) -> None:
    save(place / "no" / "0.wav", np.stack([tone(1), tone(2)], 1))


def rates(place: Path) -> None:
    save(place / "no" / "9.wav", tone(1), 16000)


def fast(place: Path) -> None:
    for path in place.glob("*/*.wav"):
        save(path, tone(1), 44100)


def empty(place: Path) -> None:
    (place / "maybe").mkdir()


def torn(place: Path) -> None:
    (place / "no" / "0.wav").write_bytes(b"RIFF\0")


def silent(place: Path) -> None:
    save(place / "no" / "0.wav", tone(1, 0))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (stereo, "no/0.wav: has 2 channels, nets hear one; mix them: sox"),
        (rates, "9.wav: 16000 samples a second, 0.wav has 8000; make them equal"),
        (fast, "44100 samples a second, 4000 to 24000 are heard; sox"),
        (empty, "maybe: has no .wav files; add some"),
        (torn, "no/0.wav: not a whole sound file"),
        (silent, "no/0.wav: has no samples"),
    ],
)
def test_bad_folders_are_one_line(spoil: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    for name in ("no", "yes"):
        for number in range(2):
            save(tmp_path / name / f"{number}.wav", tone(number))
    spoil(tmp_path)
    refused(str(tmp_path), says)


def refused(name: str, says: str) -> None:
    with pytest.raises(InputError) as raised:
        data.load(name)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) <= 300


def test_bad_digits_are_one_line(tmp_path: Path) -> None:
    path = digits(tmp_path / "spoken.npz")
    refused(f"{path}:speaker=9", "has no speaker 9; use 0, 1, 2, 3")
    refused(f"{path}:copies=many", "copies=many; give a number up to 50")
    refused(str(digits(tmp_path / "short.npz", lengths=np.ones(24, np.int32))), "give samples, int16, all back to back")
    refused(str(digits(tmp_path / "twelve.npz", digit=np.full(24, 12, np.uint8))), "digit goes from 12 to 12")
    refused("digits:speaker=1", "is no set of recordings")


def test_another_rate_than_the_models(tmp_path: Path) -> None:
    save(tmp_path / "a.wav", tone(1), 16000)
    with pytest.raises(InputError, match="16000 samples a second, the model hears 8000; sox"):
        wav(tmp_path / "a.wav", 8000)


def test_without_soundfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "a.wav", tone(1))
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(InputError, match=r"needs soundfile; pip install 'edgehfn\[sound\]'"):
        wav(tmp_path / "a.wav")
