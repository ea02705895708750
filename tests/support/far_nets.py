"""Convolutions whose planes of a row are beyond 64 KB, of every kind of weight."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Literal

import numpy as np

from edgehfn.ir import Graph
from edgehfn.ir.bounds import accumulators
from edgehfn.ir.ops import SIGNED, Conv, Input, Node, QuantisedWeight, Requantise, Shape, Weight
from edgehfn.ir.validate import verify
from edgehfn.spec.limits import LARGEST
from edgehfn.spec.window import pair
from support import draws

RECTANGULAR = {"hfn_rect_far", "hfn_rect_far_trained"}
FUNCTIONS = {"hfn_conv_far", "hfn_conv_far_dense", "hfn_conv_far_int4"}
OUTPUTS = 2


def layers(
    seed: int,
    shape: tuple[int, int, int] = (512, 2, 16),
    kernel: int | tuple[int, int] = 3,
    stride: int = 1,
    padding: int = 1,
    dtype: Literal["u8", "s8"] = "u8",
) -> Graph:
    """A layer of each kind, all of which read the input; every other one has a residual."""
    rng = Random(seed)
    made: list[Node] = [Input("input", shape, dtype=dtype)]
    x = Graph((*made,), seed).output
    for number, weight in enumerate(_weights(rng, seed, (OUTPUTS, shape[0], *pair(kernel)))):
        shift = max(4, int(accumulators(weight, x).max()).bit_length() - 9)  # some saturate
        residual = made[-1].name if number % 2 else None
        q = Requantise((1, -1), (0, 5), 3, shift, SIGNED, int(residual is not None), shift - 2)
        around = padding if isinstance(kernel, int) else (kernel[0] // 2, kernel[0] // 2, kernel[1] - 1, 0)
        made.append(Conv(f"y{number}", "input", weight, q, stride, around, residual))
    return verify(Graph((*made,), seed))


def _weights(rng: Random, seed: int, shape: Shape) -> list[Weight]:
    masks = [draws.supermask(rng, seed, number, shape, density) for number, density in ((1, 30), (2, 50), (3, 10))]
    draw = np.random.default_rng(seed)
    values = {bits: draw.integers(-LARGEST[bits], LARGEST[bits] + 1, prod(shape)).reshape(shape) for bits in (8, 4, 2)}
    trained = [QuantisedWeight(f"trained{bits}", each.astype(np.int8), bits) for bits, each in values.items()]
    return [masks[0], draws.frozen(rng, masks[1]), draws.signed(rng, masks[2]), *trained]
