"""Prints docs/BENCH.md and writes it anew: ``python -m benchmarks.kernels``; with ``cores`` or ``host`` that part only.
Figures of the host hang on the processor, of which the document has several."""

from __future__ import annotations

import sys
from collections.abc import Iterable
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


def main(parts: Iterable[str]) -> None:
    written = []
    for part in parts:
        print(f"{part}\n", flush=True)
        written.append(part)
    DOCUMENT.write_text("\n\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    cores, _, hosts = text.partition(f"\n\n{HEADING}\n")
    match sys.argv[1:]:
        case ["cores"]:
            main(chain(HEAD, device(), objectives(), [f"{HEADING}\n{hosts.rstrip()}"]))
        case ["host"]:
            main(chain([cores], host(text)))
        case _:
            main(chain(HEAD, device(), objectives(), host(text)))
