"""Architecture search: what it trains fits, what it says repeats, and it never sees a test image."""

from __future__ import annotations

import json
import platform
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from click.testing import CliRunner
from optuna.distributions import CategoricalDistribution, IntDistribution

import calibrate
from edgehfn import data, nn
from edgehfn.cli import cli
from edgehfn.cost.footprint import footprint
from edgehfn.errors import InputError
from edgehfn.lowering.lower import lower
from edgehfn.lowering.untrained import untrained
from edgehfn.model import modelfile
from edgehfn.search import Budget, Cost, Search, Tried, finish, front, study, trained
from edgehfn.search.budget import IMAGES, NARROWEST, WIDEST, Fitting
from edgehfn.search.space import LEAST, SPACE, STARTS, Candidate, Entry, build
from edgehfn.spec.objective import OBJECTIVES
from edgehfn.training.loop import Diverged

K = 1024
CLASSES = tuple(map(str, range(10)))
SMALL = Budget("cortex-m4", 12 * K, 3 * K, 700_000)
MEASURED = Budget.measured
SEARCH = ("search", "--data", "digits", "--flash", "12K", "--ram", "3K", "--instructions", "0.7M", "--rung", "1")


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


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 's.db'}"


def told(tried: list[Tried]) -> list[Tried]:
    """Without the clock."""
    return [replace(one, cpu_seconds=0.0) for one in tried]


# The space and its costs.


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


# The study.


@pytest.fixture(scope="module", autouse=True)
def predicted() -> Iterator[None]:
    """Costs of trained nets without compilers, for speed; the command is tested with them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Budget, "measured", Budget.predicted)
        yield


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Tried]]:
    """A study of five nets; tests must not change it."""
    folder = tmp_path_factory.mktemp("study")
    made = Search(data.images("digits"), SMALL, url(folder), rung=1)
    made.run(5, None)
    return folder, made.tried()


@pytest.mark.slow
def test_what_is_trained_fits(searched: tuple[Path, list[Tried]]) -> None:
    best = trained(searched[1])
    grown = [one for one in searched[1] if one.accuracies and one.over]  # a trained mask may take a byte more
    assert len(best) + len(grown) == 5
    for one in best:
        assert one.cost is not None
        assert not SMALL.over(one.cost)
        assert set(one.accuracies) <= {1, 3, 9}
    assert max(best[0].accuracies) == 9
    assert best[0].accuracies[9] > 0.5


def test_what_falls_behind_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter((0.9, 0.9, 0.9, 0.5, 0.4))
    monkeypatch.setattr(Search, "_train", lambda *_: next(given))
    made = Search(data.images("digits"), SMALL, url(tmp_path), rung=1)
    made.run(3, None)
    assert [one.accuracies for one in made.tried()] == [{1: 0.9, 3: 0.9, 9: 0.9}, {1: 0.5}, {1: 0.4}]


@pytest.mark.slow
def test_an_interrupted_search_is_the_same(searched: tuple[Path, list[Tried]], tmp_path: Path) -> None:
    for trials in (1, 5):
        made = Search(data.images("digits"), SMALL, url(tmp_path), rung=1)
        made.run(trials, None)
    assert told(made.tried()) == told(searched[1])


@pytest.mark.slow
@pytest.mark.parametrize("ended", [False, True])
def test_a_search_stopped_in_a_trial_or_right_after_it_draws_the_same(
    ended: bool, searched: tuple[Path, list[Tried]], tmp_path: Path
) -> None:
    def stop(done: int, total: int, note: str = "", milestone: str = "") -> None:
        number = re.match(r"trial (\d+)", milestone if ended else note)
        if number and int(number[1]) >= len(STARTS):  # those before are not drawn
            raise KeyboardInterrupt

    digits = data.images("digits")
    with pytest.raises(KeyboardInterrupt):
        Search(digits, SMALL, url(tmp_path), rung=1).run(5, None, stop)
    made = Search(digits, SMALL, url(tmp_path), rung=1)
    made.run(5, None)
    drawn = [[(one.candidate, one.width, one.accuracies) for one in tried] for tried in (made.tried(), searched[1])]
    assert drawn[0] == drawn[1]


@pytest.mark.slow
def test_two_processes_share_a_study(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "edgehfn", *SEARCH, "--trials", "4", "--epochs", "1", "--storage", url(tmp_path)]
    both = [subprocess.Popen([*words, "-o", str(tmp_path / name)], stderr=subprocess.PIPE) for name in ("a", "b")]
    heard = [one.communicate()[1].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0], heard
    told = [set(re.findall(r"^trial (\d+): ", text, re.MULTILINE)) for text in heard]
    assert not told[0] & told[1]
    assert len(told[0] | told[1]) >= 4
    listed = [json.loads((tmp_path / name / "search.json").read_text()) for name in ("a", "b")]
    assert listed[0]["study"] == listed[1]["study"]


def test_a_storage_that_fails_midway_is_named(tmp_path: Path) -> None:
    def lose(done: int, total: int, note: str = "", milestone: str = "") -> None:
        (tmp_path / "s.db").write_bytes(b"no database")

    with pytest.raises(InputError, match="storage failed"):
        Search(data.images("digits"), SMALL, url(tmp_path), rung=1).run(2, None, lose)


@pytest.mark.slow
def test_a_trial_that_was_killed_is_tried_again(
    searched: tuple[Path, list[Tried]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    digits = data.images("digits")
    with monkeypatch.context() as patch:
        patch.setattr(study, "train", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Search(digits, SMALL, url(tmp_path), rung=1).run(2, None)
    killed = Search(digits, SMALL, url(tmp_path), rung=1).study.ask(SPACE)  # as it is in the midst of a trial
    assert killed.params == asdict(STARTS[1])
    dead = subprocess.Popen(["true"])
    dead.wait()
    killed.set_user_attr(study.PROCESS, [platform.node(), dead.pid])
    elsewhere = Search(digits, SMALL, url(tmp_path), rung=1).study.ask(SPACE)
    assert elsewhere.params == asdict(STARTS[2])
    elsewhere.set_user_attr(study.PROCESS, ["another machine", 1])
    made = Search(digits, SMALL, url(tmp_path), rung=1)
    made.run(2, None)
    assert [one.candidate for one in made.tried()] == list(STARTS[:2])
    assert [one.accuracies[1] for one in made.tried()] == [one.accuracies[1] for one in searched[1][:2]]


@pytest.mark.slow
def test_test_images_are_never_seen(searched: tuple[Path, list[Tried]], tmp_path: Path) -> None:
    digits = data.images("digits")
    part = study.hold_back(digits)
    assert len(part.y_train) + len(part.y_test) == len(digits.y_train)
    seen = np.concatenate([part.x_train, part.x_test]).reshape(len(digits.y_train), -1)
    assert sorted(map(bytes, seen)) == sorted(map(bytes, digits.x_train.reshape(len(seen), -1)))
    other = replace(digits, x_test=255 - digits.x_test, y_test=(digits.y_test + 1) % 10)
    made = Search(other, SMALL, url(tmp_path), rung=1)
    made.run(1, None)
    assert told(made.tried()) == told(searched[1])[:1]


@pytest.mark.slow
def test_settings_that_differ_are_other_studies_in_one_storage(searched: tuple[Path, list[Tried]]) -> None:
    digits, place = data.images("digits"), url(searched[0])
    assert told(Search(digits, SMALL, place, rung=1).tried()) == told(searched[1])
    names = {
        Search(digits, budget, place, rung=rung, seed=seed).name
        for budget, rung, seed in ((SMALL, 1, 0), (SMALL, 2, 0), (SMALL, 1, 1), (replace(SMALL, ram=4096), 1, 0))
    }
    assert len(names) == 4


@pytest.mark.slow
def test_the_same_net_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Search(data.images("digits"), SMALL, url(tmp_path), rung=1)
    made.study.enqueue_trial({**STARTS[0].__dict__, "stages": 1, "blocks": 0, "fold": 1})
    made.study.enqueue_trial({**STARTS[0].__dict__, "stages": 1, "blocks": 0, "fold": 4, "growth": 100, "later": 2})
    count = len(STARTS) + 1
    made.run(count, None)
    monkeypatch.setattr(study, "FRUITLESS", 1)
    made.run(count + 1, None)
    first, duplicate = made.tried()[count - 1 :]
    assert (duplicate.duplicate, duplicate.accuracies, duplicate.cpu_seconds) == (first.number, first.accuracies, 0.0)
    assert len(trained(made.tried())) == count


def test_a_net_that_diverges_is_given_up(tmp_path: Path) -> None:
    made = Search(data.images("digits"), SMALL, url(tmp_path), rung=1, lr=1e30)
    made.run(1, None)
    assert [set(one.accuracies.values()) for one in made.tried()] == [{0.0}]


def test_time_ends_a_search(tmp_path: Path) -> None:
    made = Search(data.images("digits"), SMALL, url(tmp_path), rung=1)
    made.run(None, 0.001)
    assert len(made.tried()) <= 1
    assert all(list(one.accuracies) == [1] for one in made.tried())


def test_storages_that_are_none(tmp_path: Path) -> None:
    for place in ("nonsense", "bogus://x", f"sqlite:///{tmp_path}/no/such/folder/s.db"):
        with pytest.raises(InputError, match="no usable storage"):
            Search(data.images("digits"), SMALL, place)


def tried(number: int, flash: int, accuracies: dict[int, float], **changed: Any) -> Tried:
    return (
        Tried(number, LEAST[0], 4, Cost(flash, 1, 1), {}, accuracies, 0.0, None)
        if not changed
        else replace(tried(number, flash, accuracies), **changed)
    )


def test_the_front_is_what_nothing_smaller_beats() -> None:
    some = [
        tried(0, 900, {1: 0.5, 3: 0.8}),
        tried(1, 500, {1: 0.5, 3: 0.7}),
        tried(2, 700, {1: 0.5, 3: 0.6}),
        tried(3, 100, {1: 0.9}),
        tried(4, 400, {1: 0.9, 3: 0.9}, over={"ram": 0.1}),
        tried(5, 100, {}, over={"flash": 2.0}),
        tried(6, 800, {1: 0.5, 3: 0.8}),
        tried(7, 300, {1: 0.5, 3: 0.9}, duplicate=0),
    ]
    assert [one.number for one in trained(some)] == [6, 0, 1, 2, 3]
    assert [one.number for one in front(some)] == [1, 6]


# The end, and the command.


@pytest.mark.slow
def test_the_best_is_the_first_that_still_fits(
    searched: tuple[Path, list[Tried]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits, best, honest = data.images("digits"), trained(searched[1]), Budget.predicted
    calls = []

    def measured(self: Budget, graph: Any) -> Cost:
        calls.append(graph)
        return replace(honest(self, graph), flash=10**6) if len(calls) == 1 else honest(self, graph)

    monkeypatch.setattr(Budget, "measured", measured)
    done = finish(best, digits, SMALL, tmp_path / "best.hfn", "edgehfn search", epochs=1)
    assert done.tried == best[1]
    net = modelfile.load(done.model)
    scales = calibrate.load_for(tmp_path / "best.cal.json", done.model, modelfile.digest(done.model)).scales
    assert str(lower(net, scales)) == str(done.graph)
    monkeypatch.setattr(Budget, "over", lambda *_: {"ram": 1.0})
    with pytest.raises(InputError, match="best 3 fail or exceed the budget"):
        finish(best, digits, SMALL, tmp_path / "none.hfn", "edgehfn search", epochs=1)
    assert not (tmp_path / "none.hfn").exists()


@pytest.mark.slow
def test_a_best_that_diverges_gives_its_place_to_the_next(
    searched: tuple[Path, list[Tried]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits, best = data.images("digits"), trained(searched[1])
    module = sys.modules["edgehfn.search.finish"]
    honest, calls = module.train, []

    def first_diverges(*given: Any, **options: Any) -> Any:
        calls.append(options["checkpoint"])
        if len(calls) == 1:
            raise Diverged("training diverged")
        return honest(*given, **options)

    monkeypatch.setattr(module, "train", first_diverges)
    assert finish(best, digits, SMALL, tmp_path / "best.hfn", "edgehfn search", epochs=1).tried == best[1]
    finish(best, digits, SMALL, tmp_path / "best.hfn", "edgehfn search", epochs=2)
    assert len(set(calls)) == 3  # other epochs are another run
    assert not list(tmp_path.glob("*.ckpt"))


@pytest.mark.slow
def test_the_command_leaves_a_model_that_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "measured", MEASURED)
    models = []
    for name in ("a", "b"):
        words = [*SEARCH, "--trials", "2", "--epochs", "2", "-o", str(tmp_path / name), "--json"]
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["model"] == str(tmp_path / name / "best.hfn")
        models.append(Path(found["model"]))
    assert models[0].read_bytes() == models[1].read_bytes()
    left = {file.name for file in models[0].parent.iterdir()}
    assert left == {"best.hfn", "best.cal.json", "best.log.json", "search.json", "search.png", "study.db"}
    assert (tmp_path / "a" / "search.png").read_bytes().startswith(b"\x89PNG")
    listed = json.loads((tmp_path / "a" / "search.json").read_text())
    assert len(listed["trials"]) >= 2
    assert listed["best"]["candidate"] == found["candidate"]
    assert found["objective"] in OBJECTIVES
    limits = ["--max-flash", "12K", "--max-ram", "3K", "--objective", found["objective"]]
    size = CliRunner().invoke(cli, ["size", str(models[0]), *limits, "--json"])
    assert size.exit_code == 0, size.stderr
    assert json.loads(size.stdout)["total_flash"] == found["total_flash"]
    again = CliRunner().invoke(cli, [*SEARCH, "--trials", "2", "--epochs", "2", "-o", str(tmp_path / "a")])
    assert "Pareto front" in again.stdout
    assert "trial 0:" not in again.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--data", "digits"], "--flash, --ram"),
        (["--data", "digits", "--flash", "2K"], "raise --flash"),
        (["--data", "digits", "--instructions", "lots"], "20M"),
        (["--data", "digits", "--flash", "16K", "--target", "z80"], "cortex-m33"),
        (["--data", "bogus", "--flash", "16K"], "fashion-mnist"),
        (["--data", "digits", "--flash", "16K", "--storage", "x"], "no usable storage"),
    ],
)
def test_what_cannot_be_searched(words: list[str], named: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["search", *words, "-o", str(tmp_path / "out")])
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert named in line
