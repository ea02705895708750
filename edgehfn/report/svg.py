"""Charts of a model as SVG text that takes its colours from the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from edgehfn.ir import Plan
from edgehfn.ir.lives import Buffer
from edgehfn.ir.scratch import Scratch

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


def arena(plan: Plan, nodes: Sequence[str]) -> str:
    """Draw every buffer as a box: across the nodes during which it lives, and over the bytes of the arena it takes.

    The raw input lies there before the first node, hence a column of its own.
    """
    left, top, height = 74, 30, 380
    column, unit = (WIDTH - left) / (len(nodes) + 1), height / plan.size
    shapes = []
    for index, kind in enumerate(("raw", "tensor", "scratch")):
        shapes += [_box(left + 110 * index, 0, 12, 12, kind, kind), _text(left + 110 * index + 18, 10, kind)]
    for size in (*_ticks(plan.size), plan.size):
        y = top + height - size * unit
        shapes += [_line(left, y, WIDTH, y), _text(left - 8, y + 4, f"{size:,}", anchor="end", faint=True)]
    for span in _spans(plan, nodes):
        x, width = left + span.first * column, (span.last - span.first + 1) * column
        y, tall = top + height - (span.offset + span.size) * unit, span.size * unit
        shapes.append(_box(x, y, width, max(tall, 3), span.kind, span.tip))
        if span.kind != "scratch" and tall > 16 and width > 44:
            shapes.append(_text(x + 6, y + 14, _fitting(span.name, width - 8)))
    for index, name in enumerate(("raw", *nodes)):
        x, y = left + (index + 0.5) * column + 4, top + height + 14
        shapes.append(_text(x, y, _fitting(name, 100), anchor="end", faint=True, turn=-45))
    deepest = min(max(map(len, nodes), default=0) * LETTER, 100) * 0.7
    return _svg(top + height + 24 + deepest, "Arena: buffers over nodes and bytes", shapes)


@dataclass(frozen=True)
class _Span:
    name: str
    kind: str
    offset: int
    size: int
    first: int  # columns
    last: int

    @property
    def tip(self) -> str:
        """The text shown when the pointer rests on the box."""
        return f"{self.name}: {self.size:,} bytes at {self.offset:,}"


def _spans(plan: Plan, nodes: Sequence[str]) -> list[_Span]:
    raw = [_Span("raw", "raw", plan.raw.offset, plan.raw.size, 0, plan.raw.last + 1)]
    tensors = [_Span(name, "tensor", b.offset, b.size, b.first + 1, b.last + 1) for name, b in plan.tensors.items()]
    work: dict[str, Scratch | Buffer] = {**plan.scratch, **plan.tables}
    where = [(i, work[name]) for i, name in enumerate(nodes) if name in work]
    scratch = [_Span("scratch", "scratch", s.offset, s.size, i + 1, i + 1) for i, s in where]
    return raw + tensors + scratch


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


def _ticks(top: int) -> range:
    """About five round numbers below ``top``, none close to it."""
    step = 1
    while top / step > 6:
        step *= 2
    return range(0, top - step // 3, step)


def _fitting(text: str, width: float) -> str:
    letters = int(width / LETTER)
    return text if len(text) <= letters else f"{text[: max(letters - 1, 1)]}…"


def _svg(height: float, label: str, shapes: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">'
    return "\n".join([head, *shapes, "</svg>"])


def _box(x: float, y: float, width: float, height: float, kind: str, tip: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{escape(kind)}" rx="2" {place}><title>{escape(tip)}</title></rect>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", weight: int = 400, faint: bool = False, turn: int = 0
) -> str:
    turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    kind = ' class="faint"' if faint else ""
    at = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}"'
    return f"<text{kind} {at}{turned}>{escape(text)}</text>"
