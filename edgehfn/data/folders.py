"""Sets of pictures in folders, and in tar files as webdataset has them. Only their names are read beforehand.

    PATH/train/CLASS/*.jpg          PATH/train-000000.tar, …    samples KEY.jpg, KEY.cls (the number of the class)
    PATH/val/CLASS/*.png            PATH/val-000000.tar, …
                                    PATH/classes.txt            (optional) a name a line

The part for tests may be named ``val`` or ``test``. Tar files may lie in folders of the parts' names as well.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgehfn.data.labels import class_names
from edgehfn.data.pictures import ENDINGS, GREY, Pictures, Shape, Source, read_file, upright
from edgehfn.errors import InputError

TRAIN, TESTS = "train", ("test", "val")  # the first that is there is the part for tests
NAMES = "classes.txt"
LABEL = ".cls"
END = 2 * tarfile.BLOCKSIZE  # bytes, all 0, that end a tar file
LOOKED_AT = 1000  # pictures, of which the size is known if they agree
LAYOUT = "train/ and val/ with a folder of pictures for each class, or train-*.tar and val-*.tar"

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Files:
    """Pictures that are files."""

    root: Path
    names: npt.NDArray[np.bytes_]  # below the root; one array takes less memory than a million strings
    digest: str

    def content(self, number: int) -> bytes:
        """Return a picture as it is stored. Raises InputError if it cannot be read."""
        return read_file(Path(self.place(number)))

    def place(self, number: int) -> str:
        """Return its path."""
        return str(self.root / os.fsdecode(self.names[number]))


@dataclass(frozen=True, eq=False)
class Shards:
    """Pictures that lie in tar files, which are not unpacked: of each the file, where it begins, and its bytes."""

    paths: tuple[Path, ...]
    where: Index  # (N, 3)
    digest: str

    def content(self, number: int) -> bytes:
        """Return a picture as it is stored. Raises InputError if it cannot be read."""
        shard, start, size = self.where[number]
        try:
            with self.paths[shard].open("rb") as file:
                file.seek(start)
                return bytes(file.read(size))
        except OSError as error:
            raise InputError(f"{self.paths[shard]}: cannot be read ({error.strerror}); check the path") from error

    def place(self, number: int) -> str:
        """Return the tar file's path, and where in it the picture begins."""
        shard, start, _ = self.where[number]
        return f"{self.paths[shard]} at byte {start}"


@dataclass(frozen=True)
class Part:
    """Pictures and their classes, by number."""

    source: Source
    labels: Index


def holds_pictures(folder: Path) -> bool:
    """Return whether a folder has the layout of this module, by its part for training."""
    return (folder / TRAIN).is_dir() or bool(_shards(folder, TRAIN))


def read(
    folder: Path, shape: Shape | None
) -> tuple[Pictures, Index, Pictures, Index, tuple[str, ...], str, tuple[str, ...]]:
    """Return pictures and labels for training and for tests, the classes, a digest of names and sizes, and what is not
    read.

    ``shape`` is what a net reads; by default it is that of the pictures. Raises InputError for a folder of another
    layout, an empty class, or pictures of unlike sizes without a ``shape``.
    """
    try:
        there = [part for part in TESTS if (folder / part).is_dir() or _shards(folder, part)]
        if not there:
            raise InputError(f"{folder}: has train but neither val nor test; a set of pictures has {LAYOUT}")
        tars = bool(_shards(folder, TRAIN))
        names = _names_of(folder) if tars else tuple(sorted(_folders(folder / TRAIN)))
        first, second = (
            _in_tars(folder, part) if tars else _in_folders(folder, part, names) for part in (TRAIN, there[0])
        )
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be read ({error.strerror})") from error
    if not tars or names:
        most, known = max(first.labels.max(), second.labels.max()), len(names)
        if most >= known:
            raise InputError(f"{folder / NAMES}: names {known} classes, labels go up to {most}; name all of them")
    else:
        names = tuple(map(str, range(int(first.labels.max()) + 1)))
    size = shape or _common(first)
    told = f"{first.source.digest} {second.source.digest} {size} {names}"
    x_train, x_test = (Pictures(part.source, np.arange(len(part.labels)), size) for part in (first, second))
    digest = hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()
    return x_train, first.labels, x_test, second.labels, class_names(names, str(folder)), digest, tuple(there[1:])


def _common(part: Part) -> Shape:
    """The shape that the first pictures of all classes have. Raises InputError if they differ."""
    _, firsts = np.unique(part.labels, return_index=True)
    sizes: list[tuple[int, int]] = []
    grey = True
    for number in firsts[:LOOKED_AT].tolist():
        place = part.source.place(number)
        image = upright(part.source.content(number), place)
        grey = grey and image.mode in GREY
        sizes.append(image.size)
        if image.size != sizes[0]:
            (wide, high), (width, height) = image.size, sizes[0]
            raise InputError(
                f"{place}: is {wide}x{high}, another {width}x{height}; "
                "say what the net reads behind the path of the set, such as :96, or :1,28,28 (channels, height, width)"
            )
    return (1 if grey else 3, sizes[0][1], sizes[0][0])


# Folders.


def _folders(folder: Path) -> list[str]:
    return [entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith(".")]


def _in_folders(folder: Path, part: str, names: tuple[str, ...]) -> Part:
    known = {name: number for number, name in enumerate(names)}
    root, told = folder / part, hashlib.sha256()
    found: list[bytes] = []
    labels: list[int] = []
    if not names:
        raise InputError(f"{root}: has no folder of a class; a set of pictures has {LAYOUT}")
    for name in sorted(_folders(root)):
        if name not in known:
            raise InputError(f"{root / name}: {folder / TRAIN} has no such class; add pictures there, or take it out")
        before = len(found)
        for path, size in _pictures(root / name):
            below = os.fsencode(os.path.relpath(path, root))
            told.update(b"%s %d\n" % (below, size))
            found.append(below)
        if len(found) == before:
            raise InputError(f"{root / name}: holds no picture ({', '.join(ENDINGS)}); add some, or delete the folder")
        labels += [known[name]] * (len(found) - before)
    if not found:
        raise InputError(f"{root}: has no folder of a class; a set of pictures has {LAYOUT}")
    return Part(Files(root, np.array(found), told.hexdigest()), np.array(labels, np.int64))


def _pictures(folder: Path) -> Iterator[tuple[str, int]]:
    """Paths and sizes of the pictures in a folder and those below it, in order."""
    for place, below, names in os.walk(folder):
        below.sort()
        for name in sorted(names):
            if name.lower().endswith(ENDINGS) and not name.startswith("."):
                path = os.path.join(place, name)
                yield path, os.stat(path).st_size


# Tar files.


def _shards(folder: Path, part: str) -> list[Path]:
    return sorted([*folder.glob(f"{part}[-_.]*.tar"), *folder.glob(f"{part}.tar"), *(folder / part).glob("*.tar")])


def _names_of(folder: Path) -> tuple[str, ...]:
    """Those of the file of names; none if there is none."""
    place = folder / NAMES
    if not place.exists():
        return ()
    lines = read_file(place).decode(errors="surrogateescape").splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _in_tars(folder: Path, part: str) -> Part:
    paths, told = _shards(folder, part), hashlib.sha256()
    where: list[Index] = []
    labels: list[Index] = []
    for shard, path in enumerate(paths):
        starts, found = _indexed(path, shard)
        told.update(b"%s %d\n" % (os.fsencode(path.name), path.stat().st_size))
        where.append(starts)
        labels.append(found)
    if not sum(map(len, labels)):
        raise InputError(f"{folder}: its tar files of {part} hold no picture; a sample is KEY.jpg and KEY{LABEL}")
    return Part(Shards(tuple(paths), np.concatenate(where), told.hexdigest()), np.concatenate(labels))


def _indexed(path: Path, shard: int) -> tuple[Index, Index]:
    """Where the pictures of a tar file are, and their labels. Its contents are passed over."""
    pictures: dict[str, tuple[int, int]] = {}
    labels: dict[str, int] = {}
    try:
        _check_end(path)
        with tarfile.open(path, "r:") as tar:
            while (member := tar.next()) is not None:
                key, dot, ending = member.name.rpartition(".")
                if member.isfile() and f"{dot}{ending}".lower() in ENDINGS:
                    pictures[key] = (member.offset_data, member.size)
                elif member.isfile() and f"{dot}{ending}" == LABEL:
                    labels[key] = _label(tar.extractfile(member), f"{path}: {member.name}")
                tar.members = []  # type: ignore[attr-defined]  # else it keeps all
    except (tarfile.TarError, EOFError) as error:
        raise InputError(f"{path}: not a whole tar file ({error}); fetch it again, and do not compress it") from error
    missing = next((key for key in pictures if key not in labels), None)
    if missing is not None:
        raise InputError(f"{path}: {missing} has no {missing.rpartition('/')[2]}{LABEL}, the number of its class")
    chosen = np.array([(shard, *pictures[key]) for key in pictures], np.int64).reshape(-1, 3)
    return chosen, np.array([labels[key] for key in pictures], np.int64)


def _check_end(path: Path) -> None:
    """Raises tarfile.ReadError unless the file ends as tar files do: a reader takes a part of one for a whole one."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - END))
        if size % tarfile.BLOCKSIZE or file.read(END) != bytes(END):
            raise tarfile.ReadError("its end is missing")


def _label(file: object, place: str) -> int:
    text = file.read(20).strip() if hasattr(file, "read") else b""
    if not text.isdigit():
        raise InputError(f"{place}: is {text!r}, not the number of a class from 0")
    return int(text)
