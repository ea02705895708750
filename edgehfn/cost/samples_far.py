"""Random convolutions of trained weights whose planes are far, those of a row just beyond the limit of others.

Of masks there are none: what they take is what ``hfn_conv_wide`` takes (:data:`edgehfn.cost.fit.LIKE`)."""

from __future__ import annotations

from random import Random

from edgehfn.backends.c import Function, function
from edgehfn.cost.samples import Maker
from edgehfn.ir import Graph, ops, verify
from edgehfn.ir.ops import Conv, Input
from edgehfn.ir.scratch import OFFSET_LIMIT, aligned

SHAPES = ((1, 1), (3, 1), (3, 1), (3, 2), (5, 1), (5, 2))  # kernel and stride
COLUMNS = (13, 16, 16, 30, 64, 100)
MORE = 40  # input channels beyond the fewest, at most
KINDS = (*[Function.CONV_FAR_DENSE] * 2, *[Function.CONV_FAR_INT4] * 2)


def far_layers(seed: int) -> Graph:
    """A graph of such layers, which all read its input. The same seed gives the same graph."""
    maker = Maker(Random(seed))
    random, (kernel, stride) = maker.random, maker.random.choice(SHAPES)
    rows, columns, outputs = random.randint(1, 4 if kernel > 1 else 2), random.choice(COLUMNS), random.randint(2, 7)
    each = kernel * min(stride, kernel) * (1 + (kernel - 1) // stride) * aligned(columns)  # bytes of planes
    inputs = OFFSET_LIMIT // each + random.randint(1, MORE)
    maker.nodes = [Input("input", (inputs, stride * rows, stride * columns), dtype=random.choice(("u8", "s8")))]
    for kind in KINDS:
        before = maker.nodes[-1].name if len(maker.nodes) > 1 and random.random() < 0.5 else None
        maker.nodes.append(_drawn(maker, kind, (outputs, inputs, kernel, kernel), stride, before))
    return verify(maker.graph)


def _drawn(maker: Maker, kind: Function, shape: ops.Shape, stride: int, residual: str | None) -> Conv:
    """A layer with the first weight drawn that the function takes."""
    x = maker.graph.tensors["input"]
    while True:
        weight = maker.weight(shape)
        q = maker.requantise(weight, x, residual is not None)
        node = Conv(f"y{len(maker.nodes)}", x.name, weight, q, stride, shape[2] // 2, residual)
        if function(node, Graph((*maker.nodes, node), seed=1)) == kind:
            return node
