"""Graphs as TFLite models."""

from __future__ import annotations

from edgehfn.ir.ops import SIGNED, Requantise


def plain(channels: int, m: int = 3, s: int = 12) -> Requantise:
    return Requantise((m,) * channels, (5,) * channels, 3, s, SIGNED)
