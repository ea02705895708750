"""C code from a graph: one struct of constants and a chain of calls into firmware/."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from edgehfn.backends.c import data as c_data
from edgehfn.backends.c import names, records, rows_records, text
from edgehfn.backends.c.data import Origin
from edgehfn.backends.c.functions import Function, function
from edgehfn.backends.c.text import SelfTest
from edgehfn.ir.arena import Plan, by_node
from edgehfn.ir.graph import Graph
from edgehfn.ir.groups import Group


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
    test = None if golden is None else SelfTest(zlib.crc32(data), golden)
    return {
        f"{name}.h": text.header(graph, plan, name, selftest=test is not None),
        f"{name}.c": text.source(graph, plan, name, members, list(_steps(graph, plan, name)), test),
    }


def layout(graph: Graph, plan: Plan) -> list[Part]:
    """The generated struct, member by member, in its order."""
    members = records.members(graph, plan)
    return [Part(m.name, m.origin, data) for m, data in zip(members, c_data.encode(members), strict=True)]


def _steps(graph: Graph, plan: Plan, name: str) -> Iterator[str]:
    """The lines of the function that runs the net: a call for each node, those of a group in a loop."""
    groups = by_node(plan.groups)
    for i, (node, record) in enumerate(zip(graph, records.records(graph), strict=True)):
        group, called, of_node = groups.get(i), function(node, graph, plan), f"&{name}_data.{record}"
        model = f"&{name}_data, " if called.facts.takes_model else ""
        tensor = graph.tensors[node.name]
        what = f"/* {text.described(node, tensor)} */"
        if group is None:
            yield what
            yield f"{called}({model}{of_node}, arena);"
            yield f"HFN_TRACE({i}, (const int8_t *)arena + {plan.tensors[node.name].offset}, {tensor.size});"
            continue
        ticks = f"&{name}_data.{rows_records.named(graph, 'ticks')[i]}"
        feeds = group.fed and i == 0
        if feeds:
            yield what
            yield f"const uint32_t end = {called.feeding}({model}{of_node}, {ticks}, row, arena);"
            yield "for (uint32_t tick = first; tick < end; tick++) {"
        else:
            if i == group.first:
                yield f"for (uint32_t tick = {group.start}; tick < {group.ticks}; tick++) {{"
            yield f"    {what}"
            yield from _slide(graph, group, i, name)
            yield f"    {called.rows}({model}{of_node}, {ticks}, tick, arena);"
        yield f"    HFN_TRACE_ROWS({i}, {ticks}, tick, arena);"
        if i == group.last:
            yield from _slide(graph, group, 0, name) if group.fed else ()  # room for the rows of the next tick
            yield "}"
            yield from (f"if (end != {group.ticks}) {{", "    return 0;", "}") if group.fed else ()


def _slide(graph: Graph, group: Group, i: int, name: str) -> Iterator[str]:
    """The lines that move the window of a node, if it has one."""
    if graph.nodes[i].name in group.windows:
        yield f"    {Function.SLIDE}(&{name}_data.{rows_records.named(graph, 'window')[i]}, tick, arena);"
        yield f"    HFN_TRACE_SLIDE({i});"
