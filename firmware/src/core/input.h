/* SPEC section 5, Input, pixel by pixel. */
#ifndef HFN_INPUT_H
#define HFN_INPUT_H

#include "arena.h"

/* Writes count elements at y, of raw bytes that lie step apart: x >> 1 of unsigned ones; max(x, -127) of signed ones,
 * by arithmetic as comparisons may branch. */
static inline void hfn_pixels(const uint8_t *x, uint32_t step, uint8_t *y, uint32_t count, int is_signed) {
    if (is_signed) {
        for (; count; count--, x += step) {
            const int32_t value = (int8_t)*x;
            *y++ = (uint8_t)(value - hfn_sign(value + 127)); /* only -128 + 127 is negative */
        }
        return;
    }
    for (; count; count--, x += step) {
        *y++ = *x >> 1;
    }
}

/* The same by a table of what each raw byte becomes. */
static inline void hfn_look_up(const uint8_t *x, uint32_t step, uint8_t *y, uint32_t count, const uint8_t *table) {
    for (const uint8_t *end = y + count; y != end; x += step) {
        *y++ = table[*x];
    }
}

#endif
