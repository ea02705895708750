#include "requantise.h"

/* REQUIRE multiplier·127 + (2^shift >> 1) < 2^31 (R1). */
HFN_COLD void hfn_concat(const struct hfn_concat *node, uint32_t *arena) {
    const int32_t half = (int32_t)(1u << node->shift >> 1), lo = node->lo;
    const uint32_t shift = node->shift;
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t part = 0; part < 2; part++) {
        const int8_t *x = hfn_in_arena(arena, node->x[part]);
        const int32_t multiplier = node->multiplier[part];
        for (uint32_t i = node->size[part]; i; i--) {
            *y++ = (int8_t)hfn_clamp((multiplier * *x++ + half) >> shift, lo);
        }
    }
}
