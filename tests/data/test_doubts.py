"""What is doubtful about a set is said with its remedy, and what has one meaning only is taken."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from support.gnn_sets import random
from support.toys import small, toy

from edgehfn import data, nn
from edgehfn.cli import cli
from edgehfn.data import doubts, gnn_files
from edgehfn.errors import InputError
from edgehfn.training.images import train


def arrays(shape: tuple[int, ...] = (8, 8), **changes: Any) -> dict[str, Any]:
    draw = np.random.default_rng(1)
    made = {
        "x_train": draw.integers(0, 256, (24, *shape), dtype=np.uint8),
        "y_train": np.arange(24) % 3,
        "x_test": draw.integers(0, 256, (9, *shape), dtype=np.uint8),
        "y_test": np.arange(9) % 3,
    }
    return {**made, **changes}


def made(**changes: Any) -> data.Dataset:
    return data.from_arrays("mine", arrays(**changes))


def images(count: int = 24, shape: tuple[int, ...] = (8, 8, 3)) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (count, *shape), dtype=np.uint8)


def faded(axis: int, largest: int) -> np.ndarray:
    """Images of which one channel, row or column of N,H,W,C goes to a small value only."""
    x = images()
    at: list[Any] = [slice(None)] * 4
    at[axis] = 1
    x[tuple(at)] = x[tuple(at)].astype(int) * largest // 255
    return x


def test_a_good_set_has_no_doubts() -> None:
    for good in (made(), made(shape=(8, 8, 3)), made(shape=(4, 4, 1)), toy(), data.load("digits"), data.load("motifs")):
        assert doubts.doubts(good) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"x_train": images(shape=(8, 8)) // 128}, r"no training image has a value above 1,.*x \* 255"),
        ({"x_train": images(shape=(8, 8)) // 16}, r"above 15,.*x \* 17"),
        ({"x_test": images(9, (8, 8)) // 16}, "test images end at 15, training images at 255"),
        ({"y_train": np.arange(24) % 2, "y_test": np.arange(9) % 2}, None),
        ({"y_train": np.array([0] * 12 + [2] * 12)}, "no train example of class 1, which cannot be learned"),
        ({"y_test": np.zeros(9, int)}, "no test example of class 1, 2, which is not measured"),
        ({"y_train": np.array([0] * 22 + [1, 2])}, "class 0 has 22 training examples, 1 1"),
        ({"x_test": arrays()["x_train"][:9]}, "9 of 9 test images are training images"),
        ({"x_train": faded(3, 0), "x_test": images(9)}, "channel 1 is 0 in all training images; leave it out"),
        ({"x_train": faded(3, 4), "x_test": images(9)}, "channel 1 goes from 0 to 4, channel 0 from 0 to 255"),
        ({"x_train": faded(2, 5), "x_test": images(9)}, "column 1 goes from 0 to 5"),
        ({"x_train": faded(1, 2), "x_test": images(9)}, "row 1 goes from 0 to 2"),
        ({"shape": (16, 12, 6)}, "16 rows of 12 pixels of 6 channels .*:nchw"),
        ({"shape": (2, 40, 4)}, "2 rows of 40 pixels of 4 channels"),
    ],
)
def test_doubts_are_told_with_their_remedy(changes: dict[str, Any], says: str | None) -> None:
    found = doubts.doubts(made(**changes))
    assert len(found) == (says is not None), found
    if says is not None:
        assert re.search(says, found[0]), found[0]
        assert found[0].startswith("mine: ")
    assert all(len(doubt) <= 300 and "\n" not in doubt for doubt in found)


@pytest.mark.parametrize("shape", [(1, 49, 10), (3, 16, 12), (2, 32, 32), (4, 9, 5)])
def test_what_may_be_channels_first_is_asked(shape: tuple[int, int, int], tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **arrays(shape))
    with pytest.raises(InputError, match=r"seemingly N,C,H,W; give :nchw .*:nhwc"):
        data.load(path)
    first, last = data.images(f"{path}:nchw"), data.images(path, layout="nhwc")
    assert first.shape == shape
    assert last.shape == (shape[2], *shape[:2])
    assert (first.x_train == arrays(shape)["x_train"]).all()
    assert first.sha256 != last.sha256
    assert doubts.doubts(first) == doubts.doubts(last) == []
    with pytest.raises(InputError, match="names one layout"):
        data.load(f"{path}:nchw", layout="nhwc")
    with pytest.raises(InputError, match="layout 'hwc' is unknown"):
        data.load(path, layout="hwc")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["U", "S", object])
def test_text_labels_are_sorted_class_names(kind: Any) -> None:
    words = np.array(["no", "up", "ähm"])
    text = words if kind != "S" else np.array([word.encode() for word in words])
    text = text.astype(object) if kind is object else text
    loaded = data.from_arrays("a", arrays(y_train=text[np.arange(24) % 3], y_test=text[np.arange(9) % 3]))
    assert loaded.classes == ("no", "up", "ähm")
    assert loaded.y_train.tolist() == (np.arange(24) % 3).tolist()


def test_text_labels_are_places_in_given_names() -> None:
    given = arrays(y_train=["b", "a"] * 12, y_test=["b"] * 9)
    assert data.from_arrays("a", given, ["c", "b", "a"]).y_train[:2].tolist() == [1, 2]
    with pytest.raises(InputError, match="y_train: label 'a' is none of the 2 classes"):
        data.from_arrays("a", given, ["c", "b"])


@pytest.mark.parametrize("kind", [np.float32, np.uint8, bool, np.int64])
def test_one_hot_labels_are_numbers(kind: Any) -> None:
    hot = np.eye(4, dtype=kind)
    loaded = made(y_train=hot[np.arange(24) % 3], y_test=hot[np.arange(9) % 3])
    assert loaded.classes == ("0", "1", "2", "3")
    assert loaded.y_train.tolist() == (np.arange(24) % 3).tolist()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"y_train": np.ones((24, 3))}, "y_train"),  # several classes at once
        ({"y_train": np.eye(3)[np.arange(24) % 3] * 0.9}, "y_train"),  # smoothed
        ({"y_train": np.eye(3)[np.arange(24) % 3]}, "labels of two kinds"),
        ({"y_train": np.array(["a", "b", "c"])[np.arange(24) % 3]}, "labels of two kinds"),
        ({"y_train": [[1], [2, 3]]}, "y_train is no array"),
        ({"y_train": np.eye(3)[np.arange(24) % 3], "y_test": np.eye(4)[np.arange(9) % 3]}, "columns"),
        ({"y_train": np.array([b"\xff", b"a"])[np.arange(24) % 2], "y_test": np.array([b"a"] * 9)}, "no UTF-8"),
        ({"x_train": np.zeros((24, 8, 8))}, "x_train is float32, x_test uint8"),
    ],
)
def test_labels_of_no_clear_meaning_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        made(**changes)


@pytest.mark.parametrize(
    "classes", [np.unique([0, 1, 2]), range(3), (0, 1, 2), np.int64(3), 3, np.array(["0", "1", "2"])]
)
def test_numbers_are_class_names(classes: Any) -> None:
    assert nn.preset("tiny", (1, 8, 8), classes).classes == ("0", "1", "2")


@pytest.mark.parametrize(
    "classes", ["abc", (0.5, 1.5), (None, "a"), ("caf\udce9", "the"), (b"a", b"b"), (True, False), 1, None]
)
def test_other_class_names_are_refused(classes: Any) -> None:
    with pytest.raises(InputError, match="class"):
        nn.preset("tiny", (1, 8, 8), classes)
    with pytest.raises(InputError, match="class"):
        data.from_arrays("mine", arrays(), 1 if classes is None else classes)  # type: ignore[arg-type]


def test_training_on_black_images_is_refused_and_doubts_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    black = made(x_train=images(shape=(8, 8)) // 128)
    with caplog.at_level(logging.WARNING), pytest.raises(InputError, match=r"all would be black: save x \* 255"):
        train(small(), black, epochs=1, device="cpu")
    dim = made(x_train=images(shape=(8, 8)) // 16)
    for _ in range(2):
        with caplog.at_level(logging.WARNING):
            train(small(), dim, epochs=1, device="cpu")
    assert sum("above 15" in record.getMessage() for record in caplog.records) == 1


def test_features_of_unlike_magnitude_are_named() -> None:
    given: dict[str, Any] = dict(gnn_files.to_arrays(random()))
    draw = np.random.default_rng(0).uniform(0.5, 1.0, len(given["feat_indices"]))
    given["feat_data"] = np.where(given["feat_indices"] == 2, draw * 1e-3, draw)
    (found,) = doubts.doubts(gnn_files.from_arrays("g", given))
    assert "g: 1 features are below 8 of 127 steps" in found
    assert found.endswith(": 2; scale each feature to a like range")


def test_info_describes_a_set(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays(x_test=arrays()["x_train"][:9]))
    done = CliRunner().invoke(cli, ["info", "--data", str(path), "--json"])
    told = json.loads(done.stdout)
    assert (told["shape"], told["smallest"], told["largest"], told["shared"]) == ([1, 8, 8], 0, 255, 9)
    assert told["counts"] == {"train": [8, 8, 8], "test": [3, 3, 3]}
    assert "edgehfn: warning: mine: 9 of 9 test images" in done.stderr
    text = CliRunner().invoke(cli, ["info", "--data", "motifs"])
    assert text.exit_code == 0
    assert "labels of graphs; 2,000 graphs" in text.stdout
    odd = CliRunner().invoke(cli, ["info", "--data", str(path), "--width", "3"])
    assert odd.exit_code == 2
    assert "--width is for --arch" in odd.stderr


def test_arrays_that_nothing_reads_are_named_and_refused_if_asked(tmp_path: Path) -> None:
    graph = gnn_files.to_arrays(random())
    for name, stored, extra in (
        ("graph", graph, {"edge_attr": graph["edges"].T, "edge_weight": graph["edges"][0]}),
        ("image", arrays(classes=np.array(["a", "b", "c"])), {"sample_weight": np.ones(24)}),
    ):
        whole, odd = tmp_path / f"{name}.npz", tmp_path / f"{name}_odd.npz"
        np.savez(whole, **stored)
        np.savez(odd, **stored, **extra)
        assert doubts.doubts(data.load(whole)) == []
        for _ in range(2):  # decoded, and out of the cache
            assert [doubt for doubt in doubts.doubts(data.load(odd)) if f"nothing reads {', '.join(extra)}," in doubt]
        loaded = data.load(odd)
        with pytest.raises(InputError, match=f"nothing reads {next(iter(extra))}"):
            data.refuse(loaded)
        for words in (
            ["info", "--data", str(odd), "--strict"],
            ["train", "--data", str(odd), "--arch", "tiny", "-o", f"{tmp_path}/x.hfn", "--strict"],
        ):
            made_of = CliRunner().invoke(cli, words)
            assert made_of.exit_code == 2
            assert f"nothing reads {next(iter(extra))}" in made_of.output
        assert CliRunner().invoke(cli, ["info", "--data", str(whole), "--strict"]).exit_code == 0
    from_memory = gnn_files.from_arrays("mine", {**graph, "edge_weight": graph["edges"][0]})
    assert from_memory.unread == ("edge_weight",)
    assert made(weights=np.ones(24)).unread == ("weights",)
