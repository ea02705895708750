"""The random graphs that each function of firmware/ is fitted to.

The first functions share graphs, whose layers are drawn one after another: to these nothing may be added, or the draws
of all would change and with them every row of the table. A function that is new has graphs of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random
from typing import assert_never

from edgehfn.backends.c import Function, functions
from edgehfn.cost.samples import SIDES, layers
from edgehfn.cost.samples_far import far_layers
from edgehfn.cost.samples_gnn import graph_layers
from edgehfn.cost.samples_shared import shared_layers
from edgehfn.cost.samples_windows import window_layers
from edgehfn.ir import Graph, ops, verify
from edgehfn.ir.graph import Tensor
from edgehfn.spec.limits import LEVELS

GRAPHS = 64
NETWORKS = 36  # over graphs
ALONE = 24
MAPPED = 6  # three terms are fitted
FAR = 16
CHANNELS = (1, 3, 4, 7, 8, 16, 24, 32)


def samples(function: Function) -> tuple[Graph, ...]:
    """What a function is fitted to; nothing for one that runs no node."""
    match function:
        case Function.CHECK_GRAPH | Function.SLIDE | Function.INPUT_U8_ROWS | Function.INPUT_S8_ROWS:
            return ()
        case Function.INPUT_TABLE_ROWS | Function.INPUT_AFFINE_ROWS | Function.INPUT_S16_ROWS:
            return ()
        case Function.FEED_TABLE | Function.FEED_AFFINE | Function.FEED_S16:
            return ()
        case Function.INPUT_TABLE | Function.INPUT_AFFINE | Function.INPUT_S16:
            return _mapped(function)
        case Function.CONV_NARROW_ROWS | Function.CONV_PLAIN_ROWS | Function.CONV_WIDE_ROWS | Function.CONV_DENSE_ROWS:
            return ()
        case Function.CONV_SHARED:
            return tuple(shared_layers(seed) for seed in range(ALONE))
        case Function.CONV_SHARED_ROWS:
            return ()
        case Function.CONV_INT4_ROWS | Function.MAX_POOL_ROWS | Function.MAX_POOL_2X2_ROWS | Function.ADD_ROWS:
            return ()
        case Function.CONV_FAR_ROWS | Function.CONV_FAR_DENSE_ROWS | Function.CONV_FAR_INT4_ROWS:
            return ()
        case Function.RECT_NARROW_ROWS | Function.RECT_WIDE_ROWS | Function.RECT_TRAINED_ROWS:
            return ()
        case Function.RECT_FAR_ROWS | Function.RECT_FAR_TRAINED_ROWS:
            return ()
        case Function.RECT_NARROW | Function.RECT_WIDE | Function.RECT_TRAINED | Function.RECT_FAR_TRAINED:
            return window_layers(function)
        case Function.DEPTHWISE_SUPERMASK | Function.DEPTHWISE_DENSE | Function.DEPTHWISE_INT4:
            return window_layers(function)
        case Function.MEAN_POOL | Function.CONCAT:
            return window_layers(function)
        case Function.CONV_FAR | Function.RECT_FAR:
            return ()  # it is as another (edgehfn.cost.fit.LIKE)
        case Function.CONV_FAR_DENSE | Function.CONV_FAR_INT4:
            return _far()
        case Function.FEED_U8 | Function.FEED_S8:
            return ()
        case Function.INPUT_U8 | Function.INPUT_S8 | Function.MAX_POOL | Function.MAX_POOL_2X2:
            return _shared(function)
        case Function.CONV_NARROW | Function.CONV_PLAIN | Function.CONV_WIDE | Function.CONV_DENSE | Function.CONV_INT4:
            return _shared(function)
        case Function.LINEAR_PLAIN | Function.LINEAR_SUPERMASK | Function.LINEAR_DENSE | Function.LINEAR_INT4:
            return _shared(function)
        case Function.AVG_POOL | Function.ADD | Function.CONSTANT | Function.NODE_POOL:
            return _shared(function)
        case Function.SPARSE_SUPERMASK | Function.SPARSE_DENSE | Function.SPARSE_INT4:
            return _shared(function)
        case Function.AGGREGATE | Function.ATTENTION:
            return _shared(function)
        case _:
            assert_never(function)


def alone(make: Callable[[Random, Tensor], ops.Node]) -> tuple[Graph, ...]:
    """Graphs of one node behind an input: ``make`` draws it for the map that it reads, by the map's name."""
    return tuple(_alone(Random(seed), make) for seed in range(ALONE))


def _alone(random: Random, make: Callable[[Random, Tensor], ops.Node]) -> Graph:
    shape = (random.choice(CHANNELS), random.choice(SIDES), random.choice(SIDES))
    given = ops.Input("input", shape, "chw", "s8" if random.random() < 0.5 else "u8")
    return verify(Graph((given, make(random, Graph((given,), seed=1).output)), seed=1))


@cache
def _mapped(function: Function) -> tuple[Graph, ...]:
    found = []
    for seed in range(ALONE if function is Function.INPUT_TABLE else MAPPED):
        random = Random(seed)
        shape = (random.choice(CHANNELS), random.choice(SIDES), random.choice(SIDES))
        given = ops.Input("input", shape, "chw" if seed % 2 else "hwc", "u8")
        if function is Function.INPUT_TABLE:
            rows = [tuple(random.randint(-LEVELS, LEVELS) for _ in range(256)) for _ in range(shape[0])]
            given = replace(given, table=tuple(rows))
        else:
            dtype: ops.RawType = "s16" if function is Function.INPUT_S16 else random.choice(("u8", "s8"))
            given = replace(given, dtype=dtype, maps=(ops.Affine(127, 1 << 14, 15),) * shape[0])
        found.append(verify(Graph((given, ops.AvgPool("mean", "input", 1, 0)), seed=1)))
    return tuple(found)


@cache
def _far() -> tuple[Graph, ...]:
    return tuple(far_layers(seed) for seed in range(FAR))


@cache
def _shared(function: Function) -> tuple[Graph, ...]:
    return tuple(graph for graph, called in _all() if function in called)


@cache
def _all() -> tuple[tuple[Graph, frozenset[Function]], ...]:
    graphs = [*(layers(seed) for seed in range(GRAPHS)), *(graph_layers(seed) for seed in range(NETWORKS))]
    return tuple((graph, frozenset(functions(graph))) for graph in graphs)
