"""Data sets for training and measuring: known ones by name, a user's own by path.

A set of images is a ``.npz`` file (``x_train, y_train, x_test, y_test``, optionally ``classes``; images uint8 as
N,H,W,C or N,H,W; labels integers) or a folder with the four IDX files of MNIST and its relatives; graphs are a ``.npz``
file as ``edgehfn.data.gnn_files`` describes it. Names are looked up in
``$EDGEHFN_DATA``, then in the system's folders, then in the user's cache.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgehfn import files
from edgehfn.data import gnn_files, image_files
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.image_files import Array
from edgehfn.data.motifs import motifs
from edgehfn.errors import InputError
from edgehfn.spec import generator

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
CLASSES = {"fashion-mnist": FASHION}  # IDX files hold no names
REMEDIES = {
    "fashion-mnist": "apt install dataset-fashion-mnist, or put its four .gz files into a folder of that name there",
    "cifar10": "put cifar10.npz (x_train, y_train, x_test, y_test, classes; images uint8 N,H,W,C) there",
    **{name: f"put {name}.npz ({', '.join(gnn_files.NEEDED)}) there" for name in ("cora", "citeseer")},
}
UNKNOWN = (
    "known names are fashion-mnist, cifar10, digits, cora, citeseer, motifs; for your own set give a path, to a .npz "
    "or a folder of IDX files"
)
SYSTEM_FOLDERS = (Path("/usr/share/datasets"), Path("/usr/local/share/datasets"))
SLOW = 1.0  # seconds of decoding from which on a decoded copy is kept in the cache
DIGITS_TEST = 360  # of the 1,797 digits of scikit-learn, which has no test set of its own


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images: ``x`` uint8 ``(N, C, H, W)``, contiguous; ``y`` int64 ``(N,)``, the index of the class."""

    name: str
    x_train: Images
    y_train: Labels
    x_test: Images
    y_test: Labels
    classes: tuple[str, ...]
    sha256: str  # of the source, its first 16 hex digits

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        _, channels, height, width = self.x_train.shape
        return channels, height, width

    def digest(self) -> str:
        """SHA-256 of the four arrays as they are here, whatever file they came in: 64 hex digits."""
        return image_files.arrays_digest(self.x_train, self.y_train, self.x_test, self.y_test)


def load(name_or_path: str | Path) -> Dataset | GraphSet:
    """The set at this path, or the first with this name in the searched folders: ``NAME.npz`` or a folder ``NAME``.

    ``digits`` comes out of scikit-learn, and ``motifs`` is made up. Raises InputError for anything but a whole and
    consistent set.
    """
    path = _find(name_or_path)
    if path is None:
        return motifs() if Path(name_or_path).name == "motifs" else _digits()
    if path.is_dir():
        arrays, digest = image_files.read_idx_folder(path)
        name = path.resolve().name
        return from_arrays(name, arrays, CLASSES.get(name), place=str(path), sha256=digest[:16])
    digest = image_files.file_digest(path)
    held = image_files.held(path)
    if "x_train" not in held and any(key in held for key in gnn_files.NEEDED):
        arrays = image_files.read_arrays(path, (*gnn_files.NEEDED, *gnn_files.OPTIONAL))
        return gnn_files.from_arrays(path.stem, arrays, place=str(path), sha256=digest[:16])
    cached = files.cache_folder() / "decoded" / f"{digest}.npz"
    data = _read_decoded(cached, path.stem, digest)
    if data is None:
        started = time.monotonic()
        arrays = image_files.read_npz(path)
        names = _stored_names(arrays.get("classes"), path)
        data = from_arrays(path.stem, arrays, names, place=str(path), sha256=digest[:16])
        if time.monotonic() - started > SLOW:
            _write_decoded(cached, data)
    return data


def images(name_or_path: str | Path) -> Dataset:
    """As ``load``, for what only takes images. Raises InputError for graphs, too."""
    loaded = load(name_or_path)
    if isinstance(loaded, GraphSet):
        raise InputError(f"{name_or_path}: holds graphs; give images")
    return loaded


def from_arrays(
    name: str, arrays: Mapping[str, Array], classes: Iterable[str] | None = None, *, place: str = "", sha256: str = ""
) -> Dataset:
    """A set from four arrays in memory: ``x_*`` uint8 N,H,W,C or N,H,W; ``y_*`` integers ``(N,)``.

    Without ``classes`` they are numbered up to the largest training label. ``place`` (by default ``name``) is what an
    InputError names.
    """
    place = place or name
    x_train, y_train = _images(arrays, "train", place), _labels(arrays, "train", place)
    x_test, y_test = _images(arrays, "test", place), _labels(arrays, "test", place)
    if x_train.shape[1:] != x_test.shape[1:]:
        raise InputError(
            f"{place}: C,H,W is {x_train.shape[1:]} in x_train, {x_test.shape[1:]} in x_test; make them equal"
        )
    if classes is None and y_train.max() >= y_train.size:
        raise InputError(
            f"{place}: y_train has label {y_train.max()} in {y_train.size} images; number the classes from 0"
        )
    names = tuple(map(str, range(int(y_train.max()) + 1) if classes is None else classes))
    for key, labels in (("y_train", y_train), ("y_test", y_test)):
        if labels.min() < 0 or labels.max() >= len(names):
            raise InputError(
                f"{place}: {key} goes from {labels.min()} to {labels.max()}, {len(names)} classes allow 0 to "
                f"{len(names) - 1}; number the classes from 0, or name all of them in `classes`"
            )
    if len(names) < 2:
        raise InputError(f"{place}: all images are of one class; training needs at least 2")
    sha256 = sha256 or image_files.arrays_digest(x_train, y_train, x_test, y_test)[:16]
    return Dataset(name, x_train, y_train.astype(np.int64), x_test, y_test.astype(np.int64), names, sha256)


def _find(name_or_path: str | Path) -> Path | None:
    """The file or folder that is meant; None for the digits inside scikit-learn and for made-up graphs."""
    given = Path(name_or_path)
    if given.suffix == ".npz" or len(given.parts) != 1 or given.is_absolute():
        if given.exists():
            return given
        raise InputError(f"{given}: no such file or folder; {UNKNOWN}")
    own = os.environ.get("EDGEHFN_DATA")
    folders = [*([Path(own)] if own else []), *SYSTEM_FOLDERS, files.cache_folder()]
    for folder in folders:
        for place in (folder / f"{given}.npz", folder / given):
            if place.exists():
                return place
    if given.name in ("digits", "motifs"):
        return None
    if given.is_dir():
        return given
    searched = ", ".join(map(str, folders))
    remedy = REMEDIES.get(given.name, UNKNOWN)
    raise InputError(f"no data set {str(given)!r} in {searched} (EDGEHFN_DATA adds a folder); {remedy}")


def _images(arrays: Mapping[str, Array], part: str, place: str) -> Images:
    """``x_train`` or ``x_test`` as contiguous N,C,H,W."""
    key = f"x_{part}"
    x = arrays[key]
    if x.dtype != np.uint8:
        raise InputError(f"{place}: {key} is {x.dtype}; images are uint8 0..255: scale it and save .astype('uint8')")
    if x.ndim not in (3, 4):
        raise InputError(f"{place}: {key} has shape {x.shape}; images are N,H,W,C or N,H,W")
    if x.size == 0:
        raise InputError(f"{place}: {key} has shape {x.shape}, which is empty; give at least one image")
    if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[2] == x.shape[3] > 4:
        raise InputError(f"{place}: {key} has shape {x.shape}, seemingly N,C,H,W; save .transpose(0, 2, 3, 1)")
    return np.ascontiguousarray(x[:, None] if x.ndim == 3 else x.transpose(0, 3, 1, 2))


def _labels(arrays: Mapping[str, Array], part: str, place: str) -> Array:
    """``y_train`` or ``y_test``, still of the integer type it came in: a cast before the range check could wrap."""
    y, images = arrays[f"y_{part}"], len(arrays[f"x_{part}"])
    if y.dtype.kind not in "iu":
        raise InputError(f"{place}: y_{part} is {y.dtype}; labels are integers from 0: save .astype('int64')")
    if y.shape != (images,):
        raise InputError(f"{place}: y_{part} has shape {y.shape} for {images} images; give it shape ({images},)")
    return y


def _stored_names(classes: Array | None, path: Path) -> list[str] | None:
    if classes is not None and (classes.ndim != 1 or classes.dtype.kind != "U"):
        raise InputError(f"{path}: classes is {classes.dtype} of shape {classes.shape}; save np.array([names], str)")
    return None if classes is None else [str(name) for name in classes]


def _digits() -> Dataset:
    """The 8x8 digits of scikit-learn, 0..16 scaled to 0..255, split by a fixed permutation."""
    try:
        source = importlib.import_module("sklearn.datasets").load_digits()
    except ImportError as error:
        raise InputError(
            "data set digits is part of scikit-learn, which is missing; pip install scikit-learn"
        ) from error
    images = np.rint(source.images * (255 / 16)).astype(np.uint8)
    labels = source.target.astype(np.int64)
    order = np.argsort(generator.words(generator.key(0, 0), len(images)), kind="stable")
    train, test = order[DIGITS_TEST:], order[:DIGITS_TEST]
    arrays = {"x_train": images[train], "y_train": labels[train], "x_test": images[test], "y_test": labels[test]}
    return from_arrays("digits", arrays)


def _read_decoded(path: Path, name: str, digest: str) -> Dataset | None:
    """The decoded copy of the source with this digest; None if there is none, or no readable one."""
    try:
        with path.open("rb") as stored, np.load(stored, allow_pickle=False) as file:
            x_train, y_train, x_test, y_test, classes = (file[key] for key in (*image_files.ARRAYS, "classes"))
    except image_files.DAMAGE:
        return None
    return Dataset(name, x_train, y_train, x_test, y_test, tuple(map(str, classes)), digest[:16])


def _write_decoded(path: Path, data: Dataset) -> None:
    """Keep a decoded copy, whole or not at all; a cache that cannot be written costs time only."""
    arrays = {key: getattr(data, key) for key in image_files.ARRAYS}
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(path) as file:
            np.savez(file, allow_pickle=False, classes=np.array(data.classes), **arrays)
