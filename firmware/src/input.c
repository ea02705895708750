#include "arena.h"

/* SPEC section 5, Input: x >> 1. */
void hfn_input_u8(const struct hfn_input *node, uint32_t *arena) {
    const uint8_t *raw = hfn_in_arena(arena, node->raw);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t c = 0; c < node->channels; c++) {
        const uint8_t *x = raw + c * node->skip;
        for (uint32_t i = 0; i < node->pixels; i++) {
            *y++ = (int8_t)(x[i * node->step] >> 1);
        }
    }
}

/* The same for signed bytes: max(x, -127), by arithmetic as comparisons may branch. */
void hfn_input_s8(const struct hfn_input *node, uint32_t *arena) {
    const int8_t *raw = hfn_in_arena(arena, node->raw);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t c = 0; c < node->channels; c++) {
        const int8_t *x = raw + c * node->skip;
        for (uint32_t i = 0; i < node->pixels; i++) {
            int32_t value = x[i * node->step];
            *y++ = (int8_t)(value - ((value + 127) >> 31)); /* only -128 + 127 is negative */
        }
    }
}
