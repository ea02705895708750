#include "arena.h"

/* SPEC section 8: a path through as many nodes as there are edges for. */
void hfn_golden_graph(const struct hfn_topology *topology, uint32_t *arena) {
    hfn_half *raw = hfn_in_arena(arena, topology->raw);
    const uint32_t most = topology->nodes - 1u, edges = topology->edges < most ? topology->edges : most;
    raw[0] = topology->nodes;
    raw[1] = (hfn_half)edges;
    raw += 2;
    for (uint32_t i = 0; i < topology->edges; i++, raw += 2) {
        raw[0] = (hfn_half)(i < edges ? i : 0);
        raw[1] = (hfn_half)(i < edges ? i + 1 : 0);
    }
}
