#include "arena.h"
#include "fill.h"
#include "topology.h"

/* Legal graphs take the same instructions for the same numbers of nodes and edges: what is wrong is gathered in bits
 * and looked at behind each loop. Bit 31 of a - b is set if a < b, for numbers below 2^31. */

HFN_ASSERT(check_scratch, sizeof(hfn_half) == HFN_CHECK_SCRATCH);

static uint32_t hfn_check_graph_is_zero(uint32_t value) {
    return (value - 1) & ~value; /* in bit 31 */
}

/* Whether all edges join nodes that exist, and none a node to itself. */
static int hfn_check_graph_ends(const hfn_half *edge, const hfn_half *end, uint32_t nodes) {
    uint32_t inside = ~0u, loop = 0;
    for (; edge != end; edge += 2) {
        inside &= (edge[0] - nodes) & (edge[1] - nodes);
        loop |= hfn_check_graph_is_zero((uint32_t)edge[0] ^ edge[1]);
    }
    return !(inside >> 31) ? HFN_GRAPH_RANGE : loop >> 31 ? HFN_GRAPH_LOOP : HFN_GRAPH_OK;
}

static void hfn_check_graph_fill(uint32_t *arena, uint32_t offset, uint32_t slots, uint32_t value) {
    uint32_t *const words = hfn_in_arena(arena, offset);
    hfn_fill(words, words + slots / 2, value);
}

/* Counts the degrees, which are 0, and sets where the next neighbour of each node goes. */
static int hfn_check_graph_count(const struct hfn_topology *topology, const hfn_half *edge, const hfn_half *end,
                                 hfn_half *degrees, hfn_half *next) {
    uint32_t over = 0, total = 0;
    for (; edge != end; edge++) {
        degrees[*edge]++;
    }
    for (uint32_t v = 0; v < topology->slots; v++) {
        next[v] = (hfn_half)total;
        total += degrees[v];
        over |= (uint32_t)topology->degree - degrees[v];
    }
    return over >> 31 ? HFN_GRAPH_DEGREE : HFN_GRAPH_OK;
}

/* Whether no node has a neighbour twice. A source is marked with the target of the last edge that was seen from it; at
 * first with no node. */
static int hfn_check_graph_distinct(const hfn_half *degrees, const hfn_half *source, hfn_half *mark, uint32_t slots) {
    uint32_t twice = 0;
    for (uint32_t v = 0; v < slots; v++) {
        const hfn_half *before = source - 1, *at = source + degrees[v];
        uint32_t u = v; /* seen by no edge to v, as no node is its own neighbour */
        source = at;
        do {
            twice |= hfn_check_graph_is_zero(mark[u] ^ v);
            mark[u] = (hfn_half)v;
            u = *--at;
            HFN_HIDE(before);
        } while (at != before);
    }
    return twice >> 31 ? HFN_GRAPH_DUPLICATE : HFN_GRAPH_OK;
}

int hfn_check_graph(const struct hfn_topology *topology, uint32_t *arena) {
    const hfn_half *raw = hfn_in_arena(arena, topology->raw), *edges = raw + 2;
    const uint32_t nodes = raw[0];
    hfn_half *degrees = hfn_in_arena(arena, topology->degrees), *sources = hfn_in_arena(arena, topology->sources);
    hfn_half *next = hfn_in_arena(arena, topology->scratch), *found = hfn_in_arena(arena, topology->count);
    if (nodes > topology->nodes) {
        return HFN_GRAPH_NODES;
    }
    if (raw[1] > topology->edges) {
        return HFN_GRAPH_EDGES;
    }
    *found = (hfn_half)nodes;
    const hfn_half *const end = edges + 2 * (uint32_t)raw[1];
    int status = hfn_check_graph_ends(edges, end, nodes);
    if (status == HFN_GRAPH_OK) {
        hfn_check_graph_fill(arena, topology->degrees, topology->slots, 0);
        status = hfn_check_graph_count(topology, edges, end, degrees, next);
    }
    if (status != HFN_GRAPH_OK) {
        return status;
    }
    for (const hfn_half *edge = edges; edge != end; edge += 2) {
        sources[next[edge[0]]++] = edge[1];
        sources[next[edge[1]]++] = edge[0];
    }
    hfn_check_graph_fill(arena, topology->scratch, topology->slots, ~0u);
    return hfn_check_graph_distinct(degrees, sources, next, topology->slots);
}
