"""The graph's integers as TFLite's real scales: what makes its kernels compute ours, within the steps promised.

Derivation. A tensor keeps its integers (zero point 0) and gets one real step ``S``. Steps cancel out of the arithmetic,
so they are chosen such that what TFLite derives from them are the graph's own multipliers. For a conv or linear node

    y = (m·acc + b·2^u + r·x_r·2^v) / 2^s    and TFLite's    S_y·y = S_x·S_w·acc' + S_r·x_r    agree with
    S_w = |m| / (2^s·k) · S_y / S_x,    w' = sign(m)·k·w,    bias' = k·b·2^u / |m|,    S_y = S_r·2^s / (r·2^v)

where ``k`` spreads small weights over their eight bits, which makes the step of the bias so much finer. The bias is
rounded up by something, though by no more than half of ``1 / 2^s`` where its step is as fine: what is a tie for us, and
goes up, is then a bit more than a tie for TFLite, whose kernels treat ties each in its own way. What is left are the
roundings: of the bias (at most a step of ``acc'``), of TFLite's product before its rounding shift (at most one, too)
and, where a residual is fused, of the sum before it, for which TFLite has a tensor of bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ldexp, prod
from typing import assert_never

import numpy as np
import numpy.typing as npt

from edgehfn.errors import GraphError
from edgehfn.ir import ops
from edgehfn.ir.bounds import bound
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Linear, Requantise
from edgehfn.spec.limits import LEVELS

STEP = 1 / LEVELS  # of a tensor to which the graph gives none
WORD = 2**31 - 1 - LEVELS  # an accumulator of 32 bits, less what rounding the bias may add
PROMISED, PROMISED_SUM = 1.0, 2.0  # steps from ours: one rounding, or two


def steps(graph: Graph) -> dict[str, float]:
    """The real value of one step of every tensor, a float32.

    Where a node may have any step it is the graph's. Where the node's integers tie it to that of a tensor it reads, it
    is what they say, which the graph's is up to their rounding.
    """
    found: dict[str, float] = {}
    for node in graph:
        match node:
            case Conv(residual=str(residual), requantise=q) if q.residual_multiplier:
                step = found[residual] / residual_gain(q)
            case ops.Input(table=table, maps=maps) if table is not None or maps is not None:
                raise GraphError(
                    f"node {node.name}: an input mapped channel by channel, as normalised ones are, has no int8 TFLite "
                    "form; compile the model to C"
                )
            case ops.Input() | Conv() | Linear():
                step = ldexp(*graph.scales[node.name]) if node.name in graph.scales else STEP
            case ops.MaxPool(x=x):
                step = found[x]
            case ops.AvgPool(x=x, multiplier=m, shift=s):
                step = found[x] * 2.0**s / (m * prod(graph.tensors[x].shape[1:]))
            case ops.Add(x=x, y=y) if graph.tensors[x].shape != graph.tensors[y].shape:
                raise GraphError(f"node {node.name}: a score has no int8 TFLite form; compile the model to C")
            case ops.Add(x=x, x_multiplier=m, shift=s):
                step = found[x] * 2.0**s / m
            case ops.Depthwise() | ops.MeanPool() | ops.Concat():
                raise GraphError(f"node {node.name}: this layer has no int8 TFLite form yet; compile the model to C")
            case Conv(dilation=apart, stride=stride) if apart not in (1, (1, 1)) and stride not in (1, (1, 1)):
                raise GraphError(f"node {node.name}: TFLite has no dilation with a stride; compile the model to C")
            case ops.Constant() | ops.SparseLinear() | ops.Aggregate() | ops.Attention() | ops.NodePool():
                raise GraphError(f"node {node.name}: graph networks have no int8 TFLite form; compile them to C")
            case _:
                assert_never(node)
        found[node.name] = float(np.float32(step))
    return found


@dataclass(frozen=True)
class Sum:
    """The tensor of what a conv adds to its residual: its step, in steps of the output, and its zero point.

    It holds all that the residual can bring back into the output's range; beyond, the output is at its limit anyway.
    """

    step: float
    zero: int


def sum_before(node: Conv, residual: str, graph: Graph) -> Sum:
    """The tensor between a conv and the addition of its residual."""
    y, x, gain = graph.tensors[node.name], graph.tensors[residual], residual_gain(node.requantise)
    least, greatest = y.lo - gain * x.hi, y.hi - gain * x.lo
    step = (greatest - least) / (2 * LEVELS)
    return Sum(step, round(-LEVELS - least / step))


@dataclass(frozen=True)
class Weights:
    """What TFLite multiplies by and adds: ``values`` in the weight's shape, real ``steps`` and ``bias`` ``(O,)``."""

    values: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int32]
    steps: npt.NDArray[np.float32]


def weights(node: Conv | Linear, graph: Graph, step: dict[str, float], before: Sum | None = None) -> Weights:
    """A node's weights, as the module's derivation has them. Raises GraphError if they would break the promise."""
    q = node.requantise
    sign, m = np.sign(q.multiplier), np.maximum(np.abs(np.array(q.multiplier, np.int64)), 1)
    bias = np.array(q.bias, np.int64) << q.bias_shift
    values = np.asarray(node.weight.values, np.int64)
    reach = np.maximum(bound(node, graph) + -(-np.abs(bias) // m), 1)  # R1: m·reach < 2^31 + m
    spread = np.clip(WORD // reach, 1, LEVELS // max(int(np.abs(values).max()), 1))
    gain = m / (2.0**q.shift * spread)  # output steps in a step of TFLite's accumulator
    error = 2.0 * float(gain[sign != 0].max(initial=0))
    if before is None:
        promise(node.name, error, PROMISED)
    else:
        promise(node.name, error + before.step / 2, PROMISED_SUM)
    return Weights(
        (values * (sign * spread).reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8),
        ((2 * spread * bias + np.maximum(2 * m, spread)) // (2 * m)).astype(np.int32),
        (gain * step[node.name] / step[node.x]).astype(np.float32),
    )


def check_add(node: ops.Add, graph: Graph, step: dict[str, float]) -> None:
    """Raises GraphError if the steps of the two tensors are not in the ratio of their multipliers."""
    ours, theirs = node.y_multiplier / 2**node.shift, step[node.y] / step[node.name]
    y = graph.tensors[node.y]
    promise(node.name, abs(ours - theirs) * max(y.hi, -y.lo), PROMISED)


def residual_gain(q: Requantise) -> float:
    """Output steps in one step of the residual; more than 0."""
    return q.residual_multiplier * 2.0 ** (q.residual_shift - q.shift)


def promise(name: str, error: float, most: float) -> None:
    """Raises GraphError if what is rounded may differ from ours by more than ``most`` steps."""
    if error > most:
        raise GraphError(
            f"node {name}: int8 TFLite could be {error:.3g} steps off here, more than the {most:.0f} promised, "
            "as the scale of a tensor it reads is out of proportion to its own; calibrate by another method"
        )
