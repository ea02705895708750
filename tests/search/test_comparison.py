"""Rivals at equal bytes: how wide they may be, and a whole comparison of small ones."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner, Result

from edgehfn import nn
from edgehfn.backends import c
from edgehfn.cli import cli
from edgehfn.cost import sizing
from edgehfn.data.sets import images
from edgehfn.errors import InputError
from edgehfn.ir import plan
from edgehfn.ir.ops import Conv, Linear
from edgehfn.lowering.untrained import untrained
from edgehfn.nn.builder import Kind
from edgehfn.report import figures
from edgehfn.search import comparison
from edgehfn.search.comparison import Row
from edgehfn.search.equal_budgets import _Family
from edgehfn.training.images import train

KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_are_known_before_training(kind: Kind) -> None:
    """Up to biases of two bytes, of which an untrained net knows nothing."""
    net = nn.tiny((1, 8, 8), 3, weights=kind, width=6)
    said = sizing.model_bytes(net)
    graph = untrained(net)
    wide = sum(len(n.requantise.bias) for n in graph if isinstance(n, Conv | Linear) and _wide(n.requantise.bias))
    stored = sum(len(part.data) for part in c.layout(graph, plan(graph)))
    assert said + wide <= stored + 3
    assert stored <= said + wide + 3  # the struct ends in whole words


def _wide(bias: tuple[int, ...]) -> bool:
    return not all(-128 <= value <= 127 for value in bias)


@pytest.mark.parametrize("kind", KINDS)
def test_the_widest_net_fits_and_the_next_does_not(kind: Kind) -> None:
    def family(width: float) -> nn.Net:
        return nn.demo((1, 12, 12), 10, weights=kind, width=width, fold=1)

    for step in (0.25, 1, 4):
        width = sizing.widest(family, 4096, step)
        assert width % step == 0
        assert sizing.model_bytes(family(width)) <= 4096 < sizing.model_bytes(family(width + step))
    with pytest.raises(InputError, match=r"a width of 4 takes .* bytes of model data, 600 are allowed"):
        sizing.widest(family, 600, 4)


def _demo(kind: Kind, width: float) -> nn.Net:
    return nn.demo(weights=kind, width=width)


def test_fewer_bits_make_a_wider_net() -> None:
    widths = [sizing.widest(partial(_demo, kind), 6000) for kind in KINDS if kind != "supermask"]
    assert all(fewer > more for more, fewer in pairwise(widths))


@pytest.mark.parametrize("kind", KINDS[1:])
def test_few_bits_learn(kind: Kind) -> None:
    """Far beyond chance, on every processor; how far is the business of docs/ACCURACY.md."""
    digits = images("digits")
    net = nn.tiny(digits.shape, digits.classes, weights=kind)
    assert train(net, digits, epochs=4, device="cpu").accuracy > 0.6


@pytest.mark.parametrize("shape", ["8,12,10", "16,24,20"])
def test_widths_of_stages_are_a_ratio(shape: str) -> None:
    ratio = tuple(float(part) for part in shape.split(","))
    family = _Family("tiny", images("digits"), {"coats": (0.5,), "blocks": (1, 2, 2), "width": ratio})
    width = sizing.widest(family.net, 6000, 0.5)
    assert width % 0.5 == 0
    assert family.widths(width) == (width, 1.5 * width, 1.25 * width)

    def size(factor: float) -> int:
        widths = [round(factor * part) for part in (8, 12, 10)]
        return sizing.model_bytes(nn.tiny((1, 8, 8), 10, width=widths, coats=(0.5,), blocks=(1, 2, 2)))

    assert size(width / 8) <= 6000 < size((width + 0.5) / 8)


def compare(*words: object) -> Result:
    few = ("--data", "digits", "--arch", "tiny", "--epochs", 3, "--kinds", "supermask,int4")
    return CliRunner().invoke(cli, [str(word) for word in ("compare", *few, *words)])


@pytest.mark.slow
@pytest.mark.qemu
def test_a_whole_comparison(tmp_path: Path) -> None:
    budgets = {"3K": 3072, "4K": 4096}
    first = compare("--bytes", ",".join(budgets), "-o", tmp_path, "--batch", 100, "--json")
    assert first.exit_code == 0, first.output
    made: dict[str, Any] = json.loads(first.stdout)
    rows = [Row(**row) for row in made["rows"]]
    assert [(row.kind, row.budget) for row in rows] == [(k, b) for b in budgets.values() for k in ("supermask", "int4")]
    for row in rows:
        assert 0.75 * row.budget < row.bytes <= 1.05 * row.budget
        assert row.bytes < row.flash
        assert row.accuracy > 0.2
        assert f"--weights {row.kind} --epochs 3 --batch 100 --width {row.width:g} --seed 0" in row.command
    assert json.loads((tmp_path / "table.json").read_text()) == made["rows"]
    with (tmp_path / "table.csv").open() as file:
        assert [row["width"] for row in csv.DictReader(file)] == [str(row.width) for row in rows]
    assert (tmp_path / "compare.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    page = _Page((tmp_path / "compare.html").read_text())
    for row in rows:
        assert {f"{row.bytes:,}", f"{row.instructions:,}", row.command} <= page.text

    trained = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.hfn")}
    assert len(trained) == 4
    next(tmp_path.glob("int4-*-0.json")).unlink()  # trained, but not measured
    again = compare("--bytes", ",".join(budgets), "-o", tmp_path, "--batch", 100)
    assert again.exit_code == 0, again.output
    assert {path: path.stat().st_mtime_ns for path in trained} == trained
    assert json.loads((tmp_path / "table.json").read_text()) == made["rows"]
    other = compare("--bytes", ",".join(budgets), "-o", tmp_path, "--batch", 50)
    assert other.exit_code == 2
    assert "give another -o" in other.stderr


@pytest.mark.slow
@pytest.mark.qemu
def test_nets_of_equal_ram(tmp_path: Path) -> None:
    done = compare("--ram", "3K,4K", "-o", tmp_path, "--epochs", 1, "--json")
    assert done.exit_code == 0, done.output
    rows = [Row(**row) for row in json.loads(done.stdout)["rows"]]
    assert [(row.budget, row.limit) for row in rows] == [(b, "ram") for b in (3072, 4096) for _ in range(2)]
    for row in rows:
        assert 0.7 * row.budget < row.ram <= 1.05 * row.budget
    assert all(wide.width > narrow.width for narrow, wide in zip(rows[:2], rows[2:], strict=True))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--bytes", "4X"), "no number of bytes"),
        (("--bytes", "200"), "allow more"),
        (("--ram", "200"), "bytes of RAM, 200 are allowed"),
        (("--ram", "4X"), "no number of bytes"),
        (("--ram", ""), "no number of bytes"),
        (("--bytes", "4K,"), "''"),
        (("--kinds", "int3"), "--kinds int3: give some of supermask"),
        (("--wings", "2"), "--wings"),
        (("--weights", "int8"), "give --kinds"),
        (("--seed=3",), "--seeds"),
    ],
)
def test_what_cannot_be_compared_is_told_at_once(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = compare("-o", tmp_path, *words)
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_bytes_are_told_in_powers_of_two_and_counts_in_those_of_ten() -> None:
    points = {"int4": [(1024.0, 0.5), (4096.0, 0.6)]}
    figure = figures.fronts({"bytes": points, "instructions": points}, ["instructions"], "both")
    told = [[axes.xaxis.get_major_formatter()(value) for value in (2048, 2e6)] for axes in figure.axes]
    assert told == [["2K", "1.91M"], ["2.05K", "2M"]]


def test_seeds_are_averaged_and_kinds_are_apart(tmp_path: Path) -> None:
    row = Row(
        "int4", 4096, 8, 0, "bytes", 1, 0.5, 0.6, 4000, 9000, 3000, 10**6, 10**6, "cortex-m4", 1.0, "edgehfn train"
    )
    rows = [row, *(Row(**{**asdict(row), **changed}) for changed in ({"seed": 1, "accuracy": 0.7}, {"kind": "int8"}))]
    points = comparison._points(rows, "bytes")
    assert points == {"int4": [(4000, pytest.approx(0.6))], "int8": [(4000, 0.5)]}
    comparison.save(row, tmp_path / "row.json")
    assert comparison.load(tmp_path / "row.json") == row
    (tmp_path / "row.json").write_text("{}")
    with pytest.raises(InputError, match="delete it"):
        comparison.load(tmp_path / "row.json")


class _Page(HTMLParser):
    """Every piece of text of a page that loads nothing."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "link")

    def handle_data(self, data: str) -> None:
        self.text |= set(data.splitlines())
