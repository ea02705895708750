#include "requantise.h"

/* REQUIRE multiplier·127·pixels + (2^shift >> 1) < 2^31 (R1). */
void hfn_avg_pool(const struct hfn_avg_pool *node, uint32_t *arena) {
    const int8_t *x = hfn_in_arena(arena, node->x);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t c = 0; c < node->channels; c++) {
        int32_t sum = 0;
        for (uint32_t i = 0; i < node->pixels; i++) {
            sum += *x++;
        }
        int32_t t = (node->multiplier * sum + (int32_t)(1u << node->shift >> 1)) >> node->shift;
        y[c] = (int8_t)hfn_clamp(t, node->lo);
    }
}
