"""Candidates, costs and studies of a search."""

from __future__ import annotations

from pathlib import Path

from edgehfn.search import Budget

K = 1024


SMALL = Budget("cortex-m4", 12 * K, 3 * K, 700_000)


SEARCH = ("search", "--data", "digits", "--flash", "12K", "--ram", "3K", "--instructions", "0.7M", "--rung", "1")


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 's.db'}"
