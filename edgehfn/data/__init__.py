"""Data sets: images and graphs, known ones by name and a user's own by path."""

from edgehfn.data.doubts import describe, refuse
from edgehfn.data.sets import Dataset, from_arrays, images, load

__all__ = ["Dataset", "describe", "from_arrays", "images", "load", "refuse"]
