"""A net as JSON and tensors, and back (docs/SPEC.md section 7): the input, the steps, and the layers of ``stored``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from math import prod
from typing import assert_never, get_args

from edgehfn.errors import InputError
from edgehfn.nn import stored, stored_weights
from edgehfn.nn.entries import Json, choice, field, floats, integers
from edgehfn.nn.gnn_input import GraphSpec, StoredGraph
from edgehfn.nn.net import Gathering, Input, InputSpec, Net, Op, Order, Step, Weighted
from edgehfn.nn.stored_weights import Array, Named, Stored, restore_norm
from edgehfn.sound import FrontEnd
from edgehfn.spec.limits import WORD
from edgehfn.spec.raw import Affine, RawType, Unit
from edgehfn.spec.task import Kind, Task

NORMALISED = "normalised"  # the type of bytes u8 that a mean and a deviation scale

RestoreGraph = Callable[[Json, dict[str, Array]], StoredGraph]  # from its description and a file's tensors


def describe(net: Net) -> Json:
    """The structure of any net of steps. Steps name their weights, so what iterations share is described once."""
    return {
        "input": _describe_input(net.input),
        "steps": [_describe_step(step) for step in net.steps],
        "weights": {name: stored.describe(op) for name, op in net.weights.items()},
        **({} if net.task == Task() else {"task": _describe_task(net.task)}),
    }


def signature(net: Net) -> str:
    """Tells nets apart whose training differs: by structure, norms that are shared, search, seed and initial values."""
    norms = [step.norm for step in net.steps]
    told: list[object] = [net.seed, repr(net.search), describe(net), [norms.index(norm) for norm in norms]]
    told += [net.initial] if net.initial else []
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def tensors(net: Net) -> Named:
    """What the structure leaves to tensors, but for a stored graph, by name."""
    found = [part for name, op in net.weights.items() for part in stored.tensors(name, op)]
    for step in net.steps:
        if step.norm is not None:
            found += stored_weights.norm_tensors(step.name, step.norm)
    return found


def rebuild(arch: Json, classes: tuple[str, ...], tensors: Stored, graph: RestoreGraph) -> Net:
    """The net that :func:`describe` described, from its tensors.

    Raises InputError, GraphError, KeyError or TypeError for a structure that it cannot have written.
    """
    spec = _input(field(arch, "input", dict), tensors, graph)
    weights = {
        name: stored.restore_weighted(name, entry, tensors) for name, entry in field(arch, "weights", dict).items()
    }
    steps = [_step(entry, weights, tensors) for entry in field(arch, "steps", list)]
    net = Net(spec, steps, classes, tensors.seed)
    net.task = _task(field(arch, "task", dict), prod(net.shapes[net.steps[-1].name])) if "task" in arch else Task()
    return net


def _describe_task(task: Task) -> Json:
    numbers = {"scale": list(task.scale), "offset": list(task.offset)} if task.kind == "regression" else {}
    return {"kind": task.kind, **numbers}


def _task(entry: Json, outputs: int) -> Task:
    kind: Kind = choice(entry, "kind", get_args(Kind))
    if kind != "regression":
        return Task(kind)
    return Task(kind, floats(entry, "scale", outputs), floats(entry, "offset", outputs))


def _describe_input(input: Input) -> Json:
    match input:
        case InputSpec():
            entry: Json = {"shape": list(input.shape), "order": input.order, "dtype": input.dtype}
            if input.maps:
                given = {"maps": [list(one) for one in input.maps]}
                return entry | given | ({"units": [list(unit) for unit in input.units]} if input.units else {})
            if input.sound is not None:
                entry["sound"] = input.sound.to_json()
            if not input.mean:
                return entry
            return {**entry, "dtype": NORMALISED, "mean": list(input.mean), "deviation": list(input.deviation)}
        case GraphSpec():
            limits = {"nodes": input.most_nodes, "edges": input.most_edges, "degree": input.most_degree}
            return {"graph": "input", "features": input.features, **limits}
        case StoredGraph(features=features):
            kind = {"values": features.values is not None, "step": features.step}
            return {"graph": "stored", "features": features.count, "nodes": features.nodes, **kind}
        case _:
            assert_never(input)


def _input(entry: Json, tensors: Stored, graph: RestoreGraph) -> Input:
    if "graph" not in entry:
        order: Order = choice(entry, "order", get_args(Order))
        channels, height, width = integers(entry, "shape", 3)
        sound = FrontEnd(**field(entry, "sound", dict)) if "sound" in entry else None
        if entry.get("dtype") == NORMALISED:
            mean, deviation = (floats(entry, name, channels) for name in ("mean", "deviation"))
            return InputSpec((channels, height, width), order, "u8", mean, deviation)
        dtype: RawType = choice(entry, "dtype", get_args(RawType))
        maps, units = _maps(entry), _units(entry)
        return InputSpec((channels, height, width), order, dtype, maps=maps, units=units, sound=sound)
    if choice(entry, "graph", ("input", "stored")) == "stored":
        return graph(entry, tensors.tensors)
    return GraphSpec(*(field(entry, name, int) for name in ("features", "nodes", "edges", "degree")))


def _maps(entry: Json) -> tuple[Affine, ...]:
    rows = field(entry, "maps", list) if "maps" in entry else []
    return tuple(Affine(*integers({"maps": row}, "maps", 3, least=-WORD)) for row in rows)


def _units(entry: Json) -> tuple[Unit, ...]:
    rows = field(entry, "units", list) if "units" in entry else []
    return tuple(Unit(*floats({"units": row}, "units", 2)) for row in rows)


def _describe_step(step: Step) -> Json:
    norm = None if step.norm is None else stored_weights.describe_norm(step.norm)
    relu: Json = {"relu": step.relu if step.cap is None else float(step.cap)}
    entry = {"name": step.name, "x": step.x, "norm": norm, **relu, "residual": step.residual}
    if step.weight:
        return {**entry, "weight": step.weight}
    others = {name: value for name, value in (("scores", step.scores), ("other", step.other)) if value}
    return {**entry, **others, "gather" if isinstance(step.op, Gathering) else "pool": stored.describe(step.op)}


def _step(entry: Json, weights: dict[str, Weighted], tensors: Stored) -> Step:
    name, x = field(entry, "name", str), field(entry, "x", str)
    cap = field(entry, "relu", float) if type(entry["relu"]) is float else None
    relu = cap is not None or field(entry, "relu", bool)
    residual = None if entry["residual"] is None else field(entry, "residual", str)
    weight = ""
    if "pool" in entry:
        op: Op = stored.restore_pool(field(entry, "pool", dict))
    elif "gather" in entry:
        op = stored.restore_gathering(field(entry, "gather", dict))
    else:
        weight = field(entry, "weight", str)
        if weight not in weights:
            raise InputError(f"step {name!r}: its weight {weight!r} is not described")
        op = weights[weight]
    norm = None if entry["norm"] is None else restore_norm(name, field(entry, "norm", dict), tensors)
    scores = field(entry, "scores", str) if "scores" in entry else None
    other = field(entry, "other", str) if "other" in entry else None
    return Step(name, x, op, weight, norm, relu, residual, scores, other, cap)
