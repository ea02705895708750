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
from edgehfn.ir.arena import uses_lookup_table
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Node, QuantisedWeight, Supermask
from edgehfn.ir.validate import sums_fit_16_bits


@dataclass(frozen=True)
class Facts:
    """What callers must know of a function.

    ``takes_model``: its first argument is the struct of constants. ``groups_pixels``: its kernel sums some pixels at a
    time, a number that is the core's own. ``runs_a_node``: otherwise it is called beside the nodes, and its
    instructions count as those of the input.
    """

    takes_model: bool = False
    groups_pixels: bool = False
    runs_a_node: bool = True


RECORD = Facts()  # all it reads lies in its record and in the arena
MODEL = Facts(takes_model=True)
PIXELS = Facts(takes_model=True, groups_pixels=True)
BESIDE = Facts(runs_a_node=False)


class Function(StrEnum):
    """A function by its name in C, in the order of firmware/include/edgehfn.h, then edgehfn_gnn.h."""

    facts: Facts

    def __new__(cls, symbol: str, facts: Facts) -> Self:
        """A member that is its symbol, so that it can be written as text."""
        made = str.__new__(cls, symbol)
        made._value_ = symbol
        made.facts = facts
        return made

    INPUT_U8 = "hfn_input_u8", RECORD
    INPUT_S8 = "hfn_input_s8", RECORD
    CONV_NARROW = "hfn_conv_narrow", PIXELS
    CONV_PLAIN = "hfn_conv_plain", PIXELS
    CONV_WIDE = "hfn_conv_wide", PIXELS
    CONV_DENSE = "hfn_conv_dense", PIXELS
    CONV_INT4 = "hfn_conv_int4", PIXELS
    LINEAR_PLAIN = "hfn_linear_plain", MODEL
    LINEAR_SUPERMASK = "hfn_linear_supermask", MODEL
    LINEAR_DENSE = "hfn_linear_dense", MODEL
    LINEAR_INT4 = "hfn_linear_int4", MODEL
    MAX_POOL = "hfn_max_pool", RECORD
    MAX_POOL_2X2 = "hfn_max_pool_2x2", RECORD
    AVG_POOL = "hfn_avg_pool", RECORD
    ADD = "hfn_add", RECORD
    CHECK_GRAPH = "hfn_check_graph", BESIDE
    CONSTANT = "hfn_constant", MODEL
    SPARSE_SUPERMASK = "hfn_sparse_supermask", MODEL
    SPARSE_DENSE = "hfn_sparse_dense", MODEL
    SPARSE_INT4 = "hfn_sparse_int4", MODEL
    AGGREGATE = "hfn_aggregate", MODEL
    ATTENTION = "hfn_attention", MODEL
    NODE_POOL = "hfn_node_pool", MODEL


def functions(graph: Graph) -> list[Function]:
    """All that generated code calls, a call each."""
    checked = graph.input is not None and graph.input.topology is not None
    return [*([Function.CHECK_GRAPH] if checked else []), *(function(node, graph) for node in graph)]


def function(node: Node, graph: Graph) -> Function:
    """The function that runs a node."""
    match node:
        case ops.Input(dtype=dtype):
            return Function.INPUT_U8 if dtype == "u8" else Function.INPUT_S8
        case ops.Conv(weight=weight) if weight.uses_index_list:
            if not sums_fit_16_bits(node, graph):
                return Function.CONV_WIDE
            return Function.CONV_PLAIN if isinstance(weight, Supermask) and weight.plain else Function.CONV_NARROW
        case ops.Conv(weight=weight):
            return _by_bits(weight, {8: Function.CONV_DENSE, 4: Function.CONV_INT4})
        case ops.Linear(weight=weight) if weight.uses_index_list:
            return Function.LINEAR_PLAIN if uses_lookup_table(weight) else Function.LINEAR_SUPERMASK
        case ops.Linear(weight=weight):
            return _by_bits(weight, {8: Function.LINEAR_DENSE, 4: Function.LINEAR_INT4})
        case ops.MaxPool():
            return Function.MAX_POOL_2X2 if _side_by_side(node, graph) else Function.MAX_POOL
        case ops.AvgPool():
            return Function.AVG_POOL
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
