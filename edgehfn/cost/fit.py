"""Fits the table of ``edgehfn.cost.instructions`` to counted runs: ``python -m edgehfn.cost.fit``.

The graphs are random layers, so that nets of people are predictions, not part of the fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgehfn.backends import c
from edgehfn.cost import instructions
from edgehfn.cost.instructions import Effort
from edgehfn.cost.samples import layers
from edgehfn.cost.samples_gnn import graph_layers
from edgehfn.cost.terms import terms
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.ops import Node
from edgehfn.spec.objective import small
from edgehfn.target.board import CORES
from edgehfn.target.count import counted
from edgehfn.target.toolchain import ARM_GCC, version

GRAPHS = 64
NETWORKS = 36  # over graphs
GROUPS = (4, 8, 12, 16, 32, 48, 64)  # pixels that a kernel may sum at a time; the fit takes what fits best

TIGHT = 2048  # bytes of scratch, as far as one output row at a time allows: bands of few rows
ENOUGH = 1e-6  # of a term's use for the squared error, to be worth having

Floats = npt.NDArray[np.float64]
Counted = tuple[Node, Graph, Plan, int]


def fit(cores: Sequence[str] = CORES) -> Iterator[Effort]:
    """A row for each core, runtime and function. Raises ToolError if a tool is missing."""
    graphs = [*(layers(seed) for seed in range(GRAPHS)), *(graph_layers(seed) for seed in range(NETWORKS))]
    fast = [(graph, plan(graph)) for graph in graphs]
    fast += [(graph, plan(graph, "ram", TIGHT)) for graph in graphs[:GRAPHS]]
    few = [(graph, plan(graph, "flash")) for graph in graphs]
    compiler = version(ARM_GCC)
    for core in cores:
        for plans in (fast, few):
            by_function: dict[str, list[Counted]] = {}
            for graph, planned in plans:
                for node, (_, count) in zip(graph, counted(graph, planned, core).nodes, strict=True):
                    by_function.setdefault(c.function(node, graph), []).append((node, graph, planned, count))
            for function in sorted(by_function):
                yield _fitted(compiler, core, function, by_function[function])


def _fitted(compiler: str, core: str, function: str, runs: list[Counted]) -> Effort:
    is_small = small(runs[0][2].objective)
    trials = [_least_squares(runs, group) for group in (GROUPS if "conv" in function else GROUPS[:1])]
    _, group, found = min(trials, key=lambda trial: trial[0])
    return Effort(compiler, core, is_small, function, group, found)


def _least_squares(runs: list[Counted], group: int) -> tuple[float, int, dict[str, float]]:
    """Squared relative error, ``group``, and a coefficient for each term; no term saves instructions."""
    each = [terms(node, graph, planned, group) for node, graph, planned, _ in runs]
    names = list(dict.fromkeys(name for row in each for name in row))
    counts = np.array([count for *_, count in runs], np.float64)
    rows = np.array([[row.get(name, 0.0) for name in names] for row in each]) / counts[:, None]
    found = _not_negative(rows)
    error = float(((rows @ found - 1) ** 2).sum())
    return error, group, {name: float(value) for name, value in zip(names, found, strict=True) if value > 0}


def _not_negative(rows: Floats) -> Floats:
    """x >= 0 for which ``rows @ x`` is nearest to ones: the active set method of Lawson and Hanson (1974)."""
    size = np.linalg.norm(rows, axis=0)
    a = rows / np.where(size > 0, size, 1)
    x, free = np.zeros(a.shape[1]), np.zeros(a.shape[1], bool)
    while True:
        gain = np.where(free, 0, a.T @ (1 - a @ x))
        if gain.max() < ENOUGH:
            return np.asarray(x / np.where(size > 0, size, 1), np.float64)
        free[int(gain.argmax())] = True
        while True:
            best = np.zeros_like(x)
            best[free] = np.linalg.lstsq(a[:, free], np.ones(len(a)), rcond=None)[0]
            below = free & (best <= 0)
            if not below.any():
                break
            step = float((x[below] / (x[below] - best[below])).min())
            x += step * (best - x)
            free &= x > ENOUGH * 1e-6
        x = best


def _fit_one(core: str) -> list[Effort]:
    return list(fit((core,)))


if __name__ == "__main__":
    with ProcessPoolExecutor() as pool:
        efforts = [effort for found in pool.map(_fit_one, CORES) for effort in found]
    instructions.write(efforts, Path(instructions.__file__).with_name("instructions.csv"))
