"""A net is its steps, in execution order: forward, calibration, lowering and the model file all walk the same tuple."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf, prod
from typing import assert_never

from torch import Tensor, nn

from edgehfn.data.labels import class_names
from edgehfn.errors import GraphError, InputError
from edgehfn.nn.adjacency import Links, Map, Nodes, SparseMap, linear
from edgehfn.nn.cpu import batch_norm
from edgehfn.nn.gnn_input import GraphSpec, StoredGraph
from edgehfn.nn.gnn_layers import Aggregate, Attention, NodePool
from edgehfn.nn.image_input import InputSpec as InputSpec
from edgehfn.nn.image_input import Order as Order
from edgehfn.nn.pool import AvgPool, Concat, GlobalAvgPool, MaxPool
from edgehfn.nn.quantised import FLOAT, Quantised, QuantisedConv2d, QuantisedLinear
from edgehfn.nn.shapes import Shape
from edgehfn.nn.sparsity import Search
from edgehfn.nn.supermask import Supermask, SupermaskConv2d, SupermaskLinear, check_seed
from edgehfn.spec.task import Task

Weighted = SupermaskConv2d | SupermaskLinear | QuantisedConv2d | QuantisedLinear
Gathering = Aggregate | Attention | NodePool  # over the nodes of a graph
Plain = MaxPool | AvgPool | GlobalAvgPool | Concat  # have no weight
Op = Weighted | Plain | Gathering
Observe = Callable[[str, Tensor], None]
Drop = Callable[[Map], Map]

INPUT = "input"
NAME = re.compile(r"[A-Za-z0-9_.@-]+")  # names end up in generated code
ITERATION = "@"  # between a step's name and the number of its iteration, where that is not 0


Input = InputSpec | StoredGraph | GraphSpec
Raw = Tensor | Nodes


@dataclass(frozen=True)
class Step:
    """``name = relu(norm(op(x)) + residual)``; attention reads ``scores``, too, and what joins maps ``other``.
    Iterations of a fold are steps that hold the same ``op``."""

    name: str  # of the tensor it makes: unique in the net
    x: str
    op: Op
    weight: str = ""  # name of the op's weight, "" if it has none
    norm: nn.BatchNorm2d | None = None
    relu: bool = False
    residual: str | None = None
    scores: str | None = None
    other: str | None = None
    cap: float | None = None  # what a ReLU lets through at most, such as 6

    @property
    def reads(self) -> tuple[str, ...]:
        """The tensors it is made of."""
        return tuple(name for name in (self.x, self.scores, self.other, self.residual) if name is not None)


def whole(x: Map) -> Map:
    """Nothing is dropped."""
    return x


class Net(nn.Module):
    """An input and the steps from it to the logits.

    ``shapes`` maps every tensor's name to its shape without the batch, ``weights`` every weight's name to its op.
    ``search`` is the rule by which masks are thinned out in training; it may be replaced before. ``initial`` is what
    scores and trained weights began with, where that is not the usual. Training sets the ``task``.
    Raises GraphError for steps that do not fit each other, InputError for a seed or class names out of range.
    """

    def __init__(
        self,
        input: Input,
        steps: Iterable[Step],
        classes: tuple[str, ...] = (),
        seed: int = 0,
        initial: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.input = input
        self.steps = tuple(steps)
        self.classes = class_names(classes)
        self.seed = seed
        self.task = Task()
        self.search = Search()
        self.initial = dict(initial or {})
        self.shapes: dict[str, Shape] = {INPUT: input.shape}
        self.weights: dict[str, Weighted] = {}
        for step in self.steps:
            self.shapes[step.name] = self._check(step)
        self._check_whole()
        self.ops = nn.ModuleList(dict.fromkeys(step.op for step in self.steps))
        self.norms = nn.ModuleList(step.norm for step in self.steps if step.norm is not None)
        self.float()  # whatever torch.set_default_dtype says
        self._dead = self._last_uses()

    def forward(self, raw: Raw) -> Tensor:
        """Raw bytes (N, C, H, W) to logits (N, classes); nodes to logits (1, classes, R, 4), or one row a graph."""
        return self.run(raw)

    def run(self, raw: Raw, observe: Observe | None = None, drop: Drop = whole) -> Tensor:
        """As ``forward``, handing every tensor out by name, "input" first. What is observed must not be changed.

        ``drop`` changes what each linear layer over nodes reads, in training.
        """
        weights = {name: op.weight() for name, op in self.weights.items()}
        x, links = self._read(raw)
        if observe is not None:
            observe(INPUT, x.values if isinstance(x, SparseMap) else x)
        tensors: dict[str, Map] = {INPUT: x}
        for step, dead in zip(self.steps, self._dead, strict=True):
            y = _made(step, tensors, weights, links, drop)
            y = _finish(step, y, tensors)
            tensors[step.name] = y = y if step.cap is None else y.clamp_max(step.cap)
            if observe is not None:
                observe(step.name, y)
            for name in dead:
                del tensors[name]
        return y

    def set_progress(self, fraction: float) -> None:
        """Fix how many weights each mask keeps, ``fraction`` (0..1) of the training being over.

        Training calls it before every step and once at its end.
        """
        supermasks = (op for op in self.weights.values() if isinstance(op, Supermask))
        self.search.apply([op for op in supermasks if op.scores is not None], fraction)

    @property
    def macs(self) -> dict[str, int]:
        """Multiply-accumulates of each step that has a weight, kept or not."""
        return {
            s.name: prod(self.weights[s.weight].shape) * prod(self.shapes[s.name][1:])
            if s.x != INPUT or not isinstance(self.input, StoredGraph)
            else self.weights[s.weight].shape[0] * len(self.input.features.indices)  # those that are not 0
            for s in self.steps
            if s.weight
        }

    def _read(self, raw: Raw) -> tuple[Map, Links | None]:
        """The float input, and the links of a graph."""
        if isinstance(self.input, InputSpec):
            return self.input.real(self.input.batch(raw)), None
        if not isinstance(raw, Nodes):
            raise InputError(f"the net reads graphs, not {type(raw).__name__}; give nodes, edgehfn.nn.Nodes")
        return raw.x, raw.links

    def _check(self, step: Step) -> Shape:
        """The shape of what a step makes of the tensors before it."""
        if step.name in self.shapes:
            raise GraphError(f"step {step.name}: a second tensor of this name; names must be unique")
        if not NAME.fullmatch(step.name):
            raise GraphError(f"step {step.name!r}: names are made of letters, digits and . _ - @")
        for name in step.reads:
            if name not in self.shapes:
                raise GraphError(f"step {step.name}: reads {name}, which no step before it makes")
        try:
            shape = output_shape(step.op, self.shapes, step.x, step.other)
        except GraphError as error:
            raise GraphError(f"step {step.name}: {error}") from None
        self._check_graph(step)
        if step.residual is not None and self.shapes[step.residual] != shape:
            raise GraphError(
                f"step {step.name}: adds {step.residual} of {self.shapes[step.residual]} to {shape}; make them equal"
            )
        if step.norm is not None and (len(shape) not in (1, 3) or step.norm.num_features != shape[0]):
            raise GraphError(f"step {step.name}: a norm of {step.norm.num_features} channels does not fit {shape}")
        op = self.weights.setdefault(step.weight, step.op) if isinstance(step.op, Weighted) else None
        if step.cap is not None and not (step.relu and 0 < step.cap < inf):
            raise GraphError(f"step {step.name}: a cap of {step.cap} needs a ReLU, and to be a positive number")
        if op is not (step.op if step.weight else None):
            raise GraphError(f"step {step.name}: weight name {step.weight!r} must name this op's weight and no other")
        return shape

    def _check_graph(self, step: Step) -> None:
        """What layers on graphs require beyond shapes."""
        if isinstance(self.input, InputSpec):
            if isinstance(step.op, Gathering):
                raise GraphError(f"step {step.name}: a layer over the nodes of a graph in a net for images")
            return
        if len(self.shapes[step.x]) == 3 and not _reads_nodes(step.op):
            raise GraphError(f"step {step.name}: mixes nodes as if they were pixels; use 1x1 convolutions")
        if isinstance(step.op, Attention):
            wanted = (2 * step.op.heads, *self.shapes[step.x][1:])
            if step.scores is None or self.shapes[step.scores] != wanted:
                raise GraphError(f"step {step.name}: attention needs scores of shape {wanted}")

    def _check_whole(self) -> None:
        if not self.steps:
            raise GraphError("a net needs at least one step")
        check_seed(self.seed)
        last = self.shapes[self.steps[-1].name]
        outputs = last[0] if isinstance(self.input, StoredGraph) else prod(last)
        if self.classes and len(self.classes) not in (outputs, last[0]):  # of a map, a name for each channel
            raise InputError(f"{len(self.classes)} class names for {outputs} outputs; give one each, or none")
        for name, op in self.weights.items():
            if isinstance(op, Supermask) and op.seed != self.seed:
                raise GraphError(f"weight {name}: has seed {op.seed}, the net has {self.seed}; a net has one seed")

    def _last_uses(self) -> tuple[tuple[str, ...], ...]:
        """For each step, the tensors that nothing reads after it."""
        last = {name: i for i, step in enumerate(self.steps) for name in step.reads}
        return tuple(tuple(name for name, at in last.items() if at == i) for i in range(len(self.steps)))


def output_shape(op: Op, shapes: Mapping[str, Shape], x: str, other: str | None) -> Shape:
    """What an operation makes of the tensors that it reads. Raises GraphError if they do not fit."""
    if isinstance(op, Concat) and other is not None and other in shapes:
        return op.output_shape(shapes[x], shapes[other])
    if isinstance(op, Concat) or other is not None:
        raise GraphError(f"{type(op).__name__} of {x} and {other}: two maps are joined by Concat, and by nothing else")
    return op.output_shape(shapes[x])


def own(net: object) -> Net:
    """Return a net of ours as it is. Raises InputError for other modules."""
    if isinstance(net, Net):
        return net
    raise InputError(
        f"{type(net).__name__} is no net of edgehfn; build one with edgehfn.nn or load one, and give it as it is"
    )


def is_float(net: Net) -> str:
    """Return the name of a weight that is float32, which no device computes; "" if there is none."""
    return next((name for name, op in net.weights.items() if isinstance(op, Quantised) and op.bits == FLOAT), "")


def check_integer(net: Net) -> None:
    """Raise InputError if a weight is float32."""
    if name := is_float(net):
        raise InputError(
            f"weight {name}: is float32, a reference to measure others by, which has no integer form; for a device "
            "train with --weights supermask, int8, int4, ternary or binary"
        )


def _reads_nodes(op: Op) -> bool:
    """Whether an operation takes each node of a map alone, or by its edges."""
    match op:
        case SupermaskConv2d() | QuantisedConv2d():
            return (op.window.kernel, op.window.stride) == (1, 1) and not op.depthwise
        case Aggregate() | Attention() | NodePool():
            return True
        case SupermaskLinear() | QuantisedLinear() | MaxPool() | AvgPool() | GlobalAvgPool() | Concat():
            return False
        case _:
            assert_never(op)


def _made(step: Step, tensors: dict[str, Map], weights: dict[str, Tensor], links: Links | None, drop: Drop) -> Tensor:
    """``op(x)`` of a step."""
    x, op = tensors[step.x], step.op
    made: Tensor
    match op:
        case Aggregate() | NodePool():
            assert links is not None
            made = op(x, links)
        case Attention():
            assert links is not None
            made = op(x, _tensor(tensors, str(step.scores)), links)
        case SupermaskConv2d() | QuantisedConv2d() if links is not None:
            made = linear(drop(x), weights[step.weight], op.bias if isinstance(op, QuantisedConv2d) else None)
        case SupermaskConv2d() | SupermaskLinear() | QuantisedConv2d() | QuantisedLinear():
            made = op(x, weights[step.weight])
        case MaxPool() | AvgPool() | GlobalAvgPool():
            made = op(x)
        case Concat():
            made = op(x, _tensor(tensors, str(step.other)))
        case _:
            assert_never(op)
    return made


def _tensor(tensors: dict[str, Map], name: str) -> Tensor:
    found = tensors[name]
    assert isinstance(found, Tensor)
    return found


def _finish(step: Step, y: Tensor, tensors: dict[str, Map]) -> Tensor:
    """Norm, residual and ReLU of a step whose operation made ``y``, which may be overwritten."""
    residual = None if step.residual is None else _tensor(tensors, step.residual)
    if step.norm is not None:
        if y.dim() == 4 and batch_norm.fits(y, step.norm):
            return batch_norm.normalise(y, step.norm, residual, step.relu)
        y = step.norm(y) if y.dim() == 4 else step.norm(y[..., None, None]).flatten(1)
    if residual is not None:
        y = y.add_(residual)
    return y.relu_() if step.relu else y
