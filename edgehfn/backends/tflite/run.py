"""Running an exported model in a TFLite interpreter: LiteRT's, or that of ``tflite-runtime``."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import ToolError
from edgehfn.ir.graph import Graph
from edgehfn.ir.inputs import Raw, checked

Int8 = npt.NDArray[np.int8]

BATCH = 100  # images at once
PACKAGES = ("ai_edge_litert", "tflite_runtime")


def run(graph: Graph, model: bytes, raw: Raw, reference: bool = False) -> Int8:
    """Run raw images ``(N, *raw_shape)`` through ``model``, the exported ``graph``; int8 ``(N, *output.shape)``.

    By default on the kernels that the interpreter takes by itself (XNNPACK where it can), else on the ``reference``
    kernels; in one thread. Raises InputError if ``raw`` does not fit the graph's input, ToolError if there is no
    interpreter.
    """
    images = checked(graph, raw)
    if graph.input is not None and graph.input.order == "chw":
        images = channels_last(images)
    engine = interpreter(model, reference)
    outputs = [_batch(engine, images[at : at + BATCH]) for at in range(0, len(images), BATCH)]
    return np.concatenate([np.empty((0, *graph.output.shape), np.int8), *outputs])


def interpreter(model: bytes, reference: bool = False) -> Any:
    """An interpreter of one thread for a model's content. Raises ToolError naming what to install."""
    module = _module()
    kernels = module.OpResolverType
    return module.Interpreter(
        model_content=model,
        num_threads=1,
        experimental_op_resolver_type=kernels.BUILTIN_REF if reference else kernels.AUTO,
    )


def channels_last(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``N, C, H, W`` as ``N, H, W, C``; vectors as they are."""
    return np.ascontiguousarray(np.moveaxis(images, 1, -1))


def _batch(engine: Any, images: Raw) -> Int8:
    """One group of images ``(N, H, W, C)``."""
    (entry,), (end,) = engine.get_input_details(), engine.get_output_details()
    engine.resize_tensor_input(entry["index"], images.shape)
    engine.allocate_tensors()
    engine.set_tensor(entry["index"], images)
    engine.invoke()
    return np.ascontiguousarray(np.moveaxis(engine.get_tensor(end["index"]), -1, 1))


def _module() -> ModuleType:
    for package in PACKAGES:
        try:
            return importlib.import_module(f"{package}.interpreter")
        except ImportError:
            continue
    raise ToolError("no TFLite interpreter is installed; pip install ai-edge-litert")
