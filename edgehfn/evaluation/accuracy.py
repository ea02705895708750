"""Integer accuracy on any machine: raw inputs as the device reads them, and the labels of the right outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgehfn.data import sampling
from edgehfn.data.gnn_sets import Features, GraphSet, Structure
from edgehfn.data.pictures import at_once
from edgehfn.data.sets import Dataset
from edgehfn.errors import InputError
from edgehfn.evaluation import machines
from edgehfn.evaluation.answers import measured
from edgehfn.evaluation.confusion import Confusion, confusion
from edgehfn.ir import Graph, gnn_bytes
from edgehfn.ir.inputs import Raw
from edgehfn.ir.ops import Input
from edgehfn.progress import Report
from edgehfn.spec.limits import LEVELS
from edgehfn.spec.objective import Objective
from edgehfn.target.build import HOST
from edgehfn.target.execute import Int8
from edgehfn.training.figures import Figures

if TYPE_CHECKING:
    from edgehfn.nn import Net

Labels = npt.NDArray[np.int64]

STEP = 1000  # inputs between two reports
CORE_STEP = 20  # the same of a core, which takes a hundred times as long in QEMU as the emulator


@dataclass(frozen=True)
class Examples:
    """Raw inputs ``(N, …)`` and labels: one an input, or those of some ``nodes`` of the one graph that a model stores.
    ``unit`` is what has a label."""

    data: Dataset | GraphSet
    raw: Raw
    labels: Labels
    unit: str
    nodes: Labels | None = None

    def pairs(self, outputs: Int8, start: int = 0) -> tuple[Labels, Labels]:
        """Return the labels of the inputs from ``start`` on that the outputs are for, and what these name."""
        if self.nodes is not None:
            return self.labels, outputs.reshape(*outputs.shape[:2], -1)[0, :, self.nodes].argmax(1)
        return self.labels[start : start + len(outputs)], machines.classes(outputs)

    def right(self, outputs: Int8, start: int = 0) -> int:
        """Return how many labels the outputs for the inputs from ``start`` on name."""
        true, answered = self.pairs(outputs, start)
        return int((true == answered).sum())

    def figures(self, graph: Graph, outputs: Int8) -> Figures:
        """Return the figures of the outputs for the first inputs; of classes accuracy alone."""
        if graph.task.kind != "class":
            return measured(graph, outputs, self.labels[: len(outputs)], self.data.classes)
        return Figures({"accuracy": self.right(outputs) / self.count(len(outputs))})

    def count(self, inputs: int) -> int:
        """Return the number of labels to so many of the first inputs."""
        return len(self.labels) if self.nodes is not None else inputs

    def float_figures(self, net: Net, inputs: int) -> Figures:
        """Return the float net's figures on so many of the first inputs; of classes accuracy alone."""
        from edgehfn.training.gnn_batches import accuracy, batches, outputs
        from edgehfn.training.images import evaluate, logits
        from edgehfn.training.objectives import measured as of_floats

        y, classes = self.labels[: self.count(inputs)], net.task.kind == "class"
        if isinstance(self.data, Dataset):
            x = self.data.x_test[:inputs]
            if classes:
                return Figures({"accuracy": evaluate(net, x, y)})
            return of_floats(net, logits(net, x), x, y, self.data.classes)
        parts = batches(self.data, "test", limit=len(y))
        if classes:
            return Figures({"accuracy": accuracy(net, parts)})
        return of_floats(net, outputs(net, parts)[0], None, y, self.data.classes)


def accuracy(
    graph: Graph,
    data: Dataset | GraphSet | Examples,
    on: str = machines.EMULATOR,
    *,
    limit: int | None = None,
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
    progress: Report | None = None,
) -> float:
    """Return Top-1 accuracy of a graph on one machine, 0..1; of equal outputs the first counts.

    It is measured on the test part of ``data`` (``edgehfn.data.load``), or on its first ``limit`` inputs. ``on``,
    ``objective``, ``ram`` and ``rows`` are as for ``edgehfn.run``. Raises InputError if the data do not fit the graph
    or there is no such machine, GraphError if nothing fits ``ram``, ToolError where a compiler or QEMU is missing or
    fails.
    """
    return confused(graph, data, on, limit=limit, objective=objective, ram=ram, rows=rows, progress=progress).accuracy


def confused(
    graph: Graph,
    data: Dataset | GraphSet | Examples,
    on: str = machines.EMULATOR,
    *,
    limit: int | None = None,
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
    progress: Report | None = None,
) -> Confusion:
    """Return which class is taken for which, measured as ``accuracy`` is."""
    examples = _examples(graph, data, limit)
    if graph.task.kind != "class":
        raise InputError(f"the model has task {graph.task.kind}, not classes; measure it with edgehfn.measure")
    true: list[Labels] = []
    answered: list[Labels] = []
    for start, outputs in _ran(graph, examples, on, objective, ram, rows, progress):
        for found, some in zip((true, answered), examples.pairs(outputs, start), strict=True):
            found.append(some)
    return confusion(np.concatenate(true), np.concatenate(answered), examples.data.classes)


def measure(
    graph: Graph,
    data: Dataset | GraphSet | Examples,
    on: str = machines.EMULATOR,
    *,
    limit: int | None = None,
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
    progress: Report | None = None,
) -> Figures:
    """Return the figures of a graph's task on one machine, on the test part of a set, as ``accuracy`` does of classes.

    Arguments and what is raised are those of ``accuracy``.
    """
    examples = _examples(graph, data, limit)
    parts = [outputs for _, outputs in _ran(graph, examples, on, objective, ram, rows, progress)]
    return examples.figures(graph, np.concatenate(parts))


def _examples(graph: Graph, data: Dataset | GraphSet | Examples, limit: int | None) -> Examples:
    """Raises InputError for a limit that leaves nothing, or data that do not fit the graph."""
    if limit is not None and limit < 1:
        raise InputError(f"limit {limit}: give at least one input to measure, or leave it out")
    return data if isinstance(data, Examples) else examples_of(graph, data, limit)


def _ran(
    graph: Graph,
    examples: Examples,
    on: str,
    objective: Objective | None,
    ram: int | None,
    rows: bool,
    progress: Report | None,
) -> Iterator[tuple[int, Int8]]:
    """The outputs for some inputs at a time, and the number of the first."""
    raw = examples.raw
    step = at_once(raw.shape[1:], STEP if on in (*machines.INTERPRETERS, HOST) else CORE_STEP)
    planned = machines.planned(graph, (on,), objective, ram, rows)
    for start in range(0, len(raw), step):
        if progress is not None:
            progress(start, len(raw))
        yield start, machines.run_planned(graph, planned, raw[start : start + step], on)


def examples_of(graph: Graph, data: Dataset | GraphSet, limit: int | None = None) -> Examples:
    """Return the test part of a set, or its first ``limit`` inputs. Raises InputError if it does not fit the graph."""
    if not isinstance(data, Dataset | GraphSet):
        raise InputError(f"{type(data).__name__} is no data set; give one that edgehfn.data.load returns")
    output, source = machines.own(graph).output, graph.input
    if isinstance(data, Dataset):
        found = _of_set(graph, data, limit)
    elif not data.small:
        if source is not None or output.nodes != data.structure.nodes:
            raise InputError(f"{data.name}: the model stores another graph; give the data that it was trained on")
        chosen = data.split["test"]
        found = Examples(data, np.zeros((1, 0), np.uint8), data.labels[chosen], "nodes", chosen)
    else:
        chosen = data.split["test"][:limit]
        found = Examples(data, packed(graph, data, chosen), data.labels[chosen], data.of)
    told = data.task
    if told != graph.task.kind:
        raise InputError(f"{data.name}: has labels for task {told}, the model has {graph.task.kind}; give its own data")
    if told != "anomaly" and len(data.classes) != output.shape[0]:
        what = {"labels": "labels", "regression": "numbers"}.get(told, "classes")
        raise InputError(
            f"{data.name}: has {len(data.classes)} {what}, the model tells {output.shape[0]} apart; give its own data"
        )
    return found


def _of_set(graph: Graph, data: Dataset, limit: int | None) -> Examples:
    """Images, or clips where the set has samples."""
    if data.clips is None:
        return Examples(data, machines.raw(graph, data.x_test[:limit]), data.y_test[:limit], "images")
    if graph.sound != data.sound:
        raise InputError(f"{data.name}: the model does not hear as this set's front end; give the data of its training")
    return Examples(data, data.clips[:limit], data.y_test[:limit], "clips")


def packed(graph: Graph, data: GraphSet, chosen: Labels) -> Raw:
    """Small graphs, or samples, as the device reads them, ``(N, bytes)``. Raises InputError for others' models."""

    source = graph.input
    if source is None or source.topology is None:
        raise InputError(f"{data.name}: holds small graphs, the model reads none; give the data it was trained on")
    return np.stack([packed_one(source, *sampling.cut(data, np.array([number]))) for number in chosen])


def packed_one(source: Input, features: Features, structure: Structure) -> npt.NDArray[np.int8]:
    """Return a small graph as the device reads it. Raises InputError if it does not fit."""
    one = LEVELS if features.values is None else 1
    return gnn_bytes.pack(source, features.dense().T * np.int8(one), structure.edges.T).view(np.int8)
