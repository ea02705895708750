"""What a model is measured on: raw inputs as its device reads them, and the labels to what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgehfn.errors import InputError
from edgehfn.evaluation import machines
from edgehfn.ir import Graph, gnn_bytes
from edgehfn.ir.inputs import Raw
from edgehfn.target.execute import Int8

if TYPE_CHECKING:
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.data.sets import Dataset
    from edgehfn.evaluation.models import Model
    from edgehfn.nn import Net

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """Raw inputs ``(N, …)`` and labels: one an input, or those of some ``nodes`` of the one graph that a model stores.
    ``unit`` is what has a label."""

    data: Dataset | GraphSet
    raw: Raw
    labels: Labels
    unit: str
    nodes: Labels | None = None

    def right(self, outputs: Int8, start: int = 0) -> int:
        """How many labels the outputs for the inputs from ``start`` on name."""
        if self.nodes is not None:
            chosen = outputs.reshape(*outputs.shape[:2], -1)[0, :, self.nodes].argmax(1)
            return int((chosen == self.labels).sum())
        return int((machines.classes(outputs) == self.labels[start : start + len(outputs)]).sum())

    def count(self, inputs: int) -> int:
        """Labels to so many of the first inputs."""
        return len(self.labels) if self.nodes is not None else inputs

    def float_accuracy(self, net: Net, inputs: int) -> float:
        """Of the float net on as many of the first inputs."""
        from edgehfn.data.sets import Dataset
        from edgehfn.training.gnn import accuracy, batches
        from edgehfn.training.images import evaluate

        if isinstance(self.data, Dataset):
            return evaluate(net, self.data.x_test[:inputs], self.labels[:inputs])
        return accuracy(net, batches(self.data, "test", limit=self.count(inputs)))


def test_part(model: Model, name: str, limit: int | None) -> Examples:
    """The test part of a set, or its first ``limit`` inputs. Raises InputError if it does not fit the model."""
    from edgehfn import data
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.training.gnn import fits

    loaded = data.load(name)
    if isinstance(loaded, GraphSet):
        fits(model.net, loaded)
        if loaded.of == "nodes":
            chosen = loaded.split["test"]
            return Examples(loaded, np.zeros((1, 0), np.uint8), loaded.labels[chosen], "nodes", chosen)
        chosen = loaded.split["test"][:limit]
        return Examples(loaded, packed(model.graph, loaded, chosen), loaded.labels[chosen], "graphs")
    raw = machines.raw(model.graph, loaded.x_test[:limit])
    outputs = model.graph.output.size
    if len(loaded.classes) != outputs:
        raise InputError(
            f"{name}: has {len(loaded.classes)} classes, {model.path} tells {outputs} apart; give its own data"
        )
    return Examples(loaded, raw, loaded.y_test[:limit], "images")


def packed(graph: Graph, data: GraphSet, chosen: Labels) -> Raw:
    """Small graphs as the device reads them, ``(N, bytes)``."""
    from edgehfn.nn.adjacency import LEVELS

    source = graph.input
    assert source is not None
    one = LEVELS if data.features.values is None else 1
    samples = []
    for number in chosen:
        structure, nodes = data.structure.select([int(number)])
        features = data.features.select(nodes).dense().T * np.int8(one)
        samples.append(gnn_bytes.pack(source, features, structure.edges.T))
    raw: npt.NDArray[np.int8] = np.stack(samples).view(np.int8)
    return raw
