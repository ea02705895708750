"""Model files with metadata or tensors changed, and a digest that fits."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors import safe_open


def forge(path: Path, to: Path, change: Callable[[dict[str, str], dict[str, Any]], object]) -> Path:
    """The file with its metadata and tensors (name → array) changed, and a digest that fits."""
    with safe_open(path, "np") as file:
        metadata, tensors = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(metadata, tensors)
    metadata["digest"] = spec_digest(metadata, tensors)
    header: dict[str, Any] = {"__metadata__": metadata}
    body = b""
    for name, tensor in tensors.items():
        kind = {"uint32": "U32", "float32": "F32", "float16": "F16"}[tensor.dtype.name]
        header[name] = {"dtype": kind, "shape": tensor.shape, "data_offsets": [len(body), len(body) + tensor.nbytes]}
        body += tensor.tobytes()
    text = json.dumps(header).encode()
    to.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return to


def spec_digest(metadata: dict[str, str], tensors: dict[str, Any]) -> str:
    """Section 7, by its words."""
    text = b"".join(f"{k}={metadata[k]}\n".encode() for k in sorted(metadata) if k != "digest")
    for name in sorted(tensors):
        shape = ",".join(str(n) for n in tensors[name].shape)
        text += f"{name}:{tensors[name].dtype}:{shape}\n".encode() + tensors[name].tobytes()
    return hashlib.sha256(text).hexdigest()


def members(entry: Any) -> Any:
    """Every place of a JSON tree, as (container, key)."""
    keys = entry if isinstance(entry, dict) else range(len(entry)) if isinstance(entry, list) else ()
    for key in list(keys):
        yield entry, key
        yield from members(entry[key])
