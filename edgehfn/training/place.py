"""Where a training computes: device, precision, threads, and memory that is kept."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
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
    """Return bf16 where there are matrix instructions for it; elsewhere its emulation is slower than fp32."""
    fast = torch.cuda.is_bf16_supported(including_emulation=False) if place.type == "cuda" else _multiplies_bf16()
    return "bf16" if fast else "fp32"


def _multiplies_bf16() -> bool:
    """Whether the processor has matrix instructions for bf16; False where an old PyTorch does not know."""
    told: Callable[[], bool] = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    return told()


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
