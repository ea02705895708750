#include "isa.h"
#include "span.h"

#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_MVE
#include <arm_acle.h>
#endif

/* Four bytes anywhere, and where a halfword may lie. */
typedef uint32_t __attribute__((__may_alias__, __aligned__(1))) hfn_bytes;
typedef uint32_t __attribute__((__may_alias__, __aligned__(2))) hfn_pairs;

/* The larger of each two signed bytes. */
static inline uint32_t larger(uint32_t a, uint32_t b) {
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

static uint32_t pairs(const int8_t *x) {
    return *(const hfn_pairs *)(const void *)x;
}

/* Four outputs at a time; the last four of a row may begin among those before. In place they must not read what these
 * wrote: among the first five columns they would. */
static void pool(const struct hfn_max_pool *node, const struct hfn_span *span, uint32_t *arena) {
    const uint32_t width = node->width, columns = node->columns;
    uint32_t x = span->x + 2 * span->first * width, to = span->y + span->first * columns;
    for (uint32_t c = node->channels; c; c--, x += span->x_map, to += span->y_map) {
        const int8_t *from = hfn_in_arena(arena, x);
        int8_t *y = hfn_in_arena(arena, to);
        for (uint32_t row = span->first; row < span->end; row++, from += 2 * width, y += columns) {
            for (uint32_t column = 0; column < columns; column += 4) {
                const uint32_t at = column < columns - 4 ? column : columns - 4;
                const int8_t *top = from + 2 * at, *bottom = top + width;
                const uint32_t low = larger(pairs(top), pairs(bottom));
                const uint32_t high = larger(pairs(top + 4), pairs(bottom + 4));
                const uint32_t a = (low & 0xFFFFu) | high << 16, b = low >> 16 | (high & 0xFFFF0000u);
                const uint32_t even = (a & 0x00FF00FFu) | (b & 0x00FF00FFu) << 8;
                const uint32_t odd = (a >> 8 & 0x00FF00FFu) | (b & 0xFF00FF00u);
                *(hfn_bytes *)(void *)(y + at) = larger(even, odd);
            }
        }
    }
}

void hfn_max_pool_2x2(const struct hfn_max_pool *node, uint32_t *arena) {
    const struct hfn_span span = hfn_whole(node->rows, node->x, (uint32_t)node->height * node->width, node->y,
                                           (uint32_t)node->rows * node->columns);
    pool(node, &span, arena);
}

void hfn_max_pool_2x2_rows(const struct hfn_max_pool *node, const struct hfn_ticks *ticks, uint32_t tick,
                           uint32_t *arena) {
    const struct hfn_span span = hfn_span(ticks, tick);
    pool(node, &span, arena);
}
