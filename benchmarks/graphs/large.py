"""A made-up graph of ogbn-arxiv's size in sampled form: trained, calibrated, lowered and emulated.

``python -m benchmarks.graphs.large [EPOCHS]`` prints the time of each stage and the memory at its end; docs/GRAPHS.md
has them.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

import calibrate
import edgehfn as hfn
from edgehfn.data.communities import communities
from edgehfn.data.sampling import sampled
from edgehfn.training.gnn import train_graph
from edgehfn.training.gnn_batches import batches

NODES, EDGES, FEATURES, CLASSES = 169_343, 1_166_243, 128, 40  # of ogbn-arxiv (Hu et al. 2020)
HOPS = (9, 5)
SEEN, EMULATED = 1024, 1000  # samples
BATCH, HIDDEN, LAYERS, DENSITY = 512, 64, 2, 0.3
CORE = "cortex-m4"


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print what a stage takes: seconds, and the most memory that the process has held until its end."""
    started = time.monotonic()
    yield
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB
    print(f"{name:40} {time.monotonic() - started:8.1f} s   {most:5.2f} GiB at most", flush=True)


def main(epochs: int) -> None:
    with stage(f"make {NODES:,} nodes, {EDGES:,} edges"):
        data = sampled(communities(NODES, EDGES, FEATURES, CLASSES), HOPS)
    net = hfn.nn.graph_preset(
        "sage", hfn.nn.graph_input(data), data.classes, hidden=HIDDEN, layers=LAYERS, density=DENSITY
    )
    with stage(f"train {epochs} epochs, test"):
        history = train_graph(net, data, epochs=epochs, batch=BATCH, dropout=0.2, weight_decay=0.0)
    for number, epoch in enumerate(history.epochs, start=1):
        print(f"  epoch {number}: {epoch.seconds:.0f} s, loss {epoch.loss:.3f}, validation {epoch.accuracy:.4f}")
    with stage(f"calibrate on {SEEN:,} samples"):
        seen = (batch.nodes for batch in batches(data, "train", limit=SEEN))
        graph = hfn.lower(net, calibrate.calibrate(net, seen).scales)
    with stage(f"emulate {EMULATED:,} samples"):
        reached = hfn.accuracy(graph, data, limit=EMULATED)
    sizes = hfn.footprint(graph, target=CORE).predicted
    print(f"test accuracy: float {history.accuracy:.4f}, integer {reached:.4f} of the first {EMULATED:,}")
    print(f"{CORE}: flash {sizes.total_flash:,}, RAM {sizes.total_ram:,} bytes")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
