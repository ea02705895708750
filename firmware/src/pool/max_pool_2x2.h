/* A max pool of windows side by side, of so many rows. */
#ifndef HFN_MAX_POOL_2X2_H
#define HFN_MAX_POOL_2X2_H

#include "isa.h"
#include "span.h"

#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_MVE
#include <arm_acle.h>
#endif

/* Four bytes anywhere, and where a halfword may lie. */
typedef uint32_t __attribute__((__may_alias__, __aligned__(1))) hfn_bytes;
typedef uint32_t __attribute__((__may_alias__, __aligned__(2))) hfn_pairs;

/* The larger of each two signed bytes. */
static inline uint32_t hfn_larger(uint32_t a, uint32_t b) {
#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_MVE
    (void)__ssub8((int8x4_t)a, (int8x4_t)b);
    return __sel(a, b);
#else
    const uint32_t top = 0x80808080u, differ = a ^ b;
    const uint32_t below = (a | top) - (b & ~top); /* of the lower seven bits: the top one is set if a's are not less */
    const uint32_t is_a = ((below & ~differ) | (b & ~a)) & top;
    return b ^ (differ & ((is_a << 1) - (is_a >> 7)));
#endif
}

static inline uint32_t hfn_pairs_at(const int8_t *x) {
    return *(const hfn_pairs *)(const void *)x;
}

/* Rows of a channel, four outputs at a time; the last four of a row may begin among those before. In place they must
 * not read what these wrote: among the first five columns they would. Not inlined, as its loops want the registers. */
__attribute__((__noinline__)) static void hfn_pool_channel(const int8_t *from, int8_t *y, uint32_t width,
                                                           uint32_t columns, uint32_t rows) {
    for (uint32_t row = 0; row < rows; row++, from += 2 * width, y += columns) {
        for (uint32_t column = 0; column < columns; column += 4) {
            const uint32_t at = column < columns - 4 ? column : columns - 4;
            const int8_t *top = from + 2 * at, *bottom = top + width;
            const uint32_t low = hfn_larger(hfn_pairs_at(top), hfn_pairs_at(bottom));
            const uint32_t high = hfn_larger(hfn_pairs_at(top + 4), hfn_pairs_at(bottom + 4));
            const uint32_t a = (low & 0xFFFFu) | high << 16, b = low >> 16 | (high & 0xFFFF0000u);
            const uint32_t even = (a & 0x00FF00FFu) | (b & 0x00FF00FFu) << 8;
            const uint32_t odd = (a >> 8 & 0x00FF00FFu) | (b & 0xFF00FF00u);
            *(hfn_bytes *)(void *)(y + at) = hfn_larger(even, odd);
        }
    }
}

static inline void hfn_pool_2x2(const struct hfn_max_pool *node, const struct hfn_span *span, uint32_t *arena) {
    uint32_t x = span->x + 2 * span->first * node->width, y = span->y + span->first * node->columns;
    for (uint32_t c = node->channels; c; c--, x += span->x_map, y += span->y_map) {
        hfn_pool_channel(hfn_in_arena(arena, x), hfn_in_arena(arena, y), node->width, node->columns,
                         span->end - span->first);
    }
}

#endif
