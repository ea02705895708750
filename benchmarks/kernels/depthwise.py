"""Prints what a depthwise convolution takes: 64 channels of 12x5, windows of 3x3, int8 weights.

python -m benchmarks.kernels.depthwise
"""

from __future__ import annotations

import numpy as np

from edgehfn.ir import Graph, verify
from edgehfn.ir.ops import RELU, Depthwise, Input, QuantisedWeight, Requantise
from edgehfn.target import CORES, bench

CHANNELS, HEIGHT, WIDTH = 64, 12, 5


def graph() -> Graph:
    """The layer behind an input of its size."""
    values = np.random.default_rng(0).integers(-127, 128, (CHANNELS, 1, 3, 3)).astype(np.int8)
    scale = Requantise((64,) * CHANNELS, (3,) * CHANNELS, 0, 14, RELU)
    layer = Depthwise("depthwise", "input", QuantisedWeight("depthwise", values), scale, padding=1)
    return verify(Graph((Input("input", (CHANNELS, HEIGHT, WIDTH)), layer), 1))


def main() -> None:
    net = graph()
    for core in CORES:
        taken = dict(bench(net, core).nodes)["depthwise"]
        print(f"{core:14} {taken:9,} instructions, {taken / net.macs['depthwise']:.1f} a MAC")


if __name__ == "__main__":
    main()
