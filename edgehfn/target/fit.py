"""Fits the table of :mod:`edgehfn.backends.prediction` to counted runs: ``python -m edgehfn.target.fit``.

The graphs are random layers, so that nets of people are predictions, not part of the fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edgehfn.backends import c, prediction
from edgehfn.backends.prediction import Effort
from edgehfn.backends.work import terms
from edgehfn.graph import Graph, plan
from edgehfn.graph.ops import Node
from edgehfn.target.board import CORES
from edgehfn.target.instructions import bench
from edgehfn.target.layers import layers
from edgehfn.target.toolchain import ARM_GCC, version

GRAPHS, RARE = 36, 18
GROUPS = (4, 8, 12, 16, 32, 48, 64)  # pixels that a kernel may sum at a time; the fit takes what fits best

Counted = tuple[Node, Graph, int]


def fit(cores: Sequence[str] = CORES) -> Iterator[Effort]:
    """A row for each core and function. Raises ToolError if a tool is missing."""
    graphs = [layers(seed, rare=seed >= GRAPHS) for seed in range(GRAPHS + RARE)]
    compiler = version(ARM_GCC)
    for core in cores:
        by_function: dict[str, list[Counted]] = {}
        for graph in graphs:
            for node, (_, count) in zip(graph, bench(graph, core).nodes, strict=True):
                by_function.setdefault(c.function(node, graph), []).append((node, graph, count))
        for function in sorted(by_function):
            yield _fitted(compiler, core, function, by_function[function])


def _fitted(compiler: str, core: str, function: str, counted: list[Counted]) -> Effort:
    trials = [_least_squares(counted, group) for group in (GROUPS if "conv" in function else GROUPS[:1])]
    _, group, found = min(trials, key=lambda trial: trial[0])
    return Effort(compiler, core, function, group, found)


def _least_squares(counted: list[Counted], group: int) -> tuple[float, int, dict[str, float]]:
    """Squared relative error, ``group``, and a coefficient for each term; no term saves instructions."""
    plans = {id(graph): plan(graph) for _, graph, _ in counted}
    each = [terms(node, graph, plans[id(graph)], group) for node, graph, _ in counted]
    names = list(dict.fromkeys(name for row in each for name in row))
    counts = np.array([count for *_, count in counted], np.float64)
    rows = np.array([[row.get(name, 0.0) for name in names] for row in each]) / counts[:, None]
    used = [i for i in range(len(names)) if rows[:, i].any()]
    while True:
        found = np.asarray(np.linalg.lstsq(rows[:, used], np.ones(len(counts)), rcond=None)[0], np.float64)
        if not (found < 0).any():
            break
        del used[int(np.argmin(found * rows[:, used].max(0)))]  # the term that saves most
    error = float(((rows[:, used] @ found - 1) ** 2).sum())
    return error, group, {names[i]: float(value) for i, value in zip(used, found, strict=True)}


if __name__ == "__main__":
    prediction.write(fit(), Path(prediction.__file__).with_name("instructions.csv"))
