"""float32 and bf16 inside compiled loops: NumPy has no bf16, so it travels as the uint16 of its bits."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import torch
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from torch import Tensor

from edgehfn.spec.jit import DISABLED

Rows = npt.NDArray[Any]  # float32, or bf16 as uint16


def loops_over(x: Tensor) -> bool:
    """Return whether the compiled loops take this tensor: (N, C, H, W), channels last, on the CPU, float32 or bf16."""
    return (
        not DISABLED
        and x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.bfloat16)
        and x.is_contiguous(memory_format=torch.channels_last)
    )


def memory(x: Tensor) -> Rows:
    """Return the memory of a channels-last tensor, (N, H, W, C)."""
    last = x.detach().permute(0, 2, 3, 1)
    values: Rows = (last.view(torch.uint16) if x.dtype == torch.bfloat16 else last).numpy()
    return values


def alike(tensor: Tensor, x: Tensor) -> Tensor:
    """Return the tensor in the type and layout of ``x``."""
    return tensor.to(x.dtype).contiguous(memory_format=torch.channels_last)


def _as_float(_: Any, value: Any) -> Any:
    """A float32 as it is, and bf16 (uint16) as the float32 whose upper half it is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if value == types.float32:
            return arguments[0]
        word = builder.zext(arguments[0], ir.IntType(32))
        return builder.bitcast(builder.shl(word, ir.Constant(ir.IntType(32), 16)), ir.FloatType())

    return types.float32(value), generate


def _as_like(_: Any, value: Any, like: Any) -> Any:
    """A float32 in the type of ``like``: itself, or the nearest bf16, of two the even one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if like == types.float32:
            return arguments[0]
        integer, half = ir.IntType(32), ir.Constant(ir.IntType(32), 16)
        word = builder.bitcast(arguments[0], integer)
        odd = builder.and_(builder.lshr(word, half), ir.Constant(integer, 1))
        rounded = builder.add(builder.add(word, ir.Constant(integer, 0x7FFF)), odd)
        return builder.trunc(builder.lshr(rounded, half), ir.IntType(16))

    return like(types.float32, like), generate


as_float: Any = intrinsic(_as_float)
as_like: Any = intrinsic(_as_like)
