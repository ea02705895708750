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
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgehfn import data, nn, search, zoo
    from edgehfn.agreement import Agreement, verify
    from edgehfn.backends.emulate import emulate
    from edgehfn.backends.footprint import footprint
    from edgehfn.backends.tflite import write_tflite
    from edgehfn.errors import EdgeHFNError, GraphError, InputError, ToolError
    from edgehfn.generate import write_c, write_runtime
    from edgehfn.graph import Graph, plan
    from edgehfn.graphtrain import train_graph
    from edgehfn.hidden_checkpoint import load_checkpoint
    from edgehfn.lower import lower
    from edgehfn.machines import MACHINES, run
    from edgehfn.modelfile import digest, load, save
    from edgehfn.target import CORES, bench, selftest
    from edgehfn.train import evaluate, train

__version__ = "0.1.0"

__all__ = [
    "CORES",
    "MACHINES",
    "Agreement",
    "EdgeHFNError",
    "Graph",
    "GraphError",
    "InputError",
    "ToolError",
    "bench",
    "data",
    "digest",
    "emulate",
    "evaluate",
    "footprint",
    "load",
    "load_checkpoint",
    "lower",
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
    "write_runtime",
    "write_tflite",
    "zoo",
]

_HOMES = {
    "edgehfn.agreement": ("Agreement", "verify"),
    "edgehfn.backends.emulate": ("emulate",),
    "edgehfn.backends.footprint": ("footprint",),
    "edgehfn.backends.tflite": ("write_tflite",),
    "edgehfn.errors": ("EdgeHFNError", "GraphError", "InputError", "ToolError"),
    "edgehfn.generate": ("write_c", "write_runtime"),
    "edgehfn.graph": ("Graph", "plan"),
    "edgehfn.graphtrain": ("train_graph",),
    "edgehfn.hidden_checkpoint": ("load_checkpoint",),
    "edgehfn.lower": ("lower",),
    "edgehfn.machines": ("MACHINES", "run"),
    "edgehfn.modelfile": ("digest", "load", "save"),
    "edgehfn.target": ("CORES", "bench", "selftest"),
    "edgehfn.train": ("evaluate", "train"),
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


class _Package(ModuleType):
    """Keeps ``edgehfn.train`` and ``edgehfn.lower`` functions: importing the modules of that name would rebind them."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
