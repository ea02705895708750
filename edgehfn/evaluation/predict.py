"""What a model says of files: pictures, arrays of images, and graphs."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.data import gnn_files, image_files, sounds
from edgehfn.data.pictures import at_once, decoded, read_file
from edgehfn.data.samples import Samples, check_finite
from edgehfn.data.sound_files import ENDING, wav
from edgehfn.errors import InputError
from edgehfn.evaluation import machines
from edgehfn.evaluation.accuracy import packed_one
from edgehfn.evaluation.answers import answers, step
from edgehfn.ir import Graph
from edgehfn.ir.inputs import raw_dtype
from edgehfn.ir.ops import Input
from edgehfn.progress import Report
from edgehfn.target import sound
from edgehfn.target.build import HOST
from edgehfn.target.execute import Int8

ARRAYS = (".npy", ".npz")
IN_NPZ = ("x", "x_test")  # of which arrays of a .npz the images are one
STEP, CORE_STEP = 500, 20  # inputs between two reports
MARK = "edgehfn_predictions"  # first array of what is saved: the version of its layout

Shape = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Predictions:
    """A row for each input: its name, its class (a number), the class's softmax, 0..1, and the integer outputs.

    Of other tasks than ``class`` there are no ``labels``, and ``scores`` are what ``answers`` makes of the outputs.
    """

    names: tuple[str, ...]
    labels: npt.NDArray[np.int64] | None
    scores: npt.NDArray[Any]
    outputs: Int8
    classes: tuple[str, ...]

    def packed(self) -> bytes:
        """Return them as a ``.npz``."""
        made = io.BytesIO()
        arrays = {"name": np.array(self.names), "score": self.scores, "outputs": self.outputs}
        arrays |= {} if self.labels is None else {"label": self.labels}
        np.savez_compressed(made, **{MARK: np.array(1)}, **arrays, classes=np.array(self.classes))  # type: ignore[arg-type]
        return made.getvalue()


def predict(
    graph: Graph, paths: Sequence[str | Path], on: str = machines.EMULATOR, progress: Report | None = None
) -> Predictions:
    """Run the images of files on one machine.

    Pictures become what the net reads as those of a folder do (``edgehfn.data.pictures``). A ``.npy`` has an image or
    many, of H,W,C, or H,W, or C,H,W, or a time series or many, of L,C or L, in the type that the net was trained on; a
    ``.npz`` such an array named x or x_test, or no other. Models for small graphs read ``.npz`` files of these,
    labelled or not, whose features are all 1. Models for sound read the middle of WAV files, C from their samples.
    Raises InputError for other files, and as ``machines.run`` does.
    """
    shape, places = _shape(graph), [Path(path) for path in paths]
    hears = graph.sound is not None and all(path.suffix.lower() == ENDING for path in places)
    source = machines.own(graph).input
    packs = source is not None and source.topology is not None
    if source is not None and packs:
        each = _graphs(places, source)
    else:
        each = _clips(places, graph) if hears else _images(places, shape, _types(graph))
    at_a_time = at_once(shape, STEP if on in (*machines.INTERPRETERS, HOST) else CORE_STEP)
    planned = machines.planned(graph, (on,))
    names: list[str] = []
    outputs: list[Int8] = []
    while some := list(islice(each, at_a_time)):
        names += [name for name, _ in some]
        stacked = np.stack([image for _, image in some])
        raw = stacked if hears or packs else machines.raw(graph, stacked)
        made = machines.run_planned(graph, planned, raw, on)
        outputs.append(made if graph.task.kind == "pixels" else made.reshape(len(some), -1))
        if progress is not None:
            progress(len(names), max(len(names), len(paths)), some[-1][0])
    if not names:
        raise InputError("there is no image in these files; give pictures, or arrays of images")
    found = np.concatenate(outputs)
    if graph.task.kind != "class":
        return Predictions(tuple(names), None, answers(graph, found), found, graph.classes)
    real = found * step(graph)
    odds = np.exp(real - real.max(1, keepdims=True))
    labels = machines.classes(found)
    scores = odds[np.arange(len(odds)), labels] / odds.sum(1)
    classes = graph.classes or tuple(map(str, range(found.shape[1])))
    return Predictions(tuple(names), labels, scores, found, classes)


def rows(graph: Graph, found: Predictions) -> list[dict[str, Any]]:
    """Return what is told of each input, as plain values; labels with the odds of a yes, pixels by class."""
    return [{"file": name, **_row(graph, found, number)} for number, name in enumerate(found.names)]


def _row(graph: Graph, found: Predictions, number: int) -> dict[str, Any]:
    told, names = found.scores[number], found.classes
    match graph.task.kind:
        case "class":
            assert found.labels is not None
            label = int(found.labels[number])
            return {"label": label, "class": names[label], "score": round(float(told), 4)}
        case "regression":
            return {"values": {name: float(f"{value:.6g}") for name, value in zip(names, told, strict=True)}}
        case "labels":
            odds = 1 / (1 + np.exp(-told))
            return {"labels": {name: round(float(odd), 4) for name, odd in zip(names, odds, strict=True)}}
        case "anomaly":
            limit = graph.task.threshold
            return {"score": int(told), **({} if limit is None else {"odd": bool(told > limit), "threshold": limit})}
        case _:
            counts = np.bincount(told.ravel(), minlength=len(names)).tolist()
            return {"pixels": dict(zip(names, counts, strict=True))}


def _shape(graph: Graph) -> Shape:
    """What the net reads, (C, H, W). Raises InputError if it reads nothing."""
    source = machines.own(graph).input
    if source is None:
        raise InputError("the model stores its graph and reads no files; run measures it on the labels of its nodes")
    channels, height, width = source.shape
    return channels, height, width


def _types(graph: Graph) -> tuple[str, ...]:
    """NumPy's names of types that the net reads: its samples, and floats where these have units."""
    source = machines.own(graph).input
    floats = ("float32", "float64") if source is not None and source.units is not None else ()
    return (raw_dtype(graph).name, *floats)


def _images(paths: Sequence[Path], shape: Shape, types: Sequence[str]) -> Iterator[tuple[str, Samples]]:
    """Each image, (C, H, W), with what it is called."""
    for path in paths:
        if path.suffix.lower() not in ARRAYS:
            yield str(path), decoded(read_file(path), shape, str(path))
            continue
        array = _array(path)
        many = _channels_first(array, shape, types, str(path))
        check_finite(many, str(path))
        for number, image in enumerate(many):
            yield str(path) if array.ndim < many.ndim else f"{path}[{number}]", image


def _graphs(paths: Sequence[Path], source: Input) -> Iterator[tuple[str, Any]]:
    """Each small graph, as the device reads it. Values depend on a set's largest one, so they are not taken alone."""
    for path in paths:
        held = image_files.held(path) if path.suffix.lower() == ".npz" else ()
        if not {*gnn_files.BARE} <= {*held}:
            raise InputError(f"{path}: the model reads graphs; give a .npz of {', '.join(gnn_files.BARE)}")
        features, joined = gnn_files.unlabelled(
            image_files.read_arrays(path, (*gnn_files.BARE, *gnn_files.OPTIONAL)), str(path)
        )
        if features.values is not None:
            raise InputError(
                f"{path}: feat_data has values, whose step is that of the set trained on; run tells of a whole set"
            )
        for number in range(joined.graphs):
            one, nodes = joined.select([number])
            try:
                yield f"{path}[{number}]", packed_one(source, features.select(nodes), one)
            except InputError as error:
                raise InputError(f"{path}: graph {number}: {error}") from error


def _clips(paths: Sequence[Path], graph: Graph) -> Iterator[tuple[str, Any]]:
    """The middle of each recording, or with silence around it."""
    assert graph.sound is not None
    for path in paths:
        samples, _ = wav(path, graph.sound.rate)
        yield str(path), sounds.placed(samples, sound.clip(graph)).astype(np.int16)


def _array(path: Path) -> image_files.Array:
    if path.suffix.lower() == ".npz":
        held = image_files.held(path)
        name = next((name for name in IN_NPZ if name in held), held[0] if len(held) == 1 else None)
        if name is None:
            raise InputError(f"{path}: has no array x or x_test (it holds {', '.join(held)[:100]}); save x into it")
        return image_files.read_arrays(path, (name,))[name]
    content = read_file(path)
    try:
        return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
    except image_files.DAMAGE as error:
        why = " ".join(str(error).split())[:80]
        raise InputError(f"{path}: not a whole array ({why}); write it with numpy.save") from error


def _channels_first(array: image_files.Array, shape: Shape, types: Sequence[str], place: str) -> Samples:
    """Inputs (N, C, H, W) of an array of one or many. Raises InputError for what the net does not read."""
    channels, height, width = shape
    layouts: dict[tuple[int, ...], tuple[int, int, int]] = {(height, width, channels): (2, 0, 1), shape: (0, 1, 2)}
    if height == 1:
        layouts |= {(width, channels): (1, -1, 0), (channels, width): (0, -1, 1)}
    if channels == 1:
        layouts |= {(height, width): (-1, 0, 1)} | ({(width,): (-1, -1, 0)} if height == 1 else {})
    of_right_type = array.dtype.name in types
    for layout, order in layouts.items() if of_right_type else ():
        if layout in (array.shape, array.shape[1:]):
            many = array.reshape(-1, *layout)
            axes = [many.shape[0], *(1 if at < 0 else layout[at] for at in order)]
            return np.ascontiguousarray(many.transpose(0, *(at + 1 for at in order if at >= 0)).reshape(axes))
    wanted = f"L,C {width},{channels}" if height == 1 else f"H,W,C {height},{width},{channels}"
    raise InputError(
        f"{place}: is {array.dtype} of shape {array.shape}; the model reads {' or '.join(types)} of {wanted}, of one "
        f"{'series' if height == 1 else 'image'} or of many"
    )
