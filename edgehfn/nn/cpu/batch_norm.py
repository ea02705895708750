"""A batch norm, a residual's addition and a ReLU as one pass forward and one backward, for training on a CPU.

These layers move memory rather than multiply: one by one they take longer than the convolutions between them. The
arithmetic is that of ``torch.nn.BatchNorm2d`` in training, in float32 whatever the tensors' type, with sums in blocks
of float32 that are added in float64. Tensors lie channels last, as ``(rows, lanes)``, where the lanes are the channels
of a few neighbouring pixels: enough of them for the processor's vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edgehfn.nn.cpu.bf16 import Rows, alike, as_float, as_like, loops_over, memory
from edgehfn.spec.jit import compiled

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

LANES = 256  # at most, if the channels are fewer
BLOCK = 64  # rows summed in float32
REORDER = {"contract", "reassoc", "nsz"}  # what vectors of sums need; NaN and infinity keep their meaning


def fits(x: Tensor, norm: nn.BatchNorm2d) -> bool:
    """Return whether ``normalise`` takes this tensor: in training, where the compiled loops do."""
    return type(norm) is nn.BatchNorm2d and norm.training and norm.momentum is not None and loops_over(x)


def normalise(x: Tensor, norm: nn.BatchNorm2d, residual: Tensor | None, relu: bool) -> Tensor:
    """Return ``relu(norm(x) + residual)``, normed by this batch, whose statistics ``norm`` keeps as PyTorch does."""
    y: Tensor = _Normalise.apply(x, norm.weight, norm.bias, residual, norm, relu)  # type: ignore[no-untyped-call]
    return y


class _Normalise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        residual: Tensor | None,
        norm: nn.BatchNorm2d,
        relu: bool,
    ) -> Tensor:
        rows = _rows(x)
        count = x.numel() // x.shape[1]
        sums = _by_channel(_sums(rows), x)
        mean = sums[0] / count
        variance = np.maximum(sums[1] / count - mean * mean, 0)
        inverse = 1 / np.sqrt(variance + norm.eps)
        slope = inverse if weight is None else inverse * weight.detach().numpy()
        offset = -mean * slope if bias is None else bias.detach().numpy() - mean * slope
        _remember(norm, mean, variance * (count / max(1, count - 1)))
        y = torch.empty_like(x)
        added = rows if residual is None else _rows(alike(residual, x))
        lanes = _by_lane(slope, rows), _by_lane(offset, rows)
        _forward(rows, lanes[0], lanes[1], added, _rows(y), residual is not None, relu)
        ctx.save_for_backward(x, y)
        ctx.numbers = mean, inverse, slope
        ctx.kind = weight is not None, bias is not None, residual is not None, relu
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, y = ctx.saved_tensors
        mean, inverse, slope = ctx.numbers
        weighted, biased, added, relu = ctx.kind
        rows, out, grad = _rows(x), _rows(y), _rows(alike(grads[0], x))
        count = x.numel() // x.shape[1]
        total, product = _by_channel(_gradient_sums(grad, out, rows, relu), x)
        product = inverse * (product - mean * total)  # Σ gradient · normalised x
        on_x = -slope * inverse * product / count
        constant = -slope * total / count - on_x * mean
        to_x = torch.empty_like(x)
        to_residual = torch.empty_like(x) if added else to_x
        by_lane = [_by_lane(part, rows) for part in (slope, on_x, constant)]
        _backward(grad, out, rows, by_lane[0], by_lane[1], by_lane[2], _rows(to_x), _rows(to_residual), added, relu)
        return (
            to_x,
            torch.from_numpy(product.astype(np.float32)) if weighted else None,
            torch.from_numpy(total.astype(np.float32)) if biased else None,
            to_residual if added else None,
            None,
            None,
        )


def _rows(x: Tensor) -> Rows:
    """The memory of a channels-last tensor, (rows, lanes)."""
    lanes, pixels = x.shape[1], x.numel() // x.shape[1]
    while 2 * lanes <= LANES and pixels % 2 == 0:
        lanes, pixels = 2 * lanes, pixels // 2
    return memory(x).reshape(pixels, lanes)


def _by_channel(sums: Doubles, x: Tensor) -> Doubles:
    """Sums of lanes (2, lanes) to those of channels (2, C)."""
    by_channel: Doubles = sums.reshape(2, -1, x.shape[1]).sum(1)
    return by_channel


def _by_lane(values: Doubles, rows: Rows) -> Floats:
    """One value a channel to one a lane."""
    return np.tile(values.astype(np.float32), rows.shape[1] // len(values))


def _remember(norm: nn.BatchNorm2d, mean: Doubles, variance: Doubles) -> None:
    """Move the running statistics towards those of the batch."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    norm.num_batches_tracked.add_(1)
    for running, now in ((norm.running_mean, mean), (norm.running_var, variance)):
        running.lerp_(torch.from_numpy(now).to(running.dtype), norm.momentum)


@compiled(fastmath=REORDER)
def _sums(x: Rows) -> Doubles:
    """Per lane: Σ x and Σ x², (2, lanes)."""
    rows, lanes = x.shape
    totals = np.zeros((2, lanes))
    sums = np.empty(lanes, np.float32)
    squares = np.empty(lanes, np.float32)
    for start in range(0, rows, BLOCK):
        sums[:] = 0
        squares[:] = 0
        for row in range(start, min(start + BLOCK, rows)):
            for lane in range(lanes):
                value = as_float(x[row, lane])
                sums[lane] += value
                squares[lane] += value * value
        for lane in range(lanes):
            totals[0, lane] += sums[lane]
            totals[1, lane] += squares[lane]
    return totals


@compiled(fastmath=REORDER)
def _forward(x: Rows, slope: Floats, offset: Floats, residual: Rows, y: Rows, added: bool, relu: bool) -> None:
    rows, lanes = x.shape
    for row in range(rows):
        for lane in range(lanes):
            value = as_float(x[row, lane]) * slope[lane] + offset[lane]
            if added:
                value += as_float(residual[row, lane])
            if relu and value < 0:
                value = np.float32(0)
            y[row, lane] = as_like(value, y[row, lane])


@compiled(fastmath=REORDER)
def _gradient_sums(gradient: Rows, y: Rows, x: Rows, relu: bool) -> Doubles:
    """Per lane, of the gradient that passes the ReLU: Σ g and Σ g·x, (2, lanes)."""
    rows, lanes = x.shape
    totals = np.zeros((2, lanes))
    sums = np.empty(lanes, np.float32)
    products = np.empty(lanes, np.float32)
    for start in range(0, rows, BLOCK):
        sums[:] = 0
        products[:] = 0
        for row in range(start, min(start + BLOCK, rows)):
            for lane in range(lanes):
                value = as_float(gradient[row, lane])
                if relu and as_float(y[row, lane]) <= 0:
                    value = np.float32(0)
                sums[lane] += value
                products[lane] += value * as_float(x[row, lane])
        for lane in range(lanes):
            totals[0, lane] += sums[lane]
            totals[1, lane] += products[lane]
    return totals


@compiled(fastmath=REORDER)
def _backward(
    gradient: Rows,
    y: Rows,
    x: Rows,
    slope: Floats,
    on_x: Floats,
    constant: Floats,
    to_x: Rows,
    to_residual: Rows,
    added: bool,
    relu: bool,
) -> None:
    """Gradients of ``x`` (slope · g + on_x · x + constant) and of the residual (g)."""
    rows, lanes = x.shape
    for row in range(rows):
        for lane in range(lanes):
            value = as_float(gradient[row, lane])
            if relu and as_float(y[row, lane]) <= 0:
                value = np.float32(0)
            if added:
                to_residual[row, lane] = as_like(value, to_residual[row, lane])
            value = slope[lane] * value + on_x[lane] * as_float(x[row, lane]) + constant[lane]
            to_x[row, lane] = as_like(value, to_x[row, lane])
