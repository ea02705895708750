"""Tables of this machine: images a second beside LiteRT, and the trainer's step, masked against float weights.

Each comparison alternates its sides and gives the median of the ratios, because other programs share the machine. One
thread is timed by the processor's time, which leaves out the time that others had.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.common.table import table
from benchmarks.kernels.references import DENSITIES, resnet8
from edgehfn.backends.emulator import images
from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph
from edgehfn.lowering.untrained import untrained
from edgehfn.nn import Net, SupermaskConv2d, SupermaskLinear, preset

HEADING = "## Images a second"  # with which the part begins
ROUNDS = 15
IMAGES = 1280
BATCH = 128
MLPERF = Path("models/mlperf_resnet8_int8.tflite")  # under $EDGEHFN_DATA

Side = Callable[[], object]


def host(document: str) -> Iterator[str]:
    """The document's part on processors, paragraph by paragraph: this machine's behind what it has of others."""
    torch.set_num_threads(1)
    raw = np.random.default_rng(0).integers(0, 256, (IMAGES, 3, 32, 32), dtype=np.uint8)
    graphs = {f"density {density}": untrained(resnet8(density)) for density in DENSITIES}
    engine, name = _litert(graphs["density 0.3"])
    graphs["int8"] = untrained(preset("resnet8-mlperf", (3, 32, 32), 10, weights="int8"))
    yield HEADING
    yield (
        f"The emulator beside LiteRT; one thread each, processor time, medians of {ROUNDS} rounds that alternate. "
        f"LiteRT runs {name}, one image a call, which is its fastest. The emulator is given {IMAGES:,} images, and one "
        "a call."
    )
    yield from others(document, _processor())
    yield f"### {_processor()}"
    rows = []
    for label, graph in graphs.items():
        ours, theirs, ratio = compare(partial(_emulate, graph, raw, 1), partial(_invoke, engine, IMAGES // 4))
        alone = median(_seconds(partial(_emulate, graph, raw[:1], 1), time.process_time) for _ in range(ROUNDS))
        images = [f"{IMAGES / ours:,.0f}", f"{1 / alone:,.0f}", f"{IMAGES // 4 / theirs:,.0f}"]
        rows.append([label, *images, f"{ratio * 4:.2f}"])
    yield table(["images a second", "emulator", "one a call", "LiteRT", "emulator / LiteRT"], rows)
    if (os.cpu_count() or 1) > 1:
        many = np.concatenate([raw] * 3)
        two, one = (partial(_emulate, graphs["density 0.3"], many, threads) for threads in (2, 1))
        *_, gain = compare(two, one, clock=time.perf_counter)
        *_, effort = compare(one, two)
        yield (
            f"Two threads against one, density 0.3: {gain:.2f}x by the clock, at a load of {os.getloadavg()[0]:.1f} on "
            f"{os.cpu_count()} cores. They take {effort:.2f}x the processor time, so that two free cores give "
            f"{2 / effort:.2f}x."
        )
    masked, dense, ratio = compare(_trainer(resnet8(0.3)), _trainer(_dense(resnet8(0.3))), rounds=5)
    yield (
        f"Training, one step of the optimizer, batch {BATCH}, one thread, PyTorch {torch.__version__}: masked "
        f"{masked * 1e3:.0f} ms, the same net with plain float weights {dense * 1e3:.0f} ms, {1 / ratio:.2f}x."
    )


def others(document: str, processor: str) -> Iterator[str]:
    """What the document has of other processors."""
    for section in document.partition(HEADING)[2].split("\n### ")[1:]:
        if section.partition("\n")[0] != processor:
            yield f"### {section.strip()}"


def compare(
    ours: Side, theirs: Side, rounds: int = ROUNDS, clock: Callable[[], float] = time.process_time
) -> tuple[float, float, float]:
    """Median seconds of both sides and the median of theirs / ours; the first round warms up."""
    seconds = [(_seconds(ours, clock), _seconds(theirs, clock)) for _ in range(rounds + 1)][1:]
    return median(a for a, _ in seconds), median(b for _, b in seconds), median(b / a for a, b in seconds)


def _seconds(side: Side, clock: Callable[[], float]) -> float:
    start = clock()
    side()
    return clock() - start


def _emulate(graph: Graph, raw: np.ndarray, threads: int) -> None:
    with patch.object(images, "THREADS", threads):
        emulate(graph, raw)


def _litert(graph: Graph) -> tuple[Any, str]:
    """An interpreter (XNNPACK, one thread) of MLPerf's own model where the data is at hand, else of our export."""
    from importlib.metadata import version

    from ai_edge_litert.interpreter import Interpreter

    given = Path(os.environ.get("EDGEHFN_DATA", "")) / MLPERF
    release = f"LiteRT {version('ai-edge-litert')} (XNNPACK)"
    if given.is_file():
        engine, name = Interpreter(str(given), num_threads=1), f"MLPerf Tiny's int8 model on {release}"
    else:
        from edgehfn.backends import tflite

        engine = Interpreter(model_content=tflite.emit(graph), num_threads=1)
        name = f"this net's int8 export on {release}"
    engine.allocate_tensors()
    return engine, name


def _invoke(engine: Any, images: int) -> None:
    for _ in range(images):
        engine.invoke()


def _dense(net: Net) -> Net:
    """A copy whose weights are trained as they are, without scores and signs."""
    made = copy.deepcopy(net)
    for op in made.modules():
        if isinstance(op, SupermaskConv2d | SupermaskLinear):
            plain = nn.Parameter(op.weight().detach().clone())
            for parameter in op.parameters():
                parameter.requires_grad = False
            op.register_parameter("plain", plain)
            op.weight = partial(getattr, op, "plain")  # type: ignore[method-assign]
    return made


def _trainer(net: Net) -> Side:
    x = torch.randint(0, 256, (BATCH, *net.input.shape), dtype=torch.uint8)
    y = torch.randint(0, len(net.classes), (BATCH,))
    trained = [p for p in net.train().parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.01, momentum=0.9)

    def step() -> None:
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "this machine")
