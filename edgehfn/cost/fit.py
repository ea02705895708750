"""Fits rows of the table of :mod:`edgehfn.cost.instructions` to counted runs; ``make budget`` writes them.

The graphs are random layers, so that nets of people are predictions, not part of the fit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgehfn.backends import c
from edgehfn.backends.c import Function
from edgehfn.cost.fit_slides import slides
from edgehfn.cost.instructions import NODES, Effort, table
from edgehfn.cost.samples_by_function import samples
from edgehfn.cost.samples_shared import shared_plans
from edgehfn.cost.terms import Terms, terms
from edgehfn.cost.terms_masks import ALONE
from edgehfn.cost.terms_windows import PLANES
from edgehfn.errors import InputError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.ops import Node
from edgehfn.spec.objective import small
from edgehfn.target.board import CORES, board
from edgehfn.target.count import counted
from edgehfn.target.toolchain import version

GROUPS = (4, 8, 12, 16, 32, 48, 64)  # pixels that a kernel may sum at a time; the fit takes what fits best

SMALL_SCRATCH = 2048  # bytes of scratch, as far as one output row at a time allows: bands of few rows
ENOUGH = 1e-6  # of a term's use for the squared error, to be worth having

# Functions that take another's rows, whose code is theirs but for a shift of an entry. Its samples are many; theirs
# would be large, and few.
LIKE = {Function.CONV_FAR: Function.CONV_WIDE, Function.RECT_FAR: Function.RECT_WIDE}

LIKE_SMALL = LIKE | {Function.CONV_SHARED: Function.CONV_PLAIN}  # no plan for flash has it

# Functions whose sums are another's: they take its row, and what is fitted is what their planes and weights take.
BASED = {
    Function.RECT_NARROW: Function.CONV_NARROW,
    Function.RECT_WIDE: Function.CONV_WIDE,
    Function.RECT_TRAINED: Function.CONV_DENSE,
    Function.RECT_FAR_TRAINED: Function.CONV_FAR_DENSE,
}

Floats = npt.NDArray[np.float64]
Counted = tuple[Node, Graph, Plan, int]


def fit(cores: Sequence[str] = CORES, functions: Collection[Function] = NODES) -> Iterator[Effort]:
    """A row for each core, runtime and function, each fitted by itself. Raises ToolError if a tool is missing."""
    sampled = {function: samples(function) for function in sorted({*functions} - {Function.SLIDE, *LIKE})}
    every = {id(graph): graph for graphs in sampled.values() for graph in graphs}
    fast = {key: [plan(graph), *_few_rows(graph)] for key, graph in every.items()}
    fast |= {id(graph): shared_plans(graph) for graph in sampled.get(Function.CONV_SHARED, ())}
    few = {key: [plan(graph, "flash")] for key, graph in every.items()}
    for core in cores:
        compiler = version(board(core).architecture.gcc)
        for plans in (fast, few):
            if Function.SLIDE in functions:
                moved = slides(core, "flash" if plans is few else "speed")
                _, found = _least_squares([row for row, _ in moved], [count for _, count in moved])
                yield Effort(compiler, core, plans is few, Function.SLIDE, GROUPS[0], found)
            counts = {key: [counted(every[key], planned, core).nodes for planned in plans[key]] for key in every}
            fitted: dict[str, Effort] = {}
            like = LIKE_SMALL if plans is few else LIKE
            for function, graphs in sampled.items():
                if function in like:
                    continue
                runs = [
                    (way, node, graph, planned, count)
                    for graph in graphs
                    for way, planned in enumerate(plans[id(graph)])
                    for node, (_, count) in zip(graph, counts[id(graph)][way], strict=True)
                    if c.function(node, graph, planned) == function
                ]
                runs.sort(key=lambda run: run[0])  # the order that rounding and ties hang on
                if function == Function.CONV_SHARED:
                    alone = fitted.get(Function.CONV_PLAIN) or _known(core, False, Function.CONV_PLAIN)
                    fitted[function] = _fitted_shared(replace(alone, function=function), [run[1:] for run in runs])
                    continue
                base = BASED.get(function)
                known = None if base is None else fitted.get(base) or _known(core, plans is few, base)
                fitted[function] = _fitted(compiler, core, function, [run[1:] for run in runs], known)
            yield from fitted.values()
            for function, other in like.items():
                if function in functions:
                    yield replace(fitted.get(other) or _known(core, plans is few, other), function=function)


def _known(core: str, is_small: bool, function: Function) -> Effort:
    """The table's row."""
    return next(e for e in table() if (e.core, e.small, e.function) == (core, is_small, function))


def _few_rows(graph: Graph) -> list[Plan]:
    """Of an image's graph, where scratch is short."""
    over_nodes = any(tensor.nodes for tensor in graph.tensors.values())
    return [] if over_nodes else [plan(graph, "ram", SMALL_SCRATCH)]


def _fitted(compiler: str, core: str, function: Function, runs: list[Counted], base: Effort | None) -> Effort:
    if not runs:
        raise InputError(f"{function}: no sample graph calls it; draw some in edgehfn/cost/samples_by_function.py")
    is_small = small(runs[0][2].objective)
    counts = [count for *_, count in runs]
    if base is not None:
        each = [terms(node, graph, planned, base.group) for node, graph, planned, _ in runs]
        more = [{name: n for name, n in row.items() if _is_own(name)} for row in each]
        rest = replace(base, terms={name: n for name, n in base.terms.items() if not _is_own(name)})
        _, found = _least_squares(more, counts, [rest.times(row) for row in each])
        return replace(rest, compiler=compiler, function=function, terms={**rest.terms, **found})
    trials = {
        group: _least_squares([terms(node, graph, planned, group) for node, graph, planned, _ in runs], counts)
        for group in (GROUPS if function.facts.groups_pixels else GROUPS[:1])
    }
    group = min(trials, key=lambda group: trials[group][0])
    return Effort(compiler, core, is_small, function, group, trials[group][1])


def _is_own(term: str) -> bool:
    """Whether a function that is based on another has a coefficient of its own."""
    return term in PLANES or "unpacked" in term


def _fitted_shared(alone: Effort, runs: list[Counted]) -> Effort:
    """What sharing sums takes, or on a core that sums each channel by itself what that takes, ``alone``: whichever errs
    less."""
    counts = np.array([count for *_, count in runs], np.float64)
    each = [terms(node, graph, planned, alone.group) for node, graph, planned, _ in runs]
    own = [{name: n for name, n in row.items() if name not in ALONE} for row in each]
    error, found = _least_squares(own, [count for *_, count in runs])
    apart = float(((np.array([alone.times(row) for row in each]) / counts - 1) ** 2).sum())
    return alone if apart < error else replace(alone, terms=found)


def _least_squares(
    each: Sequence[Terms], counted: Sequence[int], known: Sequence[float] | None = None
) -> tuple[float, dict[str, float]]:
    """Squared relative error and a coefficient for each term; no term saves instructions. ``known``: so many of each
    count are no terms'."""
    names = list(dict.fromkeys(name for row in each for name in row))
    counts = np.array(counted, np.float64)
    rows = np.array([[row.get(name, 0.0) for name in names] for row in each]) / counts[:, None]
    wanted = 1 - np.array(known or 0.0, np.float64) / counts
    found = _not_negative(rows, wanted)
    error = float(((rows @ found - wanted) ** 2).sum())
    return error, {name: float(value) for name, value in zip(names, found, strict=True) if value > 0}


def _not_negative(rows: Floats, wanted: Floats) -> Floats:
    """x >= 0 for which ``rows @ x`` is nearest to what is wanted: the active set method of Lawson and Hanson (1974)."""
    size = np.linalg.norm(rows, axis=0)
    a = rows / np.where(size > 0, size, 1)
    x, free = np.zeros(a.shape[1]), np.zeros(a.shape[1], bool)
    while True:
        gain = np.where(free, 0, a.T @ (wanted - a @ x))
        if gain.max() < ENOUGH:
            return np.asarray(x / np.where(size > 0, size, 1), np.float64)
        free[int(gain.argmax())] = True
        while True:
            best = np.zeros_like(x)
            best[free] = np.linalg.lstsq(a[:, free], wanted, rcond=None)[0]
            below = free & (best <= 0)
            if not below.any():
                break
            step = float((x[below] / (x[below] - best[below])).min())
            x += step * (best - x)
            free &= x > ENOUGH * 1e-6
        x = best
