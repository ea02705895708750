"""A short training that runs in one process or in several, and what is seen of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from edgehfn.data.sampling import sampled
from edgehfn.nn import Net, SupermaskConv2d, SupermaskLinear, graph_input, graph_preset
from edgehfn.nn.structure import signature
from edgehfn.training import distributed
from edgehfn.training.gnn import train_graph
from edgehfn.training.images import train
from edgehfn.training.run import Run, Settings
from support.gnn_sets import random
from support.toys import small, toy

TESTS = Path(__file__).parents[1]
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
    return {**state_of(net), "loss": torch.tensor(history.epochs[0].loss)}


def started() -> Run:
    """The training of ``learned`` before its first step."""
    net, data = small(), toy()
    settings = Settings(2, 50, 0.5, 0, "flip", "fp32", data.sha256, signature(net), crop_padding=0)
    return Run(net, data, settings)


def state_of(net: Net) -> dict[str, torch.Tensor]:
    """Parameters, statistics and the masks that follow from them."""
    masked = {name: op for name, op in net.weights.items() if isinstance(op, SupermaskConv2d | SupermaskLinear)}
    masks = {f"{name}.mask": op.counts() for name, op in masked.items()}
    return {**{name: value.clone() for name, value in net.state_dict().items()}, **masks}


def gradients_of(run: Run) -> dict[str, torch.Tensor]:
    """What the last step has left."""
    return {name: value.grad.clone() for name, value in run.net.named_parameters() if value.grad is not None}


def followed() -> list[tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]]:
    """Each step of a short training: the state before it, and its gradients."""
    steps = []
    with distributed.joined(torch.device("cpu")):
        run = started()
        while run.step < run.steps:
            before = state_of(run.net)
            run.advance()
            steps.append((before, gradients_of(run)))
    return steps


def learned_samples() -> dict[str, torch.Tensor]:
    """What a short training on samples leaves, the loss of each epoch among it; batches have no equal parts."""
    data = sampled(random(seed=3), (4, 2))
    net = graph_preset("sage", graph_input(data), data.classes, hidden=8, layers=2, density=0.5)
    history = train_graph(net, data, epochs=3, batch=7, dropout=0.0)
    return {**state_of(net), "losses": torch.tensor([epoch.loss for epoch in history.epochs])}


def torchrun(*arguments: str | Path, place: Path) -> subprocess.CompletedProcess[str]:
    """A program in two processes, on this computer."""
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}", "OMP_NUM_THREADS": "1"}
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
