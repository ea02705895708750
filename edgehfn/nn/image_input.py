"""What a net for images reads: raw bytes, and the float input that they are."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import ClassVar, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from edgehfn.errors import InputError
from edgehfn.spec.limits import LEVELS

Order = Literal["chw", "hwc"]
RawType = Literal["u8", "s8"]

INPUT_STEP = 1 / LEVELS  # the real value of one integer step of an image


@dataclass(frozen=True)
class InputSpec:
    """The raw input: bytes ``u8`` (0..255) or ``s8`` (-128..127), channels first or last on the device.

    Raises InputError for a shape that is not three positive numbers.
    """

    shape: tuple[int, int, int]  # (C, H, W), whatever the order
    order: Order = "chw"
    dtype: RawType = "u8"
    step: ClassVar[float] = INPUT_STEP

    def __post_init__(self) -> None:
        given: object = self.shape  # whatever a caller without a type checker gave
        try:
            shape = tuple(index(size) for size in given)  # type: ignore[attr-defined]
        except TypeError:
            shape = ()
        if len(shape) != 3 or min(shape) < 1:
            raise InputError(f"input shape {given!r:.60}: give channels, height, width, such as (1, 28, 28)")
        for name, choices in (("order", get_args(Order)), ("dtype", get_args(RawType))):
            if getattr(self, name) not in choices:
                raise InputError(f"input {name} {getattr(self, name)!r:.60}: use {' or '.join(choices)}")
        object.__setattr__(self, "shape", shape)

    def batch(self, raw: object) -> Tensor:
        """Return a batch of raw images as a tensor, whatever the order of its memory. Raises InputError."""
        wanted = torch.uint8 if self.dtype == "u8" else torch.int8
        try:
            x = raw if isinstance(raw, Tensor) else torch.from_numpy(np.ascontiguousarray(raw))
        except (ValueError, TypeError, RuntimeError) as error:
            raise InputError(f"images: {type(raw).__name__} is no array ({error}); give a NumPy array") from None
        shape = tuple(x.shape)
        if x.dtype != wanted or x.dim() != 4 or shape[1:] != tuple(self.shape):
            channels, height, width = self.shape
            raise InputError(
                f"images: {x.dtype} of shape {shape}; the net reads {wanted} of (N, {channels}, {height}, {width}), "
                "give a batch of these"
            )
        return x

    def real(self, raw: Tensor) -> Tensor:
        """Raw bytes (N, C, H, W) to the float input, whole steps of 1/127 as the device has them (SPEC section 5)."""
        steps = raw >> 1 if self.dtype == "u8" else raw.clamp_min(-LEVELS)
        # Channels last: every later tensor inherits the layout, in which a CPU trains these nets in two thirds of the
        # time.
        real = torch.empty(raw.shape, dtype=torch.float32, device=raw.device, memory_format=torch.channels_last)
        return real.copy_(steps).mul_(INPUT_STEP)
