"""The functions of firmware/ that generated code calls: what is known of each, and which of them runs a node.

A new function is added here first. What reads the table (calls, code size, the fit of instructions) follows, or the
type checker, tests/ir/test_completeness.py or the error of a missing row names what is left (docs/EXTENDING.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self, assert_never

from edgehfn.errors import GraphError
from edgehfn.ir import ops
from edgehfn.ir.arena import Plan, by_node, uses_lookup_table
from edgehfn.ir.bounds import sums_fit_16_bits
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Node, QuantisedWeight, Supermask, Weight
from edgehfn.ir.scratch import is_far
from edgehfn.spec.window import square


@dataclass(frozen=True)
class Facts:
    """What callers must know of a function.

    ``takes_model``: its first argument is the struct of constants. ``groups_pixels``: its kernel sums some pixels at a
    time, a number that is the core's own. ``runs_a_node``: otherwise it is called beside the nodes, and its
    instructions count as those of the input. ``by_rows``: it runs some rows of a node, as the function of its name
    without ``_rows`` runs all, or takes in one.
    """

    takes_model: bool = False
    groups_pixels: bool = False
    runs_a_node: bool = True
    by_rows: bool = False


RECORD = Facts()  # all it reads lies in its record and in the arena
MODEL = Facts(takes_model=True)
PIXELS = Facts(takes_model=True, groups_pixels=True)
BESIDE = Facts(runs_a_node=False)
ROWS = Facts(runs_a_node=False, by_rows=True)
MODEL_ROWS = Facts(takes_model=True, runs_a_node=False, by_rows=True)


class Function(StrEnum):
    """A function by its name in C, in the order of firmware/include/edgehfn.h, edgehfn_rows.h, edgehfn_gnn.h."""

    facts: Facts

    def __new__(cls, symbol: str, facts: Facts) -> Self:
        """A member that is its symbol, so that it can be written as text."""
        made = str.__new__(cls, symbol)
        made._value_ = symbol
        made.facts = facts
        return made

    INPUT_U8 = "hfn_input_u8", RECORD
    INPUT_S8 = "hfn_input_s8", RECORD
    INPUT_TABLE = "hfn_input_table", MODEL
    INPUT_AFFINE = "hfn_input_affine", MODEL
    INPUT_S16 = "hfn_input_s16", MODEL
    CONV_NARROW = "hfn_conv_narrow", PIXELS
    CONV_PLAIN = "hfn_conv_plain", PIXELS
    CONV_SHARED = "hfn_conv_shared", PIXELS
    CONV_WIDE = "hfn_conv_wide", PIXELS
    CONV_DENSE = "hfn_conv_dense", PIXELS
    CONV_INT4 = "hfn_conv_int4", PIXELS
    CONV_FAR = "hfn_conv_far", PIXELS
    CONV_FAR_DENSE = "hfn_conv_far_dense", PIXELS
    CONV_FAR_INT4 = "hfn_conv_far_int4", PIXELS
    RECT_NARROW = "hfn_rect_narrow", PIXELS
    RECT_WIDE = "hfn_rect_wide", PIXELS
    RECT_TRAINED = "hfn_rect_trained", PIXELS
    RECT_FAR = "hfn_rect_far", PIXELS
    RECT_FAR_TRAINED = "hfn_rect_far_trained", PIXELS
    DEPTHWISE_SUPERMASK = "hfn_depthwise_supermask", MODEL
    DEPTHWISE_DENSE = "hfn_depthwise_dense", MODEL
    DEPTHWISE_INT4 = "hfn_depthwise_int4", MODEL
    LINEAR_PLAIN = "hfn_linear_plain", MODEL
    LINEAR_SUPERMASK = "hfn_linear_supermask", MODEL
    LINEAR_DENSE = "hfn_linear_dense", MODEL
    LINEAR_INT4 = "hfn_linear_int4", MODEL
    MAX_POOL = "hfn_max_pool", RECORD
    MAX_POOL_2X2 = "hfn_max_pool_2x2", RECORD
    AVG_POOL = "hfn_avg_pool", RECORD
    MEAN_POOL = "hfn_mean_pool", RECORD
    CONCAT = "hfn_concat", RECORD
    ADD = "hfn_add", RECORD
    SLIDE = "hfn_slide", BESIDE
    INPUT_U8_ROWS = "hfn_input_u8_rows", ROWS
    INPUT_S8_ROWS = "hfn_input_s8_rows", ROWS
    INPUT_TABLE_ROWS = "hfn_input_table_rows", MODEL_ROWS
    INPUT_AFFINE_ROWS = "hfn_input_affine_rows", MODEL_ROWS
    INPUT_S16_ROWS = "hfn_input_s16_rows", MODEL_ROWS
    CONV_NARROW_ROWS = "hfn_conv_narrow_rows", MODEL_ROWS
    CONV_PLAIN_ROWS = "hfn_conv_plain_rows", MODEL_ROWS
    CONV_SHARED_ROWS = "hfn_conv_shared_rows", MODEL_ROWS
    CONV_WIDE_ROWS = "hfn_conv_wide_rows", MODEL_ROWS
    CONV_DENSE_ROWS = "hfn_conv_dense_rows", MODEL_ROWS
    CONV_INT4_ROWS = "hfn_conv_int4_rows", MODEL_ROWS
    CONV_FAR_ROWS = "hfn_conv_far_rows", MODEL_ROWS
    CONV_FAR_DENSE_ROWS = "hfn_conv_far_dense_rows", MODEL_ROWS
    CONV_FAR_INT4_ROWS = "hfn_conv_far_int4_rows", MODEL_ROWS
    RECT_NARROW_ROWS = "hfn_rect_narrow_rows", MODEL_ROWS
    RECT_WIDE_ROWS = "hfn_rect_wide_rows", MODEL_ROWS
    RECT_TRAINED_ROWS = "hfn_rect_trained_rows", MODEL_ROWS
    RECT_FAR_ROWS = "hfn_rect_far_rows", MODEL_ROWS
    RECT_FAR_TRAINED_ROWS = "hfn_rect_far_trained_rows", MODEL_ROWS
    MAX_POOL_ROWS = "hfn_max_pool_rows", ROWS
    MAX_POOL_2X2_ROWS = "hfn_max_pool_2x2_rows", ROWS
    ADD_ROWS = "hfn_add_rows", ROWS
    FEED_U8 = "hfn_feed_u8", ROWS
    FEED_S8 = "hfn_feed_s8", ROWS
    FEED_TABLE = "hfn_feed_table", MODEL_ROWS
    FEED_AFFINE = "hfn_feed_affine", MODEL_ROWS
    FEED_S16 = "hfn_feed_s16", MODEL_ROWS
    CHECK_GRAPH = "hfn_check_graph", BESIDE
    CONSTANT = "hfn_constant", MODEL
    SPARSE_SUPERMASK = "hfn_sparse_supermask", MODEL
    SPARSE_DENSE = "hfn_sparse_dense", MODEL
    SPARSE_INT4 = "hfn_sparse_int4", MODEL
    AGGREGATE = "hfn_aggregate", MODEL
    ATTENTION = "hfn_attention", MODEL
    NODE_POOL = "hfn_node_pool", MODEL

    @property
    def rows(self) -> Function:
        """The function that runs some rows of what this one runs whole."""
        return next(function for function in Function if function == f"{self}_rows")

    @property
    def feeding(self) -> Function:
        """The function that takes in one row of what this one takes in whole."""
        return next(function for function in Function if function == self.replace("_input_", "_feed_"))


def functions(graph: Graph, planned: Plan | None = None) -> list[Function]:
    """All that generated code calls by a plan, a call each; without one, if all nodes run whole and no channels share
    sums."""
    checked = graph.input is not None and graph.input.topology is not None
    grouped = by_node(planned.groups) if planned else {}
    found = [Function.CHECK_GRAPH] if checked else []
    for i, node in enumerate(graph):
        whole = function(node, graph, planned)
        if i in grouped:
            feeds = grouped[i].fed and isinstance(node, ops.Input)
            found += [Function.SLIDE] * (node.name in grouped[i].windows) + [whole.feeding if feeds else whole.rows]
        else:
            found.append(whole)
    return found


def function(node: Node, graph: Graph, planned: Plan | None = None) -> Function:
    """The function that runs a node, by a plan in which channels may share sums."""
    if planned and node.name in planned.scratch and planned.scratch[node.name].shared:
        return Function.CONV_SHARED
    match node:
        case ops.Input(table=table) if table is not None:
            return Function.INPUT_TABLE
        case ops.Input(dtype=dtype, maps=maps) if maps is not None:
            return Function.INPUT_S16 if dtype == "s16" else Function.INPUT_AFFINE
        case ops.Input(dtype=dtype):
            return Function.INPUT_U8 if dtype == "u8" else Function.INPUT_S8
        case ops.Conv() if square(node.sides) is None:
            return _rect(node, graph)
        case ops.Conv() if is_far(node, graph):
            return _far(node.weight)
        case ops.Conv(weight=weight) if weight.uses_index_list:
            if not sums_fit_16_bits(node, graph):
                return Function.CONV_WIDE
            return Function.CONV_PLAIN if isinstance(weight, Supermask) and weight.plain else Function.CONV_NARROW
        case ops.Conv(weight=weight):
            return _by_bits(weight, {8: Function.CONV_DENSE, 4: Function.CONV_INT4})
        case ops.Depthwise(weight=weight) if weight.uses_index_list:
            return Function.DEPTHWISE_SUPERMASK
        case ops.Depthwise(weight=weight):
            return _by_bits(weight, {8: Function.DEPTHWISE_DENSE, 4: Function.DEPTHWISE_INT4})
        case ops.Linear(weight=weight) if weight.uses_index_list:
            return Function.LINEAR_PLAIN if uses_lookup_table(weight) else Function.LINEAR_SUPERMASK
        case ops.Linear(weight=weight):
            return _by_bits(weight, {8: Function.LINEAR_DENSE, 4: Function.LINEAR_INT4})
        case ops.MaxPool():
            return Function.MAX_POOL_2X2 if _side_by_side(node, graph) else Function.MAX_POOL
        case ops.AvgPool():
            return Function.AVG_POOL
        case ops.MeanPool():
            return Function.MEAN_POOL
        case ops.Concat():
            return Function.CONCAT
        case ops.Add():
            return Function.ADD
        case ops.Constant():
            return Function.CONSTANT
        case ops.SparseLinear(weight=weight) if weight.uses_index_list:
            return Function.SPARSE_SUPERMASK
        case ops.SparseLinear(weight=weight):
            return _by_bits(weight, {8: Function.SPARSE_DENSE, 4: Function.SPARSE_INT4})
        case ops.Aggregate():
            return Function.AGGREGATE
        case ops.Attention():
            return Function.ATTENTION
        case ops.NodePool():
            return Function.NODE_POOL
        case _:
            assert_never(node)


def _rect(node: ops.Conv, graph: Graph) -> Function:
    far = is_far(node, graph)
    if node.weight.uses_index_list:
        near = Function.RECT_NARROW if sums_fit_16_bits(node, graph) else Function.RECT_WIDE
        return Function.RECT_FAR if far else near
    trained = Function.RECT_FAR_TRAINED if far else Function.RECT_TRAINED
    return _by_bits(node.weight, {8: trained, 4: trained})


def _far(weight: Weight) -> Function:
    if weight.uses_index_list:
        return Function.CONV_FAR
    return _by_bits(weight, {8: Function.CONV_FAR_DENSE, 4: Function.CONV_FAR_INT4})


def _by_bits(weight: Supermask | QuantisedWeight, functions: dict[int, Function]) -> Function:
    """The function that multiplies by a weight. Raises GraphError where there is none."""
    found = functions.get(weight.bits) if isinstance(weight, QuantisedWeight) else None
    if found is None:
        what = f"{weight.bits} bits" if isinstance(weight, QuantisedWeight) else "a mask"
        raise GraphError(f"{weight.name}: no function of the runtime multiplies by weights of {what}; add it here")
    return found


def _side_by_side(node: ops.MaxPool, graph: Graph) -> bool:
    """Whether firmware/src/pool/max_pool_2x2.c takes this pool."""
    width = graph.tensors[node.x].shape[2]
    return (node.kernel, node.stride, node.padding) == (2, 2, 0) and width % 2 == 0 and width >= 8 and width != 10
