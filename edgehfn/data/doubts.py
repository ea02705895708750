"""What is in a set, and what of it a net would learn badly from, with what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.image_files import FEW
from edgehfn.data.pictures import looked_at, pixels
from edgehfn.data.sets import Dataset, streamed
from edgehfn.errors import InputError, one_line

DIM = 64  # a set of images whose largest value is below uses less than a quarter of the range
UNLIKE = 32  # times as far as another, a channel, row or column must go to be doubtful
COARSE = 8  # steps of -127..127; a feature that never reaches so many is nearly lost in rounding
UNEVEN = 10  # times as many examples as the rarest class, the most frequent may have
SHARED = 0.01  # of the test images, that may be training images, too
MANY = 16  # channels of series that are usual
NAMED = 5  # classes or features in a message

_told: set[str] = set()


def warn(data: Dataset | GraphSet) -> None:
    """Log each doubt about a set as a warning; without a handler it goes to standard error. A set is told once."""
    if data.sha256 in _told:
        return
    _told.add(data.sha256)
    for doubt in doubts(data):
        logging.getLogger("edgehfn").warning("edgehfn: warning: %s", doubt)


def refuse(data: Dataset | GraphSet) -> None:
    """Raise InputError if anything about a set is doubtful."""
    if found := doubts(data):
        raise InputError(found[0])


def describe(data: Dataset | GraphSet) -> dict[str, Any]:
    """Return facts of a set as plain values: its kind, sizes, range, examples of each class by part, and doubts."""
    parts = _labels(data)
    counts = {part: _counts(y, len(data.classes)) for part, y in parts.items()}
    facts: dict[str, Any] = {"name": data.name, "sha256": data.sha256, "classes": list(data.classes), "counts": counts}
    facts["task"] = data.task
    if isinstance(data, Dataset):
        layout = "guessed: channels last" if data.guessed else "known"
        seen = pixels(looked_at(data.x_train))
        value: dict[str, Any] = {"smallest": seen.min().item(), "largest": seen.max().item(), "type": str(seen.dtype)}
        shared = None if streamed(data) else _shared(data)
        if data.sampled:
            ends = zip(seen.min((0, 2, 3)).tolist(), seen.max((0, 2, 3)).tolist(), strict=True)
            value["channels"] = [list(pair) for pair in ends]
        kind = "series" if data.sampled and data.shape[1] == 1 else "images"
        facts |= {"kind": kind, "shape": list(data.shape), "layout": layout, **value, "shared": shared}
    else:
        sizes = {"nodes": data.structure.nodes, "edges": data.structure.edges.shape[1], "graphs": data.structure.graphs}
        facts |= {"kind": data.of, "features": data.features.count, **sizes}
    return {**facts, "warnings": doubts(data)}


def doubts(data: Dataset | GraphSet) -> list[str]:
    """Return what is doubtful about a set, each on one line that names the place and the remedy."""
    found = [
        *_about_arrays(data),
        *_about_classes(data),
        *(_about_images(data) if isinstance(data, Dataset) else _about_features(data)),
    ]
    return [one_line(f"{data.name}: {doubt}") for doubt in found]


def _labels(data: Dataset | GraphSet) -> dict[str, npt.NDArray[Any]]:
    if isinstance(data, Dataset):
        return {"train": data.y_train, "test": data.y_test}
    return {part: data.labels[chosen] for part, chosen in data.split.items()}


def _counts(y: npt.NDArray[Any], classes: int) -> list[int]:
    """Examples of each class, inputs of each label, values of each number."""
    if y.dtype.kind == "f" or (y.ndim == 2 and y.shape[1] == classes):
        return [int(count) for count in (y > 0 if y.dtype.kind == "i" else np.isfinite(y)).sum(0)]
    return [int(count) for count in np.bincount(y.ravel(), minlength=classes)]


def _about_arrays(data: Dataset | GraphSet) -> Iterator[str]:
    if data.unread:
        yield f"nothing reads {_listed(list(data.unread))}, so they change no result; take them out if that is right"


def _about_classes(data: Dataset | GraphSet) -> Iterator[str]:
    if data.task != "class":
        return  # other labels are looked at where they are read
    names = np.array(data.classes)
    if len(set(data.classes)) < len(names):
        yield "two classes have one name; rename one of them"
    for part, y in _labels(data).items():
        counts = np.bincount(y, minlength=len(names))
        missing = names[counts == 0]
        if missing.size:
            what = "cannot be learned" if part == "train" else "is not measured"
            listed = _listed([str(name) for name in missing])
            yield f"no {part} example of class {listed}, which {what}; add some, or leave the class out"
        elif part == "train" and counts.max() > UNEVEN * counts.min():
            most, least = names[counts.argmax()], names[counts.argmin()]
            yield (
                f"class {most} has {counts.max()} training examples, {least} {counts.min()}; give each about as many, "
                "for example by repeating those of rare classes, or give --class-weights balanced"
            )


def _about_images(data: Dataset) -> Iterator[str]:
    if streamed(data):
        return  # pictures need not be asked about, and there may be too many to look at
    channels, height, width = data.shape
    if data.sampled:
        yield from _about_samples(data)
        return
    if data.guessed and (channels > FEW or height <= FEW < width):
        yield (
            f"images are read as {height} rows of {width} pixels of {channels} channels (N,H,W,C); give :nchw behind "
            "the name of the set if channels come first, :nhwc if this is right (in Python layout=)"
        )
    largest = int(data.x_train.max())
    if largest < DIM:
        factor = 255 // max(1, largest)
        yield f"no training image has a value above {largest}, a net reads 0..255; save x * {factor}"
    elif int(data.x_test.max()) < DIM:
        yield f"test images end at {data.x_test.max()}, training images at {largest}; scale both alike"
    yield from _about_spreads(data)
    shared = _shared(data)
    if shared > SHARED * len(data.x_test):
        yield f"{shared} of {len(data.x_test)} test images are training images, too; take them out of one of both"


def _about_samples(data: Dataset) -> Iterator[str]:
    channels, height, width = data.shape
    if data.guessed and height == 1 and channels > min(width, MANY):
        yield (
            f"series are read as {width} places of {channels} channels (N,L,C); give :nchw behind the name of the set "
            "if channels come first, and maps of one channel as N,H,W,1"
        )
    low, high = data.x_train.min((0, 2, 3)), data.x_train.max((0, 2, 3))
    for channel in np.flatnonzero(low == high)[:1]:
        yield f"channel {channel} is {low[channel]} in all training examples; leave it out"
    least, most = (ends.astype(np.float64)[:, None, None] for ends in (low, high))
    spare = (most - least) / 4
    beyond = ((data.x_test < least - spare) | (data.x_test > most + spare)).mean((0, 2, 3))
    for channel in np.flatnonzero(beyond > SHARED)[:1]:
        yield (
            f"{100 * beyond[channel]:.0f} % of channel {channel} in the test part lie far outside {low[channel]} to "
            f"{high[channel]}, what training has; divide recordings anew, or give both parts one unit"
        )
    shared = _shared(data)
    if shared > SHARED * len(data.x_test):
        yield f"{shared} of {len(data.x_test)} test examples are training examples, too; take them out of one of both"


def _about_spreads(data: Dataset) -> Iterator[str]:
    """How far channels, rows and columns go: a feature of small numbers beside one of large ones is lost."""
    low, high = data.x_train.min(0).astype(np.int64), data.x_train.max(0).astype(np.int64)
    for axis, what in enumerate(("channel", "row", "column")):
        others = tuple(other for other in range(3) if other != axis)
        first, last = low.min(others), high.max(others)
        spread = last - first
        if len(spread) < 2 or spread.max() == 0:
            continue
        still = np.flatnonzero(spread == 0) if what == "channel" else np.array([], np.int64)
        if still.size:
            yield f"channel {still[0]} is {first[still[0]]} in all training images; leave it out"
        small = np.flatnonzero((spread > 0) & (spread * UNLIKE <= spread.max()))
        if small.size:
            at, wide = small[0], int(spread.argmax())
            yield (
                f"{what} {at} goes from {first[at]} to {last[at]}, {what} {wide} from {first[wide]} to {last[wide]}; "
                f"scale each {what} to 0..255"
            )


def _shared(data: Dataset) -> int:
    """How many test images are training images."""
    known = {image.tobytes() for image in data.x_test}
    found = {content for image in data.x_train if (content := image.tobytes()) in known}
    return sum(image.tobytes() in found for image in data.x_test)


def _about_features(data: GraphSet) -> Iterator[str]:
    features = data.features
    uses = np.bincount(features.indices, minlength=features.count)
    if not uses.any():
        yield "no node has a feature; give each one, its degree for example"
    if features.values is None:
        return
    largest = np.zeros(features.count, np.int64)
    np.maximum.at(largest, features.indices, np.abs(features.values.astype(np.int64)))
    coarse = np.flatnonzero((uses > 0) & (largest < COARSE))
    if coarse.size:
        yield (
            f"{coarse.size} features are below {COARSE} of 127 steps of the largest value, {127 * features.step:.3g}: "
            f"{_listed([str(number) for number in coarse])}; scale each feature to a like range"
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
