"""Accuracy and bytes of GNNs over five seeds: ``make graphs`` writes docs/GRAPHS.md.

A result once measured is kept in docs/graphs.jsonl, so that a stopped run goes on; delete its line to measure again.
``python -m benchmarks.accuracy.gnn NAME …`` measures these rows only, and writes no document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch

import calibrate
import edgehfn as hfn
from benchmarks.common.table import table
from edgehfn.cost import footprint
from edgehfn.data.gnn_sets import GraphSet
from edgehfn.evaluation.accuracy import packed
from edgehfn.ir.inputs import Raw
from edgehfn.nn import Net, SupermaskConv2d, SupermaskLinear
from edgehfn.nn.net import Weighted
from edgehfn.training.gnn import train_graph
from edgehfn.training.gnn_batches import batches

ROOT = Path(__file__).parents[2]
DOCUMENT, RESULTS, TEXT = ROOT / "docs" / "GRAPHS.md", ROOT / "docs" / "graphs.jsonl", Path(__file__).with_suffix(".md")
SEEDS = range(5)
CORE = "cortex-m7"
PLACE = "<!-- table -->"


@dataclass(frozen=True)
class Row:
    """One net: what it is called, its data and preset, and what departs from their defaults."""

    title: str
    data: str
    arch: str
    net: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """As typed, but for the seed and the output."""
        given = {**self.net, **self.search, **self.training}.items()
        options = " ".join(f"--{name.replace('_', '-')}{'' if value is True else f' {value}'}" for name, value in given)
        return f"--data {self.data} --arch {self.arch} {options}"


ADAPTIVE = {"thresholds": "adaptive", "ramp": 0.5}
COATS = {"density": 0.375, "coats": 3}
TWO = {"hidden": 64, "layers": 2}
DEEP = {"hidden": 144, "layers": 16, "fold": 8, "density": 0.375}
ROWS = {
    "dense": Row("Cora, GCN, trained int8 weights", "cora", "gcn", {"weights": "int8"}),
    "sup": Row("Cora, GCN, density .375", "cora", "gcn", {"density": 0.375}),
    "sup2l": Row("Cora, GCN of 2 layers, density .375", "cora", "gcn", {"density": 0.375, "layers": 2}),
    "sparse": Row("Cora, GCN, density .125", "cora", "gcn", {"density": 0.125}),
    "coats-2": Row("Cora, GCN, 2 coats, thresholds of layers", "cora", "gcn", {"density": 0.375, "coats": 2}),
    "coats-3": Row("Cora, GCN, 3 coats, thresholds of layers", "cora", "gcn", COATS),
    "coats": Row("Cora, GCN, 3 coats, adaptive thresholds", "cora", "gcn", COATS, search=ADAPTIVE),
    "coats-small": Row("the same, smaller constants", "cora", "gcn", {**COATS, "weight_scale": 0.6}, search=ADAPTIVE),
    "cite": Row("CiteSeer, GCN, density .25", "citeseer", "gcn", {"density": 0.25, "layers": 2}, {"dropout": 0.8}),
    "gat": Row("Cora, GAT of 4 heads, density .375", "cora", "gat", {"hidden": 64, "heads": 4, "density": 0.375}),
    "gat-own": Row(
        "the same, scores of a head from its own channels",
        "cora",
        "gat",
        {"hidden": 64, "heads": 4, "density": 0.375, "scores": "own"},
    ),
    "sage": Row("Cora, SAGE of 2 layers of 64", "cora", "sage", {**TWO, "density": 0.375}),
    "gin-sum": Row("Cora, GIN of 2 layers of 64", "cora", "gin", {**TWO, "density": 0.375}),
    "gin-mean": Row("the same, mean", "cora", "gin", {**TWO, "density": 0.375, "gather": "mean"}),
    "gin-epsilon": Row("the same, sum with learned ε", "cora", "gin", {**TWO, "density": 0.375, "learn_epsilon": True}),
    "deep-shared": Row("Cora, residual GCN, 16 layers in 2 stages", "cora", "resgcn", DEEP, {"epochs": 100}),
    "deep-unshared": Row("the same, unshared masks", "cora", "resgcn", {**DEEP, "masks": "unshared"}, {"epochs": 100}),
    "deep-before": Row(
        "the same 16 layers in the order of ResGCN+, with norms",
        "cora",
        "resgcn",
        {**DEEP, "order": "before", "norms": "unshared"},
        {"epochs": 100},
    ),
    "deep-40": Row(
        "residual GCN, 40 layers in 2 stages", "cora", "resgcn", {**DEEP, "layers": 40, "fold": 20}, {"epochs": 100}
    ),
    "gin": Row(
        "motifs, GIN",
        "motifs",
        "gin",
        {"hidden": 16, "density": 0.5, "norms": "unshared"},
        {"epochs": 40, "dropout": 0.0, "weight_decay": 0.0},
    ),
}

Result = dict[str, Any]


def main(names: Sequence[str]) -> None:
    for row in [ROWS[name] for name in names or ROWS]:
        for seed in SEEDS:
            if (row.command, seed) not in outcomes():
                print(f"{row.command} --seed {seed}", file=sys.stderr, flush=True)
                result = {"command": row.command, "seed": seed, **_measure(row, seed)}
                with RESULTS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(result) + "\n")
    if not names:
        DOCUMENT.write_text(document(), encoding="utf-8")


def outcomes() -> dict[tuple[str, int], Result]:
    """All results so far."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    return {(known["command"], known["seed"]): known for known in map(json.loads, lines)}


def document() -> str:
    """The text of docs/GRAPHS.md."""
    found = outcomes()
    heads = ("net, 5 seeds", "float accuracy", "integer", "best epoch", "arena")
    made = table(
        (*heads, "mask bytes", "unfolded", "32-bit weights", "stored"),
        [_cells(row, [found[row.command, seed] for seed in SEEDS]) for row in ROWS.values()],
    )
    commands = "\n".join(f"    edgehfn train {row.command}" for row in ROWS.values())
    text = f"{made}\n\nEach row is the mean over `--seed` 0 to 4 of\n\n{commands}"
    return TEXT.read_text(encoding="utf-8").replace(PLACE, text)


def _cells(row: Row, results: list[Result]) -> list[str]:
    floats, integers = (np.array([r[kind] for r in results]) for kind in ("test", "int"))
    bits, unfolded, whole, stored = (results[0][kind] for kind in ("masks", "unfolded", "fp32", "stored"))
    mean = f"{floats.mean():.4f} ± {floats.std(ddof=1):.4f}"
    epochs = f"{min(r['epoch'] for r in results)}..{max(r['epoch'] for r in results)}"
    own_masks = stored - bits + unfolded
    sizes = (
        f"{bits:,}",
        f"{unfolded:,} (-{1 - bits / unfolded:.1%})",
        f"{whole:,} (-{1 - bits / whole:.2%})",
        f"{stored:,} (-{1 - stored / own_masks:.1%}, -{1 - stored / whole:.2%})",
    )
    own = [row.title, mean, f"{integers.mean():.4f}", epochs, f"{results[0]['arena']:,}"]
    return [*own, *(sizes if "weights" not in row.net else [""] * 4)]


def _measure(row: Row, seed: int) -> Result:
    data = hfn.data.load(row.data)
    assert isinstance(data, GraphSet)
    net = hfn.nn.graph_preset(row.arch, hfn.nn.graph_input(data), data.classes, **row.net, seed=seed)
    net.search = hfn.nn.Search(**row.search)
    history = train_graph(net, data, seed=seed, **row.training)
    seen = [batch.nodes for batch in batches(data, "train", limit=1024)]
    graph = hfn.lower(net, calibrate.calibrate(net, seen).scales)
    chosen = data.split["test"]
    raw: Raw = np.zeros((1, 0), np.uint8) if data.of == "nodes" else packed(graph, data, chosen)
    outputs = hfn.emulate(graph, raw).reshape(len(raw), len(data.classes), -1)
    named = outputs[0, :, chosen].argmax(1) if data.of == "nodes" else outputs[:, :, 0].argmax(1)
    right = float((named == data.labels[chosen]).mean())
    about = {"val": history.validation, "test": history.accuracy, "int": right, "epoch": history.epoch}
    planned = hfn.plan(graph)
    sizes, flash = footprint.predict(graph, planned, CORE)
    stored = sizes.weights_flash - flash["graph"]
    return {**about, "arena": planned.size, **_bytes(net), "stored": stored}


def _bytes(net: Net) -> Result:
    """Of the masks; of masks if no iteration shared one; of 32-bit weights if none did."""
    weights = sum(prod(net.weights[step.weight].shape) for step in net.steps if step.weight)
    masks = sum(_bits(op) for op in net.weights.values())
    unfolded = sum(_bits(net.weights[step.weight]) for step in net.steps if step.weight)
    return {"masks": -(-masks // 8), "unfolded": -(-unfolded // 8), "fp32": 4 * weights}


def _bits(op: Weighted) -> int:
    """Of a mask: one a weight, and for each further coat one where the coat before it is."""
    size = prod(op.shape)
    if not isinstance(op, SupermaskConv2d | SupermaskLinear) or op.coats == 1:
        return size
    counts = op.counts()
    return size + sum(int((counts >= coat).sum()) for coat in range(1, op.coats))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
