"""Files' classes from the command line: those of the same images in a set, whatever file they come in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.commands import call, complaint, dataset, result_of

import edgehfn as hfn
from edgehfn import data
from edgehfn.evaluation.models import open_model


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return data.images("digits").x_test[:6]


def test_pictures_and_arrays_are_what_the_set_is(digits: Path, images: np.ndarray, tmp_path: Path) -> None:
    graph = open_model(digits).graph
    outputs = hfn.emulate(graph, images)
    for number, image in enumerate(images):
        Image.fromarray(image[0]).save(tmp_path / f"{number}.png")
    np.save(tmp_path / "one.npy", images[2, 0])
    np.save(tmp_path / "many.npy", images.transpose(0, 2, 3, 1))
    np.savez(tmp_path / "x.npz", x=images, other=np.zeros(3))
    pictures = [tmp_path / f"{number}.png" for number in range(6)]
    paths = [*pictures, tmp_path / "one.npy", tmp_path / "many.npy", tmp_path / "x.npz"]
    saved = tmp_path / "out.npz"
    found = result_of("predict", digits, *paths, "--save", saved)
    order = [*range(6), 2, *range(6), *range(6)]
    rows = found["predictions"]
    assert [row["label"] for row in rows] == outputs.argmax(1)[order].tolist()
    assert [row["class"] for row in rows] == [str(label) for label in outputs.argmax(1)[order]]
    assert [row["file"] for row in rows[5:8]] == [str(paths[5]), str(paths[6]), f"{paths[7]}[0]"]
    mantissa, exponent = graph.scales[graph.output.name]
    real = outputs.astype(np.float64) * mantissa * 2.0**exponent
    softmax = np.exp(real) / np.exp(real).sum(1, keepdims=True)
    assert [row["score"] for row in rows] == pytest.approx(softmax.max(1)[order], abs=1e-4)
    with np.load(saved) as file:
        assert np.array_equal(file["outputs"], outputs[order])
        assert file["name"].tolist() == [row["file"] for row in rows]
        assert file["label"].tolist() == [row["label"] for row in rows]
        assert file["classes"].tolist() == [str(number) for number in range(10)]
    assert call("predict", digits, pictures[0], "--save", saved).exit_code == 0  # its own file is replaced
    shown = call("predict", digits, *pictures[:2]).stdout.splitlines()
    assert shown == [f"{row['file']}: {row['class']} {row['score']:.3f}" for row in rows[:2]]


@pytest.mark.gcc
def test_machines_say_the_same(digits: Path, images: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", images)
    one, other = (result_of("predict", digits, tmp_path / "x.npy", "--on", on) for on in ("emulator", "host"))
    assert one["predictions"] == other["predictions"]
    assert "one machine" in complaint("predict", digits, tmp_path / "x.npy", "--on", "host,emulator")


def test_many_files_are_run_a_part_at_a_time(
    digits: Path, images: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "x.npy", images)
    whole = result_of("predict", digits, tmp_path / "x.npy")
    monkeypatch.setattr("edgehfn.evaluation.predict.STEP", 4)
    assert result_of("predict", digits, tmp_path / "x.npy") == whole


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((8, 9), np.uint8), "reads uint8 of H,W,C 8,8,1"),
        (np.zeros((8, 8), np.float32), "is float32"),
        (np.zeros((2, 8, 8, 3), np.uint8), "is uint8 of shape (2, 8, 8, 3)"),
        (np.zeros((0, 8, 8), np.uint8), "there is no image"),
        (np.array([{}], object), "not a whole array"),
    ],
    ids=str,
)
def test_other_arrays_are_told(digits: Path, tmp_path: Path, array: np.ndarray, told: str) -> None:
    np.save(tmp_path / "x.npy", array)
    assert told in complaint("predict", digits, tmp_path / "x.npy")


def test_bad_files_are_told_in_a_line(digits: Path, tmp_path: Path) -> None:
    assert "two.npz: has no array x or x_test (it holds a, b)" in complaint("predict", digits, two(tmp_path))
    (tmp_path / "x.png").write_bytes(b"no picture")
    line = complaint("predict", digits, dataset(tmp_path / "set.npz"), tmp_path / "x.png")
    assert "x.png: not a whole picture" in line
    assert not (tmp_path / "out.npz").exists()
    assert "is read by this command" in complaint(
        "predict", digits, tmp_path / "set.npz", "--save", tmp_path / "set.npz"
    )


def two(folder: Path) -> Path:
    place = folder / "two.npz"
    np.savez(place, a=np.zeros(3), b=np.zeros(3))
    return place


def test_a_model_of_graphs_takes_no_images(tmp_path: Path) -> None:
    model, place = tmp_path / "g.hfn", tmp_path / "x.npy"
    np.save(place, np.zeros((8, 8), np.uint8))
    result_of("train", "--data", "motifs", "--arch", "gin", "--hidden", 4, "--epochs", 1, "-o", model)
    result_of("calibrate", model, "--data", "motifs")
    assert "reads graphs" in complaint("predict", model, place)
