"""What is sampled in one epoch: the images' order, mirroring and shifts, all from the seeded generator."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from edgehfn.spec import generator

Augment = Literal["none", "flip", "flip+crop", "resized-crop", "flip+resized-crop"]
RESIZED = ("resized-crop", "flip+resized-crop")  # those that read another part of a picture each time

ORDER, MIRROR, DOWN, RIGHT = range(16, 20)  # streams, beyond those of the model itself


class Draws:
    """What (seed, epoch) decides for ``images`` images; a batch is a slice of the epoch's order.

    Which part of a picture is read is decided where it is read.
    """

    def __init__(
        self, seed: int, epoch: int, images: int, augment: Augment, device: torch.device, crop_padding: int = 4
    ) -> None:
        """``crop_padding``: zero pixels added on each side, of which a crop of the image's size is taken."""

        def words(stream: int) -> generator.Words:
            return generator.words(generator.key(seed, epoch, stream), images)

        def on_device(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values).to(device)

        self.epoch, self.crop_padding = epoch, crop_padding
        self.order = on_device(np.argsort(words(ORDER), kind="stable"))
        self.mirrored = None if "flip" not in augment else on_device(words(MIRROR) & 1 == 1)
        shift = 2 * crop_padding + 1
        self.shifts = None
        if augment == "flip+crop":
            self.shifts = [on_device((words(stream) % shift).astype(np.int64)) for stream in (DOWN, RIGHT)]

    def changed(self, images: Tensor, where: slice) -> Tensor:
        """Return the images of one slice of the order (uint8), augmented.

        They lie channels last, which every layer then keeps: a step takes a sixth less time on one core.
        """
        if self.shifts is not None:
            images = _crop(images, self.crop_padding, *(shift[where] for shift in self.shifts))
        if self.mirrored is not None:
            images = torch.where(self.mirrored[where, None, None, None], images.flip(3), images)
        return torch.empty_like(images, memory_format=torch.channels_last).copy_(images)


def _crop(images: Tensor, border: int, down: Tensor, right: Tensor) -> Tensor:
    """Each image of (N, C, H, W), with a black border of so many pixels, cut out at its own place (N,)."""
    count, channels, height, width = images.shape
    padded = F.pad(images, (border,) * 4)
    rows = (down[:, None] + torch.arange(height, device=images.device))[:, None, :, None]
    columns = (right[:, None] + torch.arange(width, device=images.device))[:, None, None, :]
    n = torch.arange(count, device=images.device)[:, None, None, None]
    c = torch.arange(channels, device=images.device)[None, :, None, None]
    return padded[n, c, rows, columns]
