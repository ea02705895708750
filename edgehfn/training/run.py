"""A training run between two steps: everything its future depends on, so that it can stop and go on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgehfn.data.augment import RESIZED, Augment, Draws
from edgehfn.data.feed import Feed, Held, Streamed
from edgehfn.data.pictures import Pictures, Pixels
from edgehfn.data.sets import Dataset
from edgehfn.nn import Net
from edgehfn.nn.quantised import Quantised
from edgehfn.training import distributed, objectives
from edgehfn.training.loop import Diverged
from edgehfn.training.recipe import Recipe, class_weights, decisive, rate

Precision = Literal["fp32", "bf16"]

FEW_BITS = 0.3  # rate of ternary and binary weights, of the scores': a latent weight has to cross a threshold
TEMPERATURE, TAUGHT = 4.0, 0.7  # a teacher's logits are divided by; its part in the loss (Hinton et al. 2015)


@dataclass(frozen=True)
class Epoch:
    """Means over what one epoch trained on, and the time it took, by the clock and of all threads together."""

    loss: float
    accuracy: float  # 0..1, of numbers R²; of GNNs, that in validation after it
    seconds: float
    cpu_seconds: float
    validation: float | None = None  # 0..1, the metric over what was held back


@dataclass(frozen=True)
class Settings:
    """All that decides the bits of the result; a checkpoint of other settings is refused."""

    epochs: int
    batch: int
    lr: float
    seed: int
    augment: Augment
    precision: Precision
    data: str  # digest
    net: str
    crop_padding: int = 4  # pixels, of ``flip+crop``
    label_smoothing: float = 0.0  # part of each label that is spread over all classes
    teacher: str = ""  # digest of the net whose outputs are learned beside the labels
    recipe: Recipe = field(default_factory=Recipe)


class Run:
    """The net, its optimizer and its position; ``net`` is trained where it lies.

    ``measure`` measures it after each epoch. The state of the first best one is then ``best``. ``workers`` are
    processes that read pictures.
    """

    def __init__(
        self,
        net: Net,
        data: Dataset,
        settings: Settings,
        teacher: Net | None = None,
        measure: Callable[[], float] | None = None,
        workers: int = 0,
    ) -> None:
        self.net: Net = net.train()
        self.given = settings
        place = next(net.parameters()).device
        self.y = objectives.targets(net.task, data.y_train).to(place)
        self.batch = min(settings.batch, len(self.y))
        self.per_epoch = len(self.y) // self.batch  # the few images left over are others in every epoch
        self.steps = settings.epochs * self.per_epoch
        self.feed = self._feed(data.x_train, workers)
        self.optimizer, self.shares = _optimizer(net, settings.recipe)
        weights = class_weights(settings.recipe, data.y_train.ravel(), len(data.classes))
        self.weights = None if weights is None else weights.to(place)
        self.measure = measure
        self.best: dict[str, Tensor] = {}
        self.best_epoch, self.best_score = 0, -math.inf
        self.model = distributed.replica(net)
        self.teacher = None if teacher is None else teacher.eval().to(place)
        self.step = 0
        self.epochs: list[Epoch] = []
        self.sums = torch.zeros(2, dtype=torch.float64, device=place)  # loss and accuracy of this epoch's batches
        self.seconds = self.cpu_seconds = 0.0  # since this epoch began
        self.draws = self._draw(0)

    def advance(self) -> None:
        """Take one step of the optimizer."""
        started, cpu_started = time.monotonic(), time.process_time()
        epoch, position = divmod(self.step, self.per_epoch)
        if self.draws.epoch != epoch:
            self.draws = self._draw(epoch)
        batch = distributed.share(slice(position * self.batch, (position + 1) * self.batch))
        x, y = self.feed.batch(self.draws, batch)
        now = rate(self.given.recipe, self.given.lr, self.step, self.steps, self.per_epoch)
        for group, share in zip(self.optimizer.param_groups, self.shares, strict=True):
            group["lr"] = now * share
        self.net.set_progress(self.step / self.steps)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.given.precision == "bf16"):
            logits = self.model(x).float()
        loss = self._loss(x, logits, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        accuracy = objectives.said(self.net, x, logits.detach(), y)
        self.sums += distributed.mean(torch.stack([loss.detach().double(), accuracy]))
        self.step += 1
        self.seconds += time.monotonic() - started
        self.cpu_seconds += time.process_time() - cpu_started

    def ended(self) -> bool:
        """Whether an epoch has just ended."""
        return self.step % self.per_epoch == 0

    def describe(self) -> str:
        """The means of this epoch so far; at its end it is closed. Raises Diverged if the loss is not finite, but not
        while other processes go on."""
        ended = self.ended()
        means = self._means(ended)
        number = (self.step - 1) // self.per_epoch + 1
        word = objectives.SAID[self.net.task.kind]
        note = f"epoch {number}/{self.given.epochs}: loss {means.loss:.3f}, {word} {100 * means.accuracy:.1f} %"
        if not ended:
            return note
        if self.measure is not None:
            means = replace(means, validation=self._validate(number, self.measure))
            note = f"{note}, validation {100 * (means.validation or 0):.1f} %"
        self.epochs.append(means)
        self.sums.zero_()
        self.seconds = self.cpu_seconds = 0.0
        return f"{note}, {means.seconds:.1f} s"

    def _validate(self, epoch: int, measure: Callable[[], float]) -> float:
        """Measure the net as it would be after a training that ended here."""
        self.net.set_progress(self.step / self.steps)
        found = measure()
        if found > self.best_score and self.step / self.steps >= self.net.search.ramp:
            self.best_epoch, self.best_score = epoch, found
            self.best = {name: tensor.clone() for name, tensor in self.net.state_dict().items()}
        return found

    def _means(self, ended: bool) -> Epoch:
        loss, accuracy = (self.sums / ((self.step - 1) % self.per_epoch + 1)).tolist()
        if (ended or distributed.processes() == 1) and not math.isfinite(loss):
            raise Diverged(f"training diverged in epoch {len(self.epochs) + 1}: the loss is {loss}; use a lower lr")
        return Epoch(loss, accuracy, self.seconds, self.cpu_seconds)

    def settings(self) -> dict[str, str | int | float]:
        """What must be equal for a checkpoint to be of this run."""
        return decisive(self.given)

    def state(self) -> dict[str, Any]:
        """Everything the run's future depends on."""
        return {
            "step": self.step,
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epochs": [astuple(epoch) for epoch in self.epochs],
            "sums": self.sums,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_score": self.best_score,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go to where a state stands."""
        self.step = int(state["step"])
        self.seconds, self.cpu_seconds = float(state["seconds"]), float(state["cpu_seconds"])
        self.epochs = [Epoch(*numbers) for numbers in state["epochs"]]
        self.sums.copy_(state["sums"])
        self.best, self.best_epoch, self.best_score = (
            state["best"],
            int(state["best_epoch"]),
            float(state["best_score"]),
        )
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _loss(self, x: Tensor, logits: Tensor, y: Tensor) -> Tensor:
        loss = objectives.loss(self.net, x, logits, y, self.weights, self.given.label_smoothing)
        if self.teacher is None:
            return loss
        with torch.no_grad(), torch.autocast(x.device.type, torch.bfloat16, enabled=self.given.precision == "bf16"):
            taught = F.softmax(self.teacher(x).float() / TEMPERATURE, 1)
        apart = F.kl_div(F.log_softmax(logits / TEMPERATURE, 1), taught, reduction="batchmean")
        return (1 - TAUGHT) * loss + TAUGHT * TEMPERATURE**2 * apart

    def _feed(self, x: Pixels | Pictures, workers: int) -> Feed:
        if not isinstance(x, Pictures):
            return Held(x, self.y)
        resized, seed = self.given.augment in RESIZED, self.given.seed
        sizes = {"batch": self.batch, "per_epoch": self.per_epoch}
        return Streamed(x, self.y, seed=seed, resized=resized, workers=workers, **sizes)

    def _draw(self, epoch: int) -> Draws:
        settings = self.given
        return Draws(settings.seed, epoch, len(self.y), settings.augment, self.y.device, settings.crop_padding)


def _optimizer(net: nn.Module, recipe: Recipe) -> tuple[torch.optim.SGD, tuple[float, ...]]:
    """It, and the share of the scores' rate that each of its groups has."""
    latent = {id(op.trained) for op in net.modules() if isinstance(op, Quantised) and op.bits <= 2}
    scores: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    few: list[nn.Parameter] = []
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            trained = few if id(parameter) in latent else others
            (scores if name.endswith("scores") else trained).append(parameter)
    decay = recipe.weight_decay
    apart = decay if recipe.weight_decay_others is None else recipe.weight_decay_others
    groups = [(scores, 1.0, decay), (others, recipe.rate_others, apart), *([(few, FEW_BITS, apart)] if latent else [])]
    sets = [{"params": parameters, "weight_decay": decay} for parameters, _, decay in groups]
    found = torch.optim.SGD(sets, lr=0.0, momentum=recipe.momentum, nesterov=recipe.nesterov)
    return found, tuple(share for _, share, _ in groups)
