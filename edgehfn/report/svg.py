"""Charts of a model as SVG text that takes its colours from the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle, pairwise

from edgehfn.ir import Graph, Plan
from edgehfn.ir.arena import by_node

WIDTH = 960
LABEL = 190  # width of a column of names
LETTER = 6.6  # mean width of a letter of 11 px


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart: ``note`` stands behind the value."""

    name: str
    value: int
    kind: str
    note: str = ""


def split(parts: Mapping[str, int]) -> str:
    """Draw one bar divided among its parts, each with its bytes and share; parts of 0 are left out."""
    parts = {name: size for name, size in parts.items() if size}
    total = sum(parts.values())
    shapes, left, column = [], 0.0, WIDTH / max(len(parts), 1)
    for index, (name, size) in enumerate(parts.items()):
        width, at = WIDTH * size / total, index * column
        tip = f"{name}: {size:,} bytes, {100 * size / total:.1f} %"
        shapes += [
            _box(left, 0, width, 46, name, tip),
            _box(at, 66, 12, 12, name, tip),
            _text(at + 20, 76, name, weight=600),
            _text(at + 20, 94, f"{size:,} bytes · {100 * size / total:.1f} %", faint=True),
        ]
        left += width
    return _svg(100, "Flash by what it is spent on", shapes)


def arena(plan: Plan, graph: Graph) -> str:
    """Draw every buffer as a box: across the nodes during which it lives, and over the bytes of the arena it takes.

    The raw input lies there before the first node, hence a column of its own. Nodes that run interleaved stand over a
    bar.
    """
    names = [node.name for node in graph]
    left, top, height = 74, 30, 380
    column, unit = (WIDTH - left) / (len(names) + 1), height / plan.size
    shapes, spans = [], _spans(plan, graph)
    for index, kind in enumerate(dict.fromkeys(span.kind for span in spans)):
        shapes += [_box(left + 110 * index, 0, 12, 12, kind, kind), _text(left + 110 * index + 18, 10, kind)]
    for size in (*_ticks(plan.size), plan.size):
        y = top + height - size * unit
        shapes += [_line(left, y, WIDTH, y), _text(left - 8, y + 4, f"{size:,}", anchor="end", faint=True)]
    for span in spans:
        x, width = left + span.first * column, (span.last - span.first + 1) * column
        y, tall = top + height - (span.offset + span.size) * unit, span.size * unit
        shapes.append(_box(x, y, width, max(tall, 3), span.kind, span.tip))
        if span.kind not in ("scratch", "lists") and tall > 16 and width > 44:
            shapes.append(_text(x + 6, y + 14, _fitting(span.label, width - 8)))
    for group in plan.groups:
        x, width = left + (group.first + 1) * column, (group.last - group.first + 1) * column
        tip = f"group of {group.last - group.first + 1} nodes, {group.ticks} ticks"
        shapes.append(_box(x + 2, top + height + 3, width - 4, 5, "group", tip))
    for index, name in enumerate(("raw", *names)):
        x, y = left + (index + 0.5) * column + 4, top + height + 18
        shapes.append(_text(x, y, _fitting(name, 100), anchor="end", faint=True, turn=-45))
    deepest = min(max(map(len, names), default=0) * LETTER, 100) * 0.7
    return _svg(top + height + 28 + deepest, "Arena: buffers over nodes and bytes", shapes)


def curve(points: Sequence[tuple[int, int]]) -> str:
    """Draw RAM against instructions as stairs: a number of bytes between two points gives the plan of the smaller."""
    left, top, height, width = 74, 10, 260, WIDTH - 74 - 40
    most, peak = max(ram for ram, _ in points), max(count for _, count in points)

    def place(ram: int, count: int) -> tuple[float, float]:
        return left + width * ram / most, top + height * (1 - count / peak)

    shapes = []
    for count in (*_ticks(peak, (2, 2.5, 2)), peak):
        y = place(0, count)[1]
        shapes += [_line(left, y, WIDTH, y), _text(left - 8, y + 4, _short(count), anchor="end", faint=True)]
    for ram in (*_ticks(most), most):
        shapes.append(_text(place(ram, 0)[0], top + height + 18, f"{ram:,}", anchor="middle", faint=True))
    ordered = sorted(points)
    for here, after in pairwise(ordered):
        (x, y), (right, lower) = place(*here), place(*after)
        shapes += [_line(x, y, right, y, "step"), _line(right, y, right, lower, "step")]
    for ram, count in ordered:
        x, y = place(ram, count)
        shapes.append(_box(x - 4, y - 4, 8, 8, "conv", f"--ram {ram}: {count:,} instructions"))
    shapes.append(_text(WIDTH, top + height + 34, "bytes of RAM", anchor="end", faint=True))
    return _svg(top + height + 40, "RAM against predicted instructions", shapes)


@dataclass(frozen=True)
class _Span:
    name: str
    kind: str
    offset: int
    size: int
    first: int  # columns
    last: int
    note: str = ""

    @property
    def label(self) -> str:
        """The text in the box."""
        return self.name + self.note

    @property
    def tip(self) -> str:
        """The text shown when the pointer rests on the box."""
        return f"{self.name}: {self.size:,} bytes at {self.offset:,}{self.note}"


def _spans(plan: Plan, graph: Graph) -> list[_Span]:
    found = [_Span("raw", "raw", plan.raw.offset, plan.raw.size, 0, plan.raw.last + 1)]
    windows = {name: rows for group in plan.groups for name, rows in group.windows.items()}
    for name, b in plan.tensors.items():
        kind, note = "tensor", ""
        if name in windows:
            kind, note = "window", f", {windows[name]} of {graph.tensors[name].shape[1]} rows"
        found.append(_Span(name, kind, b.offset, b.size, b.first + 1, b.last + 1, note))
    groups = by_node(plan.groups)
    for i, node in enumerate(graph):
        if (scratch := plan.scratch.get(node.name)) is not None:
            apart = scratch.lists is not None
            size = scratch.planes if apart else scratch.size
            found.append(_Span("scratch", "scratch", scratch.offset, size, i + 1, i + 1))
            if apart:
                first, last = groups[i].first + 1, groups[i].last + 1
                found.append(_Span(node.name, "lists", scratch.list_offset, scratch.list_bytes, first, last))
        elif (work := plan.tables.get(node.name)) is not None:
            found.append(_Span("scratch", "scratch", work.offset, work.size, i + 1, i + 1))
    return found


def bars(rows: Sequence[Bar]) -> str:
    """Draw a horizontal bar for each row."""
    largest = max((row.value for row in rows), default=0) or 1
    room = WIDTH - LABEL - 190
    shapes = []
    for index, row in enumerate(rows):
        y, width = 24 * index, room * row.value / largest
        tip = f"{row.name}: {row.value:,} {row.note}"
        shapes += [
            _text(LABEL - 10, y + 14, _fitting(row.name, LABEL - 14), anchor="end"),
            _box(LABEL, y + 2, max(width, 1), 17, row.kind, tip),
            _text(LABEL + width + 8, y + 14, f"{row.value:,}"),
            _text(LABEL + width + 16 + LETTER * len(f"{row.value:,}"), y + 14, row.note, faint=True),
        ]
    return _svg(24 * len(rows), "Instructions of each node", shapes)


def _ticks(top: int, factors: Sequence[float] = (2,)) -> range:
    """About five round numbers below ``top``, none close to it; each factor in turn makes a rounder one."""
    step, larger = 1.0, cycle(factors)
    while top / step > 6:
        step *= next(larger)
    return range(0, top - int(step) // 3, int(step))


def _fitting(text: str, width: float) -> str:
    letters = int(width / LETTER)
    return text if len(text) <= letters else f"{text[: max(letters - 1, 1)]}…"


def _svg(height: float, label: str, shapes: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">'
    return "\n".join([head, *shapes, "</svg>"])


def _box(x: float, y: float, width: float, height: float, kind: str, tip: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{escape(kind)}" rx="2" {place}><title>{escape(tip)}</title></rect>'


def _short(count: int) -> str:
    """5100000 as 5.1 M."""
    return f"{count / 1e6:.3g} M" if count >= 1_000_000 else f"{count:,}"


def _line(x1: float, y1: float, x2: float, y2: float, kind: str = "") -> str:
    shown = f' class="{kind}"' if kind else ""
    return f'<line{shown} x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", weight: int = 400, faint: bool = False, turn: int = 0
) -> str:
    turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    kind = ' class="faint"' if faint else ""
    at = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}"'
    return f"<text{kind} {at}{turned}>{escape(text)}</text>"
