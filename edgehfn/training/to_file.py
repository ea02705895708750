"""From data to a model file: the training, what the file notes of it, and the log beside it.

The state of the run is kept beside the output (X.ckpt), so that the same call goes on after a kill.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehfn import files
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.data.sets import Dataset
from edgehfn.model import modelfile
from edgehfn.nn import Net
from edgehfn.progress import Report
from edgehfn.training import distributed, trainlog
from edgehfn.training.gnn import GraphHistory, train_graph
from edgehfn.training.images import History, train


def checkpoint_of(output: Path) -> Path:
    """Return where the state of a run lies until it ends: ``kws.hfn`` → ``kws.ckpt``."""
    return output.with_suffix(".ckpt")


def check_places(output: Path) -> list[Path]:
    """Return the files of a training to ``output``. Raises InputError if one is there that must be kept."""
    places = {output: "model", trainlog.place(output): "training log", checkpoint_of(output): "checkpoint"}
    for place, kind in places.items():
        files.check(place, kind)
    return [*places]


@contextlib.contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Keep other trainings from these files, which are checked. Of several processes one does, for all of them."""
    if not distributed.leads():
        yield
        return
    check_places(output)
    with files.alone(output, "trains"):
        yield


def train_images_to(
    output: Path,
    net: Net,
    data: Dataset,
    *,
    arch: str,
    command: str,
    teacher: Path | None = None,
    restart: bool = False,
    progress: Report | None = None,
    **settings: Any,
) -> History:
    """Train on images and write the model. ``settings`` are those of :func:`edgehfn.train`, and so is what is raised.

    ``arch`` and ``command`` are noted: the preset's name, and what a user types for this training. ``teacher`` is a
    model file. Under torchrun one process writes.
    """
    taught = None if teacher is None else modelfile.load(teacher)
    shown = progress if distributed.leads() else None
    state = checkpoint_of(output)
    with _alone(output):
        history = train(net, data, teacher=taught, checkpoint=state, resume=not restart, progress=shown, **settings)
        if distributed.leads():
            about = trainlog.about(net, arch, data, history.settings)
            if teacher is not None:
                about["teacher"] = modelfile.digest(teacher)
            if history.settings.recipe.validation:
                about |= {"best_epoch": history.epoch}
            told = {"accuracy": history.accuracy} if history.figures is None else history.figures.overall
            modelfile.save(net, output, {**about, **_by_metric(history), **told})
            trainlog.save(output, modelfile.digest(output), command, data.digest(), history.epochs)
            state.unlink(missing_ok=True)
    return history


def train_graphs_to(
    output: Path,
    net: Net,
    data: GraphSet,
    *,
    arch: str,
    command: str,
    restart: bool = False,
    progress: Report | None = None,
    **settings: Any,
) -> GraphHistory:
    """Train on graphs and write the model. ``settings`` are those of :func:`edgehfn.train_graph`. Under
    torchrun one process writes."""
    state = checkpoint_of(output)
    with _alone(output):
        shown = progress if distributed.leads() else None
        history = train_graph(net, data, checkpoint=state, resume=not restart, progress=shown, **settings)
        if not distributed.leads():
            return history
        told = {"accuracy": history.accuracy} if history.figures is None else history.figures.overall
        reached = {**told, "validation": history.validation, "best_epoch": history.epoch}
        modelfile.save(
            net, output, {**trainlog.about(net, arch, data, history.settings), **_by_metric(history), **reached}
        )
        trainlog.save(output, modelfile.digest(output), command, data.digest(), history.epochs)
        state.unlink(missing_ok=True)
    return history


def _by_metric(history: History | GraphHistory) -> dict[str, Any]:
    """What the file notes where accuracy does not pick the epoch."""
    return {} if history.metric == "accuracy" else {"metric": history.metric, "score": history.score}


def command_of(data: str | Path, arch: str, options: Mapping[str, Any]) -> str:
    """Return what a user types for a training with these options of nets and of training, named as in Python."""
    words = ["edgehfn", "train", "--data", _path(data), "--arch", arch]
    for name, value in options.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        elif value is not None:
            words += [f"--{option}", _word(value)]
    return shlex.join(words)


def _path(data: str | Path) -> str:
    """A word that no option begins with."""
    return f"./{data}" if str(data).startswith("-") else str(data)


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(_word, value))
    return str(value)
