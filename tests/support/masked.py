"""A small masked net in floats, and its masks after lowering."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import calibrate
from edgehfn import lower, nn
from edgehfn.ir import Graph

SHAPE = (3, 12, 12)


def masked(**options: Any) -> nn.Net:
    """A folded net of 21,528 masked weights in layers of very different sizes."""
    layout = {"widths": (16, 32), "blocks": (0, 1), "fold": 2, "stem": "supermask", "classifier": "supermask"}
    return nn.resnet(SHAPE, 10, **{**layout, "seed": 3, **options})


def supermasks(net: nn.Net) -> list[nn.SupermaskConv2d | nn.SupermaskLinear]:
    return [op for op in net.weights.values() if isinstance(op, nn.SupermaskConv2d | nn.SupermaskLinear)]


def lowered(net: nn.Net) -> Graph:
    raw = np.random.default_rng(0).integers(0, 256, (32, *SHAPE), np.uint8)
    net.train()(torch.from_numpy(raw))
    net.eval()
    return lower(net, calibrate.calibrate(net, [raw]).scales)
