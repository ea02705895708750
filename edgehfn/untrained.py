"""Graphs of nets that were never trained, for measuring what only their shapes and densities decide."""

from __future__ import annotations

import numpy as np
import torch

import calibrate
from edgehfn.graph import Graph
from edgehfn.lower import lower
from edgehfn.nn import Net

IMAGES = 64  # random ones, that set norms and scales


def untrained(net: Net, count: int = IMAGES) -> Graph:
    """The graph of a net with the masks it was made with, its norms and scales set by ``count`` random images."""
    draw = np.random.default_rng(net.seed)
    images = draw.integers(0, 256, (count, *net.input.shape), dtype=np.uint8)
    with torch.no_grad():
        for norm in (step.norm for step in net.steps if step.norm is not None):
            norm.momentum = None  # the batch's own statistics, not a running mean with the initial ones
        net.train()(torch.from_numpy(images))
    return lower(net.eval(), calibrate.calibrate(net, [images]).scales)
