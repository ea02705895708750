#include "requantise.h"

/* REQUIRE (multiplier[0] + multiplier[1])·127 + (2^shift >> 1) < 2^31 (R1). */
void hfn_add(const struct hfn_add *node, uint32_t *arena) {
    const int8_t *a = hfn_in_arena(arena, node->x[0]), *b = hfn_in_arena(arena, node->x[1]);
    int8_t *y = hfn_in_arena(arena, node->y);
    const int32_t half = (int32_t)(1u << node->shift >> 1);
    for (uint32_t i = 0; i < node->size; i++) {
        int32_t t = (node->multiplier[0] * a[i] + node->multiplier[1] * b[i] + half) >> node->shift;
        y[i] = (int8_t)hfn_clamp(t, node->lo);
    }
}
