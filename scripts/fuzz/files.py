"""Files of every kind, damaged at random: one of our errors, or what they hold is whole; never another exception."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from support import forge, gnn_sets, mutations, processes
from support.commands import dataset
from support.mutations import Edit

from edgehfn import data, zoo
from edgehfn.errors import EdgeHFNError
from edgehfn.evaluation.models import open_model
from edgehfn.model import torchfile
from edgehfn.training import loop
from scripts.fuzz.campaign import Failure, Tally, within

COUNT = 150  # files of a turn
SECONDS = 60.0  # for one
HOSTILE: tuple[Any, ...] = (None, True, -1, 0, 3, 10**12, 1e308, float("nan"), "", "x", [], [1], [10**9] * 4, {})
KINDS = ("hfn", "hfn.arch", "cal.json", "npz", "npz.arrays", "graphs.npz", "idx", "ckpt", "pth")


def turn(seed: int, place: Path, tally: Tally, count: int = COUNT) -> None:
    """So many damaged files, of all kinds in turn."""
    rng = Random(seed)
    whole = {kind: _whole(kind, place) for kind in KINDS if "." not in kind or kind in ("cal.json", "graphs.npz")}
    for index in range(count):
        kind = KINDS[index % len(KINDS)]
        content, steps = whole[kind if kind in whole else kind.split(".")[0]], None
        if kind == "hfn.arch":
            content = _forged(content, rng, place)
        elif kind == "npz.arrays":
            content = _arrays(rng)
        else:
            steps = mutations.edits(rng, len(content))
        tally["files"] += 1
        tally["files refused"] += _held(kind, content, steps, place)


def _held(kind: str, content: bytes, steps: list[Edit] | None, place: Path) -> bool:
    """Whether the file was refused. Raises Failure, for as few changes as it takes."""
    given = content if steps is None else mutations.changed(content, steps)
    try:
        return not read(kind, given, place)
    except Exception as error:

        def fails(some: list[Edit]) -> bool:
            try:
                read(kind, mutations.changed(content, some), place)
            except Exception:
                return True
            return False

        if steps is not None:
            given = mutations.changed(content, mutations.fewest(steps, fails))
        call = f'files.read("{kind}", (HERE / "file").read_bytes(), tmp_path)'
        what = f"{kind}: {type(error).__name__}: {error}"
        raise Failure(what, "from scripts.fuzz import files", call, {"file": given}) from error


def read(kind: str, content: bytes, place: Path) -> bool:
    """Read a file as a command would; whether it is taken. Raises only what is a fault."""
    kind = kind.removesuffix(".arrays").removesuffix(".arch")
    path = _names(place)[kind]
    before = path.read_bytes() if path.exists() else None
    if before is None:
        _whole(kind, place)
        before = path.read_bytes()
    path.write_bytes(content)
    told = ""
    try:
        with within(SECONDS), warnings.catch_warnings(action="ignore"):
            _readers(place)[kind]()
    except EdgeHFNError as error:
        told = str(error)
    finally:
        path.write_bytes(before)
    assert "\n" not in told
    assert len(told) <= 300
    return not told


def _names(place: Path) -> dict[str, Path]:
    return {
        "hfn": place / "m.hfn",
        "cal.json": place / "m.cal.json",
        "npz": place / "x.npz",
        "graphs.npz": place / "g.npz",
        "idx": place / "marks" / "train-images-idx3-ubyte",
        "ckpt": place / "run.ckpt",
        "pth": place / "x.pth",
    }


def _readers(place: Path) -> dict[str, Callable[[], object]]:
    names = _names(place)
    return {
        "hfn": lambda: open_model(names["hfn"]),
        "cal.json": lambda: open_model(names["hfn"]),
        "npz": lambda: data.load(names["npz"]),
        "graphs.npz": lambda: data.load(names["graphs.npz"]),
        "idx": lambda: data.load(names["idx"].parent),
        "ckpt": lambda: loop.load(processes.started(), names["ckpt"]),
        "pth": lambda: _pickled(names["pth"]),
    }


def _pickled(path: Path) -> object:
    try:
        return torchfile.read(path)
    except torchfile.Unreadable as error:  # which its callers make an InputError
        raise EdgeHFNError("unreadable") from error


def _whole(kind: str, place: Path) -> bytes:
    """A sound file of a kind, made in the folder."""
    path = _names(place)[kind]
    match kind:
        case "hfn" | "cal.json":
            zoo.get("digits", place / "m.hfn")
        case "npz":
            dataset(path)
        case "graphs.npz":
            np.savez(path, **gnn_sets.arrays())
        case "idx":
            _marks(path.parent)
        case "ckpt":
            run = processes.started()
            run.advance()
            loop.save(run, path)
        case _:
            import torch

            torch.save({"state_dict": {"conv1.weight": torch.zeros(3, 4), "epoch": 3}}, path)
    return path.read_bytes()


def _marks(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    x = np.arange(60, dtype=np.uint8).tobytes()
    for stem, count in (("train", 3), ("t10k", 2)):
        images = bytes([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 4, 0, 0, 0, 5]) + x[: count * 20]
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, count, *range(count)]))


def _forged(content: bytes, rng: Random, place: Path) -> bytes:
    """A model whose digest is right and whose structure has anything anywhere."""

    def corrupt(metadata: dict[str, str], tensors: dict[str, Any]) -> None:
        arch = json.loads(metadata["arch"])
        for _ in range(rng.choice((1, 1, 2))):
            entry, key = rng.choice(list(forge.members(arch)))
            entry[key] = rng.choice(HOSTILE)
        metadata["arch"] = json.dumps(arch)
        if rng.random() < 0.2:
            name = rng.choice(list(tensors))
            tensors[name] = tensors[name].ravel()[: rng.randrange(tensors[name].size + 1)]

    source = place / "whole.hfn"
    source.write_bytes(content)
    return forge.forge(source, place / "forged.hfn", corrupt).read_bytes()


def _arrays(rng: Random) -> bytes:
    """A set whose archive is sound and whose arrays are of any type and shape."""
    draw = np.random.default_rng(rng.randrange(2**32))
    kinds = ("u1", "i8", "f4", "f8", "U3", "S3", "?", "c8", "M8[s]", "O", ">u2", "V4")
    arrays: dict[str, Any] = {}
    for name, shape in (("x_train", (12, 8, 8)), ("y_train", (12,)), ("x_test", (6, 8, 8)), ("y_test", (6,))):
        sound = draw.integers(0, 256, shape, np.uint8) if name[0] == "x" else np.arange(shape[0]) % 3
        arrays[name] = sound
        if rng.random() < 0.4:
            odd = tuple(rng.choice((0, 1, 2, 8, n, n)) for n in shape)[: rng.randrange(len(shape) + 1)]
            arrays[name] = np.resize(sound, odd).astype(rng.choice(kinds), casting="unsafe")
    if rng.random() < 0.3:
        arrays["classes"] = np.array(["a", "b"]) if rng.random() < 0.5 else np.array(3)
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()
