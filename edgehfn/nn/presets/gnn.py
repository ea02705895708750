"""GNNs: GCN, GIN, GAT and SAGE layers, alone or in folded residual stages (Yan et al. 2023).

Every layer transforms the channels first and gathers from neighbours after it: ``A·(x·W)`` equals ``(A·x)·W``, and
sparse features are then read once, by a weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import Any, Literal, TypedDict, Unpack, get_args

import torch

from edgehfn.errors import InputError
from edgehfn.nn.blocks import Block, Fold
from edgehfn.nn.builder import Builder, Norms, Sharing, Weights
from edgehfn.nn.frozen import Frozen, Over, freeze
from edgehfn.nn.gnn_input import GraphSpec, StoredGraph
from edgehfn.nn.gnn_layers import Pool
from edgehfn.nn.initial import Initial
from edgehfn.nn.net import Net, Op
from edgehfn.nn.presets.residual import class_names
from edgehfn.nn.quantised import QuantisedConv2d
from edgehfn.nn.supermask import SupermaskConv2d, nested

Layer = Literal["gcn", "gin", "gat", "sage"]
GRAPH_PRESETS = (*get_args(Layer), *(f"res{layer}" for layer in get_args(Layer)))
Order = Literal["after", "before"]
Sum = Literal["sum", "mean"]
Scores = Literal["all", "own"]
HIDDEN = 192  # channels, as in Yan et al.
DENSITY = 0.375
RESIDUAL_SCALE = (
    0.1  # 16 layers of 64 channels on Cora learn well from 0.03 to 0.1; at 0.3 what they add up to explodes
)


class GraphOptions(TypedDict, total=False):
    """What a user may change in any preset of a GNN."""

    hidden: int  # channels
    layers: int
    density: float  # of the first coat, which is the only one unless there are more coats
    coats: int | Sequence[float]  # how many, spaced evenly below the density; or their densities, none growing
    fold: int  # iterations of each residual stage
    residual_scale: float  # of what a residual layer adds
    order: Order  # of a residual layer: its norm and ReLU behind the sum over neighbours, or before all
    gather: Sum  # over the neighbours and the node, of GIN
    learn_epsilon: bool  # of GIN's sum: how often the node itself counts, 1 + ε
    weight_scale: float  # factor of the masks' constants
    heads: int  # of attention
    scores: Scores  # of a head: read from all channels, or from its own
    weights: Weights
    classifier: Weights
    affine: bool
    masks: Sharing  # one for all iterations of a fold, or one each over the same signs
    norms: Norms
    frozen: Frozen  # fraction of the masked weights that are seeded to be kept or not, and take no mask bit
    freeze_over: Over  # how they are spread over the layers
    pool: Pool  # over the nodes of small graphs
    score_init: Initial  # what scores begin with
    weight_init: Initial  # and trained weights
    seed: int


@dataclass(frozen=True)
class Linear:
    """The same linear layer at every node, norm, ReLU."""

    channels: int
    kind: Weights | None = None  # the builder's

    def add(self, builder: Builder, name: str) -> None:
        """Add one linear layer over the nodes."""
        builder.conv(name, self.channels, 1, kind=self.kind)


@dataclass(frozen=True)
class Gather:
    """One layer of a GNN. ``residual`` adds its input; the last of a net has no norm and no ReLU."""

    layer: Layer
    channels: int
    heads: int = 1
    residual: bool = False
    last: bool = False
    kind: Weights | None = None  # the builder's
    gain: float = 1.0  # factor of a supermask's magnitude
    inner: int | None = None  # channels within a GIN layer
    order: Order = "after"  # of norm and ReLU
    gather: Sum = "sum"  # of GIN
    learned: bool = False  # whether ε is
    scores: Scores = "all"  # of attention

    def add(self, builder: Builder, name: str) -> None:
        """Add a linear layer and what gathers its values over the edges."""
        residual = builder.x if self.residual else None
        if self.order == "before":
            builder.aggregate(f"{name}.before", "own")
        before = builder.x
        inner = not self.last and self.order == "after"
        width = self.inner or self.channels
        builder.conv(f"{name}.linear", width, 1, kind=self.kind, norm=False, relu=False, gain=self.gain)
        match self.layer:
            case "gcn":
                builder.aggregate(f"{name}.gather", "gcn", norm=inner, relu=inner, residual=residual)
            case "gin":  # a multilayer perceptron of two layers, the sum within the first
                builder.aggregate(f"{name}.gather", self.gather, learned=self.learned)
                builder.conv(f"{name}.out", self.channels, 1, kind=self.kind, norm=inner, relu=inner, residual=residual)
            case "sage":  # what neighbours say, and what the node says of itself through another weight
                told, builder.x = builder.x, before
                own = builder.conv(
                    f"{name}.own", width, 1, kind=self.kind, norm=False, relu=False, residual=residual, gain=self.gain
                )
                builder.x = told
                builder.aggregate(f"{name}.gather", "neighbours", norm=inner, relu=inner, residual=own)
            case "gat":
                told = builder.x
                wider = sqrt(self.heads) if self.scores == "own" else 1.0  # of fewer inputs
                scores = builder.conv(
                    f"{name}.scores", 2 * self.heads, 1, kind=self.kind, norm=False, relu=False, gain=wider
                )
                if self.scores == "own":
                    _confine(builder.steps[-1].op, self.heads)
                builder.x = told
                builder.attention(f"{name}.gather", self.heads, scores, norm=inner, relu=inner, residual=residual)


def _confine(op: Op, heads: int) -> None:
    """Let the scores of each head read the head's own channels alone, as published."""
    assert isinstance(op, SupermaskConv2d | QuantisedConv2d)
    outputs, channels = op.shape[:2]
    own = torch.arange(outputs).remainder(heads).unsqueeze(1) == torch.arange(channels) // (channels // heads)
    if not op.confined:
        op.confine(own.flatten())


def gnn(
    layer: Layer,
    input: StoredGraph | GraphSpec,
    classes: int | Sequence[str],
    *,
    hidden: int = HIDDEN,
    layers: int = 3,
    residual: bool = False,
    fold: int = 1,
    residual_scale: float = RESIDUAL_SCALE,
    order: Order = "after",
    gather: Sum = "sum",
    learn_epsilon: bool = False,
    weight_scale: float = 1.0,
    heads: int = 4,
    scores: Scores = "all",
    coats: Sequence[float] = (DENSITY,),
    weights: Weights = "supermask",
    classifier: Weights | None = None,
    affine: bool = True,
    masks: Sharing = "shared",
    norms: Norms = "none",
    frozen: Frozen = 0.0,
    freeze_over: Over = "uniform",
    pool: Pool | None = None,
    score_init: Initial = "torch",
    weight_init: Initial = "torch",
    seed: int = 0,
) -> Net:
    """Build a net that names the class of every node of a stored graph, or of each small graph.

    Plain: ``layers`` layers of ``hidden`` channels, the last of which makes the classes of nodes; small graphs are
    pooled after all layers (samples: to their first node), and a linear layer makes their classes. ``residual``: a
    linear encoder, ``layers`` layers that add their input, in stages of one layer iterated ``fold`` times, and a linear
    predictor; by ``order="before"`` (ResGCN+, Li et al. 2020) a layer's norm and ReLU come first, and behind the last
    layer once more. ``residual_scale`` makes what they add small: without norms, many layers of He's constants explode.
    ``learn_epsilon`` is GIN's; ``scores="own"`` the published GAT's, of masks, int8 or float. ``coats`` are densities,
    one a coat. Without ``norms`` a supermask layer's scale is a constant. The other options are those of ``resnet``.

    Raises InputError for an option out of range.
    """
    names = class_names(classes)
    if type(fold) is not int:
        raise InputError(f"fold {fold}: graph nets take one number, the iterations of every stage")
    if min(hidden, layers, fold) < 1 or layers % fold or (fold > 1 and not residual):
        raise InputError(
            f"hidden {hidden}, layers {layers}, fold {fold}: each is 1 or more, layers a multiple of fold, and only a "
            "residual net (resgcn, resgin, resgat, ressage) folds"
        )
    if order not in get_args(Order) or gather not in get_args(Sum) or (order == "before" and not residual):
        raise InputError(
            f"order {order!r}, gather {gather!r}: the order is after or (residual nets) before; gather a sum or mean"
        )
    if scores not in get_args(Scores):
        raise InputError(f"scores {scores!r}: those of a head are read from all channels, or from its own")
    if not 0 < weight_scale < inf:
        raise InputError(f"weight scale {weight_scale} is not a positive number; 1 is usual")
    if not isfinite(residual_scale):
        raise InputError(f"residual scale {residual_scale} is not finite; {RESIDUAL_SCALE} is usual")
    initial = score_init, weight_init
    builder = Builder(input, seed, tuple(coats), affine, masks, norms, weights, *initial, scale=weight_scale)
    made: list[Block]
    sums: dict[str, Any] = {"gather": gather, "learned": learn_epsilon, "scores": scores}
    if residual:
        body = Gather(layer, hidden, heads, residual=True, gain=residual_scale, order=order, **sums)
        made = [Linear(hidden), *[Fold(body, fold)] * (layers // fold)]
    else:
        body = Gather(layer, hidden, heads, **sums)
        wide = hidden if layer == "gin" else None
        last = Gather(layer, len(names), last=True, kind=classifier, inner=wide, **sums)
        made = [body] * layers if isinstance(input, GraphSpec) else [*[body] * (layers - 1), last]
    for number, block in enumerate(made):
        block.add(builder, f"layer{number}")
    if order == "before":
        builder.aggregate("last", "own")
    if isinstance(input, GraphSpec):
        builder.node_pool("pool", pool or ("first" if input.asked else "mean"))
        builder.linear("classifier", len(names), kind=classifier)
    elif residual:
        builder.conv("classifier", len(names), 1, kind=classifier, norm=False, relu=False)
    net = builder.net(names)
    freeze(net, frozen, freeze_over)
    return net


def graph_preset(
    name: str, input: StoredGraph | GraphSpec, classes: int | Sequence[str], **options: Unpack[GraphOptions]
) -> Net:
    """Build ``gcn``, ``gin``, ``gat`` or ``sage``, or one of them with residual stages, ``resgcn``, …

    Raises InputError for an unknown name or option.
    """
    if name not in GRAPH_PRESETS:
        raise InputError(f"preset {name!r} is not for graphs; choose {', '.join(GRAPH_PRESETS)}")
    unknown = sorted(options.keys() - GraphOptions.__annotations__.keys())
    if unknown:
        raise InputError(f"option {unknown[0]!r} is not for graphs; choose {', '.join(GraphOptions.__annotations__)}")
    given: dict[str, Any] = dict(options)
    given["coats"] = nested(given.get("coats", 1), given.pop("density", None), DENSITY)
    layers: dict[str, Layer] = {layer: layer for layer in get_args(Layer)}
    return gnn(layers[name.removeprefix("res")], input, classes, residual=name.startswith("res"), **given)
