"""The graphs that are measured: nets with random masks and layers of their own, the same in every run."""

from __future__ import annotations

import numpy as np

from edgehfn import nn
from edgehfn.ir import Graph
from edgehfn.ir.ops import RELU, SIGNED, Conv, Input, Linear, MaxPool, QuantisedWeight, Requantise, Supermask, Weight
from edgehfn.ir.validate import verify
from edgehfn.lowering.untrained import untrained

DENSITIES = (0.1, 0.3, 0.5)


def resnet8(density: float) -> nn.Net:
    """MLPerf Tiny's ResNet-8 (12,501,632 MAC), every layer masked."""
    return nn.preset("resnet8-mlperf", (3, 32, 32), 10, density=density)


def references() -> dict[str, Graph]:
    """What the regression gates hold: a net of many shapes, a folded one of two coats, and layers of other kinds."""
    return {
        "resnet8": untrained(resnet8(0.3)),
        "demo": untrained(nn.preset("demo", (1, 28, 28), 10)),
        "shared_conv": _shared_conv(),
        "dense_conv": _dense_conv(),
        "stem": _dense_conv(inputs=1, side=28),
        "dense_linear": _linear(),
        "max_pool": verify(Graph((Input("input", (16, 28, 28)), MaxPool("pool", "input", 2, 2)), 0)),
        **{f"linear_{density}": _linear(density) for density in DENSITIES},
    }


def _dense_conv(inputs: int = 16, side: int = 16) -> Graph:
    values = np.random.default_rng(0).integers(-127, 128, (16, inputs, 3, 3)).astype(np.int8)
    conv = Conv("conv", "input", QuantisedWeight("w", values), Requantise((1,) * 16, (0,) * 16, 0, 12, RELU), padding=1)
    return verify(Graph((Input("input", (inputs, side, side)), conv), 0))


def _shared_conv() -> Graph:
    """A mask of half density, of which three channels share sums."""
    shape = (24, 32, 3, 3)
    counts = (np.random.default_rng(0).random(24 * 32 * 9) < 0.5).astype(np.uint8)
    q = Requantise((1,) * 24, (0,) * 24, 0, 9, RELU)
    conv = Conv("conv", "input", Supermask("w", 0, shape, 1, counts, seed=0), q, padding=1)
    return verify(Graph((Input("input", (32, 16, 16)), conv), 0))


def _linear(density: float | None = None) -> Graph:
    """640 inputs, 128 outputs: a mask, or trained weights."""
    draw, shape = np.random.default_rng(0), (128, 640)
    weight: Weight = QuantisedWeight("w", draw.integers(-127, 128, shape).astype(np.int8))
    if density is not None:
        weight = Supermask("w", 0, shape, 1, (draw.random(128 * 640) < density).astype(np.uint8), seed=0)
    q = Requantise((1,) * 128, (0,) * 128, 0, 13 if density is None else 6, SIGNED)
    return verify(Graph((Input("input", (640,)), Linear("linear", "input", weight, q)), 0))
