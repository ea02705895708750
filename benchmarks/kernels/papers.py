"""A published net at its full width, its masks untrained: every byte of every node on one image, by three machines.

``python -m benchmarks.kernels.papers hfn-resnet50 --side 32 --classes 100`` prints what the net takes, and how long the
emulator, PyTorch in integers and the sanitized C of this computer took. It fails where a byte differs.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.common.table import table
from edgehfn.backends import c, reference
from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, plan
from edgehfn.ir.inputs import golden
from edgehfn.lowering.untrained import untrained
from edgehfn.nn import preset
from edgehfn.nn.presets.image import PAPERS
from edgehfn.target.execute import run

MACHINES: dict[str, Callable[..., Any]] = {"emulator": emulate, "pytorch": reference.run, "host": run}
IMAGES = 2  # that set the norms


def main() -> None:
    """The command."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("net", choices=PAPERS, metavar="NET")
    asked.add_argument("--side", type=int, default=32, help="pixels of the image")
    asked.add_argument("--classes", type=int, default=100)
    given = asked.parse_args()
    torch.set_num_threads(1)
    graph = untrained(preset(given.net, (3, given.side, given.side), classes=given.classes), IMAGES)
    size, found = f"{given.side}x{given.side}", facts(graph)
    print(table([given.net, size], [[name, f"{value:,}"] for name, value in found.items()]))
    print()
    print(table(["machine", "seconds"], [[name, f"{seconds:.1f}"] for name, seconds in timed(graph).items()]))


def facts(graph: Graph) -> dict[str, int]:
    """What the net takes, and how many of its nodes each function runs."""
    start = time.perf_counter()
    planned = plan(graph)
    return {
        "nodes": len(graph.nodes),
        "multiply-accumulates": sum(graph.macs.values()),
        "bytes of the arena": planned.size,
        "bytes of planes, at most": max(scratch.planes for scratch in planned.scratch.values()),
        "milliseconds of planning": round(1000 * (time.perf_counter() - start)),
        **{str(name): count for name, count in Counter(c.functions(graph, planned)).items()},
    }


def timed(graph: Graph) -> dict[str, float]:
    """Seconds of each machine. Raises AssertionError naming a node whose bytes differ."""
    raw, seconds = golden(graph)[None], {}
    wanted: dict[str, Any] = {}
    for name, machine in MACHINES.items():
        seen: dict[str, Any] = {}
        start = time.perf_counter()
        machine(graph, raw, observe=seen.__setitem__)
        seconds[name] = time.perf_counter() - start
        wanted = wanted or seen
        assert [*seen] == [node.name for node in graph]
        differing = [node for node, values in wanted.items() if not np.array_equal(seen[node], values)]
        assert not differing, f"{name} differs from the emulator, first at {differing[0]}"
    return seconds


if __name__ == "__main__":
    main()
