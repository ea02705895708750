"""The layout of a ``.tflite`` file with one subgraph, written through the schema bindings of LiteRT's package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgehfn.errors import ToolError

VERSION = 3  # of the file format
IDENTIFIER = b"TFL3"
Constant = npt.NDArray[np.int8] | npt.NDArray[np.int32]


class File:
    """Tensors, constants and operators, in the order they are added. The same calls give the same bytes."""

    def __init__(self) -> None:
        """Raises ToolError if the schema bindings are not installed."""
        try:
            from ai_edge_litert import schema_py_generated
        except ImportError as error:
            raise ToolError(f"TFLite export: {error}; pip install ai-edge-litert flatbuffers") from error
        self.schema: Any = schema_py_generated
        self._buffers: dict[bytes, int] = {b"": 0}  # the format wants an empty one first
        self._codes: dict[tuple[int, int], int] = {}
        self._tensors: list[Any] = []
        self._operators: list[Any] = []

    def tensor(self, name: str, shape: Sequence[int], scale: float, zero: int = 0, unsigned: bool = False) -> int:
        """A tensor of bytes that stand for ``scale · (byte - zero)``; returns its index, as all of these do."""
        kind = self.schema.TensorType.UINT8 if unsigned else self.schema.TensorType.INT8
        return self._add(name, shape, kind, 0, self._quantisation([scale], zero))

    def constant(self, name: str, values: Constant, steps: npt.NDArray[np.float32] | None = None) -> int:
        """A constant; ``steps`` are the real values of one step of each slice along the first axis. Equal bytes are
        stored once."""
        kind = self.schema.TensorType.INT8 if values.dtype == np.int8 else self.schema.TensorType.INT32
        content = values.astype(values.dtype.newbyteorder("<")).tobytes()
        buffer = self._buffers.setdefault(content, len(self._buffers))
        quantisation = None if steps is None else self._quantisation(steps, 0)
        return self._add(name, values.shape, kind, buffer, quantisation)

    def operator(self, code: int, version: int, inputs: Sequence[int], output: int, kind: int, options: Any) -> None:
        """An operator: a member of ``schema.BuiltinOperator``, its version, and options of a ``BuiltinOptions``."""
        index = self._codes.setdefault((code, version), len(self._codes))
        self._operators.append(
            self.schema.OperatorT(
                opcodeIndex=index,
                inputs=list(inputs),
                outputs=[output],
                builtinOptionsType=kind,
                builtinOptions=options,
            )
        )

    def content(self, inputs: Sequence[int], output: int) -> bytes:
        """The file of a model that reads the tensors ``inputs`` and makes the tensor ``output``."""
        import flatbuffers

        schema = self.schema
        codes = [
            schema.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code, version=version)
            for code, version in self._codes
        ]
        buffers = [
            schema.BufferT(data=np.frombuffer(content, np.uint8) if content else None) for content in self._buffers
        ]
        subgraph = schema.SubGraphT(
            tensors=self._tensors, inputs=list(inputs), outputs=[output], operators=self._operators, name="main"
        )
        model = schema.ModelT(
            version=VERSION, operatorCodes=codes, subgraphs=[subgraph], description="EdgeHFN", buffers=buffers
        )
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())

    def _quantisation(self, steps: Sequence[float] | npt.NDArray[np.float32], zero: int) -> Any:
        scale = np.asarray(steps, np.float32)
        return self.schema.QuantizationParametersT(scale=scale, zeroPoint=np.full(scale.size, zero, np.int64))

    def _add(self, name: str, shape: Sequence[int], kind: int, buffer: int, quantisation: Any) -> int:
        self._tensors.append(
            self.schema.TensorT(shape=list(shape), type=kind, buffer=buffer, name=name, quantization=quantisation)
        )
        return len(self._tensors) - 1
