#include "requantise.h"

/* The sum of a window's part from row and column first on, up to last. */
static inline int32_t hfn_mean_pool_total(const int8_t *x, int32_t width, const int32_t *first, const int32_t *last) {
    int32_t sum = 0;
    for (int32_t i = first[0]; i < last[0]; i++) {
        const int8_t *p = x + i * width + first[1];
        for (const int8_t *end = p + (last[1] - first[1]); p != end; p++) {
            sum += *p;
        }
    }
    return sum;
}

/* Elements are taken row by row. In place without padding: a window lies at or behind its output's place. REQUIRE
 * multiplier·127·kernel[0]·kernel[1] + (2^shift >> 1) < 2^31 (R1). */
HFN_COLD void hfn_mean_pool(const struct hfn_mean_pool *node, uint32_t *arena) {
    const int8_t *x = hfn_in_arena(arena, node->x);
    int8_t *y = hfn_in_arena(arena, node->y);
    const int32_t half = (int32_t)(1u << node->shift >> 1), height = node->height, width = node->width;
    for (uint32_t c = node->channels; c; c--, x += height * width) {
        int32_t top = -(int32_t)node->padding[0];
        for (uint32_t row = node->rows; row; row--, top += node->stride[0]) {
            const int32_t bottom = top + node->kernel[0];
            int32_t left = -(int32_t)node->padding[1];
            for (uint32_t column = node->columns; column; column--, left += node->stride[1]) {
                const int32_t right = left + node->kernel[1];
                const int32_t first[2] = {top < 0 ? 0 : top, left < 0 ? 0 : left};
                const int32_t last[2] = {bottom < height ? bottom : height, right < width ? right : width};
                const int32_t t = node->multiplier * hfn_mean_pool_total(x, width, first, last) + half;
                *y++ = (int8_t)hfn_clamp(t >> node->shift, node->lo);
            }
        }
    }
}
