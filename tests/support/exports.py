"""Exports of two small models of different objectives, and the classes that their programs must print."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehfn import emulate, plan, zoo
from edgehfn.backends.c.write import write_models
from edgehfn.evaluation.models import open_model
from edgehfn.ir import Graph, Plan
from edgehfn.ir.inputs import Raw
from edgehfn.spec.ecosystem import Ecosystem
from support import nets

SEED = 5  # of a net without class names
IMAGES = 3

Models = dict[str, tuple[Graph, Plan]]


def models(place: Path) -> Models:
    """``kws``, for speed, whose classes have names, and ``wake``, for flash, whose have none."""
    place.mkdir(parents=True, exist_ok=True)
    model, _ = zoo.get("digits", place)
    named, other = open_model(model).graph, nets.random_graph(SEED)
    return {"kws": (named, plan(named, "speed")), "wake": (other, plan(other, "flash"))}


def write(place: Path, ecosystem: Ecosystem | None, *, single: bool = False) -> Models:
    """Both in one folder."""
    found = models(place.parent)
    write_models(found, place, ecosystem, single=single)
    return found


def inputs(found: Models) -> tuple[bytes, str]:
    """What a program reads, an input of each model in turn, and what it prints."""
    raws = {name: nets.random_input(graph, SEED, IMAGES) for name, (graph, _) in found.items()}
    lines = {name: classes(graph, raws[name]) for name, (graph, _) in found.items()}
    piped = b"".join(raw[i].tobytes() for i in range(IMAGES) for raw in raws.values())
    said = "".join(f"{line[i]}\n" for i in range(IMAGES) for line in lines.values())
    return piped, said


def classes(graph: Graph, raw: Raw) -> list[str]:
    """The name or number of the largest score of each image; of several largest the first."""
    scores = emulate(graph, raw).reshape(len(raw), graph.output.shape[0], -1)[:, :, 0]
    return [graph.classes[i] if graph.classes else str(i) for i in np.argmax(scores, axis=1)]


def call(command: Sequence[str | Path], place: Path, given: bytes = b"") -> str:
    """What a tool prints; what it says when it fails is the assertion's message."""
    done = subprocess.run(command, cwd=place, input=given, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-4000:]
    return done.stdout.decode()
