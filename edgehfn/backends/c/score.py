"""The score of an anomaly in generated C (SPEC section 5.4): its prototype, its threshold and its definition."""

from __future__ import annotations

from edgehfn.ir.graph import Graph


def prototype(graph: Graph, name: str) -> str:
    """What the header says of it, if the model tells what is odd."""
    if graph.task.kind != "anomaly":
        return ""
    up, limit = name.upper(), graph.task.threshold
    over = "" if limit is None else f"\n#define {up}_THRESHOLD {limit}u /* a score over it is odd */"
    return f"""
/* After a run: how far the input is from what the model makes of it, in squared steps of the input. */
uint32_t {name}_score(const uint32_t *arena);{over}
"""


def defined(graph: Graph, name: str) -> str:
    """Its definition: at most 2^18 squares of numbers up to 127 stay below 2^32."""
    if graph.task.kind != "anomaly":
        return ""
    up = name.upper()
    return f"""
uint32_t {name}_score(const uint32_t *arena) {{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < {up}_OUTPUT_SIZE; i++) {{
        const int32_t apart = {up}_OUTPUT(arena)[i];
        sum += (uint32_t)(apart * apart);
    }}
    return sum;
}}
"""
