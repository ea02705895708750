"""Hidden-Fold Networks on microcontrollers: trained masks over seeded signs, compiled to C of the same bytes.

    import edgehfn as hfn

    net = hfn.nn.preset("demo", (1, 28, 28), 10)   # or hfn.load("kws.hfn")
    hfn.train(net, hfn.data.load("fashion-mnist"), epochs=8)
    graph = hfn.lower(net, calibration.scales)     # the package `calibrate` makes these
    hfn.run(graph, images, on="cortex-m4")         # the same bytes on every machine
    hfn.write_c(graph, "kws", into="build")

Names are loaded when they are first used, so that PyTorch is imported only by what needs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgehfn import data, nn, search, zoo
    from edgehfn.backends.c.write import write_c, write_models, write_runtime
    from edgehfn.backends.emulator import emulate
    from edgehfn.backends.tflite import write_tflite
    from edgehfn.cost.curve import curve
    from edgehfn.cost.footprint import footprint
    from edgehfn.errors import EdgeHFNError, GraphError, InputError, ToolError
    from edgehfn.evaluation.accuracy import accuracy, measure
    from edgehfn.evaluation.agreement import Agreement, verify
    from edgehfn.evaluation.machines import MACHINES, run
    from edgehfn.ir import Graph, plan
    from edgehfn.lowering.lower import lower
    from edgehfn.model.from_torch import from_torch
    from edgehfn.model.import_checkpoint import load_checkpoint
    from edgehfn.model.modelfile import digest, load, save
    from edgehfn.search.equal_budgets import compare
    from edgehfn.target import CORES, bench, selftest
    from edgehfn.training.gnn import train_graph
    from edgehfn.training.images import evaluate, train
    from edgehfn.training.recipe import GraphRecipe, Recipe

__version__ = "0.1.0"

__all__ = [
    "CORES",
    "MACHINES",
    "Agreement",
    "EdgeHFNError",
    "Graph",
    "GraphError",
    "GraphRecipe",
    "InputError",
    "Recipe",
    "ToolError",
    "accuracy",
    "bench",
    "compare",
    "curve",
    "data",
    "digest",
    "emulate",
    "evaluate",
    "footprint",
    "from_torch",
    "load",
    "load_checkpoint",
    "lower",
    "measure",
    "nn",
    "plan",
    "run",
    "save",
    "search",
    "selftest",
    "train",
    "train_graph",
    "verify",
    "write_c",
    "write_models",
    "write_runtime",
    "write_tflite",
    "zoo",
]

_HOMES = {
    "edgehfn.backends.c.write": ("write_c", "write_models", "write_runtime"),
    "edgehfn.backends.emulator": ("emulate",),
    "edgehfn.backends.tflite": ("write_tflite",),
    "edgehfn.cost.curve": ("curve",),
    "edgehfn.cost.footprint": ("footprint",),
    "edgehfn.errors": ("EdgeHFNError", "GraphError", "InputError", "ToolError"),
    "edgehfn.evaluation.accuracy": ("accuracy", "measure"),
    "edgehfn.evaluation.agreement": ("Agreement", "verify"),
    "edgehfn.evaluation.machines": ("MACHINES", "run"),
    "edgehfn.ir": ("Graph", "plan"),
    "edgehfn.lowering.lower": ("lower",),
    "edgehfn.model.from_torch": ("from_torch",),
    "edgehfn.model.import_checkpoint": ("load_checkpoint",),
    "edgehfn.model.modelfile": ("digest", "load", "save"),
    "edgehfn.search.equal_budgets": ("compare",),
    "edgehfn.target": ("CORES", "bench", "selftest"),
    "edgehfn.training.gnn": ("train_graph",),
    "edgehfn.training.images": ("evaluate", "train"),
    "edgehfn.training.recipe": ("GraphRecipe", "Recipe"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name in __all__:
        value = importlib.import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
