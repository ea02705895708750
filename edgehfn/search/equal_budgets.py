"""Kinds of weights at equal bytes of model data or of RAM: the widest net of each kind that fits, trained and
measured."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Literal

from edgehfn import files
from edgehfn.cost import footprint, sizing
from edgehfn.data.sets import Dataset, images
from edgehfn.errors import InputError
from edgehfn.evaluation.accuracy import accuracy
from edgehfn.evaluation.models import calibrated
from edgehfn.ir import plan
from edgehfn.ir.planner import nearest
from edgehfn.model import modelfile
from edgehfn.nn import Net, Options, Search, preset, sampled
from edgehfn.progress import Report
from edgehfn.search import comparison
from edgehfn.search.comparison import Row
from edgehfn.target import board
from edgehfn.target.count import counted
from edgehfn.training import trainlog
from edgehfn.training.to_file import command_of, train_images_to
from edgehfn.training.trainlog import TrainLog

KINDS = ("supermask", "int8", "int4", "ternary", "binary")
EPOCHS = 8
RULE = ("thresholds", "ramp")  # by which masks are thinned out, of the net rather than of its training
STEP = 0.25
Limit = Literal["bytes", "ram"]  # what a budget is of: model data, or all RAM of a run but the stack


def compare(
    data: str | Path,
    arch: str = "demo",
    *,
    budgets: Sequence[int] = (4096, 8192, 16384, 32768),
    limit: Limit = "bytes",
    kinds: Sequence[str] = KINDS,
    seeds: int = 1,
    step: float = STEP,
    target: str = "cortex-m4",
    into: str | Path = "compare",
    net: Options | None = None,
    training: Mapping[str, Any] | None = None,
    progress: Report | None = None,
) -> list[Row]:
    """Train nets of several kinds of weights, each as wide as a number of bytes allows, and measure them.

    The bytes are those of model data, compiled for speed, or by ``limit`` those of RAM on ``target``, compiled for the
    fewest instructions within it.

    ``data`` is a name or a path of images. ``net`` has options of the preset ``arch``; widths in it are a ratio of the
    stages. ``training`` has settings of :func:`edgehfn.train`, and ``thresholds`` and ``ramp`` of
    :class:`edgehfn.nn.Search`. Widths are multiples of ``step``. Each net is trained ``seeds`` times, from seed 0 on.
    Models and rows stay in the folder ``into``: what is there is not made again, and an interrupted training goes on.
    :func:`edgehfn.search.comparison.write` draws the rows.

    Raises InputError if a budget is too small for any net, or if the folder has rows of other options.
    """
    if not 0 < step < math.inf:
        raise InputError(f"step {step}: give the channels between two widths, such as {STEP}")
    core = board.board(target).name
    loaded, folder = images(data), Path(into)
    settings = {"epochs": EPOCHS, **(training or {})}
    rows: list[Row] = []
    with files.folder(folder):
        for budget, kind in product(dict.fromkeys(budgets), dict.fromkeys(kinds)):
            options: dict[str, Any] = {**(net or {}), "weights": kind}
            family = _Family(arch, loaded, options)
            width = family.widest(budget, step, limit, core)
            for seed in range(seeds):
                wide = {**options, "width": family.widths(width), "seed": seed}
                command = command_of(data, arch, {"weights": kind, **settings, **wide})
                model = folder / f"{kind}-{budget}-{seed}.hfn"
                trained = _Trained(model, arch, loaded, wide, settings, command)
                rows.append(_row(trained, kind, (budget, limit), width, core, progress))
    return rows


class _Family:
    """The nets of a preset that differ in width only."""

    def __init__(self, arch: str, data: Dataset, options: Mapping[str, Any]) -> None:
        self.arch, self.data, self.options = arch, data, options
        given = options.get("width", 1.0)
        self.ratio = tuple(given) if isinstance(given, Sequence) else (float(given),)
        if not all(0 < stage < math.inf for stage in self.ratio):
            raise InputError(f"width {self.ratio}: a ratio of the stages is of positive numbers")

    def widths(self, first: float) -> float | tuple[float, ...]:
        """Return the width option of the net whose first stage has so many channels."""
        found = tuple(float(f"{first * stage / self.ratio[0]:.4g}") for stage in self.ratio)
        return found if len(found) > 1 else found[0]

    def net(self, width: float) -> Net:
        return _built(self.arch, self.data, {**self.options, "width": self.widths(width)})

    def widest(self, budget: int, step: float, limit: Limit, core: str) -> float:
        """Return the channels of the first stage of the widest net within the budget. Raises InputError if none is."""
        if limit == "bytes":
            return sizing.widest(self.net, budget, step)
        size = partial(sizing.least_ram, core=board.board(core).core)
        return sizing.widest(self.net, budget, step, size, "RAM")


class _Trained:
    """A net of the comparison and its training, which takes far longer than measuring it."""

    def __init__(
        self,
        model: Path,
        arch: str,
        data: Dataset,
        options: dict[str, Any],
        settings: dict[str, Any],
        command: str,
    ) -> None:
        self.model, self.arch, self.data, self.command = model, arch, data, command
        self.options, self.settings = options, settings

    def log(self, progress: Report | None) -> TrainLog:
        """Train the net, unless it was by this very command before, and return its log."""
        with contextlib.suppress(InputError):
            if (kept := self._log()).command == self.command:
                return kept
        net = _built(self.arch, self.data, self.options)
        net.search = Search(**{name: self.settings[name] for name in RULE if name in self.settings})
        train_images_to(
            self.model,
            net,
            self.data,
            arch=self.arch,
            command=self.command,
            progress=progress,
            seed=self.options["seed"],
            **{name: value for name, value in self.settings.items() if name not in RULE},
        )
        return self._log()

    def _log(self) -> TrainLog:
        return trainlog.load(self.model, modelfile.digest(self.model))


def _built(arch: str, data: Dataset, options: Mapping[str, Any]) -> Net:
    return preset(arch, sampled(data.x_train) if data.sampled else data.shape, data.classes, **options)


def _row(
    trained: _Trained, kind: str, budget: tuple[int, Limit], width: float, target: str, progress: Report | None
) -> Row:
    """The row of a net, trained and measured unless that was done. Raises InputError if it was with other options."""
    most, limit = budget
    model, done = trained.model, trained.model.with_suffix(".json")
    if done.exists():
        row = comparison.load(done)
        if (row.command, row.core) != (trained.command, target):
            raise InputError(f"{done}: is of {row.command!r} on {row.core}; give another -o for other options")
        return row
    log = trained.log(progress)
    graph = calibrated(model, trained.data).graph
    planned = plan(graph) if limit == "bytes" else nearest(graph, "ram", ram=most)
    sizes = footprint.sized(graph, target, planned).sizes
    row = Row(
        kind=kind,
        budget=most,
        limit=limit,
        width=width,
        seed=trained.options["seed"],
        epochs=len(log.epochs),
        accuracy=accuracy(graph, trained.data),
        float_accuracy=modelfile.info(model)["accuracy"],
        bytes=sizes.weights_flash,
        flash=sizes.total_flash,
        ram=sizes.total_ram,
        instructions=counted(graph, planned, target).total,
        mac=sum(graph.macs.values()),
        core=target,
        cpu_minutes=round(log.cpu_minutes, 3),
        command=trained.command,
    )
    comparison.save(row, done)
    return row
