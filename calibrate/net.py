"""Observe every tensor of a net on real images and choose its scale."""

from __future__ import annotations

from collections.abc import Iterable
from math import log10
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from calibrate import choose
from calibrate.calibration import Calibration, TensorReport
from calibrate.observe import Observer
from edgehfn.data.pictures import Pictures, at_once
from edgehfn.errors import InputError
from edgehfn.nn import InputSpec, MaxPool, Net, Nodes
from edgehfn.nn.net import check_integer, own

Batch = Tensor | npt.NDArray[np.uint8] | Nodes

INPUT = "input"


def batches(x: npt.NDArray[np.uint8] | Pictures, images: int = 1024, batch: int = 256) -> list[npt.NDArray[np.uint8]]:
    """Return ``images`` of ``x`` (uint8 ``(N, C, H, W)``), in batches; pictures are read when a batch is used.

    They are evenly spread, so that a set sorted by class still shows all classes. Raises InputError for numbers
    below 1.
    """
    given: Any = x if isinstance(x, Pictures) else np.asarray(x)  # pictures stay unread
    if len(given.shape) != 4 or min(images, batch) < 1:
        raise InputError(
            f"{images} images of shape {given.shape}, {batch} at a time: give x as (N, C, H, W), 1 or more"
        )
    spread = np.linspace(0, len(given) - 1, min(images, len(given))).round().astype(np.int64)
    batch = at_once(given.shape[1:], batch)
    return [given[spread[at : at + batch]] for at in range(0, len(spread), batch)]


def calibrate(
    net: Net,
    batches: Iterable[Batch],
    method: choose.Method = "minmax",
    *,
    percentile: float = choose.PERCENTILE,
    model: str = "",
) -> Calibration:
    """Choose scales for all tensors of ``net`` from raw uint8 batches ``(N, C, H, W)``, or from the nodes of graphs.

    ``method``: ``minmax`` clips nothing; ``percentile`` clips the magnitudes beyond that percentile; ``mse`` takes the
    clip with the least squared error. The input's scale is fixed, and a max pool keeps its input's. ``model`` is the
    digest of the net's model file. Raises InputError if there are no images, for others than the net reads, if a tensor
    is not finite, or for an unknown method.
    """
    choose.check(method, percentile)
    check_integer(own(net))
    observers, images = _observe(net, batches)
    scales = {INPUT: net.input.step}
    for step in net.steps:
        kept = isinstance(step.op, MaxPool)
        scales[step.name] = scales[step.x] if kept else choose.scale(observers[step.name], method, percentile)
    whole = not (isinstance(net.input, InputSpec) and net.input.mean)  # what the input's bytes stand for is whole steps
    report = {name: _report(observers[name], scale, exact=whole and name == INPUT) for name, scale in scales.items()}
    return Calibration(model, f"percentile {percentile:g}" if method == "percentile" else method, images, report)


def _observe(net: Net, batches: Iterable[Batch]) -> tuple[dict[str, Observer], int]:
    own(net)
    if isinstance(batches, Tensor | np.ndarray | Nodes | str) or not isinstance(batches, Iterable):
        raise InputError(
            f"calibrate takes a list of batches, not {type(batches).__name__}; give calibrate.batches(x) of images, "
            "[nodes] of graphs"
        )
    observers: dict[str, Observer] = {}
    images = 0

    def see(name: str, values: Tensor) -> None:
        observers.setdefault(name, Observer(name)).see(values)

    device: Any = next((t.device for t in (*net.parameters(), *net.buffers())), "cpu")
    training = net.training
    net.eval()
    try:
        with torch.no_grad():
            for raw in batches:
                read: Any = net.input.batch(raw).to(device) if isinstance(net.input, InputSpec) else raw
                net.run(read, see)
                images += len(read)
    finally:
        net.train(training)
    if images == 0:
        raise InputError("calibration got no images or graphs; give at least one batch")
    return observers, images


def _report(observed: Observer, scale: float, exact: bool) -> TensorReport:
    noise = 0.0 if exact else choose.squared_error(observed, scale)
    snr = 10 * log10(observed.energy / noise) if noise > 0 and observed.energy > 0 else None
    return TensorReport(scale, observed.low, observed.high, choose.clipped(observed, scale), snr)
