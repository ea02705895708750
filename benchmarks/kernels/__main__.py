"""Prints docs/BENCH.md and writes it anew: ``python -m benchmarks.kernels``; with ``cores`` all but the part on the
host, whose figures hang on the processor."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from benchmarks.kernels.device import device
from benchmarks.kernels.host import HEADING, host
from benchmarks.kernels.objectives import objectives

DOCUMENT = Path(__file__).parents[2] / "docs" / "BENCH.md"
HEAD = (
    "# Measured",
    "Written by `make bench`; do not edit. The net is MLPerf Tiny's ResNet-8 shape, 12,501,632 multiply-accumulates, "
    "every layer masked, one coat of random masks.",
)


def kept() -> Iterator[str]:
    """The part on the host, as the document has it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    yield text[text.index(HEADING) :].rstrip("\n")


def main(parts: Iterable[str]) -> None:
    written = []
    for part in parts:
        print(f"{part}\n", flush=True)
        written.append(part)
    DOCUMENT.write_text("\n\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(chain(HEAD, device(), objectives(), kept() if sys.argv[1:] == ["cores"] else host()))
