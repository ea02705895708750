"""Whether machines agree: every byte of every node on the same images, and the first place where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgehfn.evaluation import machines
from edgehfn.evaluation.machines import EMULATOR
from edgehfn.ir import Graph, Plan
from edgehfn.ir.inputs import Raw
from edgehfn.progress import Report
from edgehfn.spec.objective import Objective
from edgehfn.target.execute import Int8

BATCH = 128  # images whose every tensor is held at once, twice


@dataclass(frozen=True)
class Difference:
    """One byte on which a machine and the emulator differ; ``index`` is its place in the node's tensor."""

    machine: str
    image: int
    node: str
    index: tuple[int, ...]
    emulator: int
    value: int

    def __str__(self) -> str:
        place = ", ".join(map(str, self.index))
        return f"image {self.image}, {self.node}[{place}]: emulator {self.emulator}, {self.machine} {self.value}"


@dataclass(frozen=True)
class Compared:
    """One machine against the emulator: bytes that differ in all nodes, the first of them, and the outputs."""

    images: int
    mismatches: int
    first: Difference | None
    outputs: Int8


@dataclass(frozen=True)
class Agreement:
    """``machines``: each machine's comparison, by name, the emulator's with itself among them."""

    machines: Mapping[str, Compared]

    @property
    def mismatches(self) -> int:
        """Bytes that differ, over all machines, nodes and images."""
        return sum(compared.mismatches for compared in self.machines.values())

    @property
    def first(self) -> Difference | None:
        """The first difference in the order of machines, images and nodes."""
        return next((c.first for c in self.machines.values() if c.first is not None), None)


def verify(
    graph: Graph,
    raw: Raw,
    on: Sequence[str] = machines.MACHINES,
    limits: Mapping[str, int] | None = None,
    progress: Report | None = None,
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> Agreement:
    """Run raw images ``(N, *raw_shape)`` on machines and compare every node with the emulator's, byte for byte.

    ``limits`` caps the images of slow machines, by name; ``objective``, ``ram`` and ``rows``, of the C, are
    as of ``edgehfn.plan``. Raises as ``machines.run`` does.
    """
    limits, raw = limits or {}, machines.as_raw(raw)
    planned = machines.planned(graph, on, objective, ram, rows)
    images = {name: min(len(raw), limits.get(name, len(raw))) for name in on}
    found: dict[str, list[Compared]] = {name: [] for name in on}
    done, total = 0, sum(images.values())
    for start in range(0, max(images.values(), default=0), BATCH):
        emulated = _nodes(graph, raw[start : start + BATCH], EMULATOR)
        for name in on:
            part = raw[start : min(start + BATCH, images[name])]
            if not len(part):
                continue
            if progress:
                progress(done, total, name)
            found[name].append(_compare(graph, name, start, emulated, _nodes(graph, part, name, emulated, planned)))
            done += len(part)
    return Agreement({name: _joined(parts) for name, parts in found.items()})


def _nodes(
    graph: Graph, raw: Raw, on: str, known: Mapping[str, Int8] | None = None, planned: Plan | None = None
) -> Mapping[str, Int8]:
    if known is not None and on == EMULATOR:
        return {name: values[: len(raw)] for name, values in known.items()}
    tensors: dict[str, Int8] = {}

    def keep(name: str, values: Int8) -> None:
        tensors[name] = values.copy()

    machines.run_planned(graph, planned, raw, on, keep)
    return {name: tensors[name] for name in graph.tensors}


def _compare(
    graph: Graph, machine: str, start: int, emulated: Mapping[str, Int8], tensors: Mapping[str, Int8]
) -> Compared:
    mismatches, first = 0, None
    for node, values in tensors.items():
        wanted = emulated[node][: len(values)]
        places = np.argwhere(wanted != values)
        mismatches += len(places)
        for image, *index in places[:1].tolist():
            if first is None or start + image < first.image:
                at = (image, *index)
                first = Difference(machine, start + image, node, tuple(index), int(wanted[at]), int(values[at]))
    outputs = tensors[graph.output.name]
    return Compared(len(outputs), mismatches, first, outputs)


def _joined(parts: Sequence[Compared]) -> Compared:
    first = next((part.first for part in parts if part.first is not None), None)
    return Compared(
        sum(part.images for part in parts),
        sum(part.mismatches for part in parts),
        first,
        np.concatenate([part.outputs for part in parts]),
    )
