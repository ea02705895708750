"""Accuracy and bytes of graph nets, five seeds each: ``make graphs`` writes the tables of docs/GRAPHS.md.

``python -m benchmarks.graphs NAME …`` measures some of the rows only, and prints them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import torch

import calibrate
import edgehfn as hfn
from edgehfn.graphs import GraphSet
from edgehfn.graphtrain import GraphHistory, train_graph
from edgehfn.nn import Net, mask_bits

SEEDS = 5


@dataclass(frozen=True)
class Row:
    """One net, and how it is trained beyond the defaults."""

    data: str
    arch: str
    net: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)


ROWS = {
    "dense": Row("cora", "gcn", {"weights": "int8"}),
    "cora": Row("cora", "gcn", {"density": 0.375}),
    "sparse": Row("cora", "gcn", {"density": 0.125}),
    "citeseer": Row("citeseer", "gcn", {"density": 0.25}),
}


def main(names: list[str]) -> None:
    for name in names or ROWS:
        row = ROWS[name]
        data = hfn.data.load(row.data)
        assert isinstance(data, GraphSet)
        found = [_run(data, row, seed) for seed in range(SEEDS)]
        floats = [history.accuracy for _, history, _ in found]
        gaps = [integer - history.accuracy for _, history, integer in found]
        net = found[0][0]
        epochs = [history.epoch for _, history, _ in found]
        print(name, row, f"{np.mean(floats):.4f} ± {np.std(floats):.4f} integer {np.mean(floats) + np.mean(gaps):.4f}")
        print(
            [round(f, 3) for f in floats],
            epochs,
            [round(h.validation, 3) for _, h, _ in found],
            _bytes(net),
            flush=True,
        )


def _run(data: GraphSet, row: Row, seed: int) -> tuple[Net, GraphHistory, float]:
    net = hfn.nn.graph_preset(row.arch, hfn.nn.graph_input(data), data.classes, **row.net, seed=seed)
    history = train_graph(net, data, seed=seed, **row.training)
    graph = hfn.lower(net, calibrate.calibrate(net, [net.input.nodes()]).scales)
    output = hfn.emulate(graph, np.zeros((1, 0), np.uint8))
    chosen = data.split["test"]
    right = output.reshape(len(data.classes), -1)[:, chosen].argmax(0) == data.labels[chosen]
    return net, history, float(right.mean())


def _bytes(net: Net) -> dict[str, int]:
    """Of the masks; of the masks if no iteration shared one; of 32-bit weights if none did."""
    weights = sum(prod(net.weights[step.weight].shape) for step in net.steps if step.weight)
    return {"masks": mask_bits(net) // 8, "unfolded": weights // 8, "fp32": 4 * weights}


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
