"""Architecture search: what it trains fits, what it says repeats, and it never sees a test image."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, get_args

import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from support.studies import SMALL, K

from edgehfn import nn
from edgehfn.cost.footprint import footprint
from edgehfn.cost.sizing import IMAGES
from edgehfn.errors import InputError
from edgehfn.lowering.untrained import untrained
from edgehfn.search import Budget, Cost
from edgehfn.search.budget import NARROWEST, WIDEST, Fitting
from edgehfn.search.space import LEAST, SPACE, STARTS, Candidate, Entry, build
from edgehfn.spec.objective import OBJECTIVES

CLASSES = tuple(map(str, range(10)))


def candidates(count: int, seed: int = 0) -> list[Candidate]:
    """Drawn from the space, without Optuna."""
    draw = random.Random(seed)

    def value(one: Any) -> Any:
        if isinstance(one, CategoricalDistribution):
            return draw.choice(one.choices)
        assert isinstance(one, IntDistribution)
        return draw.randrange(one.low, one.high + 1, one.step)

    return [Candidate(**{name: value(one) for name, one in SPACE.items()}) for _ in range(count)]


def cost(candidate: Candidate, width: int) -> Cost:
    """As the search sees it."""
    return SMALL.predicted(untrained(build(candidate, width, (1, 16, 16), CLASSES, 0), IMAGES))


def test_a_search_begins_at_the_presets() -> None:
    for start, preset, width in ((STARTS[0], "demo", 16), (STARTS[1], "tiny", 8)):
        ours = build(start, width, (1, 28, 28), 10, 0)
        theirs = nn.preset(preset, (1, 28, 28), 10, coats=(0.6, 0.3))
        assert ours.shapes == theirs.shapes
        assert [(s.name, s.x, s.weight, s.residual) for s in ours.steps] == [
            (s.name, s.x, s.weight, s.residual) for s in theirs.steps
        ]
        assert {n: repr(op) for n, op in ours.weights.items()} == {n: repr(op) for n, op in theirs.weights.items()}


@pytest.mark.parametrize("entry", get_args(Entry))
def test_an_entry_shrinks_the_map(entry: Entry) -> None:
    net = build(replace(STARTS[0], entry=entry), 4, (1, 28, 28), 10, 0)
    parts = [part for part in entry.split("+") if part != "full"]
    assert net.shapes["stage1.0.conv2"][1] == 28 // 2 ** len(parts)


@pytest.mark.parametrize("candidate", candidates(5))
def test_few_images_tell_the_costs_as_well_as_many(candidate: Candidate) -> None:
    nets = (build(candidate, 6, (1, 28, 28), CLASSES, 0) for _ in range(2))
    few, many = (SMALL.predicted(untrained(net, count)) for net, count in zip(nets, (IMAGES, 64), strict=True))
    assert few.ram == many.ram
    assert few.flash == pytest.approx(many.flash, rel=0.02)
    assert few.instructions == pytest.approx(many.instructions, rel=0.02)


@pytest.mark.parametrize("candidate", [*STARTS, *candidates(4, seed=1)])
def test_a_fit_is_the_widest(candidate: Candidate) -> None:
    fitting = Fitting(SMALL, (1, 16, 16), CLASSES)
    fit = fitting.fit(replace(candidate, fill=100))
    if fit.over:
        assert fit.width == NARROWEST
        return
    assert fit.cost == cost(candidate, fit.width)
    if fit.width + 1 < WIDEST:
        wider = cost(candidate, fit.width + 1)
        assert SMALL.over(wider)
    assert fitting.fit(replace(candidate, fill=60)).width == max(NARROWEST, 6 * fit.width // 10)


def test_the_least_cost_the_least() -> None:
    least = [cost(candidate, NARROWEST) for candidate in LEAST]
    for candidate in candidates(8, seed=2):
        one = cost(candidate, NARROWEST)
        assert any(a.flash <= one.flash and a.ram <= one.ram and a.instructions <= one.instructions for a in least)


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        (Budget("cortex-m0", flash=2 * K, ram=16 * K), "of flash where 2,048 .* raise --flash"),
        (Budget("cortex-m4", ram=512), "of ram where 512 .* raise --ram"),
        (Budget("cortex-m55", instructions=100), "of instructions where 100 .* raise --instructions"),
    ],
)
def test_a_budget_that_nothing_fits_names_what_binds(budget: Budget, limit: str) -> None:
    with pytest.raises(InputError, match=limit):
        Fitting(budget, (1, 28, 28), CLASSES)


def test_the_excess_is_a_part_of_the_limit() -> None:
    budget = Budget("cortex-m4", flash=1000, instructions=10)
    assert budget.over(Cost(1000, 99, 10)) == {}
    assert budget.over(Cost(1500, 99, 11)) == {"flash": 0.5, "instructions": pytest.approx(0.1)}
    with pytest.raises(InputError, match="cortex-m33"):
        Budget("z80", flash=1000)
    with pytest.raises(InputError, match="raise --flash"):
        Budget("cortex-m4", flash=0)


def test_the_emulated_board_is_a_limit_too() -> None:
    assert Budget("microbit", instructions=10**9).limits == {"flash": 254 * K, "ram": 14 * K, "instructions": 10**9}
    assert Budget("microbit", flash=64 * K, ram=16 * K).limits == {"flash": 64 * K, "ram": 14 * K}


def test_a_net_is_compiled_for_what_is_scarce() -> None:
    graph = untrained(build(replace(STARTS[1], entry="full"), 24, (1, 28, 28), CLASSES, 0))
    sizes = {o: footprint(graph, "cortex-m4", o).predicted.to_json() for o in OBJECTIVES}
    flash, ram = ({o: sizes[o][f"total_{name}"] for o in OBJECTIVES} for name in ("flash", "ram"))
    assert flash["flash"] < min(flash["speed"], flash["ram"])
    assert ram["ram"] < ram["speed"]
    for budget, objective in (
        (Budget("cortex-m4", 10**6, 10**6), "speed"),
        (Budget("cortex-m4", flash=flash["flash"]), "flash"),
        (Budget("cortex-m4", ram=ram["ram"]), "ram"),
        (Budget("cortex-m4", flash=flash["flash"] - 1), "flash"),  # nothing fits; the least too large
    ):
        found = budget.predicted(graph)
        assert found.objective == objective
        assert (found.flash, found.ram) == (flash[objective], ram[objective])
