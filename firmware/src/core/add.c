#include "requantise.h"
#include "span.h"

/* REQUIRE (multiplier[0] + multiplier[1])·127 + (2^shift >> 1) < 2^31 (R1). */
static inline void hfn_add_some(const struct hfn_add *node, int8_t *y, const int8_t *a, const int8_t *b,
                                uint32_t count) {
    const int32_t half = (int32_t)(1u << node->shift >> 1);
    for (uint32_t i = 0; i < count; i++) {
        int32_t t = (node->multiplier[0] * a[i] + node->multiplier[1] * b[i] + half) >> node->shift;
        y[i] = (int8_t)hfn_clamp(t, node->lo);
    }
}

void hfn_add(const struct hfn_add *node, uint32_t *arena) {
    hfn_add_some(node, hfn_in_arena(arena, node->y), hfn_in_arena(arena, node->x[0]), hfn_in_arena(arena, node->x[1]),
                 node->size);
}

void hfn_add_rows(const struct hfn_add *node, const struct hfn_ticks *ticks, uint32_t tick, uint32_t *arena) {
    const struct hfn_span span = hfn_span(ticks, tick);
    const uint32_t at = span.first * ticks->columns, count = (span.end - span.first) * ticks->columns;
    const uint32_t channels = ticks->channels;
    for (uint32_t c = 0; count && c < channels; c++) {
        hfn_add_some(node, hfn_in_arena(arena, span.y + c * span.y_map + at),
                     hfn_in_arena(arena, span.x + c * span.x_map + at),
                     hfn_in_arena(arena, span.residual + c * span.residual_map + at), count);
    }
}
