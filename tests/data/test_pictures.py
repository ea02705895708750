"""Pictures in folders and tar files: what a net reads of them, and what is refused in one line."""

from __future__ import annotations

import io
import shutil
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support import picture_sets
from support.commands import complaint, result_of

from edgehfn import data
from edgehfn.data.pictures import Pictures, decoded
from edgehfn.data.sets import streamed
from edgehfn.errors import InputError

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_sets.folder(tmp_path_factory.mktemp("pictures") / "set")


def stored(image: Image.Image, form: str = "PNG", **how: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, form, **how)
    return made.getvalue()


def strips() -> Pixels:
    """Three squares beside each other: 10, 20, 30."""
    return np.repeat(np.repeat(np.array([[10, 20, 30]], np.uint8), 8, 1), 8, 0)


# What a net reads.


def test_a_folder_is_a_set_that_is_read_when_it_is_needed(folder: Path) -> None:
    loaded = data.images(f"{folder}:16")
    assert streamed(loaded)
    assert isinstance(loaded.x_train, Pictures)
    assert (loaded.name, loaded.shape, loaded.classes) == ("set", (3, 16, 16), picture_sets.CLASSES)
    assert loaded.y_train.tolist() == [n for n in range(3) for _ in range(8)]
    assert loaded.y_test.tolist() == [n for n in range(3) for _ in range(4)]
    some = loaded.x_train[np.array([0, 9, 23])]
    assert isinstance(some, Pictures)
    x = np.asarray(some)
    assert (x.shape, x.dtype) == ((3, 3, 16, 16), np.uint8)
    assert x.mean((2, 3)).argmax(1).tolist() == [2, 1, 0]  # whatever form and alpha they have
    assert np.array_equal(loaded.x_train[9], x[1])
    assert np.array_equal(np.asarray(loaded.x_train[5:7])[1], loaded.x_train[6])
    assert loaded.x_train[:0].shape == np.asarray(loaded.x_train[:0]).shape == (0, 3, 16, 16)
    assert data.images(folder / "../set:16").sha256 == loaded.sha256 != data.images(f"{folder}:1,16,16").sha256


def test_pictures_of_one_size_say_what_a_net_reads(tmp_path: Path) -> None:
    loaded = data.images(picture_sets.folder(tmp_path / "small", 4, (12, 18)))
    assert loaded.shape == (3, 12, 18)
    first = Image.open(tmp_path / "small/train/blue/0.jpeg")
    assert np.array_equal(loaded.x_train[0], np.asarray(first).transpose(2, 0, 1))  # bit by bit
    for path in tmp_path.glob("small/*/*/*.*g"):
        Image.open(path).convert("L").save(path.with_suffix(".png"))
        if path.suffix != ".png":
            path.unlink()
    assert data.images(tmp_path / "small").shape == (1, 12, 18)


def test_the_middle_is_cut_out_and_scaled() -> None:
    wide = stored(Image.fromarray(strips()))
    assert (decoded(wide, (1, 8, 8), "x") == 20).all()
    tall = stored(Image.fromarray(strips().T))
    assert (decoded(tall, (1, 4, 4), "x")[:, 1:-1] == 20).all()  # edges are blended with what is beyond
    whole = decoded(wide, (1, 4, 12), "x")
    assert whole[0, 0, [1, 6, 10]].tolist() == [10, 20, 30]
    assert decoded(wide, (3, 8, 24), "x").tolist() == [strips().tolist()] * 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "I;16", "F"])
def test_every_mode_becomes_bytes(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.full((6, 6), 200 << 8, np.uint16))
    else:
        image = Image.new("L", (6, 6), 255 if mode == "1" else 200).convert(mode)
    content = stored(image, "TIFF" if mode in ("F", "I", "CMYK") else "PNG")
    for channels in (1, 3):
        made = decoded(content, (channels, 6, 6), "x")
        assert abs(made.astype(int) - (255 if mode == "1" else 200)).max() <= 1
    if mode == "P":
        image.info["transparency"] = bytes([0, 255])
        assert decoded(stored(image), (3, 6, 6), "x").shape == (3, 6, 6)


def test_a_camera_may_have_been_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise
    made = decoded(stored(Image.fromarray(strips()), exif=exif), (1, 24, 8), "x")
    assert made[0, :, 0].tolist() == strips()[0].tolist()


def test_sampled_parts_differ_and_stay_inside() -> None:
    content = stored(Image.fromarray(np.add.outer(np.arange(64), 3 * np.arange(64)).astype(np.uint8)))
    made = [decoded(content, (1, 16, 16), "x", np.random.default_rng(seed))[0] for seed in range(40)]
    assert len({part.tobytes() for part in made}) == 40
    spreads = [int(part.max()) - int(part.min()) for part in made]
    assert min(spreads) < 100 < 170 < max(spreads)  # parts of few pixels, and of nearly all
    again = decoded(content, (1, 16, 16), "x", np.random.default_rng(3))[0]
    assert np.array_equal(again, made[3])
    thin = decoded(stored(Image.fromarray(strips()[:1])), (1, 8, 8), "x", np.random.default_rng(0))
    assert thin.shape == (1, 8, 8)


# Tar files.


def test_tar_files_hold_the_same_set(folder: Path, tmp_path: Path) -> None:
    one, other = data.images(f"{folder}:16"), data.images(f"{picture_sets.tars(folder, tmp_path / 'tars')}:16")
    for part in ("x_train", "y_train", "x_test", "y_test"):
        assert np.array_equal(np.asarray(getattr(one, part)), np.asarray(getattr(other, part))), part
    assert other.classes == one.classes
    (tmp_path / "tars/classes.txt").unlink()
    assert data.images(f"{tmp_path / 'tars'}:16").classes == ("0", "1", "2")
    (tmp_path / "tars/classes.txt").write_text("a\nb\n")
    assert "names 2 classes, labels go up to 2" in complaint("info", "--data", f"{tmp_path / 'tars'}:16")


def test_bad_tar_files_are_named_in_a_line(tmp_path: Path) -> None:
    place = picture_sets.tars(picture_sets.folder(tmp_path / "set", 4), tmp_path / "tars")
    (shard := place / "train-000001.tar").write_bytes(shard.read_bytes()[:1500])
    assert "train-000001.tar: not a whole tar file" in complaint("info", "--data", f"{place}:16")
    with tarfile.open(shard, "w") as tar:
        picture_sets.add(tar, "a/7.jpg", b"x")
    assert "train-000001.tar: a/7 has no 7.cls" in complaint("info", "--data", f"{place}:16")
    with tarfile.open(shard, "w") as tar:
        picture_sets.add(tar, "a/7.jpg", b"x")
        picture_sets.add(tar, "a/7.cls", b"cat")
    assert "is b'cat', not the number of a class" in complaint("info", "--data", f"{place}:16")
    with tarfile.open(shard, "w") as tar:
        picture_sets.add(tar, "a/7.jpg", b"x")
        picture_sets.add(tar, "a/7.cls", b"1\n")
    assert "train-000001.tar at byte 512: not a whole picture" in complaint("info", "--data", f"{place}:16")


# What is refused.


def test_an_empty_or_unknown_class_is_named(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "set"
    shutil.copytree(folder, place)
    (place / "train/yellow").mkdir()
    (place / "train/yellow/notes.txt").touch()
    assert f"{place}/train/yellow: holds no picture (.jpg" in complaint("info", "--data", f"{place}:16")
    (place / "train/yellow").rename(place / "val/yellow")
    assert f"{place}/val/yellow: {place}/train has no such class" in complaint("info", "--data", f"{place}:16")


def test_other_folders_and_references_are_refused(folder: Path, tmp_path: Path) -> None:
    line = complaint("train", "--data", folder, "--arch", "tiny", "-o", tmp_path / "x.hfn")
    assert "say what the net reads behind the path of the set, such as :96" in line
    assert "which have no layout" in complaint("info", "--data", f"{folder}:nchw")
    assert "a size behind it is for folders of pictures" in complaint("info", "--data", "digits:16")
    assert "no such" in complaint("info", "--data", f"{folder}:2,16,16")  # what has two channels is no picture
    (tmp_path / "half/train/a").mkdir(parents=True)
    assert "has train but neither val nor test" in complaint("info", "--data", tmp_path / "half")
    (tmp_path / "half/test").mkdir()
    assert "holds no picture" in complaint("info", "--data", tmp_path / "half")
    shutil.rmtree(tmp_path / "half/train/a")
    assert "has no folder of a class" in complaint("info", "--data", tmp_path / "half")
    picture_sets.folder(tmp_path / "one", 4)
    for name in ("blue", "red"):
        for part in ("train", "val"):
            shutil.rmtree(tmp_path / "one" / part / name)
    assert "all pictures are of one class" in complaint("info", "--data", f"{tmp_path / 'one'}:16")


def test_a_damaged_picture_is_named_in_a_line(tmp_path: Path) -> None:
    place = picture_sets.folder(tmp_path / "set", 4)
    damaged = place / "train/green/0.jpeg"
    for content in (b"", b"no picture", damaged.read_bytes()[:300], (place / "train/red/1.png").read_bytes()[:200]):
        damaged.write_bytes(content)
        with pytest.raises(InputError, match=r"train/green/0.jpeg: not a whole picture \(.*\); replace it") as caught:
            np.asarray(data.images(f"{place}:16").x_train)
        assert "\n" not in str(caught.value)
        trains = ("train", "--data", f"{place}:16", "--arch", "tiny", "--epochs", "1", "--batch", "4", "--workers")
        for workers in ("0", "1"):
            assert "0.jpeg: not a whole picture" in complaint(*trains, workers, "-o", tmp_path / "x.hfn")
    damaged.unlink()
    assert result_of("info", "--data", f"{place}:16")["counts"]["train"] == [4, 3, 4]


def test_both_parts_for_tests_are_told_of(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "set")
    shutil.copytree(folder / "val", tmp_path / "set/test")
    assert any(
        "nothing reads val" in line for line in result_of("info", "--data", f"{tmp_path / 'set'}:16")["warnings"]
    )


def test_memory_does_not_grow_with_the_set(tmp_path: Path) -> None:
    """The peak of reading all of it in batches, with four times as many pictures."""
    peaks = []
    for each in (24, 96):
        loaded = data.images(picture_sets.folder(tmp_path / str(each), each, (96, 96)))
        tracemalloc.start()
        for at in range(0, len(loaded.x_train), 16):
            np.asarray(loaded.x_train[at : at + 16])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    batch, whole = 16 * 3 * 96 * 96, 96 * 3 * 3 * 96 * 96
    assert peaks[0] > batch
    assert peaks[1] < peaks[0] + batch < whole / 2
