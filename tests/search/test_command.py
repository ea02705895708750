"""The end of a search, and its command."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.studies import SEARCH, SMALL

import calibrate
from edgehfn import data
from edgehfn.cli import cli
from edgehfn.errors import InputError
from edgehfn.lowering.lower import lower
from edgehfn.model import modelfile
from edgehfn.search import Budget, Cost, Tried, finish, trained
from edgehfn.spec.objective import OBJECTIVES
from edgehfn.training.loop import Diverged

MEASURED = Budget.measured


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
