"""C code from a graph: one struct of constants and a chain of calls into firmware/."""

from __future__ import annotations

import zlib
from typing import NamedTuple, assert_never

from edgehfn.backends.c import data as c_data
from edgehfn.backends.c import records, text
from edgehfn.backends.c.data import Origin
from edgehfn.backends.c.text import SelfTest
from edgehfn.ir import ops
from edgehfn.ir.arena import Plan, uses_lookup_table
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Conv, Linear, Node, Supermask
from edgehfn.ir.validate import sums_fit_16_bits


class Part(NamedTuple):
    """A member of the generated struct: its bytes on any core, and what they are spent on."""

    member: str
    origin: Origin
    data: bytes


def emit(graph: Graph, plan: Plan, name: str, golden: int | None = None) -> dict[str, str]:
    """The text of ``NAME.h`` and ``NAME.c`` for a verified graph; the same graph gives the same bytes.

    ``golden`` is the CRC-32 of the output of SPEC section 8's golden inference; without it there is no self-test.
    Raises InputError if C names cannot begin with ``name``, GraphError if a number exceeds the runtime's fields.
    """
    text.check_name(name)
    members = records.members(graph, plan)
    data = b"".join(c_data.encode(members))
    calls = [_call(node, record, graph, name) for node, record in zip(graph, records.records(graph), strict=True)]
    test = None if golden is None else SelfTest(zlib.crc32(data), golden)
    return {
        f"{name}.h": text.header(graph, plan, name, selftest=test is not None),
        f"{name}.c": text.source(graph, plan, name, members, calls, test),
    }


def layout(graph: Graph, plan: Plan) -> list[Part]:
    """The generated struct, member by member, in its order."""
    members = records.members(graph, plan)
    return [Part(m.name, m.origin, data) for m, data in zip(members, c_data.encode(members), strict=True)]


def functions(graph: Graph) -> list[str]:
    """All that generated code calls, a call each."""
    checked = graph.input is not None and graph.input.topology is not None
    return [*(["hfn_check_graph"] if checked else []), *(function(node, graph) for node in graph)]


def function(node: Node, graph: Graph) -> str:
    """The function of firmware/ that runs a node."""
    match node:
        case ops.Input():
            return f"hfn_input_{node.dtype}"
        case ops.Conv(weight=weight) if weight.uses_index_list:
            if not sums_fit_16_bits(node, graph):
                return "hfn_conv_wide"
            return "hfn_conv_plain" if isinstance(weight, Supermask) and weight.plain else "hfn_conv_narrow"
        case ops.Conv(weight=ops.QuantisedWeight(bits=8)):
            return "hfn_conv_dense"
        case ops.Conv():
            return "hfn_conv_int4"
        case ops.Linear(weight=weight) if weight.uses_index_list:
            return "hfn_linear_plain" if uses_lookup_table(weight) else "hfn_linear_supermask"
        case ops.Linear(weight=ops.QuantisedWeight(bits=8)):
            return "hfn_linear_dense"
        case ops.Linear():
            return "hfn_linear_int4"
        case ops.MaxPool():
            return "hfn_max_pool_2x2" if _side_by_side(node, graph) else "hfn_max_pool"
        case ops.AvgPool():
            return "hfn_avg_pool"
        case ops.Add():
            return "hfn_add"
        case ops.Constant():
            return "hfn_constant"
        case ops.SparseLinear(weight=weight) if weight.uses_index_list:
            return "hfn_sparse_supermask"
        case ops.SparseLinear(weight=ops.QuantisedWeight(bits=8)):
            return "hfn_sparse_dense"
        case ops.SparseLinear():
            return "hfn_sparse_int4"
        case ops.Aggregate():
            return "hfn_aggregate"
        case ops.Attention():
            return "hfn_attention"
        case ops.NodePool():
            return "hfn_node_pool"
        case _:
            assert_never(node)


def _side_by_side(node: ops.MaxPool, graph: Graph) -> bool:
    """Whether firmware/src/pool/max_pool_2x2.c takes this pool."""
    width = graph.tensors[node.x].shape[2]
    return (node.kernel, node.stride, node.padding) == (2, 2, 0) and width % 2 == 0 and width >= 8 and width != 10


def _call(node: Node, record: str, graph: Graph, name: str) -> str:
    model = f"&{name}_data, " if isinstance(node, Conv | Linear | ops.GraphNode) else ""
    return f"{function(node, graph)}({model}&{name}_data.{record}, arena);"
