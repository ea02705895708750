"""Safetensors files of 32-bit words and floats, written whole or not at all.

Written out here because a model must be the same bytes each time, while the safetensors library orders metadata at
random.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn import files
from edgehfn.errors import InputError

Array = npt.NDArray[Any]  # of uint32 or float32

_TYPES = {"U32": np.dtype("<u4"), "F32": np.dtype("<f4")}
_NAMES = {"uint32": "U32", "float32": "F32"}
_WORD = 4  # bytes of an element of either type
_LENGTH = 8  # bytes of the header's length, which comes first
_METADATA = "__metadata__"


def write(path: Path, metadata: Mapping[str, str], tensors: Mapping[str, Array]) -> None:
    """Replace the file; a crash at any moment leaves the old one or the new one. Raises InputError if that fails."""
    header: dict[str, Any] = {_METADATA: dict(sorted(metadata.items()))}
    body = bytearray()
    for name, tensor in sorted(tensors.items()):
        kind = _NAMES[tensor.dtype.name]
        begin = len(body)
        body += tensor.astype(_TYPES[kind]).tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [begin, len(body)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH)  # the format aligns the data to 8 bytes
    files.write(path, len(text).to_bytes(_LENGTH, "little") + text + body, durable=True)


def read(path: Path) -> tuple[dict[str, str], dict[str, Array]]:
    """Return metadata and tensors. Raises InputError if the file cannot be read or breaks a rule of the format."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a model file") from error
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    if not _LENGTH < end <= len(content):
        raise InputError(f"{path}: no model file, or cut short; copy or train it again")
    try:
        header = json.loads(content[_LENGTH:end])
        metadata = header.pop(_METADATA)
        if not all(isinstance(text, str) for text in metadata.values()):
            raise ValueError("metadata that is no text")
        tensors = _tensors(header, content[end:])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: no model file, or damaged ({error}); copy or train it again") from error
    return metadata, tensors


def check_same(path: Path, same: Callable[[Mapping[str, str]], bool]) -> None:
    """Raises InputError if a file is there that may not be replaced, as ``same`` denies its metadata."""
    if files.replaceable(path):
        return
    try:
        kept = not same(read(path)[0])
    except (InputError, ValueError, KeyError, AttributeError):
        kept = True
    if kept:
        raise InputError(f"{path}: is another model; choose another -o, or replace it with --force")


def _tensors(header: dict[str, Any], body: bytes) -> dict[str, Array]:
    """Raises KeyError, TypeError or ValueError unless the tensors fill the body exactly, one behind the other."""
    tensors: dict[str, Array] = {}
    at = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        if kind not in _TYPES:
            raise ValueError(f"{name}: type {kind} is none of {', '.join(_TYPES)}")
        if not all(type(size) is int and size >= 0 for size in [*shape, begin, end]):
            raise ValueError(f"{name}: sizes must be whole numbers")
        if begin != at or end != begin + _WORD * prod(shape) or end > len(body):
            raise ValueError(f"{name}: does not fit its place")
        tensors[name] = np.frombuffer(body[begin:end], _TYPES[kind]).reshape(shape).copy()
        at = end
    if at != len(body):
        raise ValueError("bytes behind the last tensor")
    return tensors
