"""Batches of an epoch: out of memory, or read by worker processes while the net trains on those before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from edgehfn.data.augment import Draws
from edgehfn.data.pictures import Numbers, Pictures, Pixels
from edgehfn.errors import InputError

Asked = tuple[int, Numbers]  # an epoch, and which pictures


class Feed(Protocol):
    """Where a training's batches come from."""

    def batch(self, draws: Draws, where: slice) -> tuple[Tensor, Tensor]:
        """Return images (uint8, augmented, channels last in memory) and labels of a slice of the epoch's order."""


class Held:
    """Images in memory."""

    def __init__(self, x: Pixels, y: Tensor) -> None:
        self.x, self.y = torch.from_numpy(x).to(y.device), y

    def batch(self, draws: Draws, where: slice) -> tuple[Tensor, Tensor]:
        """Return a batch of them."""
        chosen = draws.order[where]
        return draws.changed(self.x[chosen], where), self.y[chosen]


class Streamed:
    """Pictures, of which a few batches are in memory.

    What a batch holds is a function of seed, epoch and place alone, not of ``workers``, which are processes; 0 reads
    in this one. ``batch`` is the size over all trainings that share it, ``per_epoch`` their number.
    """

    def __init__(
        self, x: Pictures, y: Tensor, *, seed: int, batch: int, per_epoch: int, resized: bool, workers: int
    ) -> None:
        self.y, self.step, self.end = y, batch, batch * per_epoch
        self.asked = _Asked()
        ahead: dict[str, Any] = {"persistent_workers": True, "prefetch_factor": 2} if workers else {}
        self.loader: DataLoader[Pixels | str] = DataLoader(
            _Reader(x, seed, resized),
            batch_size=None,
            sampler=self.asked,
            num_workers=workers,
            collate_fn=_as_it_is,
            **ahead,
        )
        self.made: Iterator[Pixels | str] = iter(())
        self.next: tuple[int, int] | None = None

    def batch(self, draws: Draws, where: slice) -> tuple[Tensor, Tensor]:
        """Return a batch; those after it in the epoch are read meanwhile. Raises InputError for a damaged picture."""
        if self.next != (draws.epoch, where.start):
            starts, size = range(where.start, self.end, self.step), where.stop - where.start
            self.asked.items = [(draws.epoch, draws.order[at : at + size].cpu().numpy()) for at in starts]
            self.made = iter(self.loader)
        found = next(self.made)
        self.next = (draws.epoch, where.start + self.step)
        if isinstance(found, str):
            raise InputError(found)
        return draws.changed(torch.from_numpy(found).to(self.y.device), where), self.y[draws.order[where]]


class _Asked(Sampler[Asked]):
    """What to read, in order."""

    def __init__(self) -> None:
        self.items: list[Asked] = []

    def __iter__(self) -> Iterator[Asked]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class _Reader(Dataset[Pixels | str]):
    """Reads a batch. A damaged picture is told by its line, as an error of a worker would come with its traceback."""

    def __init__(self, x: Pictures, seed: int, resized: bool) -> None:
        self.x, self.seed, self.resized = x, seed, resized

    def __getitem__(self, asked: Asked) -> Pixels | str:
        epoch, numbers = asked
        try:
            return np.stack([self.x.read(number, self._draw(epoch, number)) for number in numbers.tolist()])
        except InputError as error:
            return str(error)

    def _draw(self, epoch: int, number: int) -> np.random.Generator | None:
        return np.random.default_rng((self.seed, epoch, number)) if self.resized else None


def _as_it_is(made: Any) -> Any:
    return made
