#include "arena.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_MVE

#include <arm_mve.h>

/* As many pixels as lie in a row, sixteen at a time; says how many. */
static inline uint32_t halve_row(int8_t *y, const uint8_t *x, const struct hfn_input *node) {
    if (node->step != 1) {
        return 0;
    }
    for (const uint8_t *end = x + node->pixels; x < end; x += 16, y += 16) {
        mve_pred16_t inside = vctp8q((uint32_t)(end - x));
        vstrbq_p_u8((uint8_t *)y, vshrq_n_u8(vldrbq_z_u8(x, inside), 1), inside);
    }
    return node->pixels;
}

#else

static inline uint32_t halve_row(int8_t *y, const uint8_t *x, const struct hfn_input *node) {
    (void)y;
    (void)x;
    (void)node;
    return 0;
}

#endif

/* SPEC section 5, Input: x >> 1. */
void hfn_input_u8(const struct hfn_input *node, uint32_t *arena) {
    const uint8_t *x = hfn_in_arena(arena, node->raw);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t c = 0; c < node->channels; c++, x += node->skip, y += node->pixels) {
        for (uint32_t i = halve_row(y, x, node); i < node->pixels; i++) {
            y[i] = (int8_t)(x[i * node->step] >> 1);
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
