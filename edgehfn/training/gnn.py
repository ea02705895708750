"""Train a net on graphs: Adam, dropout, and the state of the epoch that was best in validation.

One graph is one batch, with the loss over its training nodes; small graphs are shuffled into batches anew each epoch.
All that is random is sampled from (seed, epoch), so that a run that was killed and resumed ends with the very bits of
one that was not (on one machine, with as many threads).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgehfn.data import doubts
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.errors import InputError
from edgehfn.nn import GraphSpec, Net, StoredGraph, graph_input
from edgehfn.nn.adjacency import dropped
from edgehfn.nn.net import own, whole
from edgehfn.nn.structure import signature
from edgehfn.nn.supermask import check_seed
from edgehfn.progress import Report
from edgehfn.training import distributed, objectives
from edgehfn.training.figures import Figures, shown
from edgehfn.training.gnn_batches import Batch, Drawn, Loaded, batches, outputs
from edgehfn.training.loop import Diverged, check_finite, check_masks, finish, real_number, whole_number
from edgehfn.training.metrics import Metric, say, score
from edgehfn.training.recipe import GraphRecipe, check_warm_up, class_weights, decisive, rate
from edgehfn.training.run import Epoch

MILESTONES = 10  # lines in a run


@dataclass(frozen=True)
class GraphSettings:
    """All that decides the bits of the result; a checkpoint of other settings is refused."""

    epochs: int
    batch: int  # small graphs
    lr: float
    dropout: float
    weight_decay: float
    seed: int
    data: str  # digest
    net: str
    recipe: GraphRecipe = field(default_factory=GraphRecipe)


@dataclass(frozen=True)
class GraphHistory:
    """What a training did: the epoch (from 1) that was best in validation, whose state the net has now, what it
    reaches, how every epoch went, and all that decided it. Of another task than ``class``, ``accuracy`` and ``score``
    are the first of its ``figures`` over the test part."""

    epoch: int
    validation: float  # the metric
    accuracy: float  # top-1, of the test part
    epochs: tuple[Epoch, ...] = field(compare=False)  # with times, which no run repeats; accuracies in validation
    settings: GraphSettings
    metric: Metric
    score: float  # the metric, of the test part
    figures: Figures | None = None  # of the test part


def train_graph(
    net: Net,
    data: GraphSet,
    *,
    epochs: int = 400,
    batch: int = 32,
    lr: float = 0.01,
    dropout: float = 0.5,
    weight_decay: float = 5e-4,
    seed: int = 0,
    recipe: GraphRecipe | None = None,
    loader: Iterable[Any] | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = True,
    save_every: float = 30.0,
    progress: Report | None = None,
) -> GraphHistory:
    """Train ``net`` in place, then measure it. It ends with the state of its best epoch: the first of highest
    metric over the validation part, which is accuracy (as in the code of Yan et al. 2023) unless its classes are
    skewed, the first figure of another task (``docs/TASKS.md``), or that of the ``recipe``.

    ``batch`` is a number of small graphs or samples; one large graph is one batch. A ``loader`` makes the batches in
    their place, a pass each epoch: any iterable of known length, such as ``torch_geometric.loader.NeighborLoader`` over
    the set's graph. Under torchrun small graphs and samples are shared by the processes, batch by batch. ``dropout`` is
    the fraction of its inputs that each layer loses in training. With a ``checkpoint`` file the run is saved now
    and then, and goes on from there, unless ``resume`` is false.

    Raises InputError if settings, data and net do not fit together, if the checkpoint is of another run, or if the loss
    is no longer finite.
    """
    if not isinstance(data, GraphSet):
        raise InputError(f"{type(data).__name__} is no set of graphs; give one that edgehfn.data.load returns")
    own(net).task = objectives.task_of(data)
    settings = GraphSettings(
        whole_number("epochs", epochs),
        whole_number("batch", batch),
        real_number("lr", lr),
        real_number("dropout", dropout),
        real_number("weight_decay", weight_decay),
        check_seed(whole_number("seed", seed)),
        data.sha256,
        signature(net),
        recipe or GraphRecipe(),
    )
    _check(net, data, settings, loader is not None)
    doubts.warn(data)
    seen, tested = (data.labels[data.split[part]] for part in ("val", "test"))
    metric = objectives.metric_of(settings.recipe.metric, data.task, seen, seen, tested)
    if data.task == "class" and settings.recipe.metric == "auto":
        say(metric, data.name)
    run = _Run(net, data, settings, metric, loader)
    path = None if checkpoint is None else Path(checkpoint)
    with distributed.joined(torch.device("cpu")):
        finish(run, path, resume, save_every, progress)
    net.load_state_dict(run.best)
    net.set_progress(1.0)
    net.eval()
    logits, labels = outputs(net, batches(data, "test"))
    ended, each = (run.best_epoch, run.best_score), tuple(run.epochs)
    if data.task != "class":
        told = objectives.measured(net, logits, None, labels.numpy(), data.classes)
        return GraphHistory(*ended, told.value, each, settings, metric, told.value, told)
    right = score("accuracy", logits, labels)
    return GraphHistory(*ended, right, each, settings, metric, score(metric, logits, labels))


class _Run:
    """The net, its optimizer and its position in the run."""

    def __init__(
        self, net: Net, data: GraphSet, settings: GraphSettings, metric: Metric, loader: Iterable[Any] | None
    ) -> None:
        self.net, self.data, self.given, self.metric = net, data, settings, metric
        self.optimizer = torch.optim.Adam(net.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
        self.whole: Loaded | Drawn | list[Batch] | None = None if data.small else batches(data, "train")
        if loader is not None:
            self.whole = Loaded(data, loader)
        self.validation = batches(data, "val")
        self.weights = class_weights(settings.recipe, data.y_train, len(data.classes))
        self.batches = -(-len(data.split["train"]) // settings.batch) if self.whole is None else len(self.whole)
        self.epochs: list[Epoch] = []
        self.best: dict[str, Any] = {}
        self.best_epoch, self.best_score = 0, -math.inf
        net.set_progress(0.0)

    @property
    def step(self) -> int:
        """Epochs that are over."""
        return len(self.epochs)

    @property
    def steps(self) -> int:
        """Epochs in all."""
        return self.given.epochs

    def ended(self) -> bool:
        """Whether a tenth of the run has just ended."""
        return self.step % max(1, self.steps // MILESTONES) == 0 or self.step == self.steps

    def describe(self) -> str:
        """How the last epoch went."""
        last = self.epochs[-1]
        reached = f"{100 * (last.validation or 0):.1f} %" + (self.metric != "accuracy") * f" ({self.metric})"
        if self.data.task != "class":
            reached = shown(self.metric, last.validation or 0)
        return f"epoch {self.step}/{self.steps}: loss {last.loss:.3f}, validation {reached}"

    def advance(self) -> None:
        """One epoch, and its validation. Raises Diverged."""
        started, cpu_started = time.monotonic(), time.process_time()
        self.net.train()
        draw = np.random.default_rng((self.given.seed, self.step))
        drawn = self.whole
        if drawn is None:
            samples = int(draw.integers(2**32)) if self.data.hops else 0
            drawn = batches(
                self.data,
                "train",
                self.given.batch,
                shuffle=draw,
                seed=samples,
                divide=distributed.processes() > 1,
                worth=self.weights,
            )
        if distributed.rank():  # dropout is each process's own
            draw = np.random.default_rng((self.given.seed, self.step, distributed.rank()))
        losses = [self._step(batch, draw, number) for number, batch in enumerate(drawn)]
        reached = (self.step + 1) / self.given.epochs
        self.net.set_progress(reached)
        loss = sum(losses) / len(losses)
        if not math.isfinite(loss):
            raise Diverged(f"training diverged in epoch {self.step + 1}: the loss is {loss}; use a lower lr")
        check_finite(self)  # after the last of its steps, which no loss has seen
        spent = time.monotonic() - started, time.process_time() - cpu_started
        out, y = outputs(self.net, self.validation)
        validation = objectives.picked(self.net, self.metric, out, None, y.numpy(), self.data.classes)
        right = objectives.said(self.net, None, out, self._targets(y))
        self.epochs.append(Epoch(loss, float(right), *spent, validation))
        if validation > self.best_score and reached >= self.net.search.ramp:
            self.best_epoch, self.best_score = self.step, validation
            self.best = copy.deepcopy(self.net.state_dict())

    def _step(self, batch: Batch, draw: np.random.Generator, number: int) -> float:
        done, steps = self.step * self.batches + number, self.steps * self.batches
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.given.recipe, self.given.lr, done, steps, self.batches)
        fraction = self.given.dropout
        logits = batch.logits(self.net, partial(dropped, fraction=fraction, draw=draw) if fraction else whole)
        loss = objectives.loss(self.net, None, logits, self._targets(batch.labels), self.weights, 0.0) * batch.share
        self.optimizer.zero_grad()
        loss.backward()
        if distributed.processes() > 1:
            loss = distributed.mean(loss.detach())
            for parameter in self.net.parameters():
                if parameter.grad is not None:
                    parameter.grad = distributed.mean(parameter.grad)
        self.optimizer.step()
        return float(loss.detach())

    def _targets(self, labels: torch.Tensor) -> torch.Tensor:
        return objectives.targets(self.net.task, labels.numpy())

    def settings(self) -> dict[str, str | int | float]:
        """What must be equal for a checkpoint to be of this run."""
        return decisive(self.given)

    def state(self) -> dict[str, Any]:
        """Everything the run's future depends on."""
        return {
            "epochs": [astuple(epoch) for epoch in self.epochs],
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_score": self.best_score,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go to where a state stands."""
        self.epochs = [Epoch(*numbers) for numbers in state["epochs"]]
        self.best, self.best_score = state["best"], float(state["best_score"])
        self.best_epoch = int(state["best_epoch"])
        self.net.load_state_dict(state["net"])
        self.net.set_progress(self.step / self.steps)
        self.optimizer.load_state_dict(state["optimizer"])


def _check(net: Net, data: GraphSet, settings: GraphSettings, loaded: bool) -> None:
    """Raises InputError for what cannot be trained."""
    if distributed.processes() > 1 and (loaded or not data.small or net.norms):
        raise InputError(
            "torchrun: one graph, a loader, and a net with norms are trained by one process; leave it out, or give "
            "samples (:hops=) and --norms none"
        )
    if min(settings.epochs, settings.batch) < 1:
        raise InputError(f"epochs {settings.epochs}, batch {settings.batch}: each must be 1 or more")
    if not 0 < settings.lr < math.inf:
        raise InputError(f"lr {settings.lr} is not a positive number; 0.01 is usual")
    if not (0 <= settings.dropout < 1 and 0 <= settings.weight_decay < math.inf):
        raise InputError(
            f"dropout {settings.dropout}, weight decay {settings.weight_decay}: give a fraction below 1, and 0 or more"
        )
    check_warm_up(settings.recipe, settings.epochs)
    fits(net, data)
    objectives.check(net, data, 0.0, taught=False, balanced=settings.recipe.class_weights != "none")
    check_masks(net)


def fits(net: Net, data: GraphSet) -> None:
    """Raise InputError unless the net reads these graphs and has these classes."""
    wanted = graph_input(data)
    if isinstance(net.input, StoredGraph) and isinstance(wanted, StoredGraph):
        if not net.input.same(wanted):
            raise InputError(f"the net stores another graph than {data.name}; give the data that it was built for")
    elif isinstance(net.input, GraphSpec) and isinstance(wanted, GraphSpec):
        if not net.input.holds(wanted):
            raise InputError(f"the net reads {net.input}, {data.name} has {wanted}; build it for these")
    else:
        raise InputError(f"the net is not for the {data.of} of {data.name}; build it with its graph_input")
    last = net.shapes[net.steps[-1].name]
    if last[0] != len(data.classes):
        said = "classes" if data.task == "class" else f"are wanted for task {data.task}"
        raise InputError(f"the net has {last[0]} outputs, {data.name} {len(data.classes)} {said}; build it for these")
