"""Single nodes of an exported model, fed with our integers: how far TFLite's reference kernels are from ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgehfn.backends.emulator.images import emulate
from edgehfn.backends.tflite import run
from edgehfn.ir import Graph, ops
from edgehfn.ir.inputs import Raw
from edgehfn.ir.ops import Conv

Bytes = npt.NDArray[np.int8]

OPERATORS = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


def contents(model: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(model)


def operators(model: bytes) -> list[str]:
    whole = contents(model)
    codes = [OPERATORS[code.builtinCode] for code in whole.operatorCodes]
    return [codes[operator.opcodeIndex] for operator in whole.subgraphs[0].operators]


def cut(model: bytes, reads: tuple[str, ...], makes: str) -> bytes:
    """The part of a model that makes one of its tensors from others, as a model."""
    whole = contents(model)
    part = whole.subgraphs[0]
    index = {tensor.name.decode(): at for at, tensor in enumerate(part.tensors)}
    given, wanted = {index[name] for name in reads}, {index[makes]}
    kept: list[Any] = []
    for operator in reversed(part.operators):
        if wanted & set(operator.outputs):
            kept.insert(0, operator)
            wanted |= set(operator.inputs) - given
    part.operators, part.inputs, part.outputs = kept, sorted(given), [index[makes]]
    builder = flatbuffers.Builder()
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def through(model: bytes, given: dict[str, Bytes], reference: bool = True) -> Bytes:
    """What a model makes of tensors given by name, with as many images in all of them."""
    engine = run.interpreter(model, reference)
    entries = {entry["name"]: entry["index"] for entry in engine.get_input_details()}
    assert set(entries) == set(given)
    for name, values in given.items():
        engine.resize_tensor_input(entries[name], values.shape)
    engine.allocate_tensors()
    for name, values in given.items():
        engine.set_tensor(entries[name], values)
    engine.invoke()
    made: Bytes = engine.get_tensor(engine.get_output_details()[0]["index"])
    return made


@dataclass(frozen=True)
class Off:
    """How far one node is from ours: the largest difference, what is allowed, the share of elements that differ."""

    node: ops.Node
    largest: int
    allowed: int
    share: float


def differences(graph: Graph, model: bytes, raw: Raw) -> list[Off]:
    """Every node but the input, fed with our integers, on the reference kernels."""
    ours: dict[str, Bytes] = {}
    emulate(graph, raw, lambda name, values: ours.update({name: run.channels_last(values)}))
    found = []
    for node in graph.nodes[1:]:
        fused = isinstance(node, Conv) and node.residual is not None and node.requantise.residual_multiplier > 0
        reads = ops.inputs(node)[: 1 if isinstance(node, Conv) and not fused else 2]
        theirs = through(cut(model, reads, node.name), {name: ours[name] for name in reads})
        assert theirs.shape == ours[node.name].shape
        apart = np.abs(theirs.astype(int) - ours[node.name])
        found.append(Off(node, int(apart.max()), 2 if fused else 1, float((apart > 0).mean())))
    return found
