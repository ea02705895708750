"""The model file (docs/SPEC.md section 7): what a seed cannot give back of a net, and a digest over every bit of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edgehfn.errors import GraphError, InputError
from edgehfn.model import gnn_graph, tensorfile
from edgehfn.model.tensorfile import Array
from edgehfn.nn import DenseConv2d, DenseLinear, Net, StoredGraph, SupermaskConv2d, SupermaskLinear, Weighted, structure
from edgehfn.nn.net import ITERATION
from edgehfn.nn.supermask import THRESHOLD, Source, check_densities, check_seed, check_thresholds
from edgehfn.spec import generator, masks

FORMAT = "edgehfn"
VERSION = "1"

Tensors = dict[str, Array]


def save(net: Net, path: str | Path, info: Mapping[str, Any] | None = None) -> None:
    """Write a net, its masks fixed as they are now. ``info`` is for people; the class names are added to it.

    The file is replaced whole or not at all. Raises InputError if it cannot be written or the net has a value that is
    not finite.
    """
    tensors: Tensors = {}
    for name, value in _tensors(net):
        if name in tensors:
            raise InputError(f"{path}: two tensors would be named {name}; rename a step")
        if not np.isfinite(value).all():
            raise InputError(f"{path}: {name} is not finite; the training diverged, use a lower lr")
        tensors[name] = value
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "arch": _dump(structure.describe(net)),
        "seed": str(net.seed),
        "info": _dump({**(info or {}), "classes": list(net.classes)}),
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
        stored = _Stored(tensors, seed)
        net = structure.rebuild(
            json.loads(metadata["arch"]), tuple(classes), seed, stored.weight, stored.norm, stored.graph
        )
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
    if metadata.get("version") != VERSION:
        found = metadata.get("version")
        raise InputError(f"{path}: has version {found}, this program reads {VERSION}; use the program that wrote it")
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


def _tensors(net: Net) -> list[tuple[str, Array]]:
    """Every tensor to be stored, by name."""
    found = gnn_graph.tensors(net.input) if isinstance(net.input, StoredGraph) else []
    for name, op in net.weights.items():
        if isinstance(op, SupermaskConv2d | SupermaskLinear):
            free = None if op.free is None else op.free.cpu().numpy()
            found.append((f"{name}.mask", masks.pack(op.counts().cpu().numpy(), op.coats, free)))
            if op.signs is not None:
                found.append((f"{name}.signs", op.signs))
        else:
            found.append((f"{name}.weight", _floats(op.trained)))
            for part, value in (("bias", op.bias), ("step", op.step)):
                if value is not None:
                    found.append((f"{name}.{part}", _floats(value)))
    for step in net.steps:
        if step.norm is not None:
            found += [(f"{_norm_name(step.name)}.{part}", _floats(value)) for part, value in _parts(step.norm).items()]
    return found


def _parts(norm: nn.BatchNorm2d) -> dict[str, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    parts: dict[str, Tensor] = {"mean": norm.running_mean, "var": norm.running_var}
    return {**parts, "weight": norm.weight, "bias": norm.bias} if norm.affine else parts


def _norm_name(step: str) -> str:
    """``NAME.T`` of the norm of a step ``NAME@T``; iteration 0 has no mark."""
    name, _, iteration = step.partition(ITERATION)
    return f"{name}.{iteration or 0}"


def _floats(value: Tensor) -> Array:
    return value.detach().cpu().numpy().astype(np.float32)


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class _Stored:
    """A file's tensors, handed out once each and only in the shape that the structure expects of them."""

    def __init__(self, tensors: Tensors, seed: int) -> None:
        self.tensors = dict(tensors)
        self.seed = check_seed(seed)

    def weight(self, name: str, entry: structure.Json) -> Weighted:
        """The op of a weight. Its tensors are checked before anything of its size is made."""
        kind = structure.field(entry, "op", str)
        conv = kind.endswith("_conv")
        shape = structure.integers(entry, "shape", 4 if conv else 2)
        if conv and shape[2] != shape[3]:
            raise InputError(f"{name}: kernel {shape[2]}x{shape[3]} is not square")
        window = (
            (shape[2], structure.field(entry, "stride", int), structure.field(entry, "padding", int)) if conv else ()
        )
        match kind:
            case "supermask_conv":
                return SupermaskConv2d(shape[1], shape[0], *window, **self._supermask(name, entry, prod(shape)))
            case "supermask_linear":
                return SupermaskLinear(shape[1], shape[0], **self._supermask(name, entry, prod(shape)))
            case "dense_conv" | "dense_linear":
                weight, has_bias = self._take(f"{name}.weight", shape), structure.field(entry, "bias", bool)
                made = DenseConv2d if conv else DenseLinear
                op = made(
                    shape[1], shape[0], *window, bias=has_bias, bits=structure.field({"bits": 8, **entry}, "bits", int)
                )
                op.trained.data.copy_(weight)
                for part, parameter in (("bias", op.bias), ("step", op.step)):
                    if parameter is not None:
                        parameter.data.copy_(self._take(f"{name}.{part}", shape[:1]))
                return op
            case _:
                raise InputError(f"{name}: op {kind!r} is unknown")

    def norm(self, step: str, entry: structure.Json) -> nn.BatchNorm2d:
        """The norm of a step."""
        name, affine, eps = (
            _norm_name(step),
            structure.field(entry, "affine", bool),
            structure.field(entry, "eps", float),
        )
        if not (isfinite(eps) and eps > 0):
            raise InputError(f"{name}: eps {eps} must be positive")
        shape = self.tensors[f"{name}.mean"].shape[:1]
        norm = nn.BatchNorm2d(prod(shape), eps=eps, affine=affine)
        for part, value in _parts(norm).items():
            value.data.copy_(self._take(f"{name}.{part}", shape))
        if bool((_parts(norm)["var"] < 0).any()):
            raise InputError(f"{name}: a variance is negative")
        return norm

    def graph(self, entry: structure.Json) -> StoredGraph:
        """The graph that is part of the model."""
        return gnn_graph.take(entry, self.tensors)

    def close(self) -> None:
        """Raises InputError if anything is left over."""
        if self.tensors:
            raise InputError(f"tensor {next(iter(self.tensors))!r} belongs to no step")

    def _supermask(self, name: str, entry: structure.Json, size: int) -> Source:
        densities = check_densities(tuple(structure.field(entry, "densities", list)))
        tensor = check_seed(structure.field(entry, "tensor", int))
        pruned, locked = check_thresholds(entry.get("pruned", 0), entry.get("locked", 0))
        words = self.tensors.pop(f"{name}.mask")
        most = 32 * words.size  # positions; where some are frozen, twice as many as the bits make likely
        if pruned + locked:
            most = 2 * (most + 512) * THRESHOLD // max(1, THRESHOLD - pruned - locked)
        if words.dtype != np.uint32 or words.ndim != 1 or size > most:
            raise InputError(f"{name}: {size} weights need more mask than the file has")
        held, free = None, None
        if pruned + locked:
            gone, held = masks.frozen(self.seed, tensor, size, pruned, locked)
            free = ~(gone | held)
        counts = masks.unpack(words, size, len(densities), held, free)
        if not np.array_equal(masks.pack(counts, len(densities), free), words):
            raise InputError(f"{name}: unused mask bits are not 0")
        signs = None
        if "signs" in entry and structure.field(entry, "signs", bool):
            signs = self.tensors.pop(f"{name}.signs")
            if (
                signs.dtype != np.uint32
                or signs.shape != (-(-size // 32),)
                or generator.bits(signs, 32 * signs.size)[size:].any()
            ):
                raise InputError(f"{name}: signs are not a bit for each of {size} weights")
        return {
            "tensor": tensor,
            "seed": self.seed,
            "signs": signs,
            "magnitude": structure.field(entry, "magnitude", float) if "magnitude" in entry else None,
            "densities": densities,
            "counts": torch.from_numpy(counts),
            "pruned": pruned,
            "locked": locked,
        }

    def _take(self, name: str, shape: tuple[int, ...]) -> Tensor:
        value = self.tensors.pop(name)
        if value.dtype != np.float32 or value.shape != shape:
            raise InputError(f"{name}: has {value.dtype}{value.shape}, not float32{shape}")
        if not np.isfinite(value).all():
            raise InputError(f"{name}: has values that are not finite")
        return torch.from_numpy(value)
