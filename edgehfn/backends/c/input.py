"""What the generated header says of the input: an image, a graph, or nothing where all is stored."""

from __future__ import annotations

from collections.abc import Sequence

from edgehfn.backends.c.gnn_records import topology_member
from edgehfn.ir import gnn_memory, ops
from edgehfn.ir.arena import Plan
from edgehfn.ir.graph import Graph
from edgehfn.ir.topology import InputTopology

TYPES = {"u8": "uint8_t", "s8": "int8_t", "s16": "int16_t"}


def declared(graph: Graph, plan: Plan, name: str) -> str:
    """The header's part on the input."""
    match graph.input:
        case None:
            return "/* Nothing is read: the features are stored. */\n"
        case ops.Input(topology=InputTopology() as topology) as node:
            return _graph(node, topology, plan, name)
        case node if plan.fed:
            return _rows(node, name.upper()) + _units(node, name)
        case node:
            return _image(node, plan, name.upper()) + _units(node, name)


def runs(graph: Graph, plan: Plan, name: str) -> str:
    """The prototypes of what runs the net."""
    if graph.input is None or not plan.fed:
        return f"void {name}_run(uint32_t *arena);"
    return f"""/* Before the first row of each image, whether or not the one before it was complete. */
void {name}_start(uint32_t *arena);

/* The next row, from the top. 1 with the last one: the output is valid until the next start. Else 0. */
int {name}_feed(uint32_t *arena, const {TYPES[graph.input.dtype]} *row);"""


def defined(graph: Graph, plan: Plan, name: str, steps: str) -> str:
    """The definitions of what runs the net in these steps; those of a fed image run as far as its rows allow."""
    if graph.input is None or not plan.fed:
        return f"void {name}_run(uint32_t *arena) {{\n{steps}\n}}"
    state = f"arena[{plan.raw.offset // 4}]"
    return f"""void {name}_start(uint32_t *arena) {{
    {state} = {plan.groups[0].start << 16}u;
}}

int {name}_feed(uint32_t *arena, const {TYPES[graph.input.dtype]} *row) {{
    const uint32_t first = {state} >> 16;
{steps}
    return 1;
}}"""


def prototype(graph: Graph, name: str) -> str:
    """The function that checks a graph, if one is read."""
    if graph.input is None or graph.input.topology is None:
        return ""
    return f"""
/* The status of the graph in the input, {name.upper()}_GRAPH_OK before every run. */
int {name}_check_graph(uint32_t *arena);
"""


def check(graph: Graph, name: str) -> str:
    """Its definition."""
    if graph.input is None or graph.input.topology is None:
        return ""
    return f"""
HFN_ASSERT({name}_graph, sizeof(struct {name}_graph) == {name.upper()}_INPUT_SIZE);

int {name}_check_graph(uint32_t *arena) {{
    return hfn_check_graph(&{name}_data.{topology_member(graph, graph.input.topology)}, arena);
}}
"""


def braces(values: Sequence[int]) -> str:
    """An initialiser of an array."""
    return f"{{{', '.join(map(str, values))}}}"


def _image(node: ops.Input, plan: Plan, up: str) -> str:
    hwc = node.order == "hwc"
    shape = (*node.shape[1:], node.shape[0]) if hwc else node.shape
    axes = "height, width, channels" if hwc else "channels, height, width" if len(shape) == 3 else "elements"
    at, what = f"({TYPES[node.dtype]} *)(arena) + {up}_INPUT_OFFSET", "bytes"
    if node.sample > 1:
        at, what = f"({TYPES[node.dtype]} *)(void *)((uint8_t *)(arena) + {up}_INPUT_OFFSET)", "samples"
    return f"""/* The sensor's {what}: {axes}. A run may overwrite them. */
#define {up}_INPUT(arena) ({at})
#define {up}_INPUT_OFFSET {plan.raw.offset} /* bytes, in the arena */
#define {up}_INPUT_SIZE {plan.raw.size}
#define {up}_INPUT_SHAPE {braces(shape)}
"""


def _rows(node: ops.Input, up: str) -> str:
    channels, height, width = node.shape
    lies = "pixel by pixel" if node.order == "hwc" else "channel by channel"
    shape = (width, channels) if node.order == "hwc" else (channels, width)
    what = "bytes" if node.sample == 1 else "samples"
    return f"""/* The sensor's {what} come row by row; those of a row lie {lies}. */
#define {up}_ROWS {height}
#define {up}_ROW_SIZE {channels * width * node.sample} /* bytes */
#define {up}_ROW_SHAPE {braces(shape)}
"""


def _units(node: ops.Input, name: str) -> str:
    """What samples stand for, and the way from there to them for who has floats; the runtime has none."""
    if node.units is None:
        return ""
    up = name.upper()
    steps, zeros = zip(*node.units, strict=True)
    return f"""
/* What samples of each channel stand for, in the unit of the data: SCALE * sample + ZERO. */
#define {up}_INPUT_SCALE {{{", ".join(map(_real, steps))}}}
#define {up}_INPUT_ZERO {{{", ".join(map(_real, zeros))}}}

#if defined({up}_FLOATS) /* define it where you have floats */
/* The sample of a value: the nearest one, and no further than 16 bits go. */
static inline int16_t {name}_raw(float value, unsigned channel) {{
    static const float scale[] = {up}_INPUT_SCALE, zero[] = {up}_INPUT_ZERO;
    float steps = (value - zero[channel]) / scale[channel];
    steps = steps > -32768.0f ? (steps < 32767.0f ? steps : 32767.0f) : -32768.0f; /* of NaN, too */
    const int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole;
    return (int16_t)(whole + (rest >= 0.5f) - (rest < -0.5f));
}}
#endif
"""


def _real(value: float) -> str:
    """A float of C, exact if it is one of 32 bits."""
    text = f"{value:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _graph(node: ops.Input, topology: InputTopology, plan: Plan, name: str) -> str:
    up, slots = name.upper(), gnn_memory.slots(topology.nodes)
    return f"""/* A graph, which a run may overwrite. Check it before every run. */
#define {up}_GRAPH_NODES_MOST {topology.nodes}
#define {up}_GRAPH_EDGES_MOST {topology.edges}
#define {up}_GRAPH_DEGREE_MOST {topology.degree}
struct __attribute__((__may_alias__)) {name}_graph {{
    {TYPES[node.dtype]} features[{node.shape[0]}][{slots}]; /* of each channel, node by node */
    uint16_t nodes;
    uint16_t edges;
    uint16_t edge[{topology.edges}][2]; /* the nodes that it joins, from 0; each edge once */
}};
#define {up}_INPUT(arena) ((struct {name}_graph *)(void *)((uint8_t *)(arena) + {up}_INPUT_OFFSET))
#define {up}_INPUT_OFFSET {plan.raw.offset} /* bytes, in the arena */
#define {up}_INPUT_SIZE {plan.raw.size}

enum {{
    {up}_GRAPH_OK,
    {up}_GRAPH_NODES,     /* more nodes than {topology.nodes} */
    {up}_GRAPH_EDGES,     /* more edges than {topology.edges} */
    {up}_GRAPH_RANGE,     /* an edge joins a node that is not there */
    {up}_GRAPH_LOOP,      /* an edge joins a node to itself */
    {up}_GRAPH_DEGREE,    /* a node has more than {topology.degree} neighbours */
    {up}_GRAPH_DUPLICATE  /* two edges join the same nodes */
}};
"""
