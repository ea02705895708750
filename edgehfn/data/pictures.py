"""Pictures that stay in their files until they are asked for, so that a set may be larger than memory.

A picture becomes what a net reads by one rule: upright, grey or RGB, scaled until it covers the net's input, the middle
cut out. In training the part may be sampled instead (random resized crop, as in Szegedy et al. 2015).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import exp, log, sqrt
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from edgehfn.errors import InputError

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff", ".webp")
GREY = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")  # modes of one channel, alpha aside
AREA, RATIO, TRIES = (0.08, 1.0), (3 / 4, 4 / 3), 10  # of a sampled part, as torchvision has them
THREADS = min(4, os.cpu_count() or 1)  # that decode at once; Pillow lets others run meanwhile
SAMPLED = 256  # pictures that stand for a set where all would take too long

Shape = tuple[int, int, int]  # channels, height, width
Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


class Source(Protocol):
    """Where pictures lie, by number."""

    def content(self, number: int) -> bytes:
        """Return a picture as it is stored. Raises InputError if it cannot be read."""

    def place(self, number: int) -> str:
        """Return what an error names."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of names and sizes of all that is stored. Contents may be too many to read."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Some pictures of a source, in place of an array ``(N, C, H, W)`` of uint8, for which they stand wherever one is
    taken.

    A part of them reads nothing; ``numpy.asarray`` reads all, and damaged ones raise InputError.
    """

    source: Source
    which: Numbers
    size: Shape
    order: Literal["chw", "hwc"] = "chw"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the array."""
        channels, height, width = self.size
        return (len(self.which), *((channels, height, width) if self.order == "chw" else (height, width, channels)))

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Of the array."""
        return np.dtype(np.uint8)

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, key: Any) -> Any:
        """Pictures for a slice or an array of numbers; what an array has for anything else."""
        if isinstance(key, slice | np.ndarray):
            return replace(self, which=self.which[key])
        return (
            np.asarray(self)[key] if isinstance(key, tuple) else np.asarray(replace(self, which=self.which[[key]]))[0]
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if not len(self):
            return np.zeros(self.shape, dtype or np.uint8)
        with ThreadPoolExecutor(THREADS) as pool:
            found = np.stack(list(pool.map(self.read, range(len(self)))))
        ordered = found if self.order == "chw" else np.ascontiguousarray(found.transpose(0, 2, 3, 1))
        return ordered if dtype is None else ordered.astype(dtype, copy=False)

    def read(self, at: int, draw: np.random.Generator | None = None) -> Pixels:
        """Return one picture, (C, H, W): its middle, or with ``draw`` a part that is sampled. Raises InputError."""
        number = int(self.which[at])
        return decoded(self.source.content(number), self.size, self.source.place(number), draw)

    def some(self) -> Pictures:
        """Return a few of them, evenly spread."""
        spread = np.linspace(0, len(self) - 1, min(SAMPLED, len(self))).round().astype(np.int64)
        return replace(self, which=self.which[spread])


def looked_at(x: Pixels | Pictures) -> Pixels | Pictures:
    """Return what stands for a set: of pictures some."""
    return x.some() if isinstance(x, Pictures) else x


def pixels(x: Pixels | Pictures) -> Pixels:
    """Return images as an array; pictures are read."""
    return np.asarray(x) if isinstance(x, Pictures) else x


def decoded(content: bytes, shape: Shape, place: str, draw: np.random.Generator | None = None) -> Pixels:
    """Return a stored picture as a net of this input reads it, (C, H, W). Raises InputError if it is damaged."""
    channels, height, width = shape
    if channels not in (1, 3):
        raise InputError(f"{place}: is a picture, of 1 or 3 channels; the net reads {channels}")
    image = upright(content, place)
    try:
        plain = _converted(image, channels)
        box = _middle(plain.size, width / height) if draw is None else _sampled(plain.size, width / height, draw)
        whole = plain.size == (width, height) and box == (0, 0, width, height)
        scaled = plain if whole else plain.resize((width, height), Image.Resampling.BILINEAR, box)
    except Exception as error:  # Pillow's decoders raise whatever they like for what is damaged
        raise _damaged(place, error) from error
    found = np.asarray(scaled, np.uint8).reshape(height, width, channels)
    return np.ascontiguousarray(found.transpose(2, 0, 1))


def upright(content: bytes, place: str) -> Image.Image:
    """Return a picture turned as its camera says. Raises InputError if it is none."""
    try:
        image: Image.Image = Image.open(io.BytesIO(content))
        ImageOps.exif_transpose(image, in_place=True)
    except Exception as error:
        raise _damaged(place, error) from error
    return image


def read_file(path: Path) -> bytes:
    """Return a file's bytes. Raises InputError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error


def _damaged(place: str, error: Exception) -> InputError:
    why = "its format is unknown" if isinstance(error, UnidentifiedImageError) else str(error)[:80]
    return InputError(f"{place}: not a whole picture ({why}); replace it, or take it out")


def _converted(image: Image.Image, channels: int) -> Image.Image:
    """As grey or RGB. What is transparent keeps its colour, as in other loaders."""
    if image.mode.startswith("I") or image.mode == "F":  # of 16 bits, mostly; Pillow would clip them
        wide = np.asarray(image, np.float64)
        image = Image.fromarray(np.clip(wide / 256 if wide.max() > 255 else wide, 0, 255).astype(np.uint8))
    if "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("L" if channels == 1 else "RGB")


Box = tuple[float, float, float, float]


def _middle(size: tuple[int, int], ratio: float) -> Box:
    """The largest part of this ratio of width to height, in the middle."""
    width, height = size
    wide, high = min(width, height * ratio), min(height, width / ratio)
    left, top = (width - wide) / 2, (height - high) / 2
    return (left, top, left + wide, top + high)


def _sampled(size: tuple[int, int], ratio: float, draw: np.random.Generator) -> Box:
    """A part of 8 to 100 % of the area, of about this ratio."""
    width, height = size
    for _ in range(TRIES):
        area = width * height * draw.uniform(*AREA)
        stretched = ratio * exp(draw.uniform(log(RATIO[0]), log(RATIO[1])))
        wide, high = round(sqrt(area * stretched)), round(sqrt(area / stretched))
        if 0 < wide <= width and 0 < high <= height:
            left, top = draw.integers(width - wide + 1), draw.integers(height - high + 1)
            return (float(left), float(top), float(left + wide), float(top + high))
    return _middle(size, ratio)


def by_batches(x: Pixels | Pictures, batch: int) -> Iterator[Pixels]:
    """Return arrays of at most ``batch`` images, one after the other, of pictures fewer where they are large."""
    step = at_once(x.shape[1:], batch)
    for at in range(0, len(x), step):
        yield pixels(x[at : at + step])


MANY = 2**23  # values of images that are in memory at once, where a batch may be smaller


def at_once(shape: tuple[int, ...], batch: int) -> int:
    """Return how many images of this shape, at most ``batch``, to have in memory at once."""
    return max(1, min(batch, MANY // max(1, int(np.prod(shape)))))
