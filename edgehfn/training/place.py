"""Where a training computes: device, precision, threads, and memory that is kept."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from edgehfn.errors import InputError
from edgehfn.training.run import Precision

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # <malloc.h>


def device(name: str) -> torch.device:
    """Return what a user names. Raises InputError if it is not there."""
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"device {name!r} is unknown; use auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device cuda: PyTorch finds no usable GPU; use cpu, or install a CUDA build and driver")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def precision(place: torch.device) -> Precision:
    """Return bf16 where the processor or the GPU multiplies it; elsewhere its emulation is slower than fp32."""
    fast = torch.cuda.is_bf16_supported(including_emulation=False) if place.type == "cuda" else _multiplies_bf16()
    return "bf16" if fast else "fp32"


def _multiplies_bf16() -> bool:
    """Whether oneDNN has bf16 instructions, of matrices (AMX) or of vectors (AVX512_BF16).

    False where an old PyTorch does not know, and where the user holds oneDNN below them (``ONEDNN_MAX_CPU_ISA``).
    """
    held = os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL").upper()
    if not held.startswith(("ALL", "DEFAULT", "AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10")):
        return False
    told = (getattr(torch.cpu, f"_is_{name}_supported", lambda: False) for name in ("amx_tile", "avx512_bf16"))
    return any(asked() for asked in told)


def keep_memory() -> None:
    """Have the C library keep freed memory: fresh pages for every step's activations take a tenth of its time."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # of glibc
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_MMAP_THRESHOLD, 2**25)


@contextmanager
def limited(count: int) -> Iterator[None]:
    """Let PyTorch have so many threads meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
