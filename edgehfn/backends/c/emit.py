"""C code from a graph: one struct of constants and a chain of calls into firmware/."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from edgehfn.backends.c import data as c_data
from edgehfn.backends.c import names, records, text
from edgehfn.backends.c.data import Origin
from edgehfn.backends.c.functions import function
from edgehfn.backends.c.text import SelfTest
from edgehfn.ir.arena import Plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import Node


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
    names.check(name)
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


def _call(node: Node, record: str, graph: Graph, name: str) -> str:
    called = function(node, graph)
    model = f"&{name}_data, " if called.facts.takes_model else ""
    return f"{called}({model}&{name}_data.{record}, arena);"
