"""Training on samples in two processes: the same net in both, and what one process would make of the same batches."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.gnn_sets import random
from support.processes import learned_samples, torchrun

from edgehfn.data.gnn_files import to_arrays
from edgehfn.data.sampling import sampled
from edgehfn.errors import InputError
from edgehfn.nn import graph_input, graph_preset
from edgehfn.training import distributed, gnn
from edgehfn.training.gnn_batches import Drawn

SCRIPT = """
import sys, torch
from support.processes import learned_samples
from edgehfn.training.distributed import rank
torch.save(learned_samples(), f"{sys.argv[1]}/rank{rank()}.pt")
"""


@pytest.mark.slow
def test_two_processes_train_on_samples_as_one_does(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = torchrun("script.py", tmp_path, place=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f"rank{n}.pt", weights_only=True) for n in (0, 1))
    alone = learned_samples()
    assert list(first) == list(second) == list(alone)
    for name, value in alone.items():
        assert torch.equal(first[name], second[name]), name
        torch.testing.assert_close(first[name], value, rtol=1e-4, atol=1e-5, msg=name)


@pytest.mark.slow
def test_the_command_trains_on_samples_in_two_processes(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **to_arrays(random(seed=2)))  # type: ignore[arg-type]
    options = ["--data", "mine.npz:hops=3,2", "--arch", "sage", "--hidden", "8", "--epochs", "2", "--batch", "7"]
    done = torchrun("-m", "edgehfn", "train", *options, "-o", "x.hfn", "--json", place=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout)["nodes"] == 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.npz", "x.hfn", "x.log.json"]


def test_shares_of_a_batch_make_its_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven examples in parts of three, two and two, with weights of classes, and one example for three processes."""
    data, worth = sampled(random(), (2,)), torch.tensor([1.0, 2.0, 5.0])
    monkeypatch.setenv("WORLD_SIZE", "3")
    losses = torch.arange(60).float()
    for chosen in (np.arange(7), np.arange(1)):
        total = 0.0
        for rank in range(3):
            monkeypatch.setenv("RANK", str(rank))
            [batch] = Drawn(data, chosen, 7, divide=True, worth=worth)
            own = chosen[rank::3] if len(chosen[rank::3]) else chosen
            weights = worth[data.labels[own]]
            total += batch.share * float((losses[own] * weights).sum() / weights.sum()) / 3
        weights = worth[data.labels[chosen]]
        assert total == pytest.approx(float((losses[chosen] * weights).sum() / weights.sum()))


def test_labels_that_nobody_knows_count_in_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    known = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0], [1, 1, 1]]) == 1
    labels = np.where(known, [[0], [1], [0], [1]], -1)
    data, losses = (
        replace(sampled(random(), (2,)), labels=labels, task="labels"),
        torch.arange(12).float().reshape(4, 3),
    )
    monkeypatch.setenv("WORLD_SIZE", "2")
    total = 0.0
    for rank in range(2):
        monkeypatch.setenv("RANK", str(rank))
        [batch] = Drawn(data, np.arange(4), 4, divide=True)
        total += batch.share * float(losses[rank::2][known[rank::2]].mean()) / 2
    assert total == pytest.approx(float(losses[known].mean()))


def test_what_processes_cannot_share_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = random()
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert distributed.processes() == 2
    with pytest.raises(InputError, match="one process"):
        gnn.train_graph(graph_preset("gcn", graph_input(data), 3, hidden=4), data, epochs=1)
    small = sampled(data, (2,))
    with pytest.raises(InputError, match="norms"):
        gnn.train_graph(graph_preset("gcn", graph_input(small), 3, hidden=4, norms="unshared"), small, epochs=1)
