"""A step's norm, bias, residual and ReLU folded into the one requantisation of its node.

Derivation. A step computes ``y = γ·(z - μ)/σ + β + residual`` on ``z = g·S_x·acc``, where ``acc`` is the integer
accumulator, ``S_x`` the input's scale and ``g`` the weight's real step (a supermask's magnitude, or a dense channel's
scale). In output steps of ``S_y``:

    y / S_y = gain·(acc - centre) + β / S_y + (S_r / S_y)·x_r,    gain = γ·g·S_x / (σ·S_y),    centre = μ / (g·S_x)

which ``requantise.requantise`` turns into the integers of docs/SPEC.md section 4.

Masks leave some channels constant, and a norm's statistics may be older than that. What such a channel is in the float
net is noted node by node, and becomes its bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from edgehfn import nn
from edgehfn.errors import GraphError
from edgehfn.ir import ops
from edgehfn.ir.bounds import Bounds
from edgehfn.ir.graph import Tensor, infer
from edgehfn.lowering import constants
from edgehfn.lowering import requantise as quant
from edgehfn.lowering.constants import Values
from edgehfn.lowering.requantise import Floats
from edgehfn.spec.limits import LEVELS

# A channel whose variance is this small against the norm's epsilon never leaves its mean. Its slope, up to
# 1/sqrt(epsilon), would cost all other channels their precision.
STILL = 1e-4

ROUNDING = 1e-6  # of a cap and of the largest value seen, which are float32


@dataclass(frozen=True)
class Known:
    """The tensors that the nodes so far make, the constant channels of each, and the scales of all.

    ``real`` is what constant channels are in the float net, before rounding: a steep norm behind them sees the
    difference. It is NaN where that is not known.
    """

    scales: Mapping[str, float]
    tensors: dict[str, Tensor] = field(default_factory=dict)
    constant: dict[str, Values] = field(default_factory=dict)
    real: dict[str, Values] = field(default_factory=dict)

    def add(self, node: ops.Node) -> None:
        """Note the tensor of one more node, whose inputs are known."""
        self.tensors[node.name] = made = infer(node, self.tensors)
        self.constant[node.name] = constant = constants.made(node, self.constant, made)
        self.real.setdefault(node.name, np.where(constant == 0, 0.0, np.nan))  # of inputs, zeros are all there is


@dataclass(frozen=True)
class Sums:
    """Accumulators, by channel: the real value of one step, how many of them there can be, what it is if it is
    constant, and what that is in the float net, if known."""

    real: Floats
    bound: Bounds
    constant: Values
    exact: Values


def folded(step: nn.Step, sums: Sums, bias: Floats, known: Known) -> ops.Requantise:
    """The requantisation of a step's node; notes in ``known`` what its constant channels are in the float net."""
    to = known.scales[step.name]
    residual, added, reach = None, np.zeros_like(sums.real), LEVELS * to
    if step.residual is not None:
        other, scale = known.tensors[step.residual], known.scales[step.residual]
        residual, added = (scale / to, max(other.hi, -other.lo)), known.real[step.residual]
        reach += residual[1] * scale
    slope, mean, bias_term = np.ones_like(sums.real), np.zeros_like(sums.real), bias
    if step.norm is not None:
        norm = step.norm
        variance = floats(norm.running_var)
        slope = 1.0 / np.sqrt(variance + norm.eps)
        mean, bias_term = floats(norm.running_mean) - bias, np.zeros_like(sums.real)
        if norm.affine:
            slope, bias_term = slope * floats(norm.weight), floats(norm.bias)
        # A constant channel's statistics are what they were when it still varied, if that was but some steps ago.
        fixed = ~np.isnan(sums.constant)
        apart = np.nan_to_num(sums.exact - mean)  # the mean is what it is if that is not known
        found = slope * apart + bias_term
        bias_term = np.where(fixed, np.clip(found, -reach, reach), bias_term)  # no more than the clamp can tell apart
        slope = np.where(fixed | (variance < STILL * norm.eps), 0.0, slope)
    else:
        fixed, found = ~np.isnan(sums.exact), sums.exact + bias
    real = np.where(fixed, found + added, np.nan)
    if step.cap is not None and to * LEVELS > step.cap * (1 + ROUNDING):
        raise GraphError(
            f"a ReLU that ends at {step.cap:g} needs a scale of at most {step.cap / LEVELS:.6g}, not {to:.6g}; "
            "calibrate this very model"
        )
    known.real[step.name] = np.clip(real, 0.0, step.cap) if step.relu else real
    return quant.requantise(
        gain=slope * sums.real / to,
        offset=bias_term / to,
        centre=mean / sums.real,
        bound=sums.bound,
        clamp=ops.RELU if step.relu else ops.SIGNED,
        residual=residual,
    )


def floats(values: torch.Tensor | None) -> Floats:
    """A tensor that must be there, as float64."""
    assert values is not None
    return np.asarray(values.detach().cpu().numpy(), np.float64)
