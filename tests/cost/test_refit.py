"""Refitting touches what changed and nothing else, and a missing row says what to run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from support import nets

from edgehfn.backends.c import Function, functions
from edgehfn.cost import code_size, instructions, refit
from edgehfn.cost.fit import LIKE
from edgehfn.cost.samples_by_function import alone, samples
from edgehfn.cost.samples_shared import shared_plans
from edgehfn.errors import InputError
from edgehfn.ir import ops, plan
from edgehfn.ir.graph import Tensor

CODE, EFFORTS = code_size.table(), list(instructions.table())


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a_row_that_is_not_refitted_stays_byte_for_byte(tmp_path: Path) -> None:
    code_size.write(refit.merged_code(CODE, []), tmp_path / "code.csv")
    instructions.write(refit.merged_efforts(EFFORTS, []), tmp_path / "efforts.csv")
    assert (tmp_path / "code.csv").read_bytes() == refit.CODE.read_bytes()
    assert (tmp_path / "efforts.csv").read_bytes() == refit.INSTRUCTIONS.read_bytes()


def test_one_function_more_is_one_row_more(tmp_path: Path) -> None:
    """Whether a row is new or known, it goes where it belongs."""
    code, effort = CODE[5], EFFORTS[5]
    fewer = [row for row in CODE if row != code], [row for row in EFFORTS if row != effort]
    code_size.write(refit.merged_code(fewer[0], [code]), tmp_path / "code.csv")
    instructions.write(refit.merged_efforts(fewer[1], [effort]), tmp_path / "efforts.csv")
    assert (tmp_path / "code.csv").read_bytes() == refit.CODE.read_bytes()
    assert (tmp_path / "efforts.csv").read_bytes() == refit.INSTRUCTIONS.read_bytes()
    code_size.write(refit.merged_code(CODE, [replace(code, stack=12345)]), tmp_path / "code.csv")
    changed = [new for old, new in zip(lines(refit.CODE), lines(tmp_path / "code.csv"), strict=True) if old != new]
    assert len(changed) == 1
    assert ",12345," in changed[0]


def test_what_changed_is_fitted_anew() -> None:
    code, effort = CODE[5], EFFORTS[5]
    assert refit.outdated(CODE, CODE, EFFORTS) == set()
    assert refit.outdated(CODE, [replace(code, stack=1)], EFFORTS) == {(code.core, code.function)}
    assert refit.outdated(CODE[:5], [code], EFFORTS) == {(code.core, code.function)}
    fewer = [row for row in EFFORTS if row != effort]
    assert refit.outdated(CODE, CODE, fewer) == {(effort.core, effort.function)}


def test_functions_are_named_as_in_c() -> None:
    assert refit.named(["hfn_add", "hfn_conv_wide"]) == [Function.ADD, Function.CONV_WIDE]
    with pytest.raises(InputError, match="hfn_sub: no function of the runtime; there are hfn_input_u8, "):
        refit.named(["hfn_sub"])


def test_a_function_without_a_row_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = next(g for g in map(nets.random_graph, range(100)) if Function.ADD in functions(g))
    monkeypatch.setattr(instructions, "table", lambda: tuple(row for row in EFFORTS if row.function != "hfn_add"))
    with pytest.raises(InputError, match="hfn_add: no fitted instructions for cortex-m4; run: make budget"):
        instructions.predict(graph, plan(graph), "cortex-m4")
    monkeypatch.setattr(code_size, "table", lambda: [row for row in CODE if row.function != "hfn_add"])
    with pytest.raises(InputError, match="hfn_add: no measured code bytes for cortex-m4; run: make budget"):
        code_size.predict("cortex-m4", functions(graph))


@pytest.mark.parametrize("function", [f for f in Function if f.facts.runs_a_node and f not in LIKE])
def test_every_function_is_fitted_to_graphs_that_call_it(function: Function) -> None:
    drawn = samples(function)
    assert drawn
    sharing = function is Function.CONV_SHARED
    assert all(function in functions(graph, shared_plans(graph)[0] if sharing else None) for graph in drawn)


@pytest.mark.parametrize(("function", "other"), LIKE.items())
def test_functions_alike_have_the_same_rows(function: Function, other: Function) -> None:
    rows = [row for row in instructions.table() if row.function == other]
    assert rows
    assert [replace(row, function=function) for row in rows] == [
        r for r in instructions.table() if r.function == function
    ]


def test_graphs_of_one_function_hang_on_it_alone() -> None:
    def double(_: Random, x: Tensor) -> ops.Node:
        return ops.Add("y", x.name, x.name, 1, 1, 0, ops.SIGNED)

    def spend(random: Random, x: Tensor) -> ops.Node:
        return ops.MaxPool("y", x.name, random.choice((1, 2, 3)), 1)

    first, other, again = alone(double), alone(spend), alone(double)
    assert [str(graph) for graph in first] == [str(graph) for graph in again]
    assert [graph.input for graph in first] == [graph.input for graph in other]
    assert len({graph.input for graph in first}) > len(first) // 2
