"""Trained models that come with the package: for each a model file, its calibration, and a card of how it was made.

``python -m benchmarks.accuracy.zoo add RUN.hfn NAME`` makes an entry; nothing in a card is written by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from edgehfn import files
from edgehfn.errors import InputError

CARD, MODEL, CALIBRATION = ".card.json", ".hfn", ".cal.json"


@dataclass(frozen=True)
class Card:
    """What an entry can do, costs, and was made by. Accuracies are from 0 to 1, on the test part of the data.

    An input is an image or a small graph. A net that stores its graph has one input, without bytes, and a label to
    each of its ``unit``, nodes.
    """

    name: str
    data: str
    unit: str  # what has a label: images, nodes or graphs
    tested: int  # so many of them
    accuracy: float  # in integers
    float_accuracy: float
    weights_flash: int  # bytes of model data on the device
    mac: int
    seed: int
    epochs: int
    cpu_minutes: float  # of training
    command: str
    calibration: str
    digest: str  # of the model file
    data_digest: str  # of the data set's arrays
    subset: int  # the first so many test inputs
    subset_accuracy: float  # in integers
    subset_digest: str  # SHA-256 of the integer outputs
    random_digest: str  # the same of random inputs (``random_inputs``), which need no data set
    log: tuple[str, ...]  # a line for each epoch of training
    attribution: str = ""  # of the data, where whoever passes the model on must name it


def cards() -> tuple[Card, ...]:
    """Of all entries, by name."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in _folder().iterdir() if file.name.endswith(CARD)]
    return tuple(sorted((Card(**{**one, "log": tuple(one["log"])}) for one in found), key=lambda card: card.name))


def card(name: str) -> Card:
    """Return the card of one entry. Raises InputError naming those that exist."""
    known = {one.name: one for one in cards()}
    if name not in known:
        raise InputError(f"the zoo has no {name!r}; it has {', '.join(known)}")
    return known[name]


def get(name: str, output: str | Path) -> tuple[Path, Path]:
    """Copy an entry to ``output``, a folder or a file that ends in ``.hfn``, and its calibration beside it.

    An entry for the nodes of one graph does not contain that graph, which its data set brings. Raises InputError for an
    unknown name, another ending, or a data set that is missing or another.
    """
    from edgehfn.model import tensorfile

    output, chosen = Path(output), card(name)
    if output.is_dir():
        output /= f"{name}{MODEL}"
    if output.suffix != MODEL:
        raise InputError(f"{output}: model files end in {MODEL}; use {output}{MODEL}")
    calibration = output.with_suffix(CALIBRATION)
    files.check(output, "model")
    files.check(calibration, "calibration")
    tensorfile.check_same(output, lambda metadata: metadata.get("digest") == chosen.digest)
    files.make_folder(output.parent)
    with resources.as_file(_folder() / f"{name}{MODEL}") as model:
        if chosen.unit == "nodes":
            _complete(model, chosen, output)
        else:
            files.write(output, model.read_bytes())
    files.write(calibration, (_folder() / f"{name}{CALIBRATION}").read_bytes())
    return output, calibration


def _complete(model: Path, chosen: Card, output: Path) -> None:
    from edgehfn import data, nn
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.model import gnn_graph

    loaded = data.load(chosen.data)
    if not isinstance(loaded, GraphSet) or loaded.digest() != chosen.data_digest:
        raise InputError(
            f"the zoo's {chosen.name} is for another {chosen.data} than the one here; give its public split"
        )
    graph = nn.graph_input(loaded)
    assert isinstance(graph, nn.StoredGraph)
    gnn_graph.put_in(model, graph, output)


def _folder() -> Traversable:
    return resources.files(__name__)
