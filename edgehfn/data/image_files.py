"""The two file layouts of labelled images: a ``.npz`` of four arrays, and a folder of the four IDX files of MNIST."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgehfn.data import samples
from edgehfn.errors import InputError

Array = npt.NDArray[Any]
Layout = Literal["nchw", "nhwc"]  # of images of four dimensions: channels first, or last

FEW = 4  # channels that images mostly have at most

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
IDX_DIMENSIONS = {"x": (3, 4), "y": (1,)}  # of images and of labels
IDX_UINT8 = 0x08  # third byte of the magic number: the element type; the fourth is the number of dimensions
RAGGED = "cut all to one length, as N,L or N,L,C, or give a folder of CSV files with :window="
DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def file_digest(path: Path) -> str:
    """Return SHA-256 of a file, in hex. Raises InputError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error


def arrays_digest(*arrays: Array) -> str:
    """Return SHA-256 of arrays as they are in memory, types and shapes among them, in hex."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def as_arrays(
    given: Mapping[str, npt.ArrayLike], names: Sequence[str], place: str, what: str = "a set"
) -> dict[str, Array]:
    """Return all that a caller gave as arrays. Raises InputError if one of these names is missing or is no array."""
    if not isinstance(given, Mapping):
        raise InputError(f"{place}: {type(given).__name__} is no mapping of arrays; give a dict of {', '.join(names)}")
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(f"{place}: has no {', '.join(missing)}; {what} needs {', '.join(names)}")
    found = {}
    for name, array in given.items():
        try:
            found[name] = np.asarray(array)
        except (ValueError, TypeError, RuntimeError) as error:  # the last is torch's, of tensors on a GPU
            raise InputError(f"{place}: {name} is no array ({error}); give a NumPy array") from error
    return found


def read_npz(path: Path, optional: Sequence[str] = ()) -> dict[str, Array]:
    """Return the four arrays, but for the ``optional`` ones that are not there, and, where there is one, ``classes``.
    Raises InputError if it is no such ``.npz``."""
    arrays = read_arrays(path, (*ARRAYS, "classes"))
    missing = [name for name in ARRAYS if name not in arrays and name not in optional]
    if missing:
        holds = ", ".join(held(path))[:120] or "nothing"
        raise InputError(f"{path}: has no {', '.join(missing)} (it holds {holds}); save {', '.join(ARRAYS)} into it")
    return arrays


def held(path: Path) -> tuple[str, ...]:
    """Return the names of the arrays in a ``.npz``. Raises InputError if it is none."""
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path}: not a .npz file; write it with numpy.savez_compressed of {', '.join(ARRAYS)}")
    try:
        with zipfile.ZipFile(path) as file:
            return tuple(name.removesuffix(".npy") for name in file.namelist())
    except DAMAGE as error:
        raise _damaged(path, error) from error


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, Array]:
    """Return those of the named arrays that a ``.npz`` holds. Raises InputError if it is none, or damaged."""
    there = held(path)
    try:
        with path.open("rb") as stored, np.load(stored, allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in names if name in there}
    except DAMAGE as error:
        if "Object arrays" in str(error):
            raise InputError(
                f"{path}: holds an array of objects, such as recordings of unlike lengths; {RAGGED}"
            ) from error
        raise _damaged(path, error) from error


def others(held: Iterable[str], read: Iterable[str]) -> tuple[str, ...]:
    """Return the names of arrays that are held and not read."""
    return tuple(sorted({*held} - {*read}))


def _damaged(path: Path, error: Exception) -> InputError:
    why = " ".join(str(error).split())[:120]
    return InputError(f"{path}: damaged, or not plain arrays ({why}); write it again with numpy.savez")


def read_idx_folder(folder: Path) -> tuple[dict[str, Array], str]:
    """Return the four arrays and the SHA-256 over the four files as stored.

    Raises InputError if one is missing or damaged.
    """
    digest = hashlib.sha256()
    arrays = {}
    for name, stem in IDX_FILES.items():
        path = next((p for p in (folder / f"{stem}.gz", folder / stem) if p.is_file()), None)
        if path is None:
            need = (
                f"a folder holds pictures (train/CLASS/*.jpg), recordings (*.csv), or {', '.join(IDX_FILES.values())}"
            )
            raise InputError(f"{folder}: has no {stem}.gz; {need}")
        digest.update(file_digest(path).encode())
        arrays[name] = _read_idx(path, IDX_DIMENSIONS[name[0]])
    return arrays, digest.hexdigest()


def _read_idx(path: Path, dimensions: tuple[int, ...]) -> Array:
    try:
        stored = path.read_bytes()
        content = gzip.decompress(stored) if path.suffix == ".gz" else stored
    except DAMAGE as error:
        raise InputError(f"{path}: cannot be unpacked ({error}); fetch the file again") from error
    if len(content) < 4 or content[:3] != bytes([0, 0, IDX_UINT8]):
        raise InputError(f"{path}: not an IDX file of unsigned bytes; fetch the file again")
    if content[3] not in dimensions:
        wanted = " or ".join(map(str, dimensions))
        raise InputError(f"{path}: has {content[3]} dimensions, not {wanted}; fetch the file again")
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    size = prod(shape)
    if size == 0:
        raise InputError(f"{path}: holds nothing (shape {shape}); fetch the file again")
    if len(content) != start + size:
        raise InputError(
            f"{path}: has {len(content) - start} bytes of data, not {size} as its header says; fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()  # writable, as torch wants it


def images_of(arrays: Mapping[str, Array], part: str, place: str, layout: Layout | None) -> Array:
    """Return ``x_train`` or ``x_test`` as contiguous N,C,H,W. Raises InputError for what are no images."""
    key = f"x_{part}"
    x = arrays[key]
    if x.ndim not in (2, 3, 4) and x.dtype.kind in "iufb":
        raise InputError(f"{place}: {key} has shape {x.shape}; images are N,H,W,C or N,H,W, series N,L,C or N,L")
    if x.size == 0:
        raise InputError(f"{place}: {key} has shape {x.shape}, which is empty; give at least one image")
    if x.ndim == 4 and layout is None and x.shape[1] <= FEW < min(x.shape[2:]):
        raise InputError(
            f"{place}: {key} has shape {x.shape}, seemingly N,C,H,W; give :nchw behind the name of the "
            "set if channels come first, :nhwc if they are last (in Python layout=)"
        )
    if x.dtype != np.uint8:
        return samples.samples_of(x, f"{place}: {key}", first=layout == "nchw")
    if x.ndim == 2:
        return np.ascontiguousarray(x[:, None, None])
    if x.ndim == 3:
        return np.ascontiguousarray(x[:, None])
    return np.ascontiguousarray(x if layout == "nchw" else x.transpose(0, 3, 1, 2))


def labels_of(arrays: Mapping[str, Array], part: str, place: str, images: int) -> Array:
    """Return ``y_train`` or ``y_test``, still of the integer type it came in. Raises InputError for other things."""
    y = arrays[f"y_{part}"]
    if y.dtype.kind not in "iu":
        raise InputError(f"{place}: y_{part} is {y.dtype}; labels are integers from 0: save .astype('int64')")
    if y.shape != (images,):
        raise InputError(f"{place}: y_{part} has shape {y.shape} for {images} images; give it shape ({images},)")
    return y
