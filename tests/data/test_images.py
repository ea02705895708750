"""Image sets: what is read is what was written, and every bad input gets one clear line."""

from __future__ import annotations

import gzip
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehfn import data
from edgehfn.data import image_files, sets
from edgehfn.errors import InputError

FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache or environment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("EDGEHFN_DATA", raising=False)


def good(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "x_train": rng.integers(0, 256, (12, 5, 6, 2), dtype=np.uint8),
        "y_train": np.arange(12, dtype=np.uint8) % 3,
        "x_test": rng.integers(0, 256, (4, 5, 6, 2), dtype=np.uint8),
        "y_test": np.array([2, 1, 0, 2], np.int32),
    }


def write(path: Path, **changes: Any) -> Path:
    """A good set with some arrays replaced, or left out where the change is None."""
    arrays: dict[str, Any] = {name: array for name, array in {**good(), **changes}.items() if array is not None}
    np.savez(path, **arrays)
    return path


def refused(source: str | Path, *, says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        data.load(source)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_npz_becomes_contiguous_channel_major_images(tmp_path: Path) -> None:
    loaded = data.images(write(tmp_path / "mine.npz"))
    wanted = good()
    assert (loaded.name, loaded.shape, loaded.classes) == ("mine", (2, 5, 6), ("0", "1", "2"))
    for n, c, i, j in np.ndindex(12, 2, 5, 6):
        assert loaded.x_train[n, c, i, j] == wanted["x_train"][n, i, j, c]
    assert loaded.x_test.flags.c_contiguous
    assert loaded.x_test.dtype == np.uint8
    assert loaded.y_train.dtype == loaded.y_test.dtype == np.int64
    assert loaded.y_test.tolist() == [2, 1, 0, 2]


def test_grey_images_get_one_channel(tmp_path: Path) -> None:
    x = np.zeros((12, 7, 9), np.uint8)
    assert data.images(write(tmp_path / "grey.npz", x_train=x, x_test=x[:4])).shape == (1, 7, 9)


def test_class_names_are_kept_and_allow_classes_unseen_in_training(tmp_path: Path) -> None:
    names = np.array(["cat", "dog", "Ärger", "none"])
    assert data.images(write(tmp_path / "a.npz", classes=names)).classes == ("cat", "dog", "Ärger", "none")


def test_digest_names_the_file_content(tmp_path: Path) -> None:
    one, same = data.images(write(tmp_path / "a.npz")), data.images(write(tmp_path / "b.npz"))
    other = data.images(write(tmp_path / "c.npz", y_test=np.zeros(4, np.int64)))
    assert one.sha256 == same.sha256 != other.sha256
    assert len(one.sha256) == 16


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"x_test": None}, "has no x_test .*it holds x_train, y_train, y_test"),
        ({"x_train": good()["x_train"].astype(np.float32)}, "x_train is float32, x_test uint8; save both in one type"),
        ({"x_train": np.zeros(12, np.uint8)}, r"x_train has shape \(12,\)"),
        ({"x_train": np.zeros((), np.uint8)}, r"x_train has shape \(\)"),
        ({"x_train": np.zeros((0, 5, 6, 2), np.uint8)}, "x_train .* is empty"),
        ({"x_test": np.zeros((4, 5, 0, 2), np.uint8)}, "x_test .* is empty"),
        ({"x_test": np.zeros((4, 5, 6, 3), np.uint8)}, r"\(2, 5, 6\) in x_train, \(3, 5, 6\) in x_test"),
        ({"x_train": np.zeros((12, 3, 32, 32), np.uint8)}, "seemingly N,C,H,W"),
        ({"y_train": np.zeros(11, np.int64)}, r"y_train has shape \(11,\) for 12 images"),
        ({"y_train": np.zeros((12, 1), np.int64)}, r"y_train has shape \(12, 1\)"),
        ({"y_test": np.array(3)}, r"y_test has shape \(\)"),
        ({"y_train": np.arange(12) / 12}, "y_train is float64; labels are integers"),
        ({"y_train": np.arange(12) > 5}, "y_train is bool"),
        ({"y_train": np.arange(12) - 1}, "y_train goes from -1"),
        ({"y_train": np.full(12, -7)}, "y_train goes from -7"),
        ({"y_train": np.arange(12).astype(np.uint64) + 2**63}, "y_train has label 9223372036854775819"),
        ({"y_test": np.array([0, 1, 2, 3])}, "y_test goes from 0 to 3, 3 classes allow 0 to 2"),
        ({"y_train": np.zeros(12, int), "y_test": np.zeros(4, int)}, "at least 2"),
        ({"classes": np.array(["a", "b"])}, "y_train goes from 0 to 2, 2 classes"),
        ({"classes": np.array([1.5, 2, 3])}, r"classes is float64 of shape \(3,\)"),
        ({"classes": np.array([["a", "b"]])}, r"classes is <U1 of shape \(1, 2\)"),
        ({"x_train": np.array([{"a": 1}] * 12, object)}, "an array of objects, such as recordings"),
    ],
)
def test_bad_arrays_are_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    path = write(tmp_path / "bad.npz", **changes)
    refused(path, says=f"^{path}: .*{says}")


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    for content in (b"", b"hello", pickle.dumps({"x_train": 1})):
        path.write_bytes(content)
        refused(path, says="not a .npz file")


@pytest.mark.parametrize("at", [40, 200, 700, -200, -5])
def test_a_damaged_npz_is_refused_or_read_whole(tmp_path: Path, at: int) -> None:
    """One byte inverted anywhere: either the checksums catch it, or it lies where nothing is read."""
    path = write(tmp_path / "x.npz")
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    try:
        loaded = data.images(path)
    except InputError:
        return
    assert (loaded.x_train == good()["x_train"].transpose(0, 3, 1, 2)).all()


def test_truncated_npz_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.npz")
    path.write_bytes(path.read_bytes()[:-300])
    refused(path, says=str(path))


def test_header_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.npz")
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members["x_train.npy"] = members["x_train.npy"].replace(b"(12, 5, 6, 2)", b"(1200, 5,6,2)")
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    refused(path, says="damaged")


def test_missing_things_name_what_was_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # short paths: a message has an end
    for name, folder in (("EDGEHFN_DATA", "mine"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(name, folder)
    monkeypatch.setattr(sets, "SYSTEM_FOLDERS", ())
    refused("fashion-mnist", says=r"mine, cache/edgehfn; .*dataset-fashion-mnist")
    refused("cifar10", says="put cifar10.npz")
    refused("no-such-set", says="known names are fashion-mnist, cifar10, digits")
    refused(tmp_path / "gone.npz", says="no such file or folder")
    refused("folder/gone", says="no such file or folder")


def test_names_are_searched_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("env", "system", "cache/edgehfn"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setenv("EDGEHFN_DATA", str(tmp_path / "env"))
    monkeypatch.setattr(sets, "SYSTEM_FOLDERS", (tmp_path / "system",))
    for rank, folder in enumerate(("cache/edgehfn", "system", "env")):
        write(tmp_path / folder / "kws.npz", y_test=np.full(4, rank))
        assert data.images("kws").y_test[0] == rank


def idx_folder(folder: Path, packed: bool) -> Path:
    folder.mkdir()
    x = np.arange(3 * 4 * 5, dtype=np.uint8)
    for stem, count in (("train", 3), ("t10k", 2)):
        images = bytes([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 4, 0, 0, 0, 5]) + x[: count * 20].tobytes()
        labels = bytes([0, 0, 8, 1, 0, 0, 0, count]) + bytes(range(count))
        for name, content in ((f"{stem}-images-idx3-ubyte", images), (f"{stem}-labels-idx1-ubyte", labels)):
            path = folder / (name + ".gz" * packed)
            path.write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_idx_folders(tmp_path: Path, packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = data.images(idx_folder(tmp_path / "marks", packed))
    monkeypatch.chdir(tmp_path)
    assert data.images("marks").sha256 == data.images("./marks/").sha256 == loaded.sha256
    assert (loaded.name, loaded.classes) == ("marks", ("0", "1", "2"))
    assert loaded.x_train[2, 0, 1].tolist() == [45, 46, 47, 48, 49]
    assert loaded.y_test.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(b"\0\0\x08\x03" + b"\0\0\0\x09" * 3), "has 0 bytes of data, not 729"),
        (gzip.compress(b"\0\0\x0d\x03" + bytes(12)), "not an IDX file of unsigned bytes"),
        (gzip.compress(b""), "not an IDX file"),
        (b"plain", "cannot be unpacked"),
        (gzip.compress(bytes(1000))[:-9], "cannot be unpacked"),
    ],
    ids=["no data", "other type", "empty", "not packed", "cut off"],  # packed bytes hold the time
)
def test_bad_idx_files_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    folder = idx_folder(tmp_path / "marks", packed=True)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(content)
    refused(folder, says=f"train-images-idx3-ubyte.gz: .*{says}")


def test_idx_folder_lacking_a_file_is_refused(tmp_path: Path) -> None:
    folder = idx_folder(tmp_path / "marks", packed=True)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    refused(folder, says="has no t10k-labels-idx1-ubyte")


@pytest.mark.skipif(not FASHION.is_dir(), reason="needs Debian's dataset-fashion-mnist")
def test_fashion_mnist() -> None:
    loaded = data.images("fashion-mnist")
    assert loaded.x_train.shape == (60000, 1, 28, 28)
    assert loaded.x_test.shape == (10000, 1, 28, 28)
    assert np.bincount(loaded.y_train).tolist() == [6000] * 10
    assert np.bincount(loaded.y_test).tolist() == [1000] * 10
    assert loaded.classes[loaded.y_train[0]] == "Ankle boot"  # the first training image of the published set
    with gzip.open(FASHION / "t10k-images-idx3-ubyte.gz") as file:
        assert file.read()[-784:] == loaded.x_test[-1].tobytes()


def test_digits_split_is_fixed_and_whole() -> None:
    sklearn = pytest.importorskip("sklearn.datasets")
    loaded, again = data.images("digits"), data.images("digits")
    assert loaded.sha256 == again.sha256 == "ee2ade20c407410e"
    assert (len(loaded.x_train), len(loaded.x_test), loaded.shape) == (1437, 360, (1, 8, 8))
    source = np.concatenate([loaded.x_train, loaded.x_test])[:, 0].reshape(-1, 64)
    scaled = np.rint(sklearn.load_digits().images.reshape(-1, 64) * 255 / 16).astype(np.uint8)
    assert sorted(map(bytes, source)) == sorted(map(bytes, scaled))
    assert source.max() == 255
    assert np.bincount(loaded.y_test).min() > 20


def test_digits_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    refused("digits", says="pip install scikit-learn")


def test_slow_decoding_is_cached_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "SLOW", -1.0)
    path = write(tmp_path / "a.npz", classes=np.array(["x", "y", "z"]))
    first = data.images(path)
    (copy,) = (tmp_path / "cache/edgehfn/decoded").iterdir()
    monkeypatch.setattr(image_files, "read_npz", lambda path: pytest.fail("decoded again"))
    second = data.images(path)
    for field in ("x_train", "y_train", "x_test", "y_test"):
        assert (getattr(first, field) == getattr(second, field)).all()
        assert getattr(second, field).dtype == getattr(first, field).dtype
    assert (second.classes, second.sha256, second.name) == (first.classes, first.sha256, first.name)
    monkeypatch.undo()
    copy.write_bytes(copy.read_bytes()[:-400])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert (data.images(path).x_train == first.x_train).all()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "SLOW", -1.0)
    (tmp_path / "cache").write_text("a file in the way")
    assert data.images(write(tmp_path / "a.npz")).name == "a"


def test_arrays_in_memory() -> None:
    made = data.from_arrays("mine", good(), ["a", "b", "c"])
    assert made.classes == ("a", "b", "c")
    with pytest.raises(InputError, match=r"^mine: y_test"):
        data.from_arrays("mine", {**good(), "y_test": np.array([0, 0, 0, 9])})
