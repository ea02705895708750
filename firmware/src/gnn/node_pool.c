#include "requantise.h"
#include "topology.h"

/* REQUIRE multiplier·127·nodes + (2^shift >> 1) < 2^31 (R1). */
void hfn_node_pool(const void *model, const struct hfn_node_pool *node, uint32_t *arena) {
    const struct hfn_neighbours all = hfn_neighbours(model, node->topology, arena);
    const hfn_half *multipliers = hfn_in_model(model, node->multiplier);
    const int32_t multiplier = multipliers[node->is_mean ? all.nodes : 0];
    const int8_t *x = hfn_in_arena(arena, node->x);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t c = 0; c < node->channels; c++, x += all.slots) {
        int32_t sum = 0;
        for (uint32_t v = 0; v < all.nodes; v++) {
            sum += x[v];
        }
        y[c] = (int8_t)hfn_clamp((multiplier * sum + (int32_t)(1u << node->shift >> 1)) >> node->shift, node->lo);
    }
}
