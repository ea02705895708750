"""Data sets for training and measuring: known ones by name, a user's own by path.

A set of images is a ``.npz`` file (``x_train, y_train, x_test, y_test``, optionally ``classes``; images uint8 as
N,H,W,C or N,H,W, or as N,C,H,W where that is said; time series int8, int16 or floats as N,L,C or N,L; labels as
``edgehfn.data.labels`` takes them) or a folder with the four IDX files of MNIST and its relatives. Graphs are a
``.npz`` file as ``edgehfn.data.gnn_files`` describes it. Names are looked up in ``$EDGEHFN_DATA``, then in the system's
folders, then in the user's cache.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from edgehfn import files
from edgehfn.data import (
    decoded,
    folders,
    gnn_files,
    image_files,
    labels,
    oddities,
    recordings,
    references,
    sampling,
    sounds,
    targets,
)
from edgehfn.data.communities import communities
from edgehfn.data.digits import diabetes, digits
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.image_files import Layout
from edgehfn.data.motifs import motifs
from edgehfn.data.pictures import Pictures, Shape
from edgehfn.errors import InputError
from edgehfn.sound import FrontEnd
from edgehfn.sound.rows import Clips
from edgehfn.spec.task import Kind

Images = npt.NDArray[Any]  # of uint8, or of what edgehfn.data.samples takes
Labels = npt.NDArray[Any]  # of int64, or of float64 where they are numbers

MADE_UP: dict[str, Callable[[], GraphSet]] = {"motifs": motifs, "communities": communities}
IN_SKLEARN: dict[str, Callable[[], dict[str, image_files.Array]]] = {"digits": digits, "diabetes": diabetes}
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
CLASSES = {"fashion-mnist": FASHION}  # IDX files hold no names
REMEDIES = {
    "fashion-mnist": "apt install dataset-fashion-mnist, or put its four .gz files into such a folder there",
    "fsdd": "put fsdd.npz (samples, lengths, digit, speaker, take) there",
    "cifar10": "put cifar10.npz (x_train, y_train, x_test, y_test, classes; images uint8 N,H,W,C) there",
    **{name: f"put {name}.npz ({', '.join(gnn_files.NEEDED)}) there" for name in ("cora", "citeseer")},
}
UNKNOWN = (
    "known names are fashion-mnist, cifar10, digits, diabetes, fsdd, cora, citeseer, motifs, communities; or give a "
    ".npz, or a folder of pictures, WAV, CSV or IDX files"
)
SYSTEM_FOLDERS = (Path("/usr/share/datasets"), Path("/usr/local/share/datasets"))
SLOW = 1.0  # seconds of decoding from which on a decoded copy is kept in the cache


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images or time series: ``x`` ``(N, C, H, W)``, contiguous, uint8 or samples of int8, int16 or float32,
    of series with one row; ``y`` int64 ``(N,)``, the index of the class, or what other tasks want
    (``edgehfn.data.targets``). ``guessed_by``: what the task was guessed by, if it was.

    Of a folder of pictures ``x`` is a :class:`edgehfn.data.pictures.Pictures`, which stands for the array: parts of it
    read nothing, and ``numpy.asarray`` of a part reads that.
    """

    name: str
    x_train: Images
    y_train: Labels
    x_test: Images
    y_test: Labels
    classes: tuple[str, ...]  # or the names of labels or numbers
    sha256: str  # of the source, its first 16 hex digits
    guessed: bool = False  # whether nobody said that channels are last in the source
    unread: tuple[str, ...] = ()  # arrays of the source that mean nothing here
    sound: FrontEnd | None = None  # what has made the images, of recordings
    clips: Clips | None = None  # the samples of the test part, (N, samples)
    task: Kind = "class"
    guessed_by: str = ""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        _, channels, height, width = self.x_train.shape
        return channels, height, width

    @property
    def sampled(self) -> bool:
        """Whether they are no bytes of images, but samples that a map for each channel has to take to a net's range."""
        return bool(self.x_train.dtype != np.uint8)

    def digest(self) -> str:
        """Return SHA-256 of the four arrays as they are here, whatever file they came in: 64 hex digits.

        Of pictures it is that of their names and sizes.
        """
        if streamed(self):
            return self.sha256
        return image_files.arrays_digest(self.x_train, self.y_train, self.x_test, self.y_test)


def streamed(data: Dataset) -> bool:
    """Return whether the images are pictures that are read when they are needed."""
    return isinstance(data.x_train, Pictures)


def load(name_or_path: str | Path, layout: Layout | None = None, task: Kind | None = None) -> Dataset | GraphSet:
    """Return the set at this path, or the first ``NAME.npz`` or folder ``NAME`` in the searched folders.

    ``layout`` says where the channels of images are; a name or path may end in it, too: ``mine.npz:nchw``. A folder of
    pictures may end in what a net shall read, side or channels, height, width: ``photos:96``, ``photos:1,28,28``. Nodes
    may end in ``:hops=10,5``: samples round them then, of so many neighbours of a node hop by hop. Before that, graphs
    may have ``:scale=nodes``, ``features`` or ``sums``, by which features are divided. ``digits`` and ``diabetes`` come
    out of scikit-learn; ``motifs`` and ``communities`` are made up. Sound is as ``edgehfn.data.sounds`` has it, and
    tables of other sensors as ``recordings``. A set of classes may end in ``:normal=NAME`` or ``:odd=NAME``, the only
    class that is. ``task`` is what labels are for; without it they say. Raises InputError for anything but a whole and
    consistent set.
    """
    if (odd := _odd(name_or_path, layout)) is not None:
        return odd
    name, hops = sampling.reference(name_or_path, "hops")
    if hops is not None:
        return sampling.sampled(load(name, layout, task), hops)
    if (recorded := _recorded(name_or_path)) is not None:
        targets.only_classes(task, name_or_path)
        return recorded
    table, cut = recordings.reference(name)
    name_or_path = name_or_path if cut is None else table
    plain, scale = sampling.reference(name_or_path, "scale")
    name_or_path, layout, shape = references.parsed(name_or_path if scale is None else plain, layout, UNKNOWN)
    path, task = _find(name_or_path), targets.checked(task)
    if scale is not None and (path is None or path.is_dir() or "x_train" in image_files.held(path)):
        raise InputError(f"{name_or_path}: holds no graphs in a file, and :scale= is for their features; leave it out")
    if cut is not None or (path is not None and recordings.holds(path)):
        return from_arrays(
            Path(name_or_path).stem, task=task, **recordings.read(Path(name_or_path) if path is None else path, cut)
        )
    if path is not None and path.is_dir() and folders.holds_pictures(path):
        targets.only_classes(task, path)
        return _pictures(path, shape, layout)
    if shape is not None:
        raise InputError(f"{name_or_path}: a size behind it is for folders of pictures; leave it out")
    if path is None:
        return _built_in(Path(name_or_path).name, task)
    if path.is_dir():
        arrays, digest = image_files.read_idx_folder(path)
        name, sha256 = path.resolve().name, references.named(digest, layout)[:16]
        return from_arrays(name, arrays, CLASSES.get(name), place=str(path), sha256=sha256, layout=layout, task=task)
    digest = references.named(image_files.file_digest(path), layout, task)
    held = image_files.held(path)
    if "x_train" not in held and any(key in held for key in gnn_files.NEEDED):
        arrays = image_files.read_arrays(path, (*gnn_files.NEEDED, *gnn_files.OPTIONAL))
        digest, rule = (digest if scale is None else references.named(digest, scale))[:16], scale or "set"
        graphs = gnn_files.from_arrays(path.stem, arrays, place=str(path), sha256=digest, scale=rule, task=task)
        return replace(graphs, unread=image_files.others(held, arrays))
    cached = files.cache_folder() / "decoded" / f"{digest}.npz"
    kept = decoded.read(cached)
    data = None if kept is None else Dataset(path.stem, *kept.arrays, kept.classes, digest[:16], kept.guessed)
    if data is None:
        started = time.monotonic()
        arrays = image_files.read_npz(path, targets.optional(task))
        names = labels.stored_names(arrays.get("classes"), str(path))
        data = from_arrays(path.stem, arrays, names, place=str(path), sha256=digest[:16], layout=layout, task=task)
        if time.monotonic() - started > SLOW and data.task == "class":
            four = (data.x_train, data.y_train, data.x_test, data.y_test)
            decoded.write(cached, decoded.Decoded(four, data.classes, data.guessed))
    return replace(data, unread=image_files.others(held, (*image_files.ARRAYS, "classes")))


def _built_in(name: str, task: Kind | None) -> Dataset | GraphSet:
    """What is made up, or part of scikit-learn."""
    targets.only_classes(task if name in MADE_UP else None, name)
    return MADE_UP[name]() if name in MADE_UP else from_arrays(name, IN_SKLEARN[name](), task=task)


def _odd(name_or_path: str | Path, layout: Layout | None) -> Dataset | None:
    """A set of classes as one of what is normal and what is odd, if the name ends so."""
    for word in oddities.WORDS:
        name, chosen = sampling.reference(name_or_path, word)
        if chosen is not None:
            whole = images(name, layout)
            return oddities.made(whole, word, chosen, streamed(whole))
    return None


def images(name_or_path: str | Path, layout: Layout | None = None) -> Dataset:
    """Return a set of images as :func:`load` does. Raises InputError for graphs, too."""
    loaded = load(name_or_path, layout)
    if isinstance(loaded, GraphSet):
        raise InputError(f"{name_or_path}: holds graphs; give images")
    return loaded


def from_arrays(
    name: str,
    arrays: Mapping[str, npt.ArrayLike],
    classes: Iterable[str] | None = None,
    *,
    place: str = "",
    sha256: str = "",
    layout: Layout | None = None,
    task: Kind | None = None,
) -> Dataset:
    """Return a set from four arrays in memory: ``x_*`` uint8 N,H,W,C or N,H,W, or N,C,H,W with the ``layout`` "nchw";
    series N,L,C or N,L; samples of int8, int16 or floats as ``edgehfn.data.samples`` takes them.

    ``y_*`` are integers ``(N,)``, text, or one column a class. Without ``classes`` they are numbered up to the largest
    training label, or are the sorted texts. For another ``task``, by default guessed: ``edgehfn.data.targets``.
    ``place`` (by default ``name``) is what an InputError names.
    """
    place, layout, task = place or name, references.layout_of(layout), targets.checked(task)
    found = image_files.as_arrays(targets.completed(arrays, task), image_files.ARRAYS, place)
    x_train, x_test = (image_files.images_of(found, part, place, layout) for part in labels.PARTS)
    if x_train.dtype != x_test.dtype:
        raise InputError(f"{place}: x_train is {x_train.dtype}, x_test {x_test.dtype}; save both in one type")
    if x_train.shape[1:] != x_test.shape[1:]:
        raise InputError(
            f"{place}: C,H,W is {x_train.shape[1:]} in x_train, {x_test.shape[1:]} in x_test; make them equal"
        )
    told = targets.read(task, found, classes, place, x_train.shape[2:])
    sha256 = sha256 or image_files.arrays_digest(x_train, told.y_train, x_test, told.y_test)[:16]
    of_channels = found["x_train"].ndim == 4 or (found["x_train"].ndim == 3 and x_train.dtype != np.uint8)
    guessed = layout is None and of_channels
    unread = image_files.others(found, image_files.ARRAYS)
    made = Dataset(name, x_train, told.y_train, x_test, told.y_test, told.names, sha256, guessed, unread)
    return replace(made, task=told.kind, guessed_by=told.why)


def _pictures(folder: Path, shape: Shape | None, layout: Layout | None) -> Dataset:
    if layout is not None:
        raise InputError(f"{folder}: is a folder of pictures, which have no layout; leave out :{layout}")
    name = folder.resolve().name
    *arrays, classes, digest, unread = folders.read(folder, shape)
    x_train, y_train, x_test, y_test = cast("list[Any]", arrays)  # pictures stand for arrays
    if len(classes) < 2:
        raise InputError(f"{folder}: all pictures are of one class; training needs at least 2")
    return Dataset(name, x_train, y_train, x_test, y_test, classes, digest[:16], unread=unread)


def _recorded(given: str | Path) -> Dataset | None:
    name, told = sounds.reference(given)
    path = None
    with contextlib.suppress(InputError):  # which the other ways of reading raise again
        path = _find(name)
    if path is None or not sounds.are(path):
        if told is None:
            return None
        raise InputError(f"{given}: is no set of recordings, which alone has speakers and copies; leave these out")
    found = sounds.read(path, told)
    made = from_arrays(path.resolve().stem, found.arrays(), found.classes, place=str(path), sha256=found.digest)
    return replace(made, sound=found.front, clips=found.clips)


def _find(name_or_path: str | Path) -> Path | None:
    """The file or folder that is meant; None for the digits inside scikit-learn and for made-up graphs."""
    given = Path(name_or_path)
    if given.suffix in (".npz", *recordings.ENDINGS) or len(given.parts) != 1 or given.is_absolute():
        with contextlib.suppress(OSError, ValueError):  # of names that no file can have
            if given.exists():
                return given
        raise InputError(f"{given}: no such file or folder; {UNKNOWN}")
    own = os.environ.get("EDGEHFN_DATA")
    folders = [*([Path(own)] if own else []), *SYSTEM_FOLDERS, files.cache_folder()]
    for folder in folders:
        for place in (folder / f"{given}.npz", folder / given):
            with contextlib.suppress(OSError, ValueError):
                if place.exists():
                    return place
    if given.name in (*IN_SKLEARN, *MADE_UP):
        return None
    with contextlib.suppress(OSError, ValueError):
        if given.is_dir():
            return given
    searched = ", ".join(map(str, folders))
    remedy = REMEDIES.get(given.name, UNKNOWN)
    more = "" if own else " (set EDGEHFN_DATA to add one)"
    raise InputError(f"{given}: no such data set in {searched}{more}; {remedy}")
