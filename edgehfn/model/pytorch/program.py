"""A PyTorch module as the operators that ``torch.export`` finds in it, each with its line of the user's source."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, fx, nn

from edgehfn.errors import GraphError, InputError

BATCH = 2  # of the example that is traced: tells the batch from sizes of 1
LISTED = "docs/YOUR_NET.md lists what is supported"
FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in [^\n]*\n(?P<text>[^\n]*)')
OWN = str(Path(torch.__file__).parent)


@dataclass(frozen=True)
class Program:
    """Calls in execution order, from the input ``x`` to the output ``y``. ``constants`` are what does not depend on
    ``x``: parameters, buffers, and what is computed of them alone."""

    calls: tuple[fx.Node, ...]
    x: fx.Node
    y: fx.Node
    constants: Mapping[fx.Node, Any]
    names: Mapping[fx.Node, str]  # of parameters and buffers


def program(module: nn.Module, example: Tensor) -> Program:
    """Export a module, in eval mode, for batches like ``example``.

    Raises InputError for one that cannot be exported or reads or returns several tensors.
    """
    exported = _exported(module, example)
    signature, graph = exported.graph_signature, exported.graph
    stored = {**exported.state_dict, **exported.constants}
    targets = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    targets |= signature.inputs_to_lifted_tensor_constants
    constants: dict[fx.Node, Any] = {}
    names, inputs, calls, returned = {}, [], [], []
    for node in graph.nodes:
        if node.op == "placeholder" and node.name in targets:
            names[node] = targets[node.name]
            constants[node] = stored[names[node]].detach()
        elif node.op == "placeholder":
            inputs.append(node)
        elif node.op == "output":
            returned = node.all_input_nodes
        elif node.op == "call_function" and all(arg in constants for arg in node.all_input_nodes):
            constants[node] = _computed(node, constants)
        else:
            calls.append(node)
    if len(inputs) != 1 or len(returned) != 1:
        raise InputError(
            f"{type(module).__name__} reads {len(inputs)} tensors and returns {len(returned)}; give a module of one "
            "input and one output"
        )
    return Program(tuple(calls), inputs[0], returned[0], constants, names)


def arguments(node: fx.Node) -> dict[str, Any]:
    """What an operator is called with, by name, defaults included."""
    schema = _overload(node)._schema.arguments
    found = {a.name: a.default_value for a in schema if a.has_default_value()}
    found |= dict(zip((a.name for a in schema), node.args, strict=False))
    return {**found, **node.kwargs}


def operator_of(node: fx.Node) -> str:
    """The operator's name, of what works in place as of what does not: ``relu``."""
    schema = getattr(node.target, "_schema", None)
    name = getattr(node.target, "__name__", str(node.target)) if schema is None else schema.name.split("::")[-1]
    return name.rstrip("_") if not name.startswith("_") else name


def shape_of(node: fx.Node) -> tuple[int, ...]:
    """The shape of what a call makes, the batch first."""
    value = node.meta.get("val")
    return tuple(value.shape) if isinstance(value, Tensor) else ()


def path_of(node: fx.Node) -> str:
    """The name of the module that calls an operator, as ``named_modules`` has it; "" of the outermost."""
    modules = _modules(node)
    return modules[-1][0] if modules else ""


def _modules(node: fx.Node) -> list[tuple[str, str]]:
    """Names and classes of the modules that a call is in, the innermost last."""
    return [(str(path), str(kind)) for path, kind in (node.meta.get("nn_module_stack") or {}).values()]


def refuse(node: fx.Node, why: str) -> NoReturn:
    """Raise GraphError for a call, with its place in the user's source."""
    path, kind = _modules(node)[-1] if _modules(node) else ("", "")
    module = f" of {kind.rpartition('.')[2]} {path!r}" if path else ""
    raise GraphError(f"{_line(node)}{operator_of(node)}{module}: {why}; {LISTED}")


def _line(node: fx.Node) -> str:
    """File, line and text of the last frame that is not PyTorch's own."""
    frames = [f for f in FRAME.finditer(node.meta.get("stack_trace") or "") if not f["file"].startswith(OWN)]
    if not frames:
        return ""
    return f"{Path(frames[-1]['file']).name}, line {frames[-1]['line']}, `{frames[-1]['text'].strip():.60}`: "


def _exported(module: Any, example: Any) -> torch.export.ExportedProgram:
    if not isinstance(module, nn.Module) or not isinstance(example, Tensor) or example.dim() < 2 or not len(example):
        raise InputError(
            f"from_torch takes a torch.nn.Module and a batch of its inputs, not {type(module).__name__} and "
            f"{type(example).__name__}; give a tensor such as torch.zeros(1, 3, 32, 32)"
        )
    batch = example[:1].detach().expand(BATCH, *example.shape[1:]).clone()
    try:
        with warnings.catch_warnings(), in_eval(module):
            warnings.simplefilter("ignore")  # of torch's own code
            return torch.export.export(module, (batch,))
    except Exception as error:  # whatever the module's own code raises
        told = [*str(error).strip().splitlines(), type(error).__name__]
        raise InputError(
            f"{type(module).__name__}: torch.export cannot follow it with an input of {tuple(batch.shape)}: "
            f"{told[0].rstrip('.'):.120}; its forward must take one tensor and not branch on values"
        ) from error


@contextmanager
def in_eval(module: nn.Module) -> Iterator[None]:
    """Let a module be in eval mode, and each of its parts then in the mode it was in."""
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, mode in training.items():
            part.training = mode


def _computed(node: fx.Node, constants: Mapping[fx.Node, Any]) -> Any:
    """What a call makes of constants."""
    args, kwargs = fx.node.map_arg((node.args, node.kwargs), lambda arg: constants[arg])
    with torch.no_grad():
        return _overload(node)(*args, **kwargs)


def _overload(node: fx.Node) -> Any:
    """What a call calls."""
    return node.target
