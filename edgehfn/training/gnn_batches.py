"""Graphs and their labels in batches: one graph whole, small graphs or samples some at a time, or a loader's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgehfn.data import sampling
from edgehfn.data.gnn_sets import GraphSet, Index, Part, Structure
from edgehfn.errors import InputError
from edgehfn.nn import Net, Nodes
from edgehfn.nn.adjacency import nodewise
from edgehfn.nn.net import Drop, whole
from edgehfn.training import distributed
from edgehfn.training.loop import finite
from edgehfn.training.metrics import score

EVALUATED = 256  # small graphs at once


@dataclass(frozen=True, eq=False)
class Batch:
    """Graphs, and the labels to some of their nodes or to each of them. ``share``: what its loss counts among those of
    several processes, in the mean 1."""

    nodes: Nodes
    chosen: Tensor | None  # nodes; None where whole graphs have labels
    labels: Tensor
    share: float = 1.0

    def logits(self, net: Net, drop: Drop = whole) -> Tensor:
        """Return a row of logits for each label, (n, classes)."""
        logits = net.run(self.nodes, drop=drop)
        return logits if self.chosen is None else nodewise(logits)[self.chosen]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Some of the small graphs of a set, or samples round some of its nodes, ``size`` at a time. Each pass makes them
    anew, and the same. Of several processes that ``divide`` them, each has its part of every batch."""

    data: GraphSet
    chosen: Index
    size: int
    seed: int = 0  # of samples
    divide: bool = False
    worth: Tensor | None = None  # what an example of each class counts

    def __iter__(self) -> Iterator[Batch]:
        for at in range(0, len(self.chosen), self.size):
            every = self.chosen[at : at + self.size]
            own = every[distributed.rank() :: distributed.processes()] if self.divide else every
            share = distributed.processes() * self._worth(own) / self._worth(every) if self.divide else 1.0
            some = own if len(own) else every[:1]  # which then counts nothing
            labels = torch.from_numpy(self.data.labels[some])
            yield Batch(Nodes.of(*sampling.cut(self.data, some, self.seed)), None, labels, share)

    def __len__(self) -> int:
        return -(-len(self.chosen) // self.size)

    def _worth(self, chosen: Index) -> float:
        if self.data.task == "labels":
            return max(1.0, float((self.data.labels[chosen] >= 0).sum()))  # what is known
        return float(len(chosen) if self.worth is None else self.worth[self.data.labels[chosen]].sum())


@dataclass(frozen=True, eq=False)
class Loaded:
    """What another loader yields, pass after pass: batches, or parts of the set's one graph as those of
    ``torch_geometric.loader.NeighborLoader`` are: with ``n_id``, ``edge_index`` and ``batch_size``, the number of the
    first nodes, which are asked about."""

    data: GraphSet
    loader: Iterable[Any]

    def __iter__(self) -> Iterator[Batch]:
        for item in self.loader:
            yield item if isinstance(item, Batch) else _part(self.data, item)

    def __len__(self) -> int:
        try:
            return len(self.loader)  # type: ignore[arg-type]
        except TypeError as error:
            raise InputError(
                f"loader: {type(self.loader).__name__} has no length; give one of known batches"
            ) from error


def batches(
    data: GraphSet,
    part: Part,
    size: int = EVALUATED,
    *,
    shuffle: np.random.Generator | None = None,
    limit: int | None = None,
    seed: int = 0,
    divide: bool = False,
    worth: Tensor | None = None,
) -> Drawn | list[Batch]:
    """Return the first ``limit`` of a part of the set: nodes of one graph in one batch, small graphs so many at a time.

    Samples, which depend on the ``seed``, are made when they are looked at.
    """
    chosen = data.split[part][:limit]
    if not data.small:
        labels = torch.from_numpy(data.labels[chosen])
        return [Batch(Nodes.of(data.features, data.structure), torch.from_numpy(chosen), labels)]
    if shuffle is not None:
        chosen = chosen[shuffle.permutation(len(chosen))]
    drawn = Drawn(data, chosen, size, seed, divide, worth)
    return drawn if data.hops or shuffle is not None else list(drawn)


def accuracy(net: Net, parts: Iterable[Batch]) -> float:
    """Return Top-1 accuracy, 0..1; of equal logits the first counts. Raises InputError if one is not finite."""
    return score("accuracy", *outputs(net, parts))


def outputs(net: Net, parts: Iterable[Batch]) -> tuple[Tensor, Tensor]:
    """Return a row of logits for each label, and the labels. Raises InputError if one is not finite."""
    training = net.training
    net.eval()
    try:
        with torch.inference_mode():
            found = [(finite(part.logits(net)), part.labels) for part in parts]
    finally:
        net.train(training)
    logits, labels = zip(*found, strict=True)
    return torch.cat(logits), torch.cat(labels)


def _part(data: GraphSet, item: Any) -> Batch:
    """A loader's part of the graph, with the features that the set has and each edge once, whichever way it goes."""
    try:
        nodes, edges, asked = item.n_id.numpy(), item.edge_index.numpy(), int(item.batch_size)
    except (AttributeError, TypeError) as error:
        raise InputError(
            f"loader: {type(item).__name__} is no batch; yield edgehfn.training.gnn_batches.Batch, or what has n_id, "
            "edge_index and batch_size"
        ) from error
    low, high = np.sort(edges, axis=0)
    joined = np.unique(np.stack([low, high])[:, low != high], axis=1).astype(np.int64)
    structure = Structure(joined, np.array([0, len(nodes)]))
    chosen = torch.arange(asked)
    labels = torch.from_numpy(data.labels[nodes[:asked]])
    return Batch(Nodes.of(data.features.select(nodes), structure), chosen, labels)
