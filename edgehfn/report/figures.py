"""Figures of many models: accuracy against what they cost."""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Mapping, Sequence

# No figure here has a backend, so the one that notebooks name for their children need not be there.
_backend = os.environ.pop("MPLBACKEND", None)
try:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
finally:
    if _backend is not None:
        os.environ["MPLBACKEND"] = _backend

__all__ = ["Figure", "FigureCanvasAgg", "fronts", "png", "svg"]

Points = Sequence[tuple[float, float]]  # cost and accuracy, 0..1

COLUMNS = 2
COLOURS = ("#2f6fb3", "#8a63b8", "#e0883a", "#57a861", "#c0504d", "#47a3a0", "#98a4b1")


def fronts(costs: Mapping[str, Mapping[str, Points]], counts: Collection[str], title: str) -> Figure:
    """Draw one chart for each cost, with a curve for each kind of net.

    ``costs``: name of the cost → kind → points. Costs among ``counts`` are no bytes, and their axis is decimal.
    """
    rows = -(-len(costs) // COLUMNS)
    figure = Figure(figsize=(11, 0.6 + 3.8 * rows), layout="constrained")
    figure.suptitle(title.encode(errors="replace").decode(), parse_math=False)
    for index, (cost, kinds) in enumerate(costs.items()):
        axes = figure.add_subplot(rows, COLUMNS, index + 1)
        for (kind, points), colour in zip(kinds.items(), COLOURS, strict=False):
            ordered = sorted(points)
            axes.plot(*zip(*ordered, strict=True), marker="o", markersize=4, color=colour, label=kind)
        _dress(axes, cost, 10 if cost in counts else 2)
    figure.axes[0].legend()
    return figure


def png(figure: Figure) -> bytes:
    """Return the figure as PNG: the same bytes for the same figure."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=150, metadata={"Software": "EdgeHFN"})
    return drawn.getvalue()


def svg(figure: Figure) -> str:
    """Return the figure as an element of a page: no text needs a font of its own."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]


def _dress(axes: Axes, cost: str, base: int) -> None:
    axes.set_xscale("log", base=base)
    axes.xaxis.set_major_locator(LogLocator(base, subs=(1, 1.5) if base == 2 else (1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value, 1024 if base == 2 else 1000)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.set_xlabel(cost)
    axes.set_ylabel("integer accuracy")
    axes.grid(visible=True, alpha=0.3)


def _short(value: float, kilo: int) -> str:
    """1024 bytes as 1K, two million as 2M."""
    for unit, size in (("M", kilo**2), ("K", kilo)):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"
