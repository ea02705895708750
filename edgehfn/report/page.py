"""A model's costs as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from edgehfn.cost.curve import Point
from edgehfn.cost.footprint import Footprint
from edgehfn.ir import Graph, Plan, ops
from edgehfn.ir.inputs import raw_shape
from edgehfn.report import svg
from edgehfn.report.svg import Bar
from edgehfn.target import Bench
from edgehfn.training.figures import WORDS, Figures

if TYPE_CHECKING:
    from calibrate import Calibration
    from edgehfn.evaluation.confusion import Confusion

DRAWN = 40  # classes of a matrix that still fits a page

STYLE = """
:root { --ink: #1c2530; --faint: #6b7785; --page: #ffffff; --card: #f4f6f8; --line: #dde3e9; --masks: #2f6fb3;
  --norms: #47a3a0; --dense: #8a63b8; --tables: #98a4b1; --code: #e0883a; --raw: #57a861; --tensor: #7fb0df;
  --window: #c3e0c8; --lists: #f3d3aa; --group: #6b7785;
  --scratch: #efb777; --conv: #2f6fb3; --linear: #8a63b8; --other: #98a4b1; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --faint: #93a0ad; --page: #14181d; --card: #1e242b;
  --line: #333c46; --window: #2f5238; --lists: #6e5230; --tensor: #3f6f9e; --scratch: #9a6a2f; --raw: #3f7d49; } }
body { font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--page);
  max-width: 1000px; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.6rem 0 .6rem; } p { margin: .3rem 0 .9rem; }
p, .faint { color: var(--faint); fill: var(--faint); }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0; }
.card { background: var(--card); border-radius: 8px; padding: .7rem 1.1rem; flex: 1 1 8.5rem; }
.card b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; } .card span { color: var(--faint); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; vertical-align: bottom; } th:first-child, td:first-child { text-align: left; }
svg { width: 100%; height: auto; display: block; font-size: 11px; } svg text { fill: var(--ink); }
svg text.faint { fill: var(--faint); } svg line { stroke: var(--line); } svg rect { stroke: var(--page); }
svg line.step { stroke: var(--conv); stroke-width: 2; }
svg rect.window { stroke: var(--faint); stroke-dasharray: 4 3; }
"""


def report(
    graph: Graph,
    name: str,
    footprint: Footprint,
    bench: Bench | None = None,
    calibration: Calibration | None = None,
    curve: Sequence[Point] = (),
    measured: Confusion | Figures | None = None,
) -> str:
    """Return the page for a verified graph: flash by origin, the arena's buffers over the nodes, and, where given, what
    less RAM costs, the instructions of each node, what each class is taken for or the figures of another task, and the
    calibration of each tensor."""
    sections = [_flash(footprint), _arena(graph, footprint.plan)]
    if len(curve) > 1:
        sections.append(_curve(curve))
    if bench is not None:
        sections.append(_instructions(graph, bench))
    if isinstance(measured, Figures):
        sections.append(_figures(measured))
    elif measured is not None:
        sections.append(_confusion(measured))
    if calibration is not None:
        sections.append(_calibration(calibration))
    head = f"<h1>{escape(name)}</h1><p>{_shape(graph)}; on {footprint.core}</p>\n{_cards(graph, footprint, bench)}\n"
    return page(f"{name} on {footprint.core}", head + "".join(sections))


def page(title: str, body: str) -> str:
    """Return a whole page around its body."""
    style = STYLE + "".join(f".{kind} {{ fill: var(--{kind}); }}\n" for kind in _KINDS)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta name="generator" content="EdgeHFN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>\n{body}</body></html>\n"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table. Numbers stand to the right, the first column to the left."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_FLASH = ("masks", "norms", "dense", "graph", "tables", "code")
_ARENA = ("raw", "tensor", "window", "scratch", "lists", "group")
_KINDS = (*_FLASH, *_ARENA, "conv", "linear", "other")


def _shape(graph: Graph) -> str:
    sizes = " × ".join(map(str, graph.input.shape if graph.input and not graph.input.topology else raw_shape(graph)))
    return f"{sizes} bytes in, {graph.output.size} out, {len(graph.nodes)} nodes, {sum(graph.macs.values()):,} MAC"


def _cards(graph: Graph, footprint: Footprint, bench: Bench | None) -> str:
    sizes = footprint.sizes.to_json()
    cards = {
        "total flash": f"{sizes['total_flash']:,} B",
        "total RAM": f"{sizes['total_ram']:,} B",
        "stack": f"{sizes['stack']:,} B",
    }
    if bench is not None:
        cards["instructions"] = f"{bench.total:,}"
        cards["per MAC"] = f"{bench.total / max(sum(graph.macs.values()), 1):.2f}"
    inner = "".join(f'<div class="card"><b>{value}</b><span>{name}</span></div>' for name, value in cards.items())
    return f'<div class="cards">{inner}</div>'


def _flash(footprint: Footprint) -> str:
    rows = {"predicted": footprint.predicted}
    if footprint.measured:
        rows["measured"] = footprint.measured.sizes
    sizes = [[label, *(f"{value:,}" for value in made.to_json().values())] for label, made in rows.items()]
    columns = ["bytes", *(name.replace("_", " ").replace("ram", "RAM") for name in footprint.predicted.to_json())]
    compared = [
        ["this model's data", f"{footprint.sizes.weights_flash:,}"],
        ["the same net, a byte a weight", f"{footprint.dense_int8:,}"],
        ["the papers' formula", f"{footprint.paper[0]:,}"],
        ["the papers' formula and running statistics", f"{footprint.paper[1]:,}"],
    ]
    measured = "measured in a linked program" if footprint.measured else "predicted; no compiler was at hand to measure"
    note = f"Flash is {measured}. Start-up code and test harness are not counted."
    return (
        f"<h2>Flash</h2><p>{note}</p>{svg.split(footprint.flash)}<h2>Sizes</h2>{table(columns, sizes)}"
        f"<p>RAM is the arena. The stack is apart, as it is the application's: {_stack(footprint)}.</p>"
        f"<h2>Model data beside others</h2>{table(['', 'bytes'], compared)}"
    )


def _stack(footprint: Footprint) -> str:
    if footprint.measured is None:
        return f"at most {footprint.predicted.stack:,} bytes"
    used, bound = footprint.measured.sizes.stack, footprint.measured.stack_bound
    return f"a run used {used:,} bytes, and the longest chain of calls in the machine code takes {bound:,}"


def _arena(graph: Graph, planned: Plan) -> str:
    note = (
        f"One block of {planned.size:,} bytes holds every tensor and the scratch of every convolution; without scratch "
        f"it would take {planned.activations:,}. A box is a buffer: across the nodes while it lives, over its bytes."
    )
    if planned.groups:
        note += (
            " Nodes over a bar run interleaved, some rows of each at a time: a dashed box is a tensor of "
            "which there is never more than a window of rows."
        )
    return f"<h2>Arena</h2><p>{note}</p>{svg.arena(planned, graph)}"


def _curve(points: Sequence[Point]) -> str:
    objective = points[0].plan.objective
    note = (
        f"Predicted instructions of the plan for each number of bytes of RAM (option --ram, for {objective}). A dot "
        "is a plan; between two dots it is the one to the left."
    )
    return f"<h2>RAM against instructions</h2><p>{note}</p>{svg.curve([(p.ram, p.instructions) for p in points])}"


def _instructions(graph: Graph, bench: Bench) -> str:
    kinds = {n.name: {ops.Conv: "conv", ops.Linear: "linear"}.get(type(n), "other") for n in graph}
    rows = []
    for name, count in bench.nodes:
        per = f"{count / graph.macs[name]:.2f} per MAC" if name in graph.macs else ""
        rows.append(Bar(name, count, kinds[name], per))
    how = "predicted from the graph" if bench.predicted else "counted exactly in emulation (QEMU)"
    note = f"{bench.total:,} instructions for every input, {how}. They are not cycles."
    return f"<h2>Instructions</h2><p>{note}</p>{svg.bars(rows)}"


def _figures(found: Figures) -> str:
    """Of a task without classes."""
    rows = [
        ["" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v) for v in r.values()] for r in found.each
    ]
    each = table([WORDS.get(name, name) for name in found.each[0]], rows) if rows else ""
    return f"<h2>Worth</h2><p>{escape(str(found))}, of the test inputs, in integers.</p>{each}"


def _confusion(found: Confusion) -> str:
    columns = ["class", "examples", "recall %", "precision %", "F1 %", "most often taken for"]
    rows = []
    for one in found.each:
        figures = (f"{100 * value:.1f}" for value in (one.recall, one.precision, one.f1))
        rows.append([one.name, f"{one.examples:,}", *figures, one.taken_for])
    total = int(found.counts.sum())
    note = f"{100 * found.accuracy:.2f} % of {total:,} test inputs are right, in integers."
    matrix = ""
    if len(found.classes) <= DRAWN:
        head = "".join(f"<th>{escape(name)}</th>" for name in ("", *found.classes))
        body = "".join(map(_taken, found.classes, found.counts.tolist()))
        matrix = (
            "<p>Rows are what an input is, columns what it is taken for.</p>"
            f'<table class="confusion"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        )
    return f"<h2>Accuracy</h2><p>{note}</p>{table(columns, rows)}{matrix}"


def _taken(name: str, counts: Sequence[int]) -> str:
    """A row of the matrix, its cells the darker the more they hold."""
    total = max(1, sum(counts))
    cells = "".join(
        f'<td style="background: color-mix(in srgb, var(--masks) {100 * count // total}%, transparent)">'
        f"{count if count else ''}</td>"
        for count in counts
    )
    return f"<tr><td>{escape(name)}</td>{cells}</tr>"


def _calibration(calibration: Calibration) -> str:
    rows = []
    for name, tensor in calibration.report.items():
        snr = "–" if tensor.snr_db is None else f"{tensor.snr_db:.1f}"
        seen = (f"{tensor.low:.3f}", f"{tensor.high:.3f}", f"{tensor.scale:.3g}")
        rows.append([name, *seen, f"{100 * tensor.clipped:.3f}", snr])
    note = f"Method {calibration.method}, {calibration.images:,} images."
    columns = ["tensor", "smallest", "largest", "scale", "clipped %", "SNR dB"]
    return f"<h2>Calibration</h2><p>{escape(note)}</p>{table(columns, rows)}"
