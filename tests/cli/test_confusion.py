"""Which class is taken for which: counted by hand, over images and nodes, in the command and in the report."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from support.commands import call, complaint, result_of

import edgehfn as hfn
from edgehfn.evaluation.confusion import confusion
from edgehfn.evaluation.models import open_model


def test_figures_by_hand() -> None:
    true, answered = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 2, 1, 1, 0])
    found = confusion(true, answered, ("a", "b", "c", "d"))
    assert found.counts.tolist() == [[2, 1, 1, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert found.accuracy == 4 / 7
    a, b, c, d = found.each
    assert (a.examples, a.recall, a.precision, a.taken_for) == (4, 0.5, 2 / 3, "b")
    assert a.f1 == pytest.approx(4 / 7)
    assert (b.examples, b.recall, b.precision, b.f1, b.taken_for) == (2, 1.0, 2 / 3, 0.8, "")
    assert (c.examples, c.recall, c.precision, c.f1, c.taken_for) == (1, 0.0, 0.0, 0.0, "a")
    assert (d.examples, d.recall, d.precision, d.f1, d.taken_for) == (0, 0.0, 0.0, 0.0, "")


def test_run_and_report_tell_of_classes(digits: Path, tmp_path: Path) -> None:
    graph, data = open_model(digits).graph, hfn.data.images("digits")
    answered = hfn.emulate(graph, data.x_test).argmax(1)
    wanted = [[int(((data.y_test == t) & (answered == a)).sum()) for a in range(10)] for t in range(10)]
    found = result_of("run", digits, "--data", "digits")
    assert found["confusion"] == wanted
    assert [one["examples"] for one in found["per_class"]] == np.bincount(data.y_test).tolist()
    assert found["accuracy"] == sum(wanted[n][n] for n in range(10)) / 360
    shown = call("run", digits, "--data", "digits").stdout
    assert "is, and is taken for" in shown
    page = tmp_path / "x.html"
    assert call("size", digits, "--html", page, "--data", "digits").exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert f"{100 * found['accuracy']:.2f} % of 360 test inputs are right" in text
    assert text.count("color-mix(") == 100
    assert "color-mix(in srgb, var(--masks) 100%, transparent)" in text or max(map(max, wanted)) < 36
    assert "give --html, too" in complaint("size", digits, "--data", "digits")


def test_of_many_classes_the_worst_are_shown(monkeypatch: pytest.MonkeyPatch, digits: Path) -> None:
    monkeypatch.setattr(sys.modules["edgehfn.cli.run"], "MANY", 9)
    monkeypatch.setattr(sys.modules["edgehfn.cli.run"], "WORST", 3)
    shown = call("run", digits, "--data", "digits").stdout
    assert "the 3 classes of least recall" in shown
    assert "is, and is taken for" not in shown
    recalls = sorted(one["recall"] for one in result_of("run", digits, "--data", "digits")["per_class"])
    assert f"{100 * recalls[0]:.1f}" in shown
