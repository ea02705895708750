"""A set and a net so small that a training takes a second, and all bits that a net has learned."""

from __future__ import annotations

import io

import numpy as np

from edgehfn import data
from edgehfn.nn import Builder, InputSpec, Net
from edgehfn.nn.builder import Kind


def toy(count: int = 600, seed: int = 0) -> data.Dataset:
    """8x8 images of three classes: where the bright bar is, in noise."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, count)
    x = rng.integers(0, 90, (count, 8, 8), dtype=np.uint8)
    for image, label in zip(x, y, strict=True):
        image[:, 1 + 2 * label : 3 + 2 * label] += 120
    split = count // 6
    return data.from_arrays(
        "toy", {"x_train": x[split:], "y_train": y[split:], "x_test": x[:split], "y_test": y[:split]}
    )


def small(
    seed: int = 3,
    width: int = 6,
    shape: tuple[int, int, int] = (1, 8, 8),
    outputs: int = 3,
    weights: Kind = "supermask",
) -> Net:
    builder = Builder(InputSpec(shape), seed=seed, densities=(0.6, 0.25), weights=weights)
    builder.conv("stem", width, 3, kind="int8")
    builder.max_pool("pool", 2, 2)
    for iteration in range(2):
        with builder.iterate(iteration, 2):
            builder.conv("body", width, 3, residual=builder.x)
    builder.global_avg_pool("mean")
    builder.linear("head", outputs, kind="int8")
    return builder.net()


def bits(net: Net) -> bytes:
    """All that a net has learned."""
    stored = io.BytesIO()
    for name, tensor in sorted(net.state_dict().items()):
        stored.write(name.encode() + tensor.numpy().tobytes())
    return stored.getvalue()
