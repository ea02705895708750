"""Training in several processes, one batch in as many parts: ``torchrun --nproc-per-node N -m edgehfn train …``.

Every process holds the whole net and data and computes on its part of each batch. Gradients are averaged
(``DistributedDataParallel``) and norms see the whole batch, so the result is that of one process but for the order of
sums, and masks are the same bits everywhere.
"""

from __future__ import annotations

import operator
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from edgehfn.errors import InputError
from edgehfn.nn import Net

SETTLING = 10.0  # seconds to wait for a thread at most


def processes() -> int:
    """Return how many processes torchrun has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Return the number of this process, from 0."""
    return int(os.environ.get("RANK", "0"))


def leads() -> bool:
    """Return whether this process writes files and reports."""
    return rank() == 0


@contextmanager
def joined(place: torch.device) -> Iterator[None]:
    """Connect the processes: by nccl on GPUs, one each, by gloo on CPUs."""
    if processes() == 1:
        yield
        return
    if place.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def replica(net: Net) -> nn.Module:
    """Return what to train in place of ``net``: the same parameters and statistics, kept equal in all processes."""
    if processes() == 1:
        return net
    steps = [step if step.norm is None else replace(step, norm=_shared(step.norm)) for step in net.steps]
    whole = Net(net.input, steps, net.classes, net.seed).train()
    return DistributedDataParallel(whole, broadcast_buffers=False)


def share(batch: slice) -> slice:
    """Return this process's part of a batch. Raises InputError if there are no equal parts."""
    each, left = divmod(batch.stop - batch.start, processes())
    if left:
        raise InputError(f"a batch of {batch.stop - batch.start} has no {processes()} equal parts; use another --batch")
    return slice(batch.start + rank() * each, batch.start + (rank() + 1) * each)


def mean(values: Tensor) -> Tensor:
    """Return the average over all processes."""
    if processes() > 1:
        _add_up(values)
    return values / processes()


def _add_up(values: Tensor) -> None:
    """Sum over all processes, in place, and wait until nobody else holds the tensor.

    gloo's threads tell that a sum is there a moment before they let go of it. They outlive the group that is destroyed
    (DistributedDataParallel keeps it), and one that drops a tensor of Python's while the interpreter ends aborts the
    process.
    """
    holders = operator.methodcaller("_use_count")  # PyTorch's, unknown to its own types
    before, end = holders(values), time.monotonic() + SETTLING
    distributed.all_reduce(values)
    while holders(values) > before and time.monotonic() < end:
        time.sleep(0)


class _Sum(torch.autograd.Function):
    """The sum over all processes; so is its gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        _add_up(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        total = grads[0].clone()
        _add_up(total)
        return total


class _WholeBatchNorm(nn.BatchNorm2d):
    """Batch norm over the parts of a batch in all processes. (PyTorch's own takes GPUs only.)"""

    def forward(self, x: Tensor) -> Tensor:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        wide, count = x.float(), x.numel() // x.shape[1] * processes()
        total: Tensor = _Sum.apply(wide.sum((0, 2, 3)))  # type: ignore[no-untyped-call]
        centred = wide - (total / count)[:, None, None]
        squares: Tensor = _Sum.apply(centred.square().sum((0, 2, 3)))  # type: ignore[no-untyped-call]
        variance = squares / count
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(total / count, self.momentum)
            self.running_var.lerp_(squares / max(1, count - 1), self.momentum)
        y = centred * torch.rsqrt(variance + self.eps)[:, None, None]
        if self.affine:
            y = y * self.weight[:, None, None] + self.bias[:, None, None]
        return y.to(x.dtype)


def _shared(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """A norm over whole batches with the parameters and statistics of this one."""
    made = _WholeBatchNorm(norm.num_features, norm.eps, norm.momentum, norm.affine)
    made.weight, made.bias = norm.weight, norm.bias
    made.running_mean, made.running_var = norm.running_mean, norm.running_var
    made.num_batches_tracked = norm.num_batches_tracked
    return made
