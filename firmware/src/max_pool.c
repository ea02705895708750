#include "arena.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_MVE
#include <arm_acle.h>
#endif

/* Four bytes anywhere; where Armv6-M would take them one by one, only where a halfword may lie. */
enum { EVEN = HFN_ISA == HFN_ISA_V6M };
typedef uint32_t __attribute__((__may_alias__, __aligned__(1))) hfn_bytes;
typedef uint32_t __attribute__((__may_alias__, __aligned__(1 + EVEN))) hfn_pairs;

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

/* Windows of 2x2 side by side, four at a time; the last four may begin among those before. In place they must not read
 * what these wrote: among the first five columns they would. */
static inline int is_halving(const struct hfn_max_pool *node) {
    return node->kernel == 2 && node->stride == 2 && node->padding == 0 && node->columns > 3 && node->columns != 5 &&
           !(EVEN && node->width % 2);
}

static void halve(const struct hfn_max_pool *node, const int8_t *x, int8_t *y) {
    const uint32_t width = node->width, columns = node->columns;
    for (uint32_t row = 0; row < node->rows; row++, x += 2 * width, y += columns) {
        for (uint32_t column = 0; column < columns; column += 4) {
            const uint32_t at = column < columns - 4 ? column : columns - 4;
            const int8_t *from = x + 2 * at;
            const uint32_t low = larger(pairs(from), pairs(from + width));
            const uint32_t high = larger(pairs(from + 4), pairs(from + width + 4));
            const uint32_t a = (low & 0xFFFFu) | high << 16, b = low >> 16 | (high & 0xFFFF0000u);
            const uint32_t even = (a & 0x00FF00FFu) | (b & 0x00FF00FFu) << 8;
            const uint32_t odd = (a >> 8 & 0x00FF00FFu) | (b & 0xFF00FF00u);
            *(hfn_bytes *)(void *)(y + at) = larger(even, odd);
        }
    }
}

/* Elements are taken row by row, windows never empty (SPEC: padding <= kernel / 2). */
static void pool(const struct hfn_max_pool *node, const int8_t *x, int8_t *y) {
    const int32_t height = node->height, width = node->width, kernel = node->kernel, stride = node->stride;
    int32_t top = -(int32_t)node->padding;
    for (uint32_t row = 0; row < node->rows; row++, top += stride) {
        const int32_t first_row = top < 0 ? 0 : top, last_row = top + kernel < height ? top + kernel : height;
        int32_t left = -(int32_t)node->padding;
        for (uint32_t column = 0; column < node->columns; column++, left += stride) {
            const int32_t first = left < 0 ? 0 : left, last = left + kernel < width ? left + kernel : width;
            int32_t largest = -128;
            for (int32_t i = first_row; i < last_row; i++) {
                for (const int8_t *p = x + i * width + first, *end = x + i * width + last; p != end; p++) {
                    int32_t more = *p - largest;
                    largest += more & ~(more >> 31);
                }
            }
            *y++ = (int8_t)largest;
        }
    }
}

/* In place without padding: a window lies at or behind its output's place. */
void hfn_max_pool(const struct hfn_max_pool *node, uint32_t *arena) {
    const int8_t *x = hfn_in_arena(arena, node->x);
    int8_t *y = hfn_in_arena(arena, node->y);
    const uint32_t from = (uint32_t)node->height * node->width, to = (uint32_t)node->rows * node->columns;
    for (uint32_t c = 0; c < node->channels; c++, x += from, y += to) {
        if (is_halving(node)) {
            halve(node, x, y);
        } else {
            pool(node, x, y);
        }
    }
}
