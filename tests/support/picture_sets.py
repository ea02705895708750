"""Small folders of pictures, and tar files of the same ones."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("blue", "green", "red")  # the strongest channel: 2 less the number of the class


def colours(number: int, height: int, width: int, seed: int) -> Image.Image:
    """A noisy picture of a class."""
    noise = np.random.default_rng((number, seed)).integers(0, 120, (height, width, 3)).astype(np.uint8)
    noise[..., 2 - number] += 100
    return Image.fromarray(noise)


def folder(root: Path, each: int = 8, size: tuple[int, int] | None = None) -> Path:
    """``each`` pictures a class for training and half as many for tests: JPEG and PNG, some with alpha and some of a
    palette; of unlike sizes, unless there is one (height, width)."""
    draw = np.random.default_rng(each)
    for part, count in (("train", each), ("val", each // 2)):
        for number, name in enumerate(CLASSES):
            place = root / part / name
            place.mkdir(parents=True)
            for index in range(count):
                height, width = size or draw.integers(20, 50, 2).tolist()
                picture = colours(number, height, width, index + 1000 * (part == "val"))
                if index % 4 == 1:
                    picture.putalpha(99)
                if index % 4 == 3:
                    picture = picture.quantize(64)
                picture.save(place / f"{index}.{'png' if index % 2 else 'jpeg'}")
            (place / "Thumbs.db").write_bytes(b"no picture")
    return root


def tars(source: Path, root: Path, each: int = 5) -> Path:
    """The pictures of a folder in tar files of ``each`` samples, in the folder's order."""
    root.mkdir()
    for part in ("train", "val"):
        paths = [(n, path) for n, name in enumerate(CLASSES) for path in sorted((source / part / name).glob("*.*g"))]
        for shard in range(-(-len(paths) // each)):
            with tarfile.open(root / f"{part}-{shard:06}.tar", "w") as tar:
                for index, (number, path) in enumerate(paths[shard * each : (shard + 1) * each]):
                    key = f"{shard:03}{index:03}"
                    add(tar, f"{key}.cls", str(number).encode())
                    add(tar, f"{key}.json", b"{}")
                    add(tar, f"{key}{path.suffix}", path.read_bytes())
    (root / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    return root


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """A file into a tar file."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
