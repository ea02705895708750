"""Train a net's scores, norms and trained weights: SGD with Nesterov momentum, the rate falling to zero along a cosine.

A run is a function of its settings: the images' order and augmentation are sampled from (seed, epoch), so a position in
the run is all the random state there is, and a run that was killed and resumed ends with the very bits of one that was
not (on one machine, with as many threads).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from edgehfn.data import doubts
from edgehfn.data.augment import RESIZED, Augment
from edgehfn.data.pictures import Pictures, Pixels, by_batches, looked_at, pixels
from edgehfn.data.sets import Dataset
from edgehfn.errors import InputError
from edgehfn.nn import InputSpec, Net
from edgehfn.nn.net import own
from edgehfn.nn.structure import signature
from edgehfn.nn.supermask import check_seed
from edgehfn.progress import Report
from edgehfn.training import distributed, objectives
from edgehfn.training import place as where
from edgehfn.training.figures import Figures
from edgehfn.training.loop import check_masks, finish, finite, real_number, whole_number
from edgehfn.training.metrics import Metric, say, score, top
from edgehfn.training.normal import normal
from edgehfn.training.recipe import Recipe, check_warm_up, split
from edgehfn.training.run import Epoch, Precision, Run, Settings

MIRRORED = ("fashion-mnist", "cifar10")  # sets whose classes survive a mirror


@dataclass(frozen=True)
class History:
    """What a training did, with all that decided it; ``accuracy`` is top-1 over the test images at its end, 0..1.

    Of another task than ``class`` it is the first of its ``figures`` over the test images, as is ``score``.
    ``score`` is the ``metric`` over the test images, ``top5`` the part of them whose class is among the five largest
    outputs (of more than five classes). ``epoch`` (from 1) is the one whose state the net has, best in validation.
    """

    epochs: tuple[Epoch, ...]
    accuracy: float
    settings: Settings
    metric: str
    score: float
    top5: float | None
    epoch: int
    figures: Figures | None = None


def train(
    net: Net,
    data: Dataset,
    *,
    epochs: int,
    batch: int = 128,
    lr: float = 0.5,
    seed: int = 0,
    augment: Augment | None = None,
    crop_padding: int = 4,
    label_smoothing: float = 0.0,
    teacher: Net | None = None,
    precision: Precision | Literal["auto"] = "auto",
    recipe: Recipe | None = None,
    device: str = "auto",
    threads: int = 1,
    workers: int = 2,
    checkpoint: str | Path | None = None,
    resume: bool = True,
    save_every: float = 30.0,
    progress: Report | None = None,
) -> History:
    """Train ``net`` in place on the training images, then measure it on the test images.

    ``lr`` is the scores' peak rate; docs/ABLATION.md has results of others. ``augment`` is by default ``flip`` for sets
    whose classes survive a mirror, else ``none``; ``flip+crop`` is meant for long runs and shifts by at most
    ``crop_padding`` pixels. ``label_smoothing`` is the part of each label that is spread evenly over all classes. A
    ``teacher``, a trained net for the same images and classes, makes the net learn its outputs, too (Hinton et al.
    2015). ``precision`` is that of convolutions and activations in training: ``auto`` is ``bf16`` where the processor
    multiplies it, else ``fp32``. Scores, norms' statistics and what is measured are always fp32. The ``recipe`` has the
    optimizer's settings, a part of the images to hold back for picking the best epoch, and its metric. ``device`` is
    ``auto``, ``cpu`` or ``cuda``. Two ``threads`` make a net this small faster on two idle cores and far slower when
    one of them is busy. ``workers`` processes read the pictures of a folder. Under torchrun each process computes its
    part of every batch. With a ``checkpoint`` file the run is saved every ``save_every`` seconds and after each epoch,
    and goes on from there, unless ``resume`` is false. ``progress`` gets reports, of each epoch as a milestone.

    Raises InputError if the settings, the data and the net do not fit together, if the checkpoint is of another run, or
    if the loss is no longer finite.
    """
    for given in (net,) if teacher is None else (net, teacher):
        own(given)
    if not isinstance(data, Dataset):
        raise InputError(f"{type(data).__name__} is no set of images; give one that edgehfn.data.load returns")
    net.task = objectives.task_of(data)
    mirror: Augment = "flip" if data.name in MIRRORED else "none"
    place, home = where.device(device), device_of(net)
    exact = where.precision(place) if precision == "auto" else precision
    threads, workers = whole_number("threads", threads), whole_number("workers", workers)
    settings = Settings(
        whole_number("epochs", epochs),
        whole_number("batch", batch),
        real_number("lr", lr),
        check_seed(whole_number("seed", seed)),
        augment or mirror,
        exact,
        data.sha256,
        signature(net),
        crop_padding=whole_number("crop_padding", crop_padding) if augment == "flip+crop" else 0,
        label_smoothing=real_number("label_smoothing", label_smoothing),
        teacher=_digest(teacher),
        recipe=recipe or Recipe(),
    )
    _check(net, data, settings, threads, workers)
    if teacher is not None:
        _fits(teacher, data, "teacher")
    doubts.warn(data)
    if isinstance(net.input, InputSpec) and data.sampled:
        data = replace(data, x_train=net.input.samples(data.x_train), x_test=net.input.samples(data.x_test))
    learned, held = _divided(data, settings)
    metric = objectives.metric_of(settings.recipe.metric, data.task, data.y_train, data.y_test)

    def measure() -> float:
        """Over what is held back."""
        assert held is not None
        x, y = data.x_train[held], data.y_train[held]
        return objectives.picked(net, metric, logits(net, x), x, y, data.classes)

    if held is not None and settings.recipe.metric == "auto" and data.task == "class":
        say(metric, data.name)
    path = None if checkpoint is None else Path(checkpoint)
    where.keep_memory()
    with (
        distributed.joined(place),
        where.limited(threads),
        torch.backends.cudnn.flags(deterministic=True, benchmark=False),
    ):
        run = Run(net.to(place), learned, settings, teacher, None if held is None else measure, workers)
        finish(run, path, resume, save_every, progress)
        if run.best:
            net.load_state_dict(run.best)
        net.set_progress(1.0)
        found = logits(net, data.x_test)
    net.to(home)
    if teacher is not None:
        teacher.to(home)
    return _history(net, data, run, settings, metric, found)


def _history(net: Net, data: Dataset, run: Run, settings: Settings, metric: Metric, found: torch.Tensor) -> History:
    """What was done, and what the trained net's outputs for the test images are worth."""
    epochs, epoch, y = tuple(run.epochs), run.best_epoch or settings.epochs, torch.from_numpy(data.y_test)
    if data.task != "class":
        told = objectives.measured(net, found, data.x_test, data.y_test, data.classes)
        return History(epochs, told.value, settings, told.name, told.value, None, epoch, told)
    top5 = top(5, found, y) if found.shape[1] > 5 else None
    return History(epochs, score("accuracy", found, y), settings, metric, score(metric, found, y), top5, epoch)


def evaluate(net: Net, x: Pixels | Pictures, y: npt.NDArray[np.int64], batch: int = 1000) -> float:
    """Return the top-1 accuracy, 0..1, on raw images ``(N, C, H, W)`` with labels ``(N,)``.

    Of equal logits the first counts. Raises InputError for images that the net does not read, for other labels than one
    whole number each, or if an output is not finite.
    """
    x, y = _labelled(own(net), x, y)
    return score("accuracy", logits(net, x, batch), torch.from_numpy(y))


def logits(net: Net, x: Pixels | Pictures, batch: int = 1000) -> torch.Tensor:
    """Return the outputs ``(N, classes)`` for raw images. Raises InputError if one is not finite."""
    training, place = net.training, device_of(net)
    net.eval()
    try:
        with torch.inference_mode():
            parts = (torch.from_numpy(part).to(place) for part in by_batches(x, batch))
            return torch.cat([finite(net(part).cpu()) for part in parts])
    finally:
        net.train(training)


def device_of(net: Net) -> torch.device:
    """Return where the net's tensors are."""
    return next((tensor.device for tensor in (*net.parameters(), *net.buffers())), torch.device("cpu"))


def _labelled(
    net: Net, images: npt.ArrayLike | Pictures, labels: npt.ArrayLike
) -> tuple[Pixels | Pictures, npt.NDArray[np.int64]]:
    """Images and labels in plain memory. Raises InputError for what ``evaluate`` cannot take."""
    if not isinstance(net.input, InputSpec):
        raise InputError("the net reads graphs; measure it with edgehfn.accuracy, on a set of graphs")
    y = np.asarray(labels)
    x: Pixels | Pictures
    if isinstance(images, Pictures) and images.size == net.input.shape and net.input.dtype == "u8":
        x = images
    else:
        x = net.input.batch(images).cpu().contiguous().numpy()
    if y.shape != (len(x),) or y.dtype.kind not in "iu" or not len(x):
        raise InputError(f"labels are {y.dtype} of shape {y.shape} for {len(x)} images; give one whole number each")
    return x, y.astype(np.int64)


def _check(net: Net, data: Dataset, settings: Settings, threads: int, workers: int) -> None:
    """Raises InputError for what cannot be trained."""
    least = min(settings.epochs, settings.batch, threads, workers + 1)
    if least < 1:
        raise InputError(
            f"epochs {settings.epochs}, batch {settings.batch}, threads {threads}, workers {workers}: each is "
            "1 or more, workers 0 or more"
        )
    if not 0 < settings.lr < math.inf:
        raise InputError(f"lr {settings.lr} is not a positive number; 0.5 is usual")
    if settings.augment not in get_args(Augment):
        raise InputError(f"augment {settings.augment!r} is unknown; use one of {', '.join(get_args(Augment))}")
    if settings.precision not in get_args(Precision):
        raise InputError(f"precision {settings.precision!r} is unknown; use auto, {', '.join(get_args(Precision))}")
    if not 0 <= settings.label_smoothing < 1:
        raise InputError(f"label_smoothing {settings.label_smoothing} is no part of a label; 0.1 is usual")
    if not 0 <= settings.crop_padding <= min(data.shape[1:]):
        raise InputError(f"crop_padding {settings.crop_padding}: shifts are of 0 to {min(data.shape[1:])} pixels here")
    check_warm_up(settings.recipe, settings.epochs)
    _fits(net, data, "net")
    objectives.check(
        net, data, settings.label_smoothing, bool(settings.teacher), settings.recipe.class_weights != "none"
    )
    check_masks(net)
    if settings.augment in RESIZED and not isinstance(data.x_train, Pictures):
        raise InputError(f"augment {settings.augment} is for folders of pictures; {data.name} takes flip+crop")
    largest = 2 if data.sampled else int(pixels(looked_at(data.x_train)).max())
    if largest < 2:
        raise InputError(
            f"{data.name}: no training image has a value above {largest}; a net reads 0..255 in steps of 2, "
            "so all would be black: save x * 255"
        )


def _divided(data: Dataset, settings: Settings) -> tuple[Dataset, npt.NDArray[np.int64] | None]:
    """What is trained on, and the numbers of the training images that are held back, if any are."""
    if data.task == "anomaly":
        kept, held = normal(len(data.x_train))
    elif not settings.recipe.validation:
        return data, None
    else:
        alike = data.y_train if data.task == "class" else np.zeros(len(data.y_train), np.int64)
        kept, held = split(alike, settings.recipe.validation, settings.seed)
    return replace(data, x_train=data.x_train[kept], y_train=data.y_train[kept]), held


def _fits(net: Net, data: Dataset, what: str) -> None:
    """Raises InputError unless the net reads these images and has these classes."""
    if not isinstance(net.input, InputSpec) or tuple(net.input.shape) != data.shape:
        raise InputError(
            f"the {what} reads C,H,W {net.input.shape}, {data.name} has images of {data.shape}; build it for these"
        )
    if not net.input.reads(data.x_train.dtype):
        raise InputError(f"the {what} reads {net.input.dtype}, {data.name} has {data.x_train.dtype}; build it anew")
    made, wanted = net.shapes[net.steps[-1].name], objectives.outputs_of(data)
    if made != (wanted, *data.shape[1:]) if data.task == "pixels" else prod(made) != wanted:
        said = "classes" if data.task == "class" else f"are wanted for task {data.task}"
        raise InputError(f"the {what} has {prod(made)} outputs, {data.name} {wanted} {said}; build it for these")


def _digest(teacher: Net | None) -> str:
    """A digest of all that a teacher has learned."""
    if teacher is None:
        return ""
    told = hashlib.sha256(signature(teacher).encode())
    for tensor in teacher.state_dict().values():
        told.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return told.hexdigest()[:16]
