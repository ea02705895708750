"""A study of an architecture search: it repeats itself, and never sees a test image."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import optuna
import pytest
from support import kills
from support.studies import SEARCH, SMALL, url

from edgehfn import data
from edgehfn.errors import InputError
from edgehfn.search import Cost, Search, Tried, front, interrupted, study, trained
from edgehfn.search.space import LEAST, SPACE, STARTS


def told(tried: list[Tried]) -> list[Tried]:
    """Without the clock."""
    return [replace(one, cpu_seconds=0.0) for one in tried]


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
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    digits = data.images("digits")
    with monkeypatch.context() as patch:
        patch.setattr(study, "train", stopped)
        with pytest.raises(KeyboardInterrupt):
            Search(digits, SMALL, url(tmp_path), rung=1).run(2, None)
    killed = Search(digits, SMALL, url(tmp_path), rung=1).study.ask(SPACE)  # as it is in the midst of a trial
    assert killed.params == asdict(STARTS[1])
    dead = subprocess.Popen(["true"])
    dead.wait()
    killed.set_user_attr(interrupted.PROCESS, [platform.node(), dead.pid])
    elsewhere = Search(digits, SMALL, url(tmp_path), rung=1).study.ask(SPACE)
    assert elsewhere.params == asdict(STARTS[2])
    elsewhere.set_user_attr(interrupted.PROCESS, ["another machine", 1])
    made = Search(digits, SMALL, url(tmp_path), rung=1)
    made.run(2, None)
    assert [one.candidate for one in made.tried()] == list(STARTS[:2])
    assert [one.accuracies[1] for one in made.tried()] == [one.accuracies[1] for one in searched[1][:2]]


@pytest.mark.slow
def test_a_search_killed_at_random_moments_loses_and_repeats_nothing(
    searched: tuple[Path, list[Tried]], tmp_path: Path
) -> None:
    """``make fuzz KIND=kills`` kills more of them."""
    assert kills.search(tmp_path, 3, Random(), searched[1]) > 0


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


def test_a_trial_that_another_process_took_as_well_and_ended_first_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, other = (Search(data.images("digits"), SMALL, url(tmp_path), rung=1) for _ in range(2))

    def train(*_: Any) -> float:
        if not made.tried():
            other.study.tell(0, state=optuna.trial.TrialState.PRUNED)
        return 0.5

    monkeypatch.setattr(Search, "_train", train)
    made.run(1, None)
    assert [(one.number, one.accuracies) for one in made.tried()] == [(0, {}), (1, {1: 0.5, 3: 0.5, 9: 0.5})]


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
        Tried(number, LEAST[0], number + 1, Cost(flash, 1, 1), {}, accuracies, 0.0, None)
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


def test_a_net_that_two_processes_trained_at_the_same_time_counts_once() -> None:
    some = [
        tried(0, 900, {1: 0.5}, width=3),
        tried(1, 900, {1: 0.5, 3: 0.8}, width=3),
        tried(2, 900, {1: 0.5}, width=7),
    ]
    assert [one.number for one in trained(some)] == [1, 2]
