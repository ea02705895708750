"""The straight-through gradient of a supermask's scores (Ramanujan et al. 2020, section 3)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Popup(torch.autograd.Function):
    """``base · counts``, through which the gradient passes as if every coat kept every weight.

    From ``∂L/∂s = Σ_coats ∂L/∂w · base · sign(s)``: the gradient of the scores is ``g · base · sign(s) · coats``.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, base: Tensor, counts: Tensor, coats: int) -> Tensor:
        """The weight; ``counts`` of ``coats`` in the scores' shape."""
        ctx.save_for_backward(scores, base)
        ctx.coats = coats
        return base * counts

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        """The gradient of the scores, who alone have one."""
        scores, base = ctx.saved_tensors
        return grads[0] * base * scores.sign() * ctx.coats, None, None, None
