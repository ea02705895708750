"""Training in two processes: the result of one, the same bits in both, one file written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_train import small, toy

from edgehfn import distributed, modelfile
from edgehfn.errors import InputError
from edgehfn.train import train

HERE = Path(__file__).parent
SCRIPT = """
import sys, torch
from test_distributed import learned, stopped
from edgehfn.distributed import rank
if "stop" in sys.argv:
    stopped("run.ckpt")
else:
    torch.save(learned(checkpoint="run.ckpt"), f"{sys.argv[1]}/rank{rank()}.pt")
"""
RECIPE: dict[str, Any] = {"epochs": 2, "batch": 50, "precision": "fp32", "device": "cpu", "augment": "flip"}


def stopped(checkpoint: str) -> None:
    """The training of ``learned``, interrupted after an epoch in every process."""

    def stop(done: int, total: int, note: str = "", milestone: str = "") -> None:
        if milestone:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(small(), toy(), **RECIPE, checkpoint=checkpoint, progress=stop)


def learned(**options: Any) -> dict[str, torch.Tensor]:
    """All that a short training leaves: parameters, statistics and the masks that follow from them."""
    net = small()
    history = train(net, toy(), **RECIPE, **options)
    masks = {f"{name}.mask": op.counts() for name, op in net.weights.items() if hasattr(op, "counts")}
    loss = torch.tensor(history.epochs[0].loss)
    return {**{name: value.clone() for name, value in net.state_dict().items()}, **masks, "loss": loss}


def torchrun(*arguments: str | Path, place: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parent}", "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        *map(str, arguments),
    ]
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_two_processes_end_as_one_does(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = torchrun("script.py", tmp_path, place=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f"rank{n}.pt", weights_only=True) for n in (0, 1))
    alone = learned()
    assert list(first) == list(second) == list(alone)
    for name, value in alone.items():
        assert torch.equal(first[name], second[name]), name
        if name.endswith(".mask"):
            assert float((first[name] != value).float().mean()) < 0.01, name
        else:
            torch.testing.assert_close(first[name], value, rtol=2e-3, atol=2e-4, msg=name)


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


def test_the_command_writes_one_model_and_no_checkpoint_stays(tmp_path: Path) -> None:
    options = ["--data", "digits", "--arch", "tiny", "--epochs", "1", "--device", "cpu", "-o", tmp_path / "x.hfn"]
    done = torchrun("-m", "edgehfn", "train", *options, "--json", place=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('"accuracy"') == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.hfn", "x.log.json"]
    assert modelfile.info(tmp_path / "x.hfn")["accuracy"] > 0.3


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
