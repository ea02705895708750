"""What a net for images and time series reads: raw samples, and the float input that they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from operator import index
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edgehfn.data.pictures import by_batches
from edgehfn.errors import InputError
from edgehfn.sound import FrontEnd
from edgehfn.spec.limits import LARGEST_SCALE, LEVELS, SMALLEST_SCALE
from edgehfn.spec.raw import Affine, RawType, Unit, raw_type, to_raw

Order = Literal["chw", "hwc"]

LOOKED_AT = 1024  # images, for their mean and deviation
INPUT_STEP = 1 / LEVELS  # the real value of one integer step of an image
RAW_DTYPES: dict[RawType, torch.dtype] = {"u8": torch.uint8, "s8": torch.int8, "s16": torch.int16}


@dataclass(frozen=True)
class InputSpec:
    """The raw input: bytes ``u8`` (0..255) or ``s8`` (-128..127), or ``s16`` of 16 bits, channels first or last on the
    device.

    With a ``mean`` and a ``deviation`` for each channel, in 0..1, the net reads ``(byte / 255 - mean) / deviation``, so
    that what it pads with is the mean. With ``maps``, one a channel, which ``s16`` needs, it reads what these make of
    samples (SPEC section 5), in steps of 1/127. ``units``, one a channel, say what samples of 16 bits stand for: then
    floats may be given in their place. :func:`edgehfn.nn.sampled` chooses maps and units from data. Raises InputError
    for a shape that is not three positive numbers, for others than finite means and positive deviations of ``u8``, or
    for maps and units that do not fit.
    """

    shape: tuple[int, int, int]  # (C, H, W), whatever the order
    order: Order = "chw"
    dtype: RawType = "u8"
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    maps: tuple[Affine, ...] = ()
    units: tuple[Unit, ...] = ()
    sound: FrontEnd | None = None  # what makes the bytes, of samples

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
        for name in ("mean", "deviation"):
            try:
                object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
            except (TypeError, ValueError):
                raise InputError(f"input {name} {getattr(self, name)!r:.60}: give a number a channel") from None
        if self.mean or self.deviation:
            self._check_normalised()
        if {len(self.maps), len(self.units), shape[0]} - {0, shape[0]} or (self.dtype == "s16" and not self.maps):
            raise InputError(f"give a map for each of {shape[0]} input channels, and a unit for each or none")
        for fault in filter(None, (one.fault(self.dtype) for one in self.maps)):
            raise InputError(f"input: {fault}; let nn.sampled choose maps")
        if not all(0 < unit.step < inf and isfinite(unit.zero) for unit in self.units):
            raise InputError("input: a unit needs a positive step and a finite zero; let nn.sampled choose units")
        if (self.mean and self.maps) or (self.units and self.dtype != "s16"):
            raise InputError(
                "maps take the place of a mean and a deviation, and units are of s16; leave out the others"
            )
        if self.sound is not None:
            self._check_sound(self.sound)

    def _check_normalised(self) -> None:
        channels = self.shape[0]
        counts = {len(self.mean), len(self.deviation)} == {channels}
        if not counts or not all(map(isfinite, self.mean)) or not all(0 < d < inf for d in self.deviation):
            raise InputError(f"give a mean and a positive deviation for each of {channels} input channels")
        if self.dtype != "u8":
            raise InputError(f"input {self.dtype} cannot be normalised; give u8")
        if not SMALLEST_SCALE <= self.step <= LARGEST_SCALE:
            raise InputError("the mean and deviation leave no range of inputs; give those of values in 0..1")

    def _check_sound(self, sound: FrontEnd) -> None:
        if (
            self.shape[0] != 1
            or self.shape[2] != sound.bands
            or (self.order, self.dtype, self.mean, self.maps) != ("chw", "u8", (), ())
        ):
            raise InputError(f"input {self.shape}, {self.order}, {self.dtype}: sound is u8 of 1, rows, {sound.bands}")

    @property
    def step(self) -> float:
        """The real value of one integer step."""
        return float(abs(self._each).max()) / LEVELS if self.mean else INPUT_STEP

    @property
    def table(self) -> tuple[tuple[int, ...], ...] | None:
        """The integer that each raw byte of each channel becomes, if it is normalised (SPEC section 5)."""
        if not self.mean:
            return None
        return tuple(tuple(row) for row in np.rint(self._each / self.step).astype(int).tolist())

    @property
    def _each(self) -> npt.NDArray[np.float64]:
        """What each byte stands for, ``(C, 256)``."""
        mean, deviation = (np.array(values).reshape(-1, 1) for values in (self.mean, self.deviation))
        found: npt.NDArray[np.float64] = (np.arange(256) / 255 - mean) / deviation
        return found

    def reads(self, dtype: np.dtype[Any]) -> bool:
        """Whether arrays of this type are what the net reads, or floats that become it."""
        return raw_type(dtype) == self.dtype or bool(self.units and dtype.kind == "f")

    def samples(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return ``(N, C, H, W)`` as raw samples: floats by the units, anything else as it is."""
        return to_raw(x, self.units) if self.units and x.dtype.kind == "f" else x

    def batch(self, raw: object) -> Tensor:
        """Return a batch of raw images as a tensor, whatever the order of its memory. Raises InputError."""
        wanted = RAW_DTYPES[self.dtype]
        try:
            x = raw if isinstance(raw, Tensor) else torch.from_numpy(np.ascontiguousarray(raw))
            if x.is_floating_point() and x.dim() == 4 and x.shape[1] == len(self.units):
                x = torch.from_numpy(self.samples(x.cpu().numpy())).to(x.device)
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
        """Raw bytes (N, C, H, W) to the float input: whole steps of 1/127 as the device has them (SPEC section 5), or
        normalised, which the device rounds to steps."""
        if self.mean:
            mean, deviation = (
                torch.tensor(values, dtype=torch.float32, device=raw.device).reshape(-1, 1, 1)
                for values in (self.mean, self.deviation)
            )
            scaled = torch.empty(raw.shape, device=raw.device, memory_format=torch.channels_last).copy_(raw)
            return scaled.div_(255).sub_(mean).div_(deviation)
        if self.maps:
            multiplier, offset, shift = torch.tensor(self.maps, dtype=torch.int32, device=raw.device).T[..., None, None]
            steps: Tensor = (raw.int() * multiplier + offset >> shift).clamp_(-LEVELS, LEVELS)
        else:
            steps = raw >> 1 if self.dtype == "u8" else raw.clamp_min(-LEVELS)
        # Channels last: every later tensor inherits the layout, in which a CPU trains these nets in two thirds of the
        # time.
        real = torch.empty(raw.shape, dtype=torch.float32, device=raw.device, memory_format=torch.channels_last)
        return real.copy_(steps).mul_(INPUT_STEP)


def normalised(x: npt.NDArray[np.uint8]) -> InputSpec:
    """Return an input for raw images ``(N, C, H, W)`` less their mean and by their deviation, channel by channel.

    They are those of up to 1,024 images, evenly spread, in 0..1; a constant channel has a deviation of one step.
    """
    spread = np.linspace(0, len(x) - 1, min(LOOKED_AT, len(x))).round().astype(np.int64)
    size, count = len(spread) * int(np.prod(x.shape[2:])), np.zeros(x.shape[1])
    sums, squares = count.copy(), count.copy()
    for part in by_batches(x[spread], LOOKED_AT):
        values = part.astype(np.float64).transpose(1, 0, 2, 3).reshape(x.shape[1], -1) / 255
        sums += values.sum(1)
        squares += np.square(values).sum(1)
    mean = sums / size
    deviation = np.sqrt(np.maximum(squares / size - mean**2, 255.0**-2))
    return InputSpec(x.shape[1:], mean=tuple(mean.round(4)), deviation=tuple(deviation.round(4)))
