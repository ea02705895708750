"""What integer outputs say, by task: a class, labels, numbers in the unit of the data, how odd an input is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.ir import Graph
from edgehfn.target.execute import Int8
from edgehfn.training import figures
from edgehfn.training.figures import Figures

Array = npt.NDArray[Any]


def answers(graph: Graph, outputs: Int8) -> Array:
    """Return what the outputs of a batch mean: logits ``(N, K)``, numbers ``(N, K)``, scores ``(N,)``, or classes of
    pixels ``(N, H, W)``."""
    match graph.task.kind:
        case "anomaly":
            return scores(outputs)
        case "pixels":
            found: Array = outputs.argmax(1)
            return found
        case "regression":
            scale, offset = units(graph)
            return outputs.reshape(len(outputs), -1) * scale + offset
        case _:
            return outputs.reshape(len(outputs), -1) * step(graph)


def measured(graph: Graph, outputs: Int8, truth: Array, names: tuple[str, ...]) -> Figures:
    """Return the figures of a batch of outputs, of a task that is not ``class``."""
    found = answers(graph, outputs)
    match graph.task.kind:
        case "labels":
            return figures.of_labels(found, truth, names)
        case "regression":
            return figures.of_numbers(found, truth, names)
        case "anomaly":
            return figures.of_scores(found, truth, graph.task.threshold)
        case _:
            return figures.of_pixels(found, truth, names)


def scores(outputs: Int8) -> Array:
    """Return the score of each output: the sum of its squares (SPEC section 5.4)."""
    found: Array = (outputs.reshape(len(outputs), -1).astype(np.int64) ** 2).sum(1)
    return found


def step(graph: Graph) -> float:
    """Return the real value of one step of the output."""
    mantissa, exponent = graph.scales.get(graph.output.name, (1, 0))
    return float(mantissa * 2.0**exponent)


def units(graph: Graph) -> tuple[Array, Array]:
    """Return factor and offset of each output of a regression: ``value = factor * output + offset``."""
    return np.array(graph.task.scale) * step(graph), np.array(graph.task.offset)
