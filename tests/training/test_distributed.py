"""Training in two processes: the steps of one, the same bits in both, one file written.

Two processes add in another order than one does, so their sums differ in the last bits, differently on every processor.
A step has kinks: an activation next to zero, or two scores next to each other, may fall on the other side and change
the gradient by a percent, after which two trainings part. Therefore steps are compared one by one, each from the very
state that the two processes had, and by their median, which no single near-tie can tip.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import numpy as np
import pytest
import torch
from support.processes import gradients_of, learned, started, state_of, torchrun
from support.toys import small

from edgehfn.errors import InputError
from edgehfn.model import modelfile
from edgehfn.training import distributed

SCRIPT = """
import sys, torch
from support.processes import followed, learned, stopped
from edgehfn.training.distributed import rank
if "stop" in sys.argv:
    stopped("run.ckpt")
elif "follow" in sys.argv:
    torch.save(followed(), f"{sys.argv[1]}/rank{rank()}.pt")
else:
    torch.save(learned(checkpoint="run.ckpt"), f"{sys.argv[1]}/rank{rank()}.pt")
"""


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = torchrun("script.py", tmp_path, "follow", place=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f"rank{n}.pt", weights_only=True) for n in (0, 1))
    alone = started()
    assert len(first) == len(second) == alone.steps == 20
    apart: dict[str, list[float]] = {}
    for step, (one, other) in enumerate(zip(first, second, strict=True)):
        for mine, theirs in zip(one, other, strict=True):
            assert list(mine) == list(theirs)
            assert all(torch.equal(value, theirs[name]) for name, value in mine.items()), step
        before, gradients = one
        alone.net.load_state_dict({name: value for name, value in before.items() if not name.endswith(".mask")})
        alone.step = step
        assert all(torch.equal(value, before[name]) for name, value in state_of(alone.net).items()), step  # masks, too
        alone.advance()
        for name, value in gradients_of(alone).items():
            apart.setdefault(name, []).append(float((gradients[name] - value).norm() / value.norm()))
    assert list(apart) == list(first[0][1])
    assert all(statistics.median(found) < 1e-4 for found in apart.values()), apart


@pytest.mark.slow
def test_two_processes_learn_as_one_does(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = torchrun("script.py", tmp_path, place=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f"rank{n}.pt", weights_only=True) for n in (0, 1))
    alone = learned()
    assert list(first) == list(second) == list(alone)
    assert all(torch.equal(first[name], second[name]) for name in alone)  # masks among them
    torch.testing.assert_close(first["loss"], alone["loss"], rtol=0.02, atol=0.0)  # the mean of the first epoch


@pytest.mark.slow
def test_interrupted_processes_go_on_where_they_stopped(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    found = []
    for name, runs in (("whole", ([],)), ("parts", (["stop"], []))):
        place = tmp_path / name
        place.mkdir()
        for words in runs:
            done = torchrun(tmp_path / "script.py", place, *words, place=place)
            assert done.returncode == 0, done.stderr[-3000:]
        found += [torch.load(place / f"rank{n}.pt", weights_only=True) for n in (0, 1)]
    for other in found[1:]:
        assert all(torch.equal(other[name], value) for name, value in found[0].items())


LATE = """
import glob, os, torch
from torch.nn.parallel import DistributedDataParallel
from edgehfn.training.distributed import joined, mean
with joined(torch.device("cpu")):
    model = DistributedDataParallel(torch.nn.Linear(2, 2))
    mean(torch.ones(2))
    for task in glob.glob("/proc/self/task/*"):
        os.sched_setaffinity(int(os.path.basename(task)), {min(os.sched_getaffinity(0))})
        if open(f"{task}/comm").read().startswith("pt_gloo"):
            os.sched_setscheduler(int(os.path.basename(task)), os.SCHED_IDLE, os.sched_param(0))
    for _ in range(40):
        values = torch.ones(2)
        assert mean(values).tolist() == [1.0, 1.0]
        assert values._use_count() == 1, values._use_count()
"""


@pytest.mark.slow
def test_no_thread_holds_a_tensor_that_was_added_up(tmp_path: Path) -> None:
    """gloo's threads run only where nothing else wants the core, so that they let go as late as they can."""
    (tmp_path / "script.py").write_text(LATE)
    done = torchrun("script.py", place=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_the_command_writes_one_model_and_no_checkpoint_stays(tmp_path: Path) -> None:
    options = ["--data", "digits", "--arch", "tiny", "--epochs", "1", "--device", "cpu", "-o", str(tmp_path / "x.hfn")]
    done = torchrun("-m", "edgehfn", "train", *options, "--json", place=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout)["images"] == 360  # of one process; two would be two documents
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.hfn", "x.log.json"]
    assert modelfile.info(tmp_path / "x.hfn")["accuracy"] > 0.2


def test_batches_are_shared_in_equal_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    parts = []
    for number in range(4):
        monkeypatch.setenv("RANK", str(number))
        parts.append(distributed.share(slice(100, 220)))
    assert np.concatenate([np.arange(p.start, p.stop) for p in parts]).tolist() == list(range(100, 220))
    with pytest.raises(InputError, match="no 4 equal parts"):
        distributed.share(slice(0, 50))


def test_alone_nothing_changes() -> None:
    net = small()
    assert distributed.replica(net) is net
    assert distributed.share(slice(3, 8)) == slice(3, 8)
    assert distributed.leads()
