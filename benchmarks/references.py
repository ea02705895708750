"""The graphs that are measured: nets with random masks and layers of their own, the same in every run."""

from __future__ import annotations

import numpy as np

from edgehfn import nn
from edgehfn.graph import Graph
from edgehfn.graph.ops import RELU, SIGNED, Conv, Dense, Input, Linear, Requantise, Supermask
from edgehfn.graph.verify import verify
from edgehfn.untrained import untrained

DENSITIES = (0.1, 0.3, 0.5)


def resnet8(density: float) -> nn.Net:
    """MLPerf Tiny's ResNet-8 (12,501,632 MAC), every layer masked."""
    return nn.preset("resnet8-mlperf", (3, 32, 32), 10, density=density)


def references() -> dict[str, Graph]:
    """What the regression gates hold: a net of many shapes, a folded one of two coats, and layers of other kinds."""
    return {
        "resnet8": untrained(resnet8(0.3)),
        "demo": untrained(nn.preset("demo", (1, 28, 28), 10)),
        "dense_conv": _dense_conv(),
        "linear": _linear(),
    }


def _dense_conv() -> Graph:
    values = np.random.default_rng(0).integers(-127, 128, (16, 16, 3, 3)).astype(np.int8)
    q = Requantise((1,) * 16, (0,) * 16, 0, 12, RELU)
    return verify(Graph((Input("input", (16, 16, 16)), Conv("conv", "input", Dense("w", values), q, padding=1)), 0))


def _linear() -> Graph:
    counts = (np.random.default_rng(0).random(128 * 640) < 0.3).astype(np.uint8)
    q = Requantise((1,) * 128, (0,) * 128, 0, 6, SIGNED)
    weight = Supermask("w", 0, (128, 640), 1, counts, seed=0)
    return verify(Graph((Input("input", (640,)), Linear("linear", "input", weight, q)), 0))
