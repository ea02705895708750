"""A study as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgehfn import files
from edgehfn.report import figures
from edgehfn.report.figures import Figure, FigureCanvasAgg
from edgehfn.search.budget import Budget
from edgehfn.search.trials import Tried, front, trained


def plot(tried: Sequence[Tried], budget: Budget, path: Path) -> None:
    """Draw accuracy over flash, instructions as colour, into a PNG file.

    Larger points were trained for longer, and the line joins those that none of as little flash beats.
    """
    shown = [(one, one.cost) for one in trained(tried) if one.cost is not None]
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    longest = max(one.rank[0] for one, _ in shown)
    points = axes.scatter(
        [cost.flash / 1024 for _, cost in shown],
        [100 * one.rank[1] for one, _ in shown],
        s=[80 * one.rank[0] / longest + 8 for one, _ in shown],
        c=[cost.instructions / 1e6 for _, cost in shown],
        zorder=3,
    )
    line = [(one.cost.flash / 1024, 100 * one.rank[1]) for one in front(tried) if one.cost is not None]
    axes.plot([flash for flash, _ in line], [accuracy for _, accuracy in line], color="0.6", linewidth=1)
    if budget.flash is not None:
        axes.axvline(budget.flash / 1024, color="0.6", linewidth=1, linestyle="--")
    axes.set_xlabel(f"total flash on {budget.target}, KB")
    axes.set_ylabel("accuracy on images held back, %")
    figure.colorbar(points, label="instructions an inference, millions")
    files.write(path, figures.png(figure))
