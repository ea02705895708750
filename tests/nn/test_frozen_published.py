"""How many are pruned and locked in each layer, against this file's own account of the published rules."""

from __future__ import annotations

from math import prod

import pytest
from support.masked import masked, supermasks

from edgehfn import nn

UNIT = 1 / 256  # what a threshold is rounded to, as a fraction of a layer

# density; a fraction or pruned and locked; what is pruned and locked of all (section 3 of the paper, by hand)
CASES = [
    (0.3, 0.5, 0.45, 0.05),
    (0.2, 0.5, 0.5, 0.0),
    (0.5, 0.7, 0.35, 0.35),
    (0.8, 0.3, 0.0, 0.3),
    (0.1, (0.6, 0.05), 0.6, 0.05),
    (0.3, (0.5, 0.0), 0.5, 0.0),
]


def published(over: str, shapes: list[tuple[int, ...]], density: float) -> list[float]:
    """The part of each layer that a distribution leaves at a density of the whole."""
    sizes = [prod(shape) for shape in shapes]
    if over == "uniform":
        return [density] * len(sizes)
    if over == "epl":  # hand out alike, take back what is too much, hand that out to the others
        edges, rest, open_ = [0.0] * len(sizes), density * sum(sizes), set(range(len(sizes)))
        while rest > 1e-6 and open_:
            for i in open_:
                edges[i] += rest / len(open_)
            rest = sum(max(0.0, edges[i] - sizes[i]) for i in open_)
            edges = [min(edge, float(size)) for edge, size in zip(edges, sizes, strict=True)]
            open_ = {i for i in open_ if edges[i] < sizes[i]}
        return [edge / size for edge, size in zip(edges, sizes, strict=True)]
    raw = [sum(shape) / size for shape, size in zip(shapes, sizes, strict=True)]  # Erdős-Rényi-kernel
    dense: set[int] = set()
    while len(dense) < len(sizes):
        sparse = [i for i in range(len(sizes)) if i not in dense]
        wanted = density * sum(sizes) - sum(sizes[i] for i in dense)
        factor = wanted / sum(raw[i] * sizes[i] for i in sparse)
        largest = max(raw[i] for i in sparse)
        if largest * factor < 1:
            return [1.0 if i in dense else factor * raw[i] for i in range(len(sizes))]
        dense |= {i for i in sparse if raw[i] == largest}
    return [1.0] * len(sizes)


@pytest.mark.parametrize("over", ["uniform", "erk", "epl"])
@pytest.mark.parametrize(("density", "frozen", "pruned", "locked"), CASES)
def test_totals_and_layers_are_as_published(
    density: float, frozen: float | tuple[float, float], pruned: float, locked: float, over: str
) -> None:
    ops = supermasks(masked(coats=(density,), frozen=frozen, freeze_over=over))
    shapes = [op.shape for op in ops]
    left, free = (published(over, shapes, 1 - part) for part in (pruned, pruned + locked))
    for op, unpruned, searched in zip(ops, left, free, strict=True):
        assert op.pruned * UNIT == pytest.approx(1 - unpruned, abs=1.01 * UNIT)
        assert op.locked * UNIT == pytest.approx(unpruned - searched, abs=0.51 * UNIT)
    total = sum(map(prod, shapes))
    assert sum(op.pruned * UNIT * prod(op.shape) for op in ops) / total == pytest.approx(pruned, abs=0.003)
    assert sum(op.locked * UNIT * prod(op.shape) for op in ops) / total == pytest.approx(locked, abs=0.003)


@pytest.mark.parametrize(("density", "pruned", "locked"), [(0.3, 0.45, 0.05), (0.2, 0.5, 0.0)])
def test_half_of_resnet50_locks_what_the_rule_says(density: float, pruned: float, locked: float) -> None:
    net = nn.preset("hidden-resnet50", (3, 16, 16), 100, density=density, frozen=0.5, freeze_over="erk", width=64)
    ops = supermasks(net)
    total = sum(prod(op.shape) for op in ops)
    assert sum(op.pruned * UNIT * prod(op.shape) for op in ops) / total == pytest.approx(pruned, abs=0.003)
    assert sum(op.locked * UNIT * prod(op.shape) for op in ops) / total == pytest.approx(locked, abs=0.003)


@pytest.mark.parametrize("frozen", [(0.5, 0.0), 0.5, (0.4, 0.25)])
@pytest.mark.parametrize("coats", [(0.3,), (0.3, 0.25)])
def test_layers_that_cannot_keep_their_density_leave_it_to_others(
    frozen: float | tuple[float, float], coats: tuple[float, ...]
) -> None:
    """Few positions of the largest layers are left, as in the published nets. One threshold for all holds the total."""
    net = masked(coats=coats, frozen=frozen, freeze_over="epl", blocks=(4, 1))
    ops = supermasks(net)
    total = sum(prod(op.shape) for op in ops)
    short = [op for op in ops if op.most < 0.3 * prod(op.shape) or op.holds > 0.3 * prod(op.shape)]
    assert short
    for op in ops:  # layer by layer, each keeps what it can
        assert op.keep[0] == min(max(round(0.3 * prod(op.shape)), op.holds), op.most)
    net.search = nn.Search("adaptive")
    net.set_progress(1.0)
    for coat, density in enumerate(coats):
        assert sum(op.keep[coat] for op in ops) == pytest.approx(density * total, abs=len(ops))
    for op in ops:
        counts = op.counts()
        assert [int((counts > coat).sum()) for coat in range(len(coats))] == list(op.keep)
