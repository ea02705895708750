#include "input.h"
#include "span.h"

/* SPEC section 5, Input: x >> 1. Buffers start at multiples of 4, so that nothing lies behind a tensor in its last
 * word.
 */
HFN_COLD void hfn_input_u8(const struct hfn_input *node, uint32_t *arena) {
    if (node->step == 1) {
        const uint32_t *x = hfn_in_arena(arena, node->raw);
        uint32_t *y = hfn_in_arena(arena, node->y);
        for (const uint32_t *end = x + (node->channels * node->pixels + 3) / 4; x != end;) {
            *y++ = *x++ >> 1 & 0x7F7F7F7Fu;
        }
        return;
    }
    const uint8_t *raw = hfn_in_arena(arena, node->raw);
    uint8_t *y = hfn_in_arena(arena, node->y);
    const uint32_t pixels = node->pixels, step = node->step;
    for (uint32_t c = 0; c < node->channels; c++) {
        const uint8_t *x = raw + c * node->skip;
        for (uint32_t i = pixels; i; i--, x += step) {
            *y++ = *x >> 1;
        }
    }
}

/* The same for signed bytes: max(x, -127), by arithmetic as comparisons may branch. */
HFN_COLD void hfn_input_s8(const struct hfn_input *node, uint32_t *arena) {
    const int8_t *raw = hfn_in_arena(arena, node->raw);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t c = 0; c < node->channels; c++) {
        const int8_t *x = raw + c * node->skip;
        for (uint32_t i = 0; i < node->pixels; i++) {
            int32_t value = x[i * node->step];
            *y++ = (int8_t)(value - hfn_sign(value + 127)); /* only -128 + 127 is negative */
        }
    }
}

/* Rows of pixels, each from its own place; row 0 of the raw input lies at span.x. */
static inline void hfn_input_rows(const struct hfn_input *node, const struct hfn_ticks *ticks, uint32_t tick,
                                  uint32_t *arena, int is_signed) {
    const struct hfn_span span = hfn_span(ticks, tick);
    const uint32_t columns = ticks->columns, count = (span.end - span.first) * columns, step = node->step;
    uint32_t from = span.x + span.first * columns * step, to = span.y + span.first * columns;
    if (count == 0) {
        return;
    }
    for (uint32_t c = node->channels; c; c--, from += span.x_map, to += span.y_map) {
        hfn_pixels(hfn_in_arena(arena, from), step, hfn_in_arena(arena, to), count, is_signed);
    }
}

HFN_COLD void hfn_input_u8_rows(const struct hfn_input *node, const struct hfn_ticks *ticks, uint32_t tick,
                                uint32_t *arena) {
    hfn_input_rows(node, ticks, tick, arena, 0);
}

HFN_COLD void hfn_input_s8_rows(const struct hfn_input *node, const struct hfn_ticks *ticks, uint32_t tick,
                                uint32_t *arena) {
    hfn_input_rows(node, ticks, tick, arena, 1);
}
