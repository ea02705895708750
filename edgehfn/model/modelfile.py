"""The model file (docs/SPEC.md section 7): what a seed cannot give back of a net, and a digest over every bit of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgehfn.errors import GraphError, InputError
from edgehfn.model import gnn_graph, tensorfile
from edgehfn.model.tensorfile import Array
from edgehfn.nn import Net, StoredGraph, structure
from edgehfn.nn.net import own
from edgehfn.nn.stored_weights import Named, Stored
from edgehfn.spec.limits import MODEL_FILE_VERSION

FORMAT = "edgehfn"

Tensors = dict[str, Array]


def save(net: Net, path: str | Path, info: Mapping[str, Any] | None = None) -> None:
    """Write a net, its masks fixed as they are now. ``info`` is for people; the class names are added to it.

    The file is replaced whole or not at all. Raises InputError if it cannot be written, if the net has a value that is
    not finite, or for ``info`` that JSON cannot hold.
    """
    try:
        noted = _dump({**(info or {}), "classes": list(own(net).classes)})
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: info is no JSON ({error}); give text, numbers and lists") from error
    tensors: Tensors = {}
    for name, value in _tensors(net):
        if name in tensors:
            raise InputError(f"{path}: two tensors would be named {name}; rename a step")
        if not np.isfinite(value).all():
            raise InputError(f"{path}: {name} is not finite; the training diverged, use a lower lr")
        tensors[name] = value
    metadata = {
        "format": FORMAT,
        "version": MODEL_FILE_VERSION,
        "arch": _dump(structure.describe(net)),
        "seed": str(net.seed),
        "info": noted,
    }
    metadata["digest"] = _digest(metadata, tensors)
    tensorfile.write(Path(path), metadata, tensors)


def load(path: str | Path) -> Net:
    """The net of a file, in eval mode, its masks fixed: the outputs of the saved net bit for bit.

    Raises InputError, naming the file, for one that is missing, cut short, damaged, or of another format or version.
    """
    metadata, tensors = _read(path)
    try:
        seed, classes = int(metadata["seed"]), json.loads(metadata["info"])["classes"]
        if not all(isinstance(name, str) for name in classes):
            raise InputError(f"class names must be text, not {classes!r:.40}")
        stored = Stored(tensors, seed)
        net = structure.rebuild(json.loads(metadata["arch"]), tuple(classes), stored, gnn_graph.take)
        stored.close()
    except (GraphError, InputError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: no valid model ({error}); train it again with this version") from error
    return net.eval()


def digest(path: str | Path) -> str:
    """The digest of a file, after checking it. Raises InputError as ``load`` does."""
    return _read(path)[0]["digest"]


def info(path: str | Path) -> dict[str, Any]:
    """What was noted when the file was saved. Raises InputError as ``load`` does."""
    try:
        noted = json.loads(_read(path)[0]["info"])
        if isinstance(noted, dict):
            return noted
    except (KeyError, ValueError, RecursionError):
        pass
    raise InputError(f"{path}: no valid model (info is no JSON object); train it again with this version")


def _read(path: str | Path) -> tuple[dict[str, str], Tensors]:
    metadata, tensors = tensorfile.read(Path(path))
    if metadata.get("format") != FORMAT:
        raise InputError(f"{path}: no edgehfn model; give a file that edgehfn train or import has written")
    if metadata.get("version") != MODEL_FILE_VERSION:
        found = metadata.get("version")
        raise InputError(
            f"{path}: has version {found}, this program reads {MODEL_FILE_VERSION}; use the program that wrote it"
        )
    if metadata.get("digest") != _digest(metadata, tensors):
        raise InputError(f"{path}: damaged (its digest does not match); copy or train it again")
    return metadata, tensors


def _digest(metadata: Mapping[str, str], tensors: Tensors) -> str:
    sha = hashlib.sha256()
    for key, value in sorted(metadata.items()):
        if key != "digest":
            sha.update(f"{key}={value}\n".encode(errors="surrogatepass"))  # damage may leave half a character
    for name, tensor in sorted(tensors.items()):
        sha.update(f"{name}:{tensor.dtype.name}:{','.join(map(str, tensor.shape))}\n".encode(errors="surrogatepass"))
        sha.update(tensor.astype(tensor.dtype.newbyteorder("<")).tobytes())
    return sha.hexdigest()


def _tensors(net: Net) -> Named:
    """Every tensor to be stored, by name."""
    graph = gnn_graph.tensors(net.input) if isinstance(net.input, StoredGraph) else []
    return [*graph, *structure.tensors(net)]


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
